// SPDX-License-Identifier: GPL-3.0-or-later
// Unmutes and turns up the microphone 100 times a second while it listens. Tier 2 (careless); with --knob, which also
// writes what the guard writes (channelmix.max-volume, monitorMute), and with --tap, which has the server write what
// the microphone's adapter produces into a file, tier 4 (unsandboxed and hostile).
#include "tests/attackers/client.hpp"

#include <spa/param/props.h>
#include <spa/pod/builder.h>

#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

namespace micguard::attack {
namespace {

using Memory = std::array<std::byte, 2048>;

const spa_pod* loud(Memory& memory, bool knob, const std::string& tap) {
    spa_pod_builder b{};
    spa_pod_builder_init(&b, memory.data(), sizeof(Memory));
    const float ones[] = {1.0F, 1.0F};
    spa_pod_frame object{}, params{};
    spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
    spa_pod_builder_add(&b, SPA_PROP_mute, SPA_POD_Bool(false), SPA_PROP_volume, SPA_POD_Float(1.0F),
                        SPA_PROP_channelVolumes, SPA_POD_Array(sizeof(float), SPA_TYPE_Float, 2, ones),
                        SPA_PROP_softMute, SPA_POD_Bool(false), SPA_PROP_softVolumes,
                        SPA_POD_Array(sizeof(float), SPA_TYPE_Float, 2, ones), 0);
    if (knob)
        spa_pod_builder_add(&b, SPA_PROP_monitorMute, SPA_POD_Bool(false), 0);
    if (knob || !tap.empty()) {
        spa_pod_builder_prop(&b, SPA_PROP_params, 0);
        spa_pod_builder_push_struct(&b, &params);
        if (knob) {
            spa_pod_builder_string(&b, "channelmix.max-volume");
            spa_pod_builder_float(&b, 10.0F);
        }
        if (!tap.empty()) {
            spa_pod_builder_string(&b, "debug.wav-path");
            spa_pod_builder_string(&b, tap.c_str());
        }
        spa_pod_builder_pop(&b, &params);
    }
    return static_cast<const spa_pod*>(spa_pod_builder_pop(&b, &object));
}

// What the server has written so far. A WAV file of 32 bit floats; its header is no sound.
void feedTap(const std::string& path, Report& report) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    test::Analyser analyser(report.stats(), test::Coding::dc, 48000, test::kDefaultThreshold);
    constexpr std::size_t header = 80;
    if (bytes.size() <= header)
        return;
    std::vector<float> samples((bytes.size() - header) / sizeof(float));
    std::copy_n(bytes.data() + header, samples.size() * sizeof(float),
                reinterpret_cast<char*>(samples.data()));
    analyser.feed(samples, test::monotonicNsec());
}

int attack(const Options& options) {
    Report report(options, options.has("knob") || options.has("tap") ? 4 : 2);
    Loop loop(options);
    const auto connection = Connection::open(loop, options, "turn_up");
    if (!connection || !connection->roundTrip())
        throw std::runtime_error("no server");
    const std::string tap =
        options.has("tap") ? "/tmp/turn_up." + std::to_string(::getpid()) + ".wav" : std::string();
    std::optional<StreamEar> ear;
    if (tap.empty())
        ear.emplace(*connection, report, options.source);
    Memory memory{};
    loop.every(std::chrono::milliseconds(10), [&] {
        const auto source = connection->node(options.source);
        if (!source)
            return;
        auto* node = reinterpret_cast<pw_node*>(connection->bind(*source, PW_VERSION_NODE));
        if (node == nullptr)
            return;
        pw_node_set_param(node, SPA_PARAM_Props, 0, loud(memory, options.has("knob"), tap));
        report.attempts++;
        if (report.exhausted() || connection->lost())
            loop.end();
    });
    loop.run();
    const std::uint64_t errors = connection->errors();
    report.refused = std::min(errors, report.attempts);
    report.accepted = report.attempts - report.refused;
    if (!tap.empty()) {
        feedTap(tap, report);
        ::unlink(tap.c_str());
    }
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv, {"knob", "tap"});
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
