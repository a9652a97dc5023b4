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
