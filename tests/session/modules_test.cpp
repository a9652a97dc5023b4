// SPDX-License-Identifier: GPL-3.0-or-later
// What lies between a microphone and who listens: modules that anybody can load through pipewire-pulse, and the real
// EasyEffects. The microphone is silent at its source, so nothing behind it has anything to pass on.
#include "tests/session/trial.hpp"
#include "tests/support/easy_effects.hpp"

#include <csignal>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard::test;

namespace {

// A sink into which the one microphone plays, and a source made of the other one.
void loadModules(const PrivateSession& session, const std::string& sink, const std::string& source) {
    must(session, {"pactl", "load-module", "module-null-sink", "sink_name=" + sink});
    // Nowhere with latency_msec: that is a delay, whose buffer is given its length before its memory while the data thread already uses it
    // (PipeWire 1.4.2 to 1.6, module-loopback.c, recalculate_buffer()). pipewire-pulse died of it in 2 of some 950 loads, guard or no guard,
    // and the next pactl was refused.
    must(session, {"pactl", "load-module", "module-loopback", "source=tone", "sink=" + sink});
    must(session, {"pactl", "load-module", "module-remap-source", "master=acp", "source_name=" + source});
}

// Not started. What they listen to is brought to them by pipewire-pulse's modules at the graph's own rate.
std::vector<Heard> behindModules(const PrivateSession& session, const std::string& sink,
                                 const std::string& source) {
    std::vector<Heard> heard;
    for (const std::string& target : {sink + ".monitor", source})
        heard.push_back({target, parecordListener(session, {.target = target, .latencyMsec = 20})});
    return heard;
}

} // namespace

TEST_CASE("module-loopback into a sink whose monitor is recorded, module-remap-source", "[modules]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone, MicKind::acp}));
    Guard guard(session);
    guard.setMode(mode);
    loadModules(session, "trap", "remapped");
    std::vector<Heard> heard;
    for (auto& one : behindModules(session, "trap", "remapped"))
        heard.push_back(hear(one.source, std::move(one.listener)));
    Tally tally("Pulse × loopback into a recorded sink, remapped source, " + mode);
    for (unsigned cycle = 0; cycle < scaled(2, 50); cycle++) {
        muteAndListen(session, guard, heard, tally, Milliseconds(800));
        if (mode == "silence")
            goesOnInSilence(session, heard);
        unmuteAndListen(session, guard, heard);
    }
}

TEST_CASE("modules loaded while muted", "[modules]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone, MicKind::acp}));
    Guard guard(session);
    guard.setMode(mode);
    std::vector<Heard> heard;
    Tally tally("Pulse × modules loaded while muted, " + mode);
    mute(session, guard, heard, tally);
    loadModules(session, "trap", "remapped");
    heard = behindModules(session, "trap", "remapped");
    for (auto& one : heard)
        one.listener->start();
    listenWhileMuted(heard, tally, Milliseconds(1000));
    unmuteAndListen(session, guard, heard);
    std::vector<Heard> others;
    hearsWithoutGuard(session, others, "modules loaded", [&] {
        loadModules(session, "trap2", "remapped2");
        others = behindModules(session, "trap2", "remapped2");
        for (auto& one : others)
            one.listener->start();
    });
}

TEST_CASE("the real EasyEffects in the chain", "[modules][easyeffects]") {
    // One for both modes: the start of EasyEffects takes longer than all the rest.
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const EasyEffects effects(session);
    std::vector<Heard> heard;
    heard.push_back(
        hear(EasyEffects::kSource,
             nativeListener(session, {.target = EasyEffects::kSource, .name = "behind", .filtered = true})));
    heard.push_back(listenTo(session, "tone"));
    for (const std::string mode : {"silence", "sever"}) {
        INFO(mode);
        guard.setMode(mode);
        Tally tally("native × EasyEffects and the microphone behind it × mute cycles, " + mode);
        for (unsigned cycle = 0; cycle < scaled(2, 50); cycle++) {
            muteAndListen(session, guard, heard, tally, Milliseconds(800));
            unmuteAndListen(session, guard, heard);
        }
    }
}

TEST_CASE("EasyEffects that has no time to answer keeps its source, muted and after",
          "[modules][easyeffects]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const EasyEffects effects(session);
    std::vector<Heard> heard;
    heard.push_back(
        hear(EasyEffects::kSource,
             nativeListener(session, {.target = EasyEffects::kSource, .name = "behind", .filtered = true})));
    for (const std::string mode : {"silence", "sever"}) {
        INFO(mode);
        guard.setMode(mode);
        Tally tally("native × EasyEffects that stands still while it is muted, " + mode);
        REQUIRE(kill(effects.pid(), SIGSTOP) == 0);
        muteAndListen(session, guard, heard, tally, Milliseconds(300));
        CHECK(session.graph().node(EasyEffects::kSource));
        REQUIRE(kill(effects.pid(), SIGCONT) == 0);
        unmuteAndListen(session, guard, heard);
    }
}

TEST_CASE("control: without the guard EasyEffects passes on what the microphone makes",
          "[modules][easyeffects][control]") {
    SessionOptions options = guardedSession({MicKind::tone});
    options.micguardd.clear();
    PrivateSession session(options);
    const EasyEffects effects(session);
    const Heard heard = hear(EasyEffects::kSource, nativeListener(session, {.target = EasyEffects::kSource}));
    session.setPhase(1);
    CHECK(heard.listener->waitAudible(1));
}
