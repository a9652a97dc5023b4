// SPDX-License-Identifier: GPL-3.0-or-later
// What lies between a microphone and who listens: modules that anybody can load through pipewire-pulse, and the real
// EasyEffects. The microphone is silent at its source, so nothing behind it has anything to pass on.
#include "tests/session/trial.hpp"
#include "tests/support/easy_effects.hpp"

#include <csignal>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard::test;

TEST_CASE("module-loopback into a sink whose monitor is recorded, module-remap-source", "[modules]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone, MicKind::acp}));
    Guard guard(session);
    guard.setMode(mode);
    must(session, {"pactl", "load-module", "module-null-sink", "sink_name=trap"});
    must(session, {"pactl", "load-module", "module-loopback", "source=tone", "sink=trap", "latency_msec=20"});
    must(session, {"pactl", "load-module", "module-remap-source", "master=acp", "source_name=remapped"});
    std::vector<Heard> heard;
    heard.push_back(
        hear("trap.monitor", parecordListener(session, {.target = "trap.monitor", .latencyMsec = 20})));
    heard.push_back(hear("remapped", parecordListener(session, {.target = "remapped", .latencyMsec = 20})));
    Tally tally("Pulse × loopback into a recorded sink, remapped source, " + mode);
    for (unsigned cycle = 0; cycle < scaled(2, 50); cycle++) {
        muteAndListen(session, guard, heard, tally, Milliseconds(800));
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
    must(session, {"pactl", "load-module", "module-null-sink", "sink_name=trap"});
    must(session, {"pactl", "load-module", "module-loopback", "source=tone", "sink=trap", "latency_msec=20"});
    must(session, {"pactl", "load-module", "module-remap-source", "master=acp", "source_name=remapped"});
    heard.push_back(
        {"trap.monitor", parecordListener(session, {.target = "trap.monitor", .latencyMsec = 20})});
    heard.push_back({"remapped", parecordListener(session, {.target = "remapped", .latencyMsec = 20})});
    for (auto& one : heard)
        one.listener->start();
    listenWhileMuted(heard, tally, Milliseconds(1000));
    unmuteAndListen(session, guard, heard);
}

TEST_CASE("the real EasyEffects in the chain", "[modules][easyeffects]") {
    // One for both modes: the start of EasyEffects takes longer than all the rest.
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const EasyEffects effects(session);
    std::vector<Heard> heard;
    heard.push_back(hear(EasyEffects::kSource,
                         nativeListener(session, {.target = EasyEffects::kSource, .name = "behind"})));
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
    heard.push_back(hear(EasyEffects::kSource,
                         nativeListener(session, {.target = EasyEffects::kSource, .name = "behind"})));
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
