// SPDX-License-Identifier: GPL-3.0-or-later
// The session locks, the machine sleeps: muted in time, nobody unmutes, and all is as it was afterwards. On a model of logind.
#include "tests/session/trial.hpp"
#include "tests/support/guard.hpp"
#include "tests/support/logind.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard::test;

namespace {

constexpr const char* locked = "org.micguard.MicGuard1.Error.SessionLocked";

SessionOptions withLogind(const Logind& logind, const std::string& config) {
    SessionOptions options = guardedSession({MicKind::tone, MicKind::acp});
    options.systemBus = logind.address();
    options.micguardConfig = config;
    return options;
}

// What the guard says of logind's word. Asked no more often than anybody may.
bool locksAre(Guard& guard, const std::string& word) {
    return stillWrong([&] {
               const std::string now = guard.diagnostics()["session.locked"];
               return now == word ? std::vector<std::string>{} : std::vector{now};
           })
        .empty();
}

std::vector<Heard> listeners(PrivateSession& session) {
    std::vector<Heard> heard;
    for (const char* name : {"tone", "acp"})
        heard.push_back(listenTo(session, name));
    return heard;
}

} // namespace

TEST_CASE("a session that locks itself is muted until it is unlocked, whoever asks", "[lock]") {
    const std::string mode = GENERATE("silence", "sever");
    Logind logind;
    PrivateSession session(withLogind(logind, "[mute]\non-lock = true\nmode = \"" + mode + "\"\n"));
    Guard guard(session);
    auto heard = listeners(session);
    Tally tally("native × two kinds × session locked, " + mode);
    for (unsigned cycle = 0; cycle < scaled(3, 100); cycle++) {
        INFO("cycle " << cycle);
        logind.lock(true);
        REQUIRE(guard.waitState("muted"));
        CHECK(guard.trySetMuted(false).starts_with(locked));
        changeTune(session, heard);
        listenWhileMuted(heard, tally);
        logind.lock(false);
        REQUIRE(guard.waitState("live"));
        session.setPhase(0);
        hearAgain(session, heard);
    }
    // The button is apart from it.
    logind.lock(true);
    REQUIRE(guard.waitState("muted"));
    CHECK(guard.trySetMuted(true).empty());
    logind.lock(false);
    CHECK(eventually([&] { return guard.trySetMuted(false).empty(); }));
    CHECK(guard.waitState("live"));
}

TEST_CASE("control: not asked for, a locked session is as live as before", "[lock][control]") {
    Logind logind;
    PrivateSession session(withLogind(
        logind,
        "[[rule]]\nwhen = { locked = true }\naction = \"deny\"\nmatch = { executable = \"*/pw-cat\" }\n"));
    Guard guard(session);
    auto heard = listeners(session);
    Heard ruled = hear("tone", pwRecordListener(session, {.target = "tone"}));
    logind.lock(true);
    // The rule shows that it has been heard of.
    guard.waitApplication("pw-cat", [](const ShownApplication& one) { return one.state == "denied"; });
    CHECK(guard.state() == "live");
    session.setPhase(1);
    for (auto& one : heard)
        CHECK(one.listener->waitAudible(1));
    CHECK(guard.trySetMuted(true).empty());
    CHECK(guard.trySetMuted(false).empty());
    logind.lock(false);
    session.setPhase(0);
    CHECK(ruled.listener->waitAudible(0));
}

TEST_CASE("a guard that is killed in a locked session opens nothing when it comes back", "[lock]") {
    Logind logind;
    PrivateSession session(withLogind(logind, "[mute]\non-lock = true\n"));
    Guard guard(session);
    auto heard = listeners(session);
    Tally tally("native × two kinds × guard killed in a locked session");
    logind.lock(true);
    REQUIRE(guard.waitState("muted"));
    changeTune(session, heard);
    session.kill(Daemon::micguardd);
    session.start(Daemon::micguardd);
    REQUIRE(guard.waitState("muted"));
    CHECK(guard.trySetMuted(false).starts_with(locked));
    listenWhileMuted(heard, tally);
    logind.lock(false);
    REQUIRE(guard.waitState("live"));
    session.setPhase(0);
    hearAgain(session, heard);
}

TEST_CASE("to lose logind opens nothing, and the session that counts is the user's display", "[lock]") {
    Logind logind;
    PrivateSession session(withLogind(logind, "[mute]\non-lock = true\n"));
    Guard guard(session);
    logind.lock(true);
    REQUIRE(guard.waitState("muted"));
    logind.restart(true);
    CHECK(guard.waitState("muted"));
    CHECK(guard.trySetMuted(false).starts_with(locked));
    logind.addSession("2");
    logind.setDisplay("2");
    CHECK(guard.waitState("live"));
    logind.setDisplay("1");
    CHECK(guard.waitState("muted"));
    logind.setDisplay("");
    CHECK(guard.waitState("live"));
}

TEST_CASE("a locked session stays so without logind, without the bus, and for a guard that starts meanwhile",
          "[lock]") {
    Logind logind;
    PrivateSession session(withLogind(logind, "[mute]\non-lock = true\n"));
    Guard guard(session);
    auto heard = listeners(session);
    Tally tally("native × two kinds × locked, logind or its bus gone");
    const auto staysShut = [&] {
        CHECK(guard.muted());
        CHECK(guard.trySetMuted(false).starts_with(locked));
        listenWhileMuted(heard, tally);
    };
    logind.lock(true);
    REQUIRE(guard.waitState("muted"));
    changeTune(session, heard);
    SECTION("logind is gone when the guard starts") {
        logind.stop();
        session.kill(Daemon::micguardd);
        session.start(Daemon::micguardd);
        REQUIRE(locksAre(guard, "unknown: no logind"));
        staysShut();
        logind.start(true);
        REQUIRE(locksAre(guard, "yes"));
    }
    SECTION("the bus goes, and is looked for in vain") {
        // What the guard says of it comes with the loss; a look that finds none is due five seconds later, and says the same.
        logind.stopBus();
        REQUIRE(locksAre(guard, "unknown: no system bus"));
        CHECK_FALSE(guard.waitState("live", Milliseconds(6000)));
        staysShut();
        logind.startBus(true);
        REQUIRE(locksAre(guard, "yes"));
    }
    SECTION("the bus is gone when the guard starts") {
        logind.stopBus();
        session.kill(Daemon::micguardd);
        session.start(Daemon::micguardd);
        REQUIRE(locksAre(guard, "unknown: no system bus"));
        staysShut();
        logind.startBus(true);
        REQUIRE(locksAre(guard, "yes"));
    }
    staysShut();
    logind.lock(false);
    REQUIRE(guard.waitState("live"));
    session.setPhase(0);
    hearAgain(session, heard);
}

TEST_CASE("a guard that starts in a locked session is muted by it, and hears of the unlock", "[lock]") {
    Logind logind;
    logind.lock(true);
    PrivateSession session(withLogind(logind, "[mute]\non-lock = true\n"));
    Guard guard(session);
    REQUIRE(guard.waitState("muted"));
    CHECK(guard.trySetMuted(false).starts_with(locked));
    INFO("others log in and out, and it is looked anew");
    logind.addSession("2");
    logind.lock(false);
    CHECK(guard.waitState("live"));
    logind.lock(true);
    CHECK(guard.waitState("muted"));
}

TEST_CASE(
    "the word that the machine is awake is not missed with a logind or a bus that was restarted meanwhile",
    "[lock]") {
    const bool withBus = GENERATE(false, true);
    Logind logind;
    PrivateSession session(withLogind(logind, "[mute]\non-lock = true\n"));
    Guard guard(session);
    REQUIRE(logind.waitInhibitors(1));
    logind.prepareForSleep(true);
    REQUIRE(guard.waitState("muted"));
    REQUIRE(logind.waitInhibitors(0));
    INFO((withBus ? "bus" : "logind"));
    if (withBus) {
        logind.stopBus();
        CHECK(guard.waitState("muted"));
        logind.startBus(false);
    } else {
        logind.restart(false);
    }
    CHECK(guard.waitState("live"));
    INFO("the next sleep waits for the mute again");
    CHECK(logind.waitInhibitors(1));
    logind.prepareForSleep(true);
    CHECK(guard.waitState("muted"));
    CHECK(logind.waitInhibitors(0));
    INFO("locked meanwhile, it is muted by that when it is awake");
    logind.lock(true);
    REQUIRE(eventually([&] { return guard.trySetMuted(false).starts_with(locked); }));
    logind.prepareForSleep(false);
    REQUIRE(logind.waitInhibitors(1)); // taken at the wake
    CHECK(guard.trySetMuted(false).starts_with(locked));
    CHECK(guard.state() == "muted");
    logind.lock(false);
    CHECK(guard.waitState("live"));
}

TEST_CASE("a guard that starts while the machine is about to sleep is muted until it is awake", "[lock]") {
    Logind logind;
    PrivateSession session(withLogind(logind, ""));
    Guard guard(session);
    session.stop(Daemon::micguardd);
    logind.prepareForSleep(true);
    session.start(Daemon::micguardd);
    REQUIRE(guard.waitState("muted"));
    logind.prepareForSleep(false);
    CHECK(guard.waitState("live"));
}

// The server does not answer, so the mute is not in force when the sleep is called off.
TEST_CASE("after a sleep that was called off the next one waits for the mute, too", "[lock]") {
    Logind logind;
    PrivateSession session(withLogind(logind, ""));
    Guard guard(session);
    for (unsigned round = 0; round < scaled(2, 20); round++) {
        INFO("round " << round);
        REQUIRE(logind.waitInhibitors(1));
        session.pause(Daemon::pipewire);
        logind.prepareForSleep(true);
        REQUIRE(eventually([&] { return guard.muted(); }));
        logind.prepareForSleep(false);
        REQUIRE(eventually([&] { return !guard.muted(); }));
        session.resume(Daemon::pipewire);
        REQUIRE(guard.waitState("live"));
        // By then whoever waited for the mute has been answered.
        guard.setMuted(true);
        guard.setMuted(false);
        REQUIRE(logind.waitInhibitors(1));
        logind.prepareForSleep(true);
        REQUIRE(guard.waitState("muted"));
        REQUIRE(logind.waitInhibitors(0));
        logind.prepareForSleep(false);
        REQUIRE(guard.waitState("live"));
    }
}

TEST_CASE("a machine that is about to sleep waits for the mute, and is live again when it is awake",
          "[lock]") {
    Logind logind;
    PrivateSession session(withLogind(logind, ""));
    Guard guard(session);
    auto heard = listeners(session);
    Tally tally("native × two kinds × machine sleeps");
    for (unsigned cycle = 0; cycle < scaled(2, 50); cycle++) {
        INFO("cycle " << cycle);
        REQUIRE(logind.waitInhibitors(1));
        logind.prepareForSleep(true);
        REQUIRE(logind.waitInhibitors(0));
        CHECK(guard.state() == "muted");
        changeTune(session, heard);
        listenWhileMuted(heard, tally);
        logind.prepareForSleep(false);
        REQUIRE(guard.waitState("live"));
        session.setPhase(0);
        hearAgain(session, heard);
    }
}
