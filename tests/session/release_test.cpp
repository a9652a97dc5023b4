// SPDX-License-Identifier: GPL-3.0-or-later
// The button at the very moment at which the guard is being stopped: whoever is told that everybody is muted can rely on it, and what
// stood in for the guard is taken back by the next one, and nothing else is.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <csignal>
#include <thread>

using namespace micguard::test;

namespace {

bool isMutedByTools(const PrivateSession& session, const std::string& source) {
    return session.run({"pactl", "get-source-mute", source}, Milliseconds(10000)).output == "Mute: yes\n";
}

void muteByTools(const PrivateSession& session, const std::string& source, bool muted) {
    must(session, {"pactl", "set-source-mute", source, muted ? "1" : "0"});
}

// Looked for once the session manager has had its time to restore what it stored.
bool owesNothing(const PrivateSession& session) {
    const auto file = session.directory() / "state" / "micguard" / "state.json";
    return session.run({"cat", file.string()}).output.find("\"userMuted\":[]") != std::string::npos;
}

} // namespace

TEST_CASE("a mute pressed while the guard is being stopped is refused, lost with it, or holds", "[release]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone, MicKind::nullVirtual}));
    Guard guard(session);
    guard.setMode(mode);
    Heard heard = listenTo(session, "tone");
    unsigned held = 0, otherwise = 0;
    Tally tally("native × tone × mute pressed while the guard ends, " + mode);
    for (unsigned round = 0; round < scaled(12, 200); round++) {
        INFO("round " << round);
        // From before the signal to some milliseconds behind it.
        const pid_t pid = session.pid(Daemon::micguardd);
        std::thread stopper([pid, round] {
            std::this_thread::sleep_for(std::chrono::microseconds(round % 6 * 400));
            ::kill(pid, SIGTERM);
        });
        const bool told = guard.trySetMuted(true).empty();
        stopper.join();
        changeTune(session, heard);
        session.stop(Daemon::micguardd);
        (told ? held : otherwise)++;
        if (told) {
            hearsNothingNew(heard, tally, Milliseconds(150));
            CHECK(isMutedByTools(session, "tone"));
        }
        session.start(Daemon::micguardd);
        REQUIRE(guard.waitName(true));
        guard.setMuted(false);
        session.setPhase(0);
        REQUIRE(heard.listener->waitAudible(0));
        CHECK(eventually([&] { return !isMutedByTools(session, "tone"); }));
    }
    CHECK(held > 0);
    WARN(mode << ": " << held << " held, " << otherwise << " refused or without an answer");
}

TEST_CASE(
    "what the user mutes himself is his: before the guard went, and after he lifted what stood in for it",
    "[release]") {
    PrivateSession session(guardedSession({MicKind::tone, MicKind::acp}));
    Guard guard(session);
    for (const char* source : {"tone", "acp"}) {
        INFO(source);
        Heard heard = listenTo(session, source);
        // His own, older than the guard's.
        muteByTools(session, source, true);
        REQUIRE(eventually([&] { return isMutedByTools(session, source); }));
        guard.setMuted(true);
        session.stop(Daemon::micguardd);
        CHECK(isMutedByTools(session, source));
        session.start(Daemon::micguardd);
        REQUIRE(guard.waitName(true));
        guard.setMuted(false);
        CHECK(isMutedByTools(session, source));
        muteByTools(session, source, false);

        // The guard's, lifted by him while there was none; then one of his own.
        guard.setMuted(true);
        session.stop(Daemon::micguardd);
        REQUIRE(isMutedByTools(session, source));
        muteByTools(session, source, false);
        session.start(Daemon::micguardd);
        REQUIRE(guard.waitName(true));
        guard.setMuted(false);
        session.setPhase(0);
        REQUIRE(heard.listener->waitAudible(0));
        REQUIRE(eventually([&] { return owesNothing(session); }));
        muteByTools(session, source, true);
        guard.setMode("silence"); // something for the guard to think about
        REQUIRE(eventually([&] { return isMutedByTools(session, source); }));
        guard.setMode("sever");
        CHECK(isMutedByTools(session, source));
        muteByTools(session, source, false);
        REQUIRE(heard.listener->waitAudible(0));
    }
}
