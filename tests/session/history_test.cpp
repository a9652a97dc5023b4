// SPDX-License-Identifier: GPL-3.0-or-later
// What happened is written down, with who, when and why; it outlasts a killed guard; and whatever is wrong
// with its disk, the microphones are muted as ever.
#include "tests/session/disk.hpp"
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include <unistd.h>

using namespace micguard::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t second = 1'000'000;

std::uint64_t now() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
}

// Without the warning about ourselves: the tests' own view of the server is on the manager socket.
json history(const PrivateSession& session, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {MICGUARDCTL_BUILT, "history", "--json"});
    const Finished done = session.run(options);
    INFO(done.output);
    REQUIRE(done.exitCode == 0);
    const json all = json::parse(done.output);
    json others = json::array();
    for (const auto& entry : all["entries"])
        if (!entry.contains("id") || entry["id"] != "bypass:manager:" + std::to_string(getpid()))
            others.push_back(entry);
    return others;
}

// Of this kind and application; the newest first.
json entries(const PrivateSession& session, const std::string& kind, const std::string& program = "") {
    json found = json::array();
    for (const auto& entry : history(session, {"--kind", kind}))
        if (program.empty() || entry["app_id"].get<std::string>().ends_with(program))
            found.push_back(entry);
    return found;
}

fs::path historyFile(const PrivateSession& session) {
    return session.directory() / "state" / "micguard" / "history.db";
}

std::vector<fs::path> historyFiles(const PrivateSession& session) {
    std::vector<fs::path> files;
    for (const char* folder : {"state", "run"})
        for (const auto& entry : fs::recursive_directory_iterator(session.directory() / folder))
            if (entry.path().filename().native().starts_with("history"))
                files.push_back(entry.path());
    return files;
}

bool isBetween(const json& time, std::uint64_t from, std::uint64_t to) {
    return time.is_number() && time.get<std::uint64_t>() >= from && time.get<std::uint64_t>() <= to;
}

// Holds SQLite's lock on the file, as a program would that hangs while it writes there.
class Lock {
  public:
    explicit Lock(const fs::path& file) {
        REQUIRE(sqlite3_open(file.c_str(), &database_) == SQLITE_OK);
        REQUIRE(sqlite3_exec(database_, "BEGIN IMMEDIATE; UPDATE fact SET value = value", nullptr, nullptr,
                             nullptr) == SQLITE_OK);
    }
    ~Lock() { sqlite3_close(database_); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

  private:
    sqlite3* database_ = nullptr;
};

} // namespace

TEST_CASE("who listened, what was muted, blocked, answered and warned of is in the history, with its times",
          "[history]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const auto began = now();
    auto recorder = std::make_unique<Heard>(
        hear("tone", pwRecordListener(session, {.target = "tone", .name = "recorder"})));
    const auto heard = now();
    REQUIRE(eventually([&] { return entries(session, "session", "/pw-cat").size() == 1; }));
    json listened = entries(session, "session", "/pw-cat")[0];
    CHECK(isBetween(listened["start"], began, heard + second));
    CHECK(listened["end"].is_null());
    CHECK(listened["source"] == "tone");
    CHECK(listened["identity"] == "kernel");
    CHECK(listened["level_meter"] == false);

    const auto muting = now();
    guard.setMuted(true);
    const auto muted = now();
    auto late = nativeListener(session, {.target = "tone", .name = "late"});
    late->start();
    REQUIRE(eventually([&] { return guard.blocked().size() == 1; }));
    REQUIRE(eventually([&] { return entries(session, "block", "/mg-listen").size() == 1; }));
    const json blocked = entries(session, "block", "/mg-listen")[0];
    CHECK(isBetween(blocked["start"], muted, now()));
    CHECK(blocked["count"] == 1);
    CHECK(blocked["reason"].get<std::string>().starts_with("muted"));
    const auto unmuting = now();
    guard.setMuted(false);
    const json mute = entries(session, "mute")[0];
    CHECK(isBetween(mute["start"], muting, muted));
    CHECK(isBetween(mute["end"], unmuting, now()));
    CHECK(mute["by"].get<std::string>().find("(pid " + std::to_string(getpid()) + ")") != std::string::npos);
    late->stop();

    const auto ending = now();
    recorder.reset();
    REQUIRE(eventually([&] { return !entries(session, "session", "/pw-cat")[0]["end"].is_null(); }));
    listened = entries(session, "session", "/pw-cat")[0];
    CHECK(entries(session, "session", "/pw-cat").size() == 1); // the mute has not cut it in two
    CHECK(isBetween(listened["end"], ending, now()));

    const auto warning = now();
    guard.setRules("[[rule]]\nmatch = { executable = \"*/pw-cat\" }\naction = \"ask\"\n"
                   "[[rule]]\nmatch = { app = 'nobody' }\naction = 'deny'\npriority = 5\n"
                   "[[rule]]\nmatch = { app = 'nobody' }\naction = 'allow'\n");
    auto asks = startPwRecord(session, "asks");
    const auto pending =
        guard.waitApplication("pw-cat", [](const ShownApplication& one) { return one.state == "pending"; });
    const auto answering = now();
    REQUIRE(guard.tryAnswer(pending.path, false, "run").empty());
    const json answer = entries(session, "answer", "/pw-cat")[0];
    CHECK(isBetween(answer["start"], answering, now()));
    CHECK(answer["reason"] == "denied run");
    REQUIRE(eventually([&] { return entries(session, "block", "/pw-cat").size() == 1; }));
    json warned;
    // Not the only one where the machine is too busy to let every process answer in time.
    REQUIRE(eventually([&] {
        for (const auto& entry : entries(session, "warning"))
            if (entry["id"] == "rules-idle") // the last one never decides
                warned = entry;
        return !warned.is_null();
    }));
    CHECK(isBetween(warned["start"], warning, now()));
    CHECK(entries(session, "session", "/pw-cat").size() == 1); // who waits for an answer does not listen
}

TEST_CASE(
    "the guard is killed while somebody listens, muted: what was older than a second is there, until when "
    "it lived is known, and the mute goes on",
    "[history]") {
    const bool withUnit = GENERATE(true, false);
    INFO((withUnit ? "ExecStopPost= is run" : "nobody sees it die"));
    const SessionOptions options = guardedSession({MicKind::tone});
    PrivateSession session(options);
    auto guard = std::make_unique<Guard>(session);
    auto heard = listenTo(session, "tone");
    const auto muting = now();
    guard->setMuted(true);
    REQUIRE(eventually([&] { return entries(session, "session", "/mg-listen").size() == 1; }));
    // Until it is known to have lived on for a while.
    const auto stamp = session.runtimeDirectory() / "micguard" / "history-alive";
    REQUIRE(eventually([&] {
        std::error_code none;
        return fs::exists(stamp, none) && now() > muting + 2 * second;
    }));
    guard.reset();
    const auto lived = now();
    session.kill(Daemon::micguardd);
    // As the unit does.
    if (withUnit)
        REQUIRE(session.run({"env", "SERVICE_RESULT=signal", options.micguardd, "--release-leftovers"})
                    .exitCode == 0);
    const auto killed = now();
    session.start(Daemon::micguardd);
    guard = std::make_unique<Guard>(session);
    REQUIRE(eventually([&] { return entries(session, "session", "/mg-listen").size() == 2; }));
    const json before = entries(session, "session", "/mg-listen")[1];
    INFO("ended " << (killed - before["end"].get<std::uint64_t>()) << " us before the guard was killed");
    // Without a watchdog it is noted every five seconds.
    CHECK(isBetween(before["end"], withUnit ? lived : lived - 6 * second, killed));
    CHECK(isBetween(entries(session, "session", "/mg-listen")[0]["start"], killed, now()));
    const json mutes = entries(session, "mute");
    REQUIRE(mutes.size() == 1);
    CHECK(isBetween(mutes[0]["start"], muting, killed));
    CHECK(mutes[0]["end"].is_null());
    CHECK(mutes[0]["by"].get<std::string>().find("(pid " + std::to_string(getpid()) + ")") !=
          std::string::npos);
    guard->setMuted(false);
    CHECK_FALSE(entries(session, "mute")[0]["end"].is_null());
}

TEST_CASE("a second guard, which finds that there is one, leaves the history alone", "[history]") {
    const SessionOptions options = guardedSession({MicKind::tone});
    PrivateSession session(options);
    Guard guard(session);
    auto heard = listenTo(session, "tone");
    REQUIRE(eventually([&] { return entries(session, "session", "/mg-listen").size() == 1; }));
    CHECK(session.run({options.micguardd}).exitCode == 1);
    CHECK(entries(session, "session", "/mg-listen")[0]["end"].is_null());
    heard.listener->stop();
    CHECK(eventually([&] { return !entries(session, "session", "/mg-listen")[0]["end"].is_null(); }));
}

TEST_CASE("stopped in order, everything is written and ended", "[history]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    {
        Guard guard(session);
        auto heard = listenTo(session, "tone");
        session.stop(Daemon::micguardd);
        INFO("with its journal put away");
        CHECK(historyFiles(session) == std::vector{historyFile(session)});
    }
    const auto stopped = now();
    session.start(Daemon::micguardd);
    const json sessions = entries(session, "session", "/mg-listen");
    REQUIRE(sessions.size() == 1);
    CHECK(isBetween(sessions[0]["end"], stopped - 20 * second, stopped));
}

TEST_CASE("off, there is no file, and one that is there is removed; on again it begins anew", "[history]") {
    SessionOptions options = guardedSession({MicKind::tone});
    options.micguardConfig = "[history]\nenabled = false\n";
    PrivateSession session(options);
    Guard guard(session);
    auto heard = listenTo(session, "tone");
    guard.setMuted(true);
    guard.setMuted(false);
    CHECK(history(session).empty());
    CHECK(historyFiles(session).empty());

    guard.setRules("[history]\nenabled = true\n");
    REQUIRE(eventually([&] { return entries(session, "session", "/mg-listen").size() == 1; }));
    CHECK(fs::exists(historyFile(session)));

    guard.setRules("[history]\nenabled = false\n");
    REQUIRE(eventually([&] { return historyFiles(session).empty(); }));
    guard.setMuted(true);
    CHECK(history(session).empty());
    session.stop(Daemon::micguardd);
    CHECK(historyFiles(session).empty());
}

TEST_CASE("cleared, nothing is left, also while somebody listens", "[history]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    auto heard = listenTo(session, "tone");
    guard.setMuted(true);
    REQUIRE(eventually([&] { return history(session).size() == 2; }));
    const Finished one = session.run({MICGUARDCTL_BUILT, "history", "clear", "--app", "mg-listen"});
    CHECK(one.output == "Forgot 1 entry.\n");
    CHECK(history(session).size() == 1);
    CHECK(session.run({MICGUARDCTL_BUILT, "history", "clear"}).exitCode == 0);
    CHECK(history(session).empty());
    guard.setMuted(false);
    heard.listener->stop();
    guard.setMuted(true);
    CHECK(history(session).size() == 1);
}

TEST_CASE("whatever is wrong with the history's disk, muting holds as ever, and says what is wrong",
          "[history]") {
    const std::string fault =
        GENERATE("nothing", "read-only", "full", "locked", "damaged before", "damaged while in use");
    INFO(fault);
    PrivateSession session(guardedSession({MicKind::tone, MicKind::nullVirtual}));
    std::unique_ptr<Disk> disk;
    std::unique_ptr<Lock> lock;
    if (fault == "read-only" || fault == "full" || fault == "damaged before") {
        session.stop(Daemon::micguardd);
        if (fault == "read-only")
            disk = std::make_unique<Disk>(session, MS_RDONLY, "size=1m");
        if (fault == "full") {
            disk = std::make_unique<Disk>(session, 0, "size=64k");
            disk->fill();
        }
        if (fault == "damaged before")
            std::ofstream(historyFile(session), std::ios::binary) << std::string(20'000, 'x');
        session.start(Daemon::micguardd);
    }
    Guard guard(session);
    std::vector<Heard> heard;
    for (const char* name : {"tone", "nullVirtual"})
        heard.push_back(listenTo(session, name));
    REQUIRE(eventually(
        [&] { return fault == "read-only" || fault == "full" || fs::exists(historyFile(session)); }));
    if (fault == "locked")
        lock = std::make_unique<Lock>(historyFile(session));
    if (fault == "damaged while in use")
        std::ofstream(historyFile(session), std::ios::binary | std::ios::in | std::ios::out)
            << std::string(fs::file_size(historyFile(session)), 'y');
    Tally tally("native × two kinds × history's disk: " + fault);
    for (unsigned cycle = 0; cycle < scaled(5, 200); cycle++) {
        INFO("cycle " << cycle);
        muteAndListen(session, guard, heard, tally);
        unmuteAndListen(session, guard, heard);
    }
    if (fault == "read-only" || fault == "full" || fault == "locked" || fault == "damaged before")
        CHECK(eventually([&] { return guard.hasWarning("history"); }));
    if (fault == "nothing")
        CHECK_FALSE(guard.hasWarning("history"));
    lock.reset();
    if (fault == "nothing" || fault == "locked" || fault == "damaged before")
        CHECK(eventually([&] { return entries(session, "mute").size() == scaled(5, 200); }));
    if (fault == "damaged before")
        CHECK(fs::exists(historyFile(session).native() + ".damaged"));
    session.stop(Daemon::micguardd); // before its disk goes
}
