// SPDX-License-Identifier: GPL-3.0-or-later
// Provides a microphone (--name) of its own making that ignores every volume: it reads as fully open and stays so; with
// --lying it reads as silenced as soon as it was told so, and plays on; with --no-props it has no volume at all; with
// --stall it plays on and answers nobody any more, not even the server. Tier 4 where it lies, tier 3 where it stalls,
// otherwise tier 2. Plays what the control file of --source says, as the test microphones do.
#include "tests/attackers/client.hpp"
#include "tests/support/control.hpp"

#include <fcntl.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace micguard::attack {
namespace {

// Without one it plays phase 0 for ever.
const test::ControlLayout* control(const std::string& source) {
    const char* session = std::getenv("MICGUARD_TEST_SESSION");
    const std::string path = std::string(session != nullptr ? session : "") + "/control/" + source;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return nullptr;
    void* memory = ::mmap(nullptr, sizeof(test::ControlLayout), PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<const test::ControlLayout*>(memory);
}

struct Source {
    Report& report;
    bool lying;
    const test::ControlLayout* layout;
    pw_filter* filter = nullptr;
    void* port = nullptr;
    spa_hook hook{};
    std::atomic<std::uint64_t> made[2]{};
};

using Memory = std::array<std::byte, 512>;

const spa_pod* props(Memory& memory, float maxVolume, bool monitorMute) {
    spa_pod_builder b{};
    spa_pod_builder_init(&b, memory.data(), sizeof(Memory));
    spa_pod_frame object{}, params{};
    spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
    spa_pod_builder_add(&b, SPA_PROP_volume, SPA_POD_Float(1.0F), SPA_PROP_mute, SPA_POD_Bool(false),
                        SPA_PROP_monitorMute, SPA_POD_Bool(monitorMute), 0);
    spa_pod_builder_prop(&b, SPA_PROP_params, 0);
    spa_pod_builder_push_struct(&b, &params);
    spa_pod_builder_string(&b, "channelmix.max-volume");
    spa_pod_builder_float(&b, maxVolume);
    spa_pod_builder_pop(&b, &params);
    return static_cast<const spa_pod*>(spa_pod_builder_pop(&b, &object));
}

const pw_filter_events events = {
    .version = PW_VERSION_FILTER_EVENTS,
    .param_changed =
        [](void* data, void* port, std::uint32_t id, const spa_pod* param) noexcept {
            auto& self = *static_cast<Source*>(data);
            if (port != nullptr || id != SPA_PARAM_Props || param == nullptr)
                return;
            self.report.attempts++; // somebody tried to turn it down
            if (!self.lying)
                return;
            Memory memory{};
            const spa_pod* lie = props(memory, 0.0F, true);
            pw_filter_update_params(self.filter, nullptr, &lie, 1);
            self.report.accepted++;
        },
    .process =
        [](void* data, spa_io_position* position) noexcept {
            auto& self = *static_cast<Source*>(data);
            const auto count = static_cast<std::uint32_t>(position->clock.duration);
            const unsigned parity = self.layout != nullptr ? self.layout->phase.load() & 1U : 0;
            auto* samples = static_cast<float*>(pw_filter_get_dsp_buffer(self.port, count));
            if (samples == nullptr)
                return;
            std::fill_n(samples, count, parity == 0 ? test::kAmplitude : -test::kAmplitude);
            self.made[parity].fetch_add(count);
        },
};

// The main thread, which is the one that reads what the server says, does nothing more until it is to end.
void stall(double seconds) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, nullptr);
    const timespec time{seconds > 0 ? static_cast<time_t>(seconds) : 3600, 0};
    sigtimedwait(&ends, nullptr, &time);
}

int attack(const Options& options) {
    Report report(options, options.has("lying") ? 4 : options.has("stall") ? 3 : 2);
    Loop loop(options);
    const auto connection = Connection::open(loop, options, "source_in_client");
    if (!connection || !connection->roundTrip())
        throw std::runtime_error("no server");
    Source source{report, options.has("lying"), control(options.source)};
    const std::string name = options.value("name", "source_in_client");
    source.filter = pw_filter_new(connection->core(), name.c_str(),
                                  pw_properties_new("node.name", name.c_str(), "node.description",
                                                    name.c_str(), "media.class", "Audio/Source", nullptr));
    if (source.filter == nullptr)
        throw std::runtime_error("no filter");
    pw_filter_add_listener(source.filter, &source.hook, &events, &source);
    source.port = pw_filter_add_port(
        source.filter, PW_DIRECTION_OUTPUT, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1,
        pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio", PW_KEY_PORT_NAME, "out", nullptr),
        nullptr, 0);
    Memory memory{};
    const spa_pod* open = props(memory, 10.0F, false);
    if (pw_filter_connect(source.filter, PW_FILTER_FLAG_RT_PROCESS, &open, options.has("no-props") ? 0 : 1) <
        0)
        throw std::runtime_error("cannot connect the filter");
    if (options.has("stall")) {
        // Its data thread goes on by itself once somebody listens.
        const auto isHeard = [&] { return source.made[0].load() + source.made[1].load() > 48000; };
        if (!loop.runUntil(isHeard, std::chrono::seconds(15)) || !connection->roundTrip())
            throw std::runtime_error("nobody listens to the source");
        std::puts("stalled");
        std::fflush(stdout);
        stall(options.seconds);
    } else {
        loop.run();
    }
    report.note("told_to_be_silent", report.attempts);
    report.note("made_before", source.made[0].load());
    report.note("made_after", source.made[1].load());
    report.print();
    spa_hook_remove(&source.hook);
    pw_filter_destroy(source.filter);
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv, {"lying", "no-props", "stall"}, {"name"});
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
