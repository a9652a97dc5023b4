// SPDX-License-Identifier: GPL-3.0-or-later
// Clients whose names, properties and objects are made to hurt who reads them: nothing is heard, the guard
// stays small, and what people see of it is clean.
#include "tests/session/trial.hpp"
#include "tests/support/figures.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <glib.h>
#include <unistd.h>

using namespace micguard::test;
using nlohmann::json;

namespace {

using Words = std::vector<std::string>;

// Nothing in it obeys a client: no line is his, and no terminal is moved by him.
void isClean(const std::string& text, const std::string& what) {
    INFO(what << ":\n" << text.substr(0, 4000));
    CHECK(g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr));
    CHECK(text.size() < 1'000'000);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        CHECK_FALSE(line.starts_with("FORGED"));
        CHECK_FALSE(line.starts_with("State: live"));
        for (const char c : line)
            if (static_cast<unsigned char>(c) < 0x20 && c != '\t')
                FAIL("a control character: " << static_cast<int>(c) << " in " << line.substr(0, 200));
        for (const char* turn :
             {"\xe2\x80\xae", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xc2\x9b", "\xc2\x85", "\x7f"})
            CHECK(line.find(turn) == line.npos);
    }
}

void looksClean(const PrivateSession& session) {
    for (const Words& words : {Words{"status"},
                               {"apps"},
                               {"sources"},
                               {"history"},
                               {"rules"},
                               {"doctor"},
                               {"status", "--json"},
                               {"apps", "--json"}}) {
        Words argv = {MICGUARDCTL_BUILT};
        argv.insert(argv.end(), words.begin(), words.end());
        isClean(session.run(argv).output, words[0]);
    }
}

json attacked(PrivateSession& session, Guard& guard, const Words& arguments,
              const std::function<void()>& meanwhile) {
    Words argv = {std::string(ATTACKERS) + "/attack-absurd_values", "--source", "tone"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    Process attack = session.spawn(argv, "absurd");
    unsigned unconfirmed = 0;
    while (attack.running()) {
        // Answered all the same: at the worst with the word that the server, which has all these objects to
        // make and to announce, has not confirmed it within a second.
        const auto error = guard.trySetMuted(true);
        CHECK((error.empty() || error.starts_with("org.micguard.MicGuard1.Error.NotGuaranteed")));
        unconfirmed += !error.empty();
        CHECK(guard.muted());
        meanwhile();
        usleep(20'000); // a caller's pace, not a wait for anything
    }
    if (unconfirmed > 0)
        fmt::print("{} times the server did not confirm a mute in time\n", unconfirmed);
    const std::string output = readFile(session.directory() / "log" / "absurd.log");
    const auto line = output.rfind("{\"attacker\"");
    INFO(output.substr(output.size() > 2000 ? output.size() - 2000 : 0));
    REQUIRE(line != std::string::npos);
    return json::parse(output.substr(line, output.find('\n', line) - line));
}

} // namespace

TEST_CASE("what clients call themselves is shown without being obeyed", "[values][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setMuted(true);
    session.setPhase(1);
    Tally tally("clients with absurd names");
    const auto report =
        attacked(session, guard, {"--seconds", std::to_string(scaled(4, 60))}, [&] { looksClean(session); });
    CHECK(report["attempts"].get<std::uint64_t>() > 10);
    CHECK(report["heard_after"] == 0);
    tally.add(report["heard_after"].get<std::uint64_t>());
    REQUIRE(session.running(Daemon::micguardd));
    looksClean(session); // the history, above all
    isClean(readFile(session.directory() / "log" / "micguardd.log"), "the log");
    session.setPhase(0);
    guard.setMuted(false);
    listenTo(session, "tone");
}

TEST_CASE("object ids that mean something else at once confuse nobody", "[values][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const pid_t pid = session.pid(Daemon::micguardd);
    guard.setMuted(true);
    session.setPhase(1);
    Tally tally("object ids used again");
    std::vector<std::uint64_t> resident;
    const auto report = attacked(session, guard, {"--reuse", "--seconds", std::to_string(scaled(6, 300))},
                                 [&] { resident.push_back(residentKib(pid)); });
    CHECK(report["attempts"].get<std::uint64_t>() > 100);
    CHECK(report["heard_after"] == 0);
    tally.add(report["heard_after"].get<std::uint64_t>());
    REQUIRE(session.running(Daemon::micguardd));
    CHECK(guard.waitState("muted"));
    REQUIRE(resident.size() > 2);
    const auto half = resident.begin() + static_cast<std::ptrdiff_t>(resident.size() / 2);
    const auto first = *std::max_element(resident.begin(), half),
               second = *std::max_element(half, resident.end());
    fmt::print("reuse: {} attempts; resident {} KiB at most in the first half, {} in the second\n",
               report["attempts"].get<std::uint64_t>(), first, second);
    CHECK((isSanitized(pid) || second < first + first / 10 + 1024));
    session.setPhase(0);
    guard.setMuted(false);
    listenTo(session, "tone");
}

// What nobody looks at costs the guard nothing; of a device it has to know the routes, and that is some KiB for each.
TEST_CASE("ten thousand objects of one client open nothing, and take little memory of the guard's",
          "[values][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const pid_t pid = session.pid(Daemon::micguardd);
    guard.setMuted(true);
    session.setPhase(1);
    const Words kind = GENERATE(Words{}, Words{"--devices"});
    const bool devices = !kind.empty();
    Tally tally(devices ? "ten thousand devices" : "ten thousand objects");
    // PipeWire 1.4.2 itself takes ten seconds and more to destroy them, and does nothing else in that time.
    const auto serverIsBack = [&](bool muted) {
        for (int tries = 0; tries < 100; tries++) // each ends after a second at the latest
            if (guard.trySetMuted(muted).empty())
                return true;
        return false;
    };
    const auto before = residentKib(pid);
    for (unsigned round = 0; round < scaled(1, 5); round++) {
        std::size_t most = 0;
        Words arguments = {"--crowd", "10000", "--seconds", "8"};
        arguments.insert(arguments.end(), kind.begin(), kind.end());
        const auto report =
            attacked(session, guard, arguments, [&] { most = std::max(most, residentKib(pid)); });
        CHECK(report["accepted"] == 10'000);
        CHECK(report["heard_after"] == 0);
        tally.add(report["heard_after"].get<std::uint64_t>());
        REQUIRE(session.running(Daemon::micguardd));
        fmt::print("crowd{}: resident {} KiB, and at most {} with it\n", devices ? " of devices" : "", before,
                   most);
        CHECK((isSanitized(pid) || most < before + (devices ? 8 * 10'000 : 8 * 1024)));
        REQUIRE(serverIsBack(true));
    }
    CHECK(guard.waitState("muted"));
    session.setPhase(0);
    REQUIRE(serverIsBack(false));
    // After so many devices WirePlumber 0.5.8 links nobody for minutes, with a guard or without (tried: 120 s).
    if (!devices)
        listenTo(session, "tone");
    else if (!isSanitized(pid))
        CHECK(eventually([&] { return std::stoul(guard.diagnostics()["memory.allocated-kib"]) < 8 * 1024; }));
}

TEST_CASE("what stands in rules is shown without being obeyed", "[values]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setRules("[[rule]]\nmatch = { app = \"a\\u001b(B\\nFORGED\\u202e<b>\", source = \"*\\nState: "
                   "live\" }\naction = \"deny\"\n"
                   "[[rule]]\nmatch = { claims = \"\\u0007\\nFORGED\" }\naction = \"silence\"\nwhen = { "
                   "capturing = \"\\nFORGED\" }\n");
    looksClean(session);
    isClean(session.run({MICGUARDCTL_BUILT, "explain", "a\x1b[2J\nFORGED"}).output, "explain");
}
