// SPDX-License-Identifier: GPL-3.0-or-later
// Clients whose names, properties and objects are made to hurt who reads them: nothing is heard, the guard stays small, and
// what people see of it is clean.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <glib.h>

using namespace micguard::test;
using nlohmann::json;

namespace {

using Words = std::vector<std::string>;

std::size_t residentKib(pid_t pid) {
    std::istringstream status(readFile(fmt::format("/proc/{}/status", pid)));
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:"))
            return std::stoul(line.substr(6));
    return 0;
}

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
        for (const char* turn : {"\xe2\x80\xae", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xc2\x9b", "\xc2\x85", "\x7f"})
            CHECK(line.find(turn) == line.npos);
    }
}

void looksClean(const PrivateSession& session) {
    for (const Words& words : {Words{"status"}, {"apps"}, {"sources"}, {"history"}, {"rules"}, {"doctor"}, {"status", "--json"},
                               {"apps", "--json"}}) {
        Words argv = {MICGUARDCTL_BUILT};
        argv.insert(argv.end(), words.begin(), words.end());
        isClean(session.run(argv).output, words[0]);
    }
}

json attacked(PrivateSession& session, Guard& guard, const Words& arguments, const std::function<void()>& meanwhile) {
    Words argv = {std::string(ATTACKERS) + "/attack-absurd_values", "--source", "tone"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    Process attack = session.spawn(argv, "absurd");
    while (attack.running()) {
        guard.setMuted(true); // answered all the same
        meanwhile();
    }
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
    const auto report = attacked(session, guard, {"--seconds", std::to_string(scaled(4, 60))}, [&] { looksClean(session); });
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
    std::vector<std::size_t> resident;
    const auto report = attacked(session, guard, {"--reuse", "--seconds", std::to_string(scaled(6, 300))},
                                 [&] { resident.push_back(residentKib(pid)); });
    CHECK(report["attempts"].get<std::uint64_t>() > 100);
    CHECK(report["heard_after"] == 0);
    tally.add(report["heard_after"].get<std::uint64_t>());
    REQUIRE(session.running(Daemon::micguardd));
    CHECK(guard.waitState("muted"));
    REQUIRE(resident.size() > 2);
    const auto half = resident.begin() + static_cast<std::ptrdiff_t>(resident.size() / 2);
    const auto first = *std::max_element(resident.begin(), half), second = *std::max_element(half, resident.end());
    fmt::print("reuse: {} attempts; resident {} KiB at most in the first half, {} in the second\n",
               report["attempts"].get<std::uint64_t>(), first, second);
    CHECK(second < first + first / 10 + 1024);
    session.setPhase(0);
    guard.setMuted(false);
    listenTo(session, "tone");
}

TEST_CASE("ten thousand objects of one client slow no mute down for good, and leave no memory behind", "[values][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const pid_t pid = session.pid(Daemon::micguardd);
    guard.setMuted(true);
    session.setPhase(1);
    Tally tally("ten thousand objects");
    // The same again costs nothing more.
    std::vector<std::size_t> resident;
    for (int round = 0; round < 3; round++) {
        std::size_t most = 0;
        const auto report = attacked(session, guard, {"--crowd", "10000", "--seconds", "8"},
                                     [&] { most = std::max(most, residentKib(pid)); });
        CHECK(report["accepted"] == 10'000);
        CHECK(report["heard_after"] == 0);
        tally.add(report["heard_after"].get<std::uint64_t>());
        REQUIRE(session.running(Daemon::micguardd));
        resident.push_back(most);
    }
    fmt::print("crowd: resident {} KiB at most, then {}, then {}\n", resident[0], resident[1], resident[2]);
    CHECK(resident[2] < resident[0] + resident[0] / 10 + 1024);
    CHECK(guard.waitState("muted"));
    session.setPhase(0);
    guard.setMuted(false);
    listenTo(session, "tone");
}

TEST_CASE("what stands in rules is shown without being obeyed", "[values]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setRules("[[rule]]\nmatch = { app = \"a\\u001b[2J\\nFORGED\\u202e<b>\", source = \"*\\nState: live\" }\naction = \"deny\"\n"
                   "[[rule]]\nmatch = { name = \"\\u0007\\nFORGED\" }\naction = \"silence\"\nwhen = { capturing = \"\\nFORGED\" }\n");
    looksClean(session);
    isClean(session.run({MICGUARDCTL_BUILT, "explain", "a\x1b[2J\nFORGED"}).output, "explain");
}
