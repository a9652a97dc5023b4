// SPDX-License-Identifier: GPL-3.0-or-later
// `[mute] follow-desktop`: what wpctl, pactl and the microphone key do to the default source, and what the
// guard does, never out of step. The rows are those of docs/desktop-mute.md.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <random>

#include <unistd.h>

using namespace micguard::test;

namespace {

// Seldom, on a busy machine, it does not find the default source that there is ("'-1' is not a valid ID") and does nothing.
void wpctl(const PrivateSession& session, std::vector<std::string> words) {
    words.insert(words.begin(), "wpctl");
    Finished done;
    REQUIRE(eventually([&] {
        done = session.run(words);
        return done.output.find("is not a valid ID") == std::string::npos;
    }));
    INFO(done.output);
    REQUIRE(done.exitCode == 0);
}

const std::vector<MicKind> kinds = {MicKind::tone, MicKind::acp, MicKind::nullVirtual};

SessionOptions followed(const std::string& more = "") {
    SessionOptions options = guardedSession(kinds);
    options.micguardConfig = "[mute]\nfollow-desktop = true\n" + more;
    return options;
}

void makeDefault(const PrivateSession& session, const std::string& name) {
    must(session, {"pactl", "set-default-source", name});
    REQUIRE(eventually([&] { return session.run({"pactl", "get-default-source"}).output == name + "\n"; }));
}

// As the desktop shows it.
bool shows(const PrivateSession& session, const std::string& source, bool muted) {
    // Of a card what was told to it: what pactl reads of a route may be old for good (PipeWire 1.4.2,
    // impl-device.c).
    if (source == "acp")
        return session.control("acp").layout().routeMute == (muted ? 1U : 0U);
    return session.run({"pactl", "get-source-mute", source}).output == (muted ? "Mute: yes\n" : "Mute: no\n");
}

void press(const PrivateSession& session, const std::string& source, bool muted) {
    must(session, {"pactl", "set-source-mute", source, muted ? "1" : "0"});
}

bool inStep(const PrivateSession& session, Guard& guard, const std::string& source, bool muted) {
    return guard.muted() == muted && shows(session, source, muted);
}

bool comesInStep(const PrivateSession& session, Guard& guard, const std::string& source, bool muted) {
    return eventually([&] { return inStep(session, guard, source, muted); });
}

// Until the guard shows its mute on every source: what appeared lately has then had its time.
void settle(const PrivateSession& session, Guard& guard) {
    guard.setMuted(true);
    for (const MicKind kind : kinds)
        REQUIRE(eventually([&] { return shows(session, nameOf(kind), true); }));
    guard.setMuted(false);
    for (const MicKind kind : kinds)
        REQUIRE(eventually([&] { return shows(session, nameOf(kind), false); }));
}

std::vector<Heard> listeners(const PrivateSession& session) {
    auto heard = listenToAll(session, kinds);
    return heard;
}

} // namespace

TEST_CASE("the desktop mutes the default source and every microphone is silent, until either side unmutes",
          "[follow]") {
    const std::string source = nameOf(GENERATE(MicKind::tone, MicKind::acp, MicKind::nullVirtual));
    const std::string mode = GENERATE("silence", "sever");
    const std::string lifter = GENERATE("desktop", "guard");
    PrivateSession session(followed("mode = \"" + mode + "\"\n"));
    Guard guard(session);
    auto heard = listeners(session);
    makeDefault(session, source);
    settle(session, guard);
    Tally tally("native × three kinds × " + source + " muted by the desktop, " + mode + ", lifted by the " +
                lifter);
    for (unsigned cycle = 0; cycle < scaled(2, 30); cycle++) {
        INFO(source << ", " << mode << ", " << lifter << ", cycle " << cycle);
        press(session, source, true);
        REQUIRE(guard.waitState("muted"));
        changeTune(session, heard);
        listenWhileMuted(heard, tally);
        for (const MicKind kind : kinds)
            CHECK(eventually([&] { return shows(session, nameOf(kind), true); }));
        if (lifter == "guard")
            guard.setMuted(false);
        else
            press(session, source, false);
        REQUIRE(guard.waitState("live"));
        for (const MicKind kind : kinds)
            CHECK(eventually([&] { return shows(session, nameOf(kind), false); }));
        session.setPhase(0);
        hearAgain(session, heard);
    }
}

TEST_CASE("what the desktop may not lift it does not, and shows so", "[follow]") {
    const std::string source = GENERATE("tone", "acp");
    PrivateSession session(followed());
    Guard guard(session);
    auto heard = listeners(session);
    makeDefault(session, source);
    settle(session, guard);
    Tally tally("native × three kinds × " + source + " unmuted by the desktop over the guard's button");
    guard.setMuted(true);
    REQUIRE(eventually([&] { return shows(session, source, true); }));
    changeTune(session, heard);
    for (unsigned tries = 0; tries < 3; tries++) {
        wpctl(session, {"set-mute", "@DEFAULT_AUDIO_SOURCE@", "0"});
        CHECK(comesInStep(session, guard, source, true));
    }
    listenWhileMuted(heard, tally);
    session.setPhase(0);
    guard.setMuted(false);
    CHECK(comesInStep(session, guard, source, false));
    hearAgain(session, heard);
    guard.setConfig("mute.desktop-lifts", "all");
    guard.setMuted(true);
    REQUIRE(eventually([&] { return shows(session, source, true); }));
    // Sooner it would be a program's doing.
    changeTune(session, heard);
    listenWhileMuted(heard, tally, Milliseconds(100));
    press(session, source, false);
    CHECK(guard.waitState("live"));
    CHECK(comesInStep(session, guard, source, false));
}

TEST_CASE("a program that unmutes a hundred times a second does not win, and is not fought for ever",
          "[follow]") {
    PrivateSession session(followed("desktop-lifts = \"all\"\n"));
    Guard guard(session);
    auto heard = listeners(session);
    makeDefault(session, "tone");
    settle(session, guard);
    const std::string id = std::to_string(session.graph().waitForNode("tone").id);
    Tally tally("native × three kinds × unmuted by a program 100 times a second");
    const Process program = session.spawn(
        {"sh", "-c",
         "while sleep 0.008; do echo \"set-param " + id + " Props { mute: false }\"; done | pw-cli"},
        "unmuter");
    // It is at it before: one that begins only later than 40 ms after the mute is a key (docs/architecture.md). So is one that
    // got no processor for so long just then; its next try is in time.
    REQUIRE(waitForText(session.logPath("unmuter.log"), [](const std::string& text) {
        return std::count(text.begin(), text.end(), '{') >= 5;
    }));
    const std::string warning = "desktop-mute:tone";
    unsigned tries = 0;
    do {
        guard.setMuted(true);
        REQUIRE(eventually([&] { return guard.hasWarning(warning) || !guard.muted(); }));
    } while (!guard.hasWarning(warning) && ++tries < 5);
    CHECK(guard.hasWarning(warning));
    changeTune(session, heard);
    listenWhileMuted(heard, tally, Milliseconds(1000));
    CHECK(guard.muted());
    CHECK(guard.state() == "muted");
}

TEST_CASE("the key pressed ten times fast, with wpctl and on every source as Plasma does it", "[follow]") {
    const std::string source = GENERATE("tone", "acp");
    PrivateSession session(followed());
    Guard guard(session);
    auto heard = listeners(session);
    makeDefault(session, source);
    settle(session, guard);
    SECTION("one after the other") {
        for (unsigned press = 0; press < 10; press++)
            wpctl(session, {"set-mute", "@DEFAULT_AUDIO_SOURCE@", "toggle"});
        // Each press has gone through when the next question is answered; which state that is the last of
        // them says.
        CHECK(eventually(
            [&] { return inStep(session, guard, source, true) || inStep(session, guard, source, false); }));
    }
    SECTION("as long as a hand takes, the tenth leaves it as it was") {
        for (unsigned presses = 0; presses < 10; presses++) {
            press(session, source, presses % 2 == 0);
            REQUIRE(guard.waitState(presses % 2 == 0 ? "muted" : "live"));
            if (presses % 2 == 0)
                REQUIRE(heard.front().listener->waitSamples(2880)); // 60 ms
        }
        CHECK(comesInStep(session, guard, source, false));
    }
    SECTION("all sources, and unmuted by the guard: none is dead") {
        for (const MicKind kind : kinds)
            press(session, nameOf(kind), true);
        REQUIRE(guard.waitState("muted"));
        guard.setMuted(false);
        for (const MicKind kind : kinds)
            CHECK(eventually([&] { return shows(session, nameOf(kind), false); }));
    }
    guard.setMuted(false);
    session.setPhase(0);
    hearAgain(session, heard);
}

TEST_CASE("200 random changes from both sides, never out of step once all is quiet", "[follow]") {
    const std::string source = GENERATE("tone", "acp");
    const std::string lifts = GENERATE("own", "all");
    PrivateSession session(followed("desktop-lifts = \"" + lifts + "\"\n"));
    Guard guard(session);
    auto heard = listeners(session);
    makeDefault(session, source);
    settle(session, guard);
    const auto seed = std::random_device{}();
    INFO("seed " << seed << ", " << source << ", lifts " << lifts);
    std::mt19937 random(seed);
    for (unsigned change = 1; change <= 200; change++) {
        switch (random() % 6) {
        case 0:
            press(session, source, true);
            break;
        case 1:
            press(session, source, false);
            break;
        case 2:
            wpctl(session, {"set-mute", "@DEFAULT_AUDIO_SOURCE@", "toggle"});
            break;
        case 3:
            guard.trySetMuted(true);
            break;
        case 4:
            guard.trySetMuted(false);
            break;
        default:
            must(session, {"pactl", "set-source-volume", source, std::to_string(80 + random() % 20) + "%"});
        }
        if (change % 10 == 0) {
            INFO("after " << change << " changes");
            CHECK(eventually([&] { return inStep(session, guard, source, guard.muted()); }));
        }
    }
    guard.setMuted(false);
    CHECK(comesInStep(session, guard, source, false));
    for (const MicKind kind : kinds) {
        INFO(nameOf(kind));
        CHECK(eventually([&] { return shows(session, nameOf(kind), false); }));
    }
    session.setPhase(0);
    hearAgain(session, heard);
}

TEST_CASE("a port of the card is chosen while the desktop holds, and the one before it: nothing is lifted",
          "[follow]") {
    PrivateSession session(followed());
    Guard guard(session);
    auto heard = listeners(session);
    makeDefault(session, "acp");
    const auto choose = [&](const std::string& port) {
        must(session, {"pactl", "set-source-port", "acp", port});
    };
    // Of both the session manager has stored that they are not muted.
    choose("analog-input-headset-mic");
    settle(session, guard);
    choose("analog-input-mic");
    settle(session, guard);
    Tally tally("native × three kinds × port chosen, muted by the desktop");
    for (unsigned round = 0; round < scaled(3, 30); round++) {
        INFO("round " << round);
        press(session, "acp", true);
        REQUIRE(guard.waitState("muted"));
        changeTune(session, heard);
        for (const char* port : {"analog-input-headset-mic", "analog-input-mic"}) {
            INFO(port);
            choose(port);
            // What is restored of it comes before two seconds are over, and then it shows the guard's mute.
            listenWhileMuted(heard, tally, Milliseconds(500));
            CHECK(guard.muted());
            REQUIRE(comesInStep(session, guard, "acp", true));
        }
        // Of a press within the two seconds nobody knows that it was one.
        REQUIRE(eventually([&] {
            press(session, "acp", false);
            return guard.waitState("live", Milliseconds(500));
        }));
        REQUIRE(comesInStep(session, guard, "acp", false));
        session.setPhase(0);
        hearAgain(session, heard);
    }
}

TEST_CASE("both sides at the same time: in step once all is quiet, and no microphone dead after an unmute",
          "[follow]") {
    const std::string source = GENERATE("tone", "acp");
    PrivateSession session(followed());
    Guard guard(session);
    auto heard = listeners(session);
    makeDefault(session, source);
    settle(session, guard);
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    for (unsigned round = 0; round < scaled(3, 30); round++) {
        INFO(source << ", round " << round);
        Process keys = session.spawn(
            {"/bin/sh", "-c",
             "i=0; while [ $i -lt 20 ]; do pactl set-source-mute " + source + " toggle; i=$((i + 1)); done"},
            "keys");
        unsigned presses = 0;
        while (keys.running()) {
            guard.trySetMuted(++presses % 2 == 1);
            usleep(
                static_cast<unsigned>(random() % 30'000)); // no oftener than anybody may, and at any moment
        }
        CHECK(presses >= 5);
        CHECK(eventually([&] { return inStep(session, guard, source, guard.muted()); }));
        guard.setMuted(false);
        REQUIRE(comesInStep(session, guard, source, false));
        INFO("the key still works");
        press(session, source, true);
        REQUIRE(guard.waitState("muted"));
        guard.setMuted(false);
        REQUIRE(comesInStep(session, guard, source, false));
    }
    session.setPhase(0);
    hearAgain(session, heard);
}

TEST_CASE("a slider moved, a device plugged in, a guard killed: still in step", "[follow]") {
    PrivateSession session(followed());
    Guard guard(session);
    auto heard = listeners(session);
    makeDefault(session, "tone");
    settle(session, guard);
    Tally tally("native × three kinds × muted by the desktop, much happens");
    press(session, "tone", true);
    REQUIRE(guard.waitState("muted"));
    changeTune(session, heard);
    SECTION("slider") {
        must(session, {"pactl", "set-source-volume", "tone", "60%"});
        wpctl(session, {"set-volume", "@DEFAULT_AUDIO_SOURCE@", "0.8"});
        CHECK(comesInStep(session, guard, "tone", true));
    }
    SECTION("a device that appears") {
        session.plug({.kind = MicKind::acp, .name = "card"});
        CHECK(session.control("card").waitRoute([](const ControlLayout& card) { return card.routeMute == 1; },
                                                kPatience));
        press(session, "tone", false);
        REQUIRE(guard.waitState("live"));
        CHECK(session.control("card").waitRoute([](const ControlLayout& card) { return card.routeMute == 0; },
                                                kPatience));
        press(session, "tone", true);
        REQUIRE(guard.waitState("muted"));
        session.unplug("card");
        changeTune(session, heard);
    }
    SECTION("killed and started") {
        session.kill(Daemon::micguardd);
        session.start(Daemon::micguardd);
        REQUIRE(guard.waitState("muted"));
        CHECK(comesInStep(session, guard, "tone", true));
    }
    SECTION("session manager restarted, which restores what it stored") {
        session.restart(Daemon::wireplumber);
        makeDefault(session, "tone");
        CHECK(comesInStep(session, guard, "tone", true));
    }
    listenWhileMuted(heard, tally);
    guard.setMuted(false);
    CHECK(comesInStep(session, guard, "tone", false));
    session.setPhase(0);
    hearAgain(session, heard);
}

TEST_CASE("a login that begins muted is silent from the first sample, a guard that is restarted is no login",
          "[follow][start]") {
    SessionOptions options = guardedSession(kinds);
    options.micguardConfig = "[mute]\nstart = \"muted\"\n";
    PrivateSession session(options);
    Guard guard(session);
    CHECK(guard.waitState("muted"));
    std::vector<Heard> heard;
    guard.setMuted(false);
    CHECK(guard.waitState("live"));
    heard = listeners(session);
    session.kill(Daemon::micguardd);
    session.start(Daemon::micguardd);
    CHECK(guard.waitState("live"));
    session.stop(Daemon::micguardd);
    session.start(Daemon::micguardd);
    CHECK(guard.waitState("live"));
    // The next login: its runtime folder is a new one.
    session.stop(Daemon::micguardd);
    std::filesystem::remove_all(session.runtimeDirectory() / "micguard");
    changeTune(session, heard);
    session.start(Daemon::micguardd);
    CHECK(guard.waitState("muted"));
    changeTune(session, heard);
    Tally tally("native × three kinds × login that begins muted");
    listenWhileMuted(heard, tally);
}

namespace {

// The real dconf, without which GSettings would keep what is set to itself.
void startDconf(PrivateSession& session, std::vector<Process>& services) {
    services.push_back(session.spawn({"/usr/libexec/dconf-service"}, "dconf"));
    REQUIRE(eventually([&] {
        return session.run({"busctl", "--user", "status", "ca.desrt.dconf"}).exitCode == 0;
    }));
}

void turn(const PrivateSession& session, bool on) {
    must(session,
         {"gsettings", "set", "org.gnome.desktop.privacy", "disable-microphone", on ? "true" : "false"});
}

std::string switchReads(const PrivateSession& session) {
    return session.run({"gsettings", "get", "org.gnome.desktop.privacy", "disable-microphone"}).output;
}

} // namespace

TEST_CASE("GNOME's privacy switch mutes every microphone, and who unmutes turns it off",
          "[follow][privacy]") {
    const std::string backend = GENERATE("dconf", "keyfile");
    SessionOptions options = guardedSession(kinds);
    options.environment.push_back("GSETTINGS_BACKEND=" + backend);
    PrivateSession session(options);
    std::vector<Process> services;
    if (backend == "dconf")
        startDconf(session, services);
    Guard guard(session);
    auto heard = listeners(session);
    Tally tally("native × three kinds × GNOME's privacy switch, " + backend);
    for (unsigned cycle = 0; cycle < 2; cycle++) {
        turn(session, true);
        REQUIRE(guard.waitState("muted"));
        changeTune(session, heard);
        listenWhileMuted(heard, tally);
        turn(session, false);
        REQUIRE(guard.waitState("live"));
        session.setPhase(0);
        hearAgain(session, heard);
    }
    turn(session, true);
    REQUIRE(guard.waitState("muted"));
    guard.setMuted(false);
    CHECK(guard.waitState("live"));
    CHECK(eventually([&] { return switchReads(session) == "false\n"; }));
    // A guard that starts finds it on.
    session.stop(Daemon::micguardd);
    turn(session, true);
    session.start(Daemon::micguardd);
    CHECK(guard.waitState("muted"));
    guard.setRules("[mute]\nprivacy-switch = false\n");
    CHECK(guard.waitState("live"));
}

TEST_CASE("without the schema there is no privacy switch, and the guard runs as ever", "[follow][privacy]") {
    SessionOptions options = guardedSession({MicKind::tone});
    options.environment.push_back("XDG_DATA_DIRS=/nowhere");
    options.environment.push_back("GSETTINGS_BACKEND=keyfile");
    PrivateSession session(options);
    Guard guard(session);
    CHECK(guard.waitState("live"));
    guard.setMuted(true);
    guard.setMuted(false);
    CHECK(guard.waitState("live"));
    CHECK_FALSE(guard.hasWarning("privacy-switch"));
}
