// SPDX-License-Identifier: GPL-3.0-or-later
// The promise itself, on a real session: after SetMuted(true) has returned, nothing made from then on is heard; after
// SetMuted(false) everything is heard again. Every kind of source, each mode, each with its control.
#include "tests/session/trial.hpp"
#include "tests/support/guard.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard::test;

namespace {

void muteCycles(unsigned quantum, const std::string& mode, unsigned cycles) {
    SessionOptions options = guardedSession(allMicKinds());
    options.quantum = quantum;
    PrivateSession session(options);
    Guard guard(session);
    guard.setMode(mode);
    auto heard = listenToAll(session, allMicKinds());
    Tally tally("native × every source × mute cycles, " + mode + ", quantum " + std::to_string(quantum));
    for (unsigned cycle = 0; cycle < cycles; cycle++) {
        INFO("cycle " << cycle);
        muteAndListen(session, guard, heard, tally);
        if (mode == "silence")
            goesOnInSilence(session, heard);
        unmuteAndListen(session, guard, heard);
    }
}

} // namespace

// Sections, so that one of them can be run by itself: mute-test "mute cycles*" -c "quantum 64, sever".
TEST_CASE("mute cycles: every kind of source, both modes, native listener", "[mute]") {
    for (const unsigned quantum : {64U, 1024U, 8192U})
        for (const std::string mode : {"silence", "sever"})
            DYNAMIC_SECTION("quantum " << quantum << ", " << mode) {
                muteCycles(quantum, mode, scaled(quantum == 8192 ? 3 : 6, 1000));
            }
}

// What the cases above, and all others, judge by: without it a microphone that is turned down by 100 dB would pass for one
// that is silent.
TEST_CASE("control: a microphone that is turned down instead of muted is noticed, however far down",
          "[mute][control]") {
    SessionOptions options = guardedSession({MicKind::tone, MicKind::acp, MicKind::loopback});
    options.micguardd.clear();
    PrivateSession session(options);
    for (const MicSpec& mic : options.mics) {
        INFO(mic.name);
        session.setPhase(0);
        Heard native = listenTo(session, mic.name);
        Heard resampled = listenTo(session, mic.name, {.rate = 16000});
        Heard recorded = hear(mic.name, pwRecordListener(session, {.target = mic.name}));
        Heard pulse = hear(mic.name, parecordListener(session, {.target = mic.name, .latencyMsec = 20}));
        REQUIRE(native.listener->exact());
        REQUIRE_FALSE(resampled.listener->exact());
        session.graph().setNodeVolume(session.graph().waitForNode(mic.name).id, 1e-5F);
        // From before: up to a fragment, and the tail of a resampler.
        for (const Heard* one : {&native, &resampled, &recorded, &pulse})
            REQUIRE(one->listener->waitSamples(3200));
        for (Heard* one : {&native, &resampled, &recorded, &pulse})
            changeTune(session, *one);
        const StreamSnapshot before = resampled.listener->snapshot();
        for (const Heard* one : {&native, &recorded, &pulse}) {
            INFO(one->listener->description());
            const StreamSnapshot then = one->listener->snapshot();
            CHECK(one->listener->waitUntil([&](const StreamSnapshot& now) {
                return one->listener->madeIn(1, now) >= one->counted + 960;
            }));
            CHECK(one->listener->snapshot().audible[1] == then.audible[1]);
        }
        // Behind a resampler it is what goesOnInSilence() looks for.
        CHECK(resampled.listener->waitUntil(
            [&](const StreamSnapshot& now) { return now.nonZero >= before.nonZero + 320; }));
    }
}

// What was replied to is told a moment later, and by then the next press may be there: it is enforced first and told second.
TEST_CASE("a press that follows upon a reply is told after what was replied to", "[mute]") {
    PrivateSession session(guardedSession(allMicKinds()));
    Guard guard(session);
    auto heard = listenToAll(session, allMicKinds());
    std::vector<bool> pressed;
    for (unsigned press = 0; press < 60; press++) {
        pressed.push_back(press % 2 == 0);
        guard.setMuted(pressed.back());
        // Only now and then is there the time to tell it in between.
        if (press % 6 == 5)
            REQUIRE(guard.waitState("live"));
    }
    REQUIRE(guard.waitState("live"));
    CHECK(guard.mutedTold() == pressed);
}

TEST_CASE("control: without the guard the same listeners hear everything", "[mute][control]") {
    SessionOptions options = guardedSession(allMicKinds());
    options.micguardd.clear();
    PrivateSession session(options);
    for (const MicKind kind : allMicKinds()) {
        INFO(nameOf(kind));
        auto heard = listenTo(session, nameOf(kind));
        session.setPhase(1);
        CHECK(heard.listener->waitAudible(1));
        session.setPhase(0);
    }
}
