// SPDX-License-Identifier: GPL-3.0-or-later
// Callers on the bus that do not play along: who may not make anything looser does not, whatever he calls and
// how often; the guard goes on answering those who mute, in memory that does not grow; and refusals are where
// people look for them.
#include "tests/session/trial.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/logind.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

using namespace micguard::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

const std::string denied = "org.micguard.MicGuard1.Error.AccessDenied";

using Words = std::vector<std::string>;

std::string ownProgram() {
    return fs::read_symlink("/proc/self/exe").string();
}

std::string trusting(const std::string& program) {
    return "[bus]\nunmute = \"trusted\"\ntrusted = [\"" + program + "\"]\n";
}

SessionOptions configured(const std::string& config) {
    SessionOptions options = guardedSession({MicKind::tone});
    options.micguardConfig = config;
    return options;
}

Words storm(double seconds, unsigned seed, unsigned processes) {
    return {std::string(ATTACKERS) + "/attack-bus_storm",
            "--xml",
            CONTRACT,
            "--seconds",
            std::to_string(seconds),
            "--seed",
            std::to_string(seed),
            "--processes",
            std::to_string(processes)};
}

json reportOf(const std::string& output) {
    const auto line = output.rfind("{\"attacker\"");
    INFO(output);
    REQUIRE(line != std::string::npos);
    return json::parse(output.substr(line, output.find('\n', line) - line));
}

// "" or the error's text, of a call by a program of its own.
std::string called(const PrivateSession& session, Words words,
                   const std::string& path = "/org/micguard/MicGuard1", const Words& within = {}) {
    Words argv = within;
    for (const char* word : {"busctl", "--user", "--timeout=5", "call", "org.micguard.MicGuard1"})
        argv.emplace_back(word);
    argv.push_back(path);
    argv.emplace_back(path.find("/apps/") == path.npos ? "org.micguard.MicGuard1"
                                                       : "org.micguard.MicGuard1.Application");
    argv.insert(argv.end(), words.begin(), words.end());
    const Finished done = session.run(argv);
    return done.exitCode == 0 ? "" : done.output;
}

json history(const PrivateSession& session, const std::string& kind) {
    const Finished done = session.run({MICGUARDCTL_BUILT, "history", "--json", "--kind", kind});
    INFO(done.output);
    REQUIRE(done.exitCode == 0);
    return json::parse(done.output)["entries"];
}

// What the daemon says of its loop, as daemon/loop/loop_watch.hpp has it; turns by their bound in µs.
using TurnCounts = std::map<std::uint64_t, std::uint64_t>;
struct LoopTimes {
    std::uint64_t longestTurn = 0, longestWork = 0, longestAway = 0; // µs
    TurnCounts turnsByWork, turnsByAway;
};

TurnCounts readTurns(const std::string& text) {
    std::istringstream turns(text);
    TurnCounts counts;
    char sign = 0;
    std::uint64_t bound = 0, count = 0;
    while (turns >> sign >> bound >> sign >> count)
        counts[bound] = count;
    REQUIRE(!counts.empty());
    return counts;
}

LoopTimes loopTimes(Guard& guard) {
    const auto facts = guard.diagnostics();
    return {std::stoull(facts.at("loop.longest-turn-us")), std::stoull(facts.at("loop.longest-work-us")),
            std::stoull(facts.at("loop.longest-away-us")), readTurns(facts.at("loop.turns-by-work-us")),
            readTurns(facts.at("loop.turns-by-away-us"))};
}

// Of the turns between two looks: how many there were, and how many took longer than a time in µs.
struct Turns {
    std::uint64_t all = 0, longer = 0;
};

Turns turnsSince(const TurnCounts& before, const TurnCounts& now, std::uint64_t usec) {
    Turns turns;
    for (const auto& [bound, count] : now) {
        const auto known = before.find(bound);
        const auto added = count - (known == before.end() ? 0 : known->second);
        turns.all += added;
        turns.longer += bound / 2 >= usec ? added : 0;
    }
    return turns;
}

std::int64_t median(std::vector<std::int64_t> values) {
    REQUIRE(!values.empty());
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                     values.end());
    return values[values.size() / 2];
}

// In µs: what a mute takes, and what the bus itself takes to answer beside it.
struct Latencies {
    std::vector<std::int64_t> mutes, bus;

    // What is said of a mute that is refused is for the caller.
    std::string measure(Guard& guard) {
        const std::string refusal = guard.trySetMuted(true);
        mutes.push_back(guard.callNsec() / 1000);
        const auto before = monotonicNsec();
        guard.waitName(true);
        bus.push_back((monotonicNsec() - before) / 1000);
        return refusal;
    }
    std::string text() const {
        return fmt::format("mute {} µs ({} at most), the bus {} µs ({}), {} times", median(mutes),
                           *std::max_element(mutes.begin(), mutes.end()), median(bus),
                           *std::max_element(bus.begin(), bus.end()), mutes.size());
    }
};

// A guard, looked at again and again while a storm of calls comes over it.
struct Weather {
    pid_t pid = 0;
    Latencies quiet, loud;
    LoopTimes before, after;
    std::vector<std::uint64_t> resident; // KiB
    std::size_t open = 0;                // descriptors, before it
    json report;
};

Weather weatherIn(PrivateSession& session, Guard& guard, const Words& storm,
                  const std::function<void(const std::string& refusal)>& look) {
    Weather weather;
    weather.pid = session.pid(Daemon::micguardd);
    for (int count = 0; count < 50; count++)
        REQUIRE(weather.quiet.measure(guard).empty());
    weather.before = loopTimes(guard);
    weather.open = openDescriptors(weather.pid);
    Process attack = session.spawn(storm, "storm");
    while (attack.running()) {
        const std::string refusal = weather.loud.measure(guard);
        weather.resident.push_back(residentKib(weather.pid));
        REQUIRE(session.running(Daemon::micguardd));
        look(refusal);
        usleep(50'000); // a caller's pace, not a wait for anything
    }
    weather.report = reportOf(readFile(session.directory() / "log" / "storm.log"));
    weather.after = loopTimes(guard);
    return weather;
}

// Nothing that is called takes the loop much longer than what it does anyway, who mutes waits for what lies before him on the
// bus and not for the storm to end, and nothing grows.
void withstood(const Weather& weather, PrivateSession& session, double seconds) {
    const auto& [pid, quiet, loud, before, loop, resident, open, report] = weather;
    const auto usual = 4 * before.longestWork;
    const auto turns = turnsSince(before.turnsByWork, loop.turnsByWork, usual);
    // By the clock, less what the loop waited for a processor: so what it spent in calls that block is in it.
    const auto away = turnsSince(before.turnsByAway, loop.turnsByAway, usual);
    constexpr std::uint64_t fourMsec = 4096; // of the 5 ms that are wanted, as far as powers of two tell
    const auto tooLong = turnsSince(before.turnsByAway, loop.turnsByAway, fourMsec);
    fmt::print(
        "storm: {} calls in {} s over {} connections\n  quiet: {}\n  loud: {}\n"
        "  longest turn of the loop {} µs, longest work in one {} µs ({} when quiet); of {} turns {} with {} "
        "µs and more\n"
        "  work and calls that block: {} µs at most ({} when quiet); {} turns with {} µs and more, {} with 4 "
        "ms\n",
        report["calls"].get<std::uint64_t>(), seconds, report["connections"].get<std::uint64_t>(),
        quiet.text(), loud.text(), loop.longestTurn, loop.longestWork, before.longestWork, turns.all,
        turns.longer, usual, loop.longestAway, before.longestAway, away.longer, usual, tooLong.longer);
    CHECK(report["failed"] == 0);
    CHECK(report["calls"].get<std::uint64_t>() > 1000);
    CHECK(session.pid(Daemon::micguardd) == pid);
    CHECK(turns.all > 1000);
    // A sanitizer's own work in between is not the loop's, and neither is what the machine takes now and then.
    CHECK((isSanitized(pid) || turns.longer <= 2 + turns.all / 1000));
    // Nor in a call that blocks: by the same measure. What a hypervisor takes of the processor looks like one; the
    // allowance is for that.
    CHECK((isSanitized(pid) || away.longer <= 2 + away.all / 1000));
    CHECK(median(loud.mutes) < 1000 * std::max(median(loud.bus), median(quiet.mutes)));

    const auto half = resident.begin() + static_cast<std::ptrdiff_t>(resident.size() / 2);
    const auto first = *std::max_element(resident.begin(), half),
               second = *std::max_element(half, resident.end());
    fmt::print("  resident: {} KiB at most in the first half, {} in the second\n", first, second);
    CHECK((isSanitized(pid) || second < first + first / 10 + 1024));
    INFO("descriptors: " << open << " before, " << openDescriptors(pid) << " now");
    const auto limit = open;
    CHECK(eventually([pid = pid, limit] { return openDescriptors(pid) <= limit; }));
}

} // namespace

TEST_CASE("a storm of calls unmutes nothing, keeps nobody from muting, and leaves nothing behind",
          "[storm]") {
    PrivateSession session(configured(trusting(ownProgram())));
    Guard guard(session);
    std::vector<Heard> heard;
    heard.push_back(listenTo(session, "tone"));
    Tally tally("native × tone × storm of calls");
    mute(session, guard, heard, tally);
    const double seconds = scaled(12, 600);
    Words calls = storm(seconds, 1, 3);
    calls.emplace_back("--release");
    const Weather weather = weatherIn(session, guard, calls, [&](const std::string& refusal) {
        REQUIRE(refusal.empty());
        REQUIRE(guard.muted());
    });
    listenWhileMuted(heard, tally);
    fmt::print("storm: denied {}, too many {}\n", weather.report["AccessDenied"].get<std::uint64_t>(),
               weather.report["LimitExceeded"].get<std::uint64_t>());
    withstood(weather, session, seconds);
    CHECK(weather.report["AccessDenied"].get<std::uint64_t>() > 0);
    CHECK(weather.report["LimitExceeded"].get<std::uint64_t>() > 0);
    CHECK(history(session, "refusal").size() > 0);

    // He who is trusted still may undo what anybody may do: the mode, and mutes of single applications.
    guard.setMode("silence");
    for (const auto& application : guard.applications())
        if (application.muted)
            CHECK(guard.trySetApplicationMuted(application.path, false).empty());
    unmuteAndListen(session, guard, heard);
}

// What whoever is refused is not let into: settings, rules, answers and holds of any text that the storm makes up.
TEST_CASE("a storm of calls that are obeyed leaves a guard that guards", "[storm]") {
    PrivateSession session(configured(""));
    Guard guard(session);
    Heard heard = listenTo(session, "tone");
    const double seconds = scaled(10, 600);
    // A mute that others lift before it is in force comes back as refused.
    const Weather weather = weatherIn(session, guard, storm(seconds, 2, 3), [](const std::string&) {});
    withstood(weather, session, seconds);
    const auto& told = guard.mutedTold();
    CHECK(std::find(told.begin(), told.end(), false) != told.end());
    // It was obeyed, and may have chosen anything: the guard's own settings and rules go, and what is muted by itself.
    session.stop(Daemon::micguardd);
    std::error_code ignored;
    fs::remove(session.directory() / "config" / "micguard" / "conf.d" / "90-micguard.toml", ignored);
    session.start(Daemon::micguardd);
    REQUIRE(guard.waitName(true));
    for (const auto& application : guard.applications())
        if (application.muted)
            CHECK(guard.trySetApplicationMuted(application.path, false).empty());
    Tally tally("native × tone × after a storm that was obeyed");
    for (const char* mode : {"silence", "sever"}) {
        INFO(mode);
        guard.setMode(mode);
        guard.setMuted(false);
        session.setPhase(0);
        REQUIRE(heard.listener->waitAudible(0));
        guard.setMuted(true);
        changeTune(session, heard);
        hearsNothingNew(heard, tally, Milliseconds(150));
    }
}

TEST_CASE("control: where any program of the session may, the same storm unmutes", "[storm][control]") {
    PrivateSession session(configured(""));
    Guard guard(session);
    guard.setMuted(true);
    Process attack = session.spawn(storm(60, 1, 3), "storm");
    // It mutes as well, and holds mutes: how it stands at some moment says nothing.
    CHECK(eventually([&] {
        const auto& told = guard.mutedTold();
        return std::find(told.begin(), told.end(), false) != told.end();
    }));
    attack.stop();
    CHECK(session.running(Daemon::micguardd));
}

TEST_CASE("who is not listed may mute and deny, and make nothing looser", "[storm]") {
    const std::string lists = GENERATE("/usr/bin/gnome-shell", "other.service");
    PrivateSession session(
        configured(trusting(lists) + "[[rule]]\nmatch = { executable = \"*/pw-cat\" }\naction = \"ask\"\n"));
    Guard guard(session);
    Heard heard = listenTo(session, "tone");
    auto asking = startPwRecord(session, "asks");
    const auto pending =
        guard.waitApplication("pw-cat", [](const ShownApplication& one) { return one.state == "pending"; });

    CHECK(called(session, {"SetMode", "s", "sever"}) == "");
    CHECK(called(session, {"SetMuted", "b", "true"}) == "");
    CHECK(called(session, {"SetRule", "ssa{sv}", "org.example.Some", "deny", "0"}) == "");
    const auto timed = [](const char* until) {
        return Words{"SetRule", "ssa{sv}", "org.example.Timed", "deny", "1", "until", "t", until};
    };
    CHECK(called(session, timed("3000000000000000")) == "");
    CHECK(called(session, timed("4070908800000000")) == ""); // later is stricter
    CHECK(called(session, {"SetMuted", "b", "true"}, pending.path) == "");

    const std::vector<std::pair<Words, std::string>> looser = {
        {{"SetMuted", "b", "false"}, ""},
        {{"ToggleMuted"}, ""},
        {{"SetMode", "s", "silence"}, ""},
        {{"HoldUnmute", "s", ""}, ""},
        {{"Release"}, ""},
        {{"SetRule", "ssa{sv}", "org.example.Some", "allow", "0"}, ""},
        {{"SetRule", "ssa{sv}", "org.example.Some", "ask", "0"}, ""},
        {timed("3000000000000000"), ""}, // as its end would be the default
        {{"Forget", "s", "org.example.Some"}, ""},
        {{"SetConfig", "sv", "bus.unmute", "s", "session"}, ""},
        {{"SetConfig", "sv", "mute.led", "b", "false"}, ""},
        {{"Reload"}, ""},
        {{"ClearHistory", "a{sv}", "0"}, ""},
        {{"SetMuted", "b", "false"}, pending.path},
        {{"Answer", "bs", "true", "once"}, pending.path},
    };
    for (const auto& [words, path] : looser) {
        INFO(words[0] << " " << words.back() << " " << path);
        const auto error = path.empty() ? called(session, words) : called(session, words, path);
        CHECK(error.find("only what [bus] trusted lists can") != error.npos);
    }
    CHECK(guard.muted());
    CHECK(guard.state() == "muted");
    // To answer no is no looser.
    CHECK(called(session, {"Answer", "bs", "false", "run"}, pending.path) == "");

    // Under the name of the caller's program, each reason once.
    REQUIRE(eventually([&] { return history(session, "refusal").size() >= 10; }));
    for (const auto& entry : history(session, "refusal")) {
        CHECK(entry["by"].get<std::string>().ends_with("/busctl"));
        CHECK(entry["reason"].get<std::string>().starts_with("only what [bus] trusted lists can"));
    }
}

TEST_CASE("a sandboxed caller never unmutes others, nor mutes them", "[storm]") {
    PrivateSession session(configured(""));
    Guard guard(session);
    const Words within = posingAsFlatpak(session, "org.example.Boxed");
    guard.setMuted(true);
    const std::vector<Words> calls = {{"SetMuted", "b", "false"},
                                      {"ToggleMuted"},
                                      {"HoldUnmute", "s", ""},
                                      {"HoldMute", "s", ""},
                                      {"Release"},
                                      {"SetMode", "s", "silence"},
                                      {"SetRule", "ssa{sv}", "org.example.Some", "deny", "0"},
                                      {"SetConfig", "sv", "mute.led", "b", "false"},
                                      {"Reload"},
                                      {"Forget", "s", "org.example.Some"},
                                      {"ClearHistory", "a{sv}", "0"},
                                      {"History", "a{sv}", "0"},
                                      {"Rules"},
                                      {"Config"}};
    // More than the journal takes of one caller: what he is refused after that is told all the same.
    for (int refusals = 0; refusals < 25; refusals++)
        called(session, {"Config"}, "/org/micguard/MicGuard1", within);
    for (const auto& words : calls) {
        INFO(words[0]);
        const auto error = called(session, words, "/org/micguard/MicGuard1", within);
        CHECK(error.find("a sandboxed application (flatpak) cannot") != error.npos);
    }
    CHECK(guard.state() == "muted");
    REQUIRE(eventually([&] { return history(session, "refusal").size() >= calls.size() - 2; }));
    for (const auto& entry : history(session, "refusal"))
        CHECK(entry["by"] == "org.example.Boxed");
    INFO("control: the same calls from outside are obeyed");
    CHECK(called(session, {"SetMuted", "b", "false"}) == "");
    CHECK(guard.waitState("live"));
}

TEST_CASE("while the session is locked nobody makes anything looser, trusted or not", "[storm]") {
    Logind logind;
    SessionOptions options =
        configured("[mute]\non-lock = true\n" + trusting("/usr/bin/busctl") +
                   "[[rule]]\nmatch = { executable = \"*/pw-cat\" }\naction = \"ask\"\n");
    options.systemBus = logind.address();
    PrivateSession session(options);
    Guard guard(session);
    auto asking = startPwRecord(session, "asks");
    const auto pending =
        guard.waitApplication("pw-cat", [](const ShownApplication& one) { return one.state == "pending"; });
    CHECK(called(session, {"SetMuted", "b", "true"}, pending.path) == "");
    logind.lock(true);
    REQUIRE(guard.waitState("muted"));
    const std::vector<std::pair<Words, std::string>> looser = {
        {{"SetMuted", "b", "false"}, ""},
        {{"HoldUnmute", "s", ""}, ""},
        {{"Release"}, ""},
        {{"SetConfig", "sv", "mute.on-lock", "b", "false"}, ""},
        {{"SetConfig", "sv", "sources.exempt", "as", "1", "tone"}, ""},
        {{"SetMuted", "b", "false"}, pending.path},
        {{"Answer", "bs", "true", "once"}, pending.path},
    };
    for (const auto& [words, path] : looser) {
        INFO(words[0] << " " << words.back() << " " << path);
        const auto error = path.empty() ? called(session, words) : called(session, words, path);
        CHECK(error.find("the session is locked") != error.npos);
    }
    CHECK(guard.state() == "muted");
    REQUIRE(eventually([&] {
        std::uint64_t noted = 0;
        for (const auto& entry : history(session, "refusal"))
            noted += entry["count"].get<std::uint64_t>();
        return noted == looser.size();
    }));
    logind.lock(false);
    REQUIRE(guard.waitState("live"));
    INFO("control: unlocked, who is trusted may");
    CHECK(called(session, {"SetMuted", "b", "false"}, pending.path) == "");
}
