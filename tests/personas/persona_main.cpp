// SPDX-License-Identifier: GPL-3.0-or-later
// mg-persona: captures, and does with its stream what an application of the study was seen to do while its own mute
// button was pressed. An imitation: no code, and no name that could be taken for the real one's. SIGUSR1 presses the
// button, SIGUSR2 releases it, SIGTERM ends it. Says on standard output what it has done, one word a line.
#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace micguard::test {
namespace {

enum class Behaviour {
    continuous, // goes on as if there were no button; a page that mutes its track does the same
    held,       // keeps the stream, pauses it
    periodic,   // pauses it, and wakes it now and then
    released    // closes the stream
};

struct Arguments {
    std::string name = "imitation", target;
    Behaviour behaviour = Behaviour::continuous;
    unsigned everyMs = 1500, forMs = 400; // periodic
};

class Persona {
  public:
    explicit Persona(const Arguments& arguments)
        : arguments_(arguments) {}
    int run();

  private:
    void open();
    void close();
    void setActive(bool active);
    void press(bool muted);
    void wake();
    void arm(unsigned ms);

    static const pw_stream_events kStreamEvents;
    static const pw_core_events kCoreEvents;

    const Arguments& arguments_;
    pw_main_loop* loop_ = nullptr;
    pw_core* core_ = nullptr;
    pw_stream* stream_ = nullptr;
    spa_source* timer_ = nullptr;
    spa_hook streamHook_{}, coreHook_{};
    bool muted_ = false, awake_ = true;
    int exitCode_ = 0;
};

void say(const char* word) {
    std::puts(word);
    std::fflush(stdout);
}

const pw_stream_events Persona::kStreamEvents = {
    .version = PW_VERSION_STREAM_EVENTS,
    .state_changed =
        [](void*, pw_stream_state, pw_stream_state state, const char* error) noexcept {
            say(pw_stream_state_as_string(state));
            if (error != nullptr)
                std::fprintf(stderr, "mg-persona: %s\n", error);
        },
    .process =
        [](void* data) noexcept {
            pw_stream* stream = static_cast<Persona*>(data)->stream_;
            while (pw_buffer* buffer = pw_stream_dequeue_buffer(stream))
                pw_stream_queue_buffer(stream, buffer);
        },
};

const pw_core_events Persona::kCoreEvents = {
    .version = PW_VERSION_CORE_EVENTS,
    .error =
        [](void* data, uint32_t id, int, int result, const char* message) noexcept {
            std::fprintf(stderr, "mg-persona: error on object %u: %s\n", id,
                         message != nullptr ? message : "");
            if (id == PW_ID_CORE && result == -EPIPE) {
                static_cast<Persona*>(data)->exitCode_ = 1;
                pw_main_loop_quit(static_cast<Persona*>(data)->loop_);
            }
        },
};

void Persona::open() {
    pw_properties* props =
        pw_properties_new("media.type", "Audio", "media.category", "Capture", "media.role", "Communication",
                          "node.name", arguments_.name.c_str(), "media.name", "call", nullptr);
    if (!arguments_.target.empty())
        pw_properties_set(props, "target.object", arguments_.target.c_str());
    stream_ = pw_stream_new(core_, arguments_.name.c_str(), props);
    pw_stream_add_listener(stream_, &streamHook_, &kStreamEvents, this);
    uint8_t buffer[1024];
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, buffer, sizeof(buffer));
    spa_audio_info_raw info{};
    info.format = SPA_AUDIO_FORMAT_F32;
    info.channels = 1;
    info.rate = 48000;
    info.position[0] = SPA_AUDIO_CHANNEL_MONO;
    const spa_pod* format = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
    // Not RT_PROCESS: a dozen imitations on a small machine want no real-time threads.
    const auto flags = static_cast<pw_stream_flags>(PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_AUTOCONNECT);
    if (pw_stream_connect(stream_, PW_DIRECTION_INPUT, PW_ID_ANY, flags, &format, 1) < 0) {
        std::fprintf(stderr, "mg-persona: cannot connect the stream\n");
        exitCode_ = 1;
        pw_main_loop_quit(loop_);
    }
}

void Persona::close() {
    if (stream_ == nullptr)
        return;
    spa_hook_remove(&streamHook_);
    pw_stream_destroy(stream_);
    stream_ = nullptr;
}

void Persona::setActive(bool active) {
    awake_ = active;
    pw_stream_set_active(stream_, active);
    say(active ? "active" : "inactive");
}

void Persona::arm(unsigned ms) {
    timespec when{static_cast<time_t>(ms / 1000), static_cast<long>(ms % 1000) * 1'000'000L};
    pw_loop_update_timer(pw_main_loop_get_loop(loop_), timer_, ms == 0 ? nullptr : &when, nullptr, false);
}

void Persona::wake() {
    setActive(!awake_);
    arm(awake_ ? arguments_.forMs : arguments_.everyMs - arguments_.forMs);
}

void Persona::press(bool muted) {
    if (muted_ == muted)
        return;
    muted_ = muted;
    switch (arguments_.behaviour) {
    case Behaviour::continuous:
        break;
    case Behaviour::held:
        setActive(!muted);
        break;
    case Behaviour::periodic:
        setActive(!muted);
        arm(muted ? arguments_.everyMs - arguments_.forMs : 0);
        break;
    case Behaviour::released:
        if (muted)
            close();
        else
            open();
        break;
    }
    say(muted ? "muted" : "live");
}

int Persona::run() {
    loop_ = pw_main_loop_new(nullptr);
    pw_loop* loop = pw_main_loop_get_loop(loop_);
    const auto quit = [](void* data, int) noexcept { pw_main_loop_quit(static_cast<Persona*>(data)->loop_); };
    pw_loop_add_signal(loop, SIGTERM, quit, this);
    pw_loop_add_signal(loop, SIGINT, quit, this);
    pw_loop_add_signal(
        loop, SIGUSR1, [](void* data, int) noexcept { static_cast<Persona*>(data)->press(true); }, this);
    pw_loop_add_signal(
        loop, SIGUSR2, [](void* data, int) noexcept { static_cast<Persona*>(data)->press(false); }, this);
    timer_ = pw_loop_add_timer(
        loop, [](void* data, uint64_t) noexcept { static_cast<Persona*>(data)->wake(); }, this);
    pw_context* context = pw_context_new(loop, nullptr, 0);
    core_ = pw_context_connect(context,
                               pw_properties_new("application.name", arguments_.name.c_str(), nullptr), 0);
    if (core_ == nullptr) {
        std::perror("mg-persona: connect");
        return 1;
    }
    pw_core_add_listener(core_, &coreHook_, &kCoreEvents, this);
    open();
    pw_main_loop_run(loop_);
    close();
    spa_hook_remove(&coreHook_);
    pw_core_disconnect(core_);
    pw_context_destroy(context);
    pw_main_loop_destroy(loop_);
    return exitCode_;
}

int usage() {
    std::fprintf(
        stderr,
        "usage: mg-persona [--name NAME] [--target NODE] [--behaviour continuous|held|periodic|released]\n"
        "                  [--every MS] [--for MS]\n");
    return 2;
}

bool behaviourFrom(const std::string& word, Behaviour& behaviour) {
    if (word == "continuous")
        behaviour = Behaviour::continuous;
    else if (word == "held")
        behaviour = Behaviour::held;
    else if (word == "periodic")
        behaviour = Behaviour::periodic;
    else if (word == "released")
        behaviour = Behaviour::released;
    else
        return false;
    return true;
}

} // namespace
} // namespace micguard::test

int main(int argc, char** argv) {
    using namespace micguard::test;
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string option = argv[i];
        if (i + 1 >= argc)
            return usage();
        const std::string value = argv[++i];
        if (option == "--name")
            arguments.name = value;
        else if (option == "--target")
            arguments.target = value;
        else if (option == "--every")
            arguments.everyMs = static_cast<unsigned>(std::atoi(value.c_str()));
        else if (option == "--for")
            arguments.forMs = static_cast<unsigned>(std::atoi(value.c_str()));
        else if (option != "--behaviour" || !behaviourFrom(value, arguments.behaviour))
            return usage();
    }
    if (arguments.forMs == 0 || arguments.everyMs <= arguments.forMs)
        return usage();
    pw_init(&argc, &argv);
    const int code = Persona(arguments).run();
    pw_deinit();
    return code;
}
