// SPDX-License-Identifier: GPL-3.0-or-later
// mg-crowd --streams N --connections C --sources S --prefix NAME --count FILE: capture streams, spread over
// connections and over the microphones NAME0, NAME1, ...; keeps the number of those that are streaming in the
// file. Listens to nothing.
#include <fcntl.h>
#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <string>
#include <vector>

namespace {

using Count = std::atomic<std::uint32_t>;

struct Member {
    Count* count = nullptr;
    pw_stream* stream = nullptr;
    spa_hook hook{};
};

const pw_stream_events events = {
    .version = PW_VERSION_STREAM_EVENTS,
    .state_changed =
        [](void* data, pw_stream_state old, pw_stream_state state, const char*) noexcept {
            auto& self = *static_cast<Member*>(data);
            if (state == PW_STREAM_STATE_STREAMING && old != state)
                self.count->fetch_add(1);
            else if (old == PW_STREAM_STATE_STREAMING && state != old)
                self.count->fetch_sub(1);
        },
    .process =
        [](void* data) noexcept {
            auto& self = *static_cast<Member*>(data);
            while (pw_buffer* buffer = pw_stream_dequeue_buffer(self.stream))
                pw_stream_queue_buffer(self.stream, buffer);
        },
};

bool connect(Member& member, pw_core* core, const std::string& target) {
    member.stream = pw_stream_new(
        core, "crowd",
        pw_properties_new("media.type", "Audio", "media.category", "Capture", "media.role", "Communication",
                          "target.object", target.c_str(), "node.dont-fallback", "true", "node.linger",
                          "true", "node.dont-move", "true", nullptr));
    if (member.stream == nullptr)
        return false;
    pw_stream_add_listener(member.stream, &member.hook, &events, &member);
    std::byte memory[1024];
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, memory, sizeof(memory));
    spa_audio_info_raw info{};
    info.format = SPA_AUDIO_FORMAT_F32;
    info.channels = 1;
    info.position[0] = SPA_AUDIO_CHANNEL_MONO;
    const spa_pod* format = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
    constexpr int flags = PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS;
    return pw_stream_connect(member.stream, PW_DIRECTION_INPUT, PW_ID_ANY,
                             static_cast<pw_stream_flags>(flags), &format, 1) >= 0;
}

} // namespace

int main(int argc, char** argv) {
    unsigned streams = 1, connections = 1, sources = 1;
    std::string prefix = "mic", countPath;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i], value = argv[i + 1];
        if (name == "--streams")
            streams = static_cast<unsigned>(std::stoul(value));
        else if (name == "--connections")
            connections = static_cast<unsigned>(std::stoul(value));
        else if (name == "--sources")
            sources = static_cast<unsigned>(std::stoul(value));
        else if (name == "--prefix")
            prefix = value;
        else if (name == "--count")
            countPath = value;
    }
    const int fd = ::open(countPath.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void* memory = MAP_FAILED;
    if (fd >= 0 && ::ftruncate(fd, sizeof(Count)) == 0)
        memory = ::mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        std::perror("mg-crowd: --count");
        return 2;
    }
    auto* count = static_cast<Count*>(memory);

    pw_init(&argc, &argv);
    pw_main_loop* loop = pw_main_loop_new(nullptr);
    const auto quit = [](void* data, int) noexcept { pw_main_loop_quit(static_cast<pw_main_loop*>(data)); };
    pw_loop_add_signal(pw_main_loop_get_loop(loop), SIGTERM, quit, loop);
    pw_context* context = pw_context_new(pw_main_loop_get_loop(loop), nullptr, 0);
    std::vector<pw_core*> cores;
    for (unsigned i = 0; i < connections; i++) {
        cores.push_back(
            pw_context_connect(context, pw_properties_new("application.name", "crowd", nullptr), 0));
        if (cores.back() == nullptr) {
            std::perror("mg-crowd: connection");
            return 1;
        }
    }
    std::list<Member> members;
    for (unsigned i = 0; i < streams; i++) {
        Member& member = members.emplace_back();
        member.count = count;
        if (!connect(member, cores[i % connections], prefix + std::to_string(i % sources))) {
            std::perror("mg-crowd: stream");
            return 1;
        }
    }
    pw_main_loop_run(loop);
    for (Member& member : members) {
        spa_hook_remove(&member.hook);
        pw_stream_destroy(member.stream);
    }
    for (pw_core* core : cores)
        pw_core_disconnect(core);
    pw_context_destroy(context);
    pw_main_loop_destroy(loop);
    pw_deinit();
    return 0;
}
