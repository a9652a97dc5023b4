// SPDX-License-Identifier: GPL-3.0-or-later
// Microphones that come and go while muted, and what becomes of them when the mute is over.
#include "tests/session/trial.hpp"
#include "tests/support/server_state.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <cstdio>

using namespace micguard::test;

namespace {

// One waits for whatever the session manager gives it, the other links itself as fast as it can. Not both at
// a time: ports that are linked before they are configured are in the session manager's way, guard or no
// guard.
std::unique_ptr<Listener> headsetListener(const PrivateSession& session, bool grabs) {
    return nativeListener(session,
                          {.target = "headset", .autoconnect = !grabs, .link = grabs, .relink = grabs});
}

std::vector<MicKind> pluggable() {
    std::vector<MicKind> kinds = allMicKinds();
    std::erase_if(kinds, [&](MicKind kind) {
        // A module of the server is there from its start; speech is coded in another way; one without an
        // adapter is kept even from the client that had the server make it (attack_test).
        return kind == MicKind::loopback || kind == MicKind::speech || kind == MicKind::raw;
    });
    return kinds;
}

void plugWhileMuted(unsigned quantum, const std::string& mode, bool grabs) {
    SessionOptions options = guardedSession({});
    options.quantum = quantum;
    // What stands for the air in front of the microphones that are made of two nodes.
    options.micguardConfig = "[sources]\nexempt = [\"headset.feed\"]\n";
    PrivateSession session(options);
    Guard guard(session);
    guard.setMode(mode);
    std::vector<Heard> heard;
    heard.push_back({"headset", headsetListener(session, grabs)});
    heard.front().listener->start();
    Tally tally(std::string(grabs ? "self-linking" : "waiting") + " client × plugged in while muted, " +
                mode + ", quantum " + std::to_string(quantum));
    const std::vector<MicKind> kinds = pluggable();
    const auto count = static_cast<unsigned>(kinds.size());
    unsigned heardAgain = 0, withoutRoute = 0;
    for (unsigned run = 0; run < count * scaled(1, 200); run++) {
        const MicKind kind = kinds[run % count];
        INFO("run " << run << ", " << nameOf(kind));
        mute(session, guard, heard, tally);
        try {
            session.plug({.kind = kind, .name = "headset", .phase = 1});
        } catch (const NoRoute& fault) {
            // Silent all the same. How loud it is to be live nobody has said, so it is plugged in once more.
            listenWhileMuted(heard, tally, Milliseconds(300));
            std::printf("run %u: %s\n", run, fault.what());
            session.unplug("headset");
            REQUIRE(++withoutRoute <= 1 + run / 100);
            run--;
            continue;
        }
        listenWhileMuted(heard, tally, Milliseconds(300));
        session.setPhase("headset", 0);
        guard.setMuted(false);
        if (grabs)
            heardAgain += heard.front().listener->waitAudible(0, 1000, Milliseconds(1000));
        else
            REQUIRE(heard.front().listener->waitAudible(0, 1000));
        session.unplug("headset");
    }
    // A link to a port that is just being configured may stay without sound (PipeWire 1.4.2: 4 of 30 without a guard), and
    // nothing tells its maker. So this is no more than the control of the count above.
    CHECK((!grabs || heardAgain > 0));
}

} // namespace

TEST_CASE("a microphone plugged in while muted is silent from its first sample", "[plug]") {
    for (const unsigned quantum : {64U, 1024U})
        for (const std::string mode : {"silence", "sever"})
            for (const bool grabs : {false, true})
                DYNAMIC_SECTION("quantum " << quantum << ", " << mode
                                           << (grabs ? ", self-linking" : ", waiting")) {
                    plugWhileMuted(quantum, mode, grabs);
                }
}

TEST_CASE("control: without the guard a microphone that is plugged in is heard", "[plug][control]") {
    const bool grabs = GENERATE(false, true);
    SessionOptions options = guardedSession({});
    options.micguardd.clear();
    PrivateSession session(options);
    const auto listener = headsetListener(session, grabs);
    listener->start();
    unsigned heard = 0;
    const std::vector<MicKind> kinds = pluggable();
    for (const MicKind kind : kinds) {
        INFO(nameOf(kind));
        session.plug({.kind = kind, .name = "headset", .phase = 1});
        // See above: not each of those links carries sound.
        const bool now = listener->waitAudible(1, 1000, grabs ? Milliseconds(1000) : kPatience);
        CHECK((grabs || now));
        heard += now;
        session.unplug("headset");
    }
    CHECK(heard > 0);
}

TEST_CASE("a source that was unplugged while muted is live when it comes back after the unmute", "[plug]") {
    const std::string mode = GENERATE("silence", "sever");
    const std::string aftermath =
        GENERATE("as is", "session manager restarted", "guard removed", "guard removed before the unmute");
    INFO(mode << ", " << aftermath);
    PrivateSession session(guardedSession({}));
    Guard guard(session);
    guard.setMode(mode);
    // The first two have no route, so that WirePlumber remembers them by their names.
    const std::vector<MicSpec> away = {{.kind = MicKind::nullVirtual, .name = "virtual"},
                                       {.kind = MicKind::tone, .name = "usb"},
                                       {.kind = MicKind::acp, .name = "card"}};
    const auto plugAll = [&] {
        for (const MicSpec& mic : away)
            session.plug(mic);
    };
    plugAll();
    {
        std::vector<Heard> heard;
        for (const MicSpec& mic : away)
            heard.push_back(listenTo(session, mic.name));
        Tally tally("native × three kinds × unplugged while muted, " + aftermath + ", " + mode);
        muteAndListen(session, guard, heard, tally);
    }
    for (const MicSpec& mic : away)
        session.unplug(mic.name);
    // Whoever is stopped in order while muted gives up what he holds, and has nothing here to mute in his place: nobody is left
    // who could open anything later.
    if (aftermath != "guard removed before the unmute")
        guard.setMuted(false);
    if (aftermath == "session manager restarted")
        session.restart(Daemon::wireplumber);
    if (aftermath.starts_with("guard removed"))
        session.stop(Daemon::micguardd);
    plugAll();
    for (const MicSpec& mic : away) {
        INFO(mic.name);
        listenTo(session, mic.name);
    }
    const auto guardIs = session.running(Daemon::micguardd) ? GuardIs::there : GuardIs::gone;
    CHECK(stillWrong([&] { return leftovers(readServer(session), session, guardIs); }) ==
          std::vector<std::string>{});
}

TEST_CASE("the default source switched while muted", "[plug]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone, MicKind::clamped}));
    Guard guard(session);
    guard.setMode(mode);
    const auto chooseDefault = [&](const std::string& name) {
        must(session, {"pactl", "set-default-source", name});
    };
    chooseDefault("tone");
    std::vector<Heard> heard;
    heard.push_back(hear("the default", nativeListener(session, {})));
    heard.push_back(hear("the default", parecordListener(session, {.latencyMsec = 20})));
    Tally tally("native and Pulse × default source switched while muted, " + mode);
    for (unsigned run = 0; run < scaled(4, 50); run++) {
        mute(session, guard, heard, tally);
        chooseDefault(run % 2 ? "tone" : "clamped");
        listenWhileMuted(heard, tally, Milliseconds(500));
        unmuteAndListen(session, guard, heard);
    }
    hearsWithoutGuard(session, heard, "default source switched", [&] { chooseDefault("clamped"); });
}
