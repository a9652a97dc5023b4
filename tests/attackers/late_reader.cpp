// SPDX-License-Identifier: GPL-3.0-or-later
// Asks for two seconds of latency and as many buffers as it can get, and takes what has come only every two seconds.
// Tier 1 (cooperative): what was made before the mute may lie here for long, what is made after it must not come.
#include "tests/attackers/client.hpp"

#include <spa/param/buffers.h>
#include <spa/pod/builder.h>

#include <array>

namespace micguard::attack {
namespace {

int attack(const Options& options) {
    Report report(options, 1);
    Loop loop(options);
    const auto connection = Connection::open(loop, options, "late_reader");
    if (!connection)
        throw std::runtime_error("no server");
    StreamEar ear(*connection, report, options.source, {{"node.latency", "96000/48000"}});
    ear.holdBack = true;
    std::array<std::byte, 512> memory{};
    spa_pod_builder b{};
    spa_pod_builder_init(&b, memory.data(), sizeof(memory));
    const auto* buffers = static_cast<const spa_pod*>(spa_pod_builder_add_object(
        &b, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers, SPA_PARAM_BUFFERS_buffers,
        SPA_POD_Int(32))); // the adapter's limit
    pw_stream_update_params(ear.stream(), &buffers, 1);
    loop.every(std::chrono::seconds(2), [&] {
        ear.drain();
        report.attempts++;
        if (report.exhausted() || connection->lost())
            loop.end();
    });
    loop.run();
    ear.drain();
    report.accepted = report.attempts;
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
