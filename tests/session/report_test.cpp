// SPDX-License-Identifier: GPL-3.0-or-later
// Imitations of the ten applications of the study, over three mutes: the report puts each into its class, also when two are
// one application, when one is restarted in between, when the links are cut, and when the guard dies meanwhile.
#include "tests/personas/cast.hpp"
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <thread>

using namespace micguard::test;
using nlohmann::json;

namespace {

Persona persona(const std::string& file) {
    const auto& all = studiedApplications();
    const auto it =
        std::find_if(all.begin(), all.end(), [&](const Persona& one) { return one.file == file; });
    REQUIRE(it != all.end());
    return *it;
}

json reportOf(const PrivateSession& session) {
    const Finished done = session.run({MICGUARDCTL_BUILT, "report", "--json"});
    INFO(done.output);
    REQUIRE(done.exitCode == 0);
    return json::parse(done.output)["rows"];
}

// Null if there is none.
json rowOf(const json& rows, const std::string& appId) {
    const auto it =
        std::find_if(rows.begin(), rows.end(), [&](const json& row) { return row["app_id"] == appId; });
    return it == rows.end() ? json(nullptr) : *it;
}

// The time that is reported on has to pass: nothing happens in it that one could wait for.
void letPass(Milliseconds time) {
    std::this_thread::sleep_for(time);
}

constexpr Milliseconds muteLength{5000}, between{500};

// Their own buttons first, as one does who is in a call; the system's mute for so long.
void muteOnce(
    Guard& guard, Cast& cast, const std::function<void()>& meanwhile = [] {}) {
    cast.press(true);
    guard.setMuted(true);
    meanwhile();
    letPass(muteLength);
    guard.setMuted(false);
    cast.press(false);
    letPass(between);
}

// The guard has seen them all: of one that it never saw capture it cannot tell that it let go.
bool allCapture(Guard& guard, std::size_t count) {
    return eventually([&] {
        const auto applications = guard.applications();
        return static_cast<std::size_t>(
                   std::count_if(applications.begin(), applications.end(), [](const ShownApplication& one) {
                       return one.state == "capturing";
                   })) == count;
    });
}

// What is written down is read at most a second behind.
json settledReport(const PrivateSession& session, const std::function<bool(const json&)>& isSo) {
    json rows;
    eventually([&] {
        rows = reportOf(session);
        return isSo(rows);
    });
    return rows;
}

bool allHave(const json& rows, unsigned mutes) {
    return std::all_of(rows.begin(), rows.end(), [&](const json& row) { return row["mutes"] >= mutes; });
}

} // namespace

TEST_CASE("ten imitations over three mutes: each is put into its class", "[report]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Cast cast(session);
    for (const Persona& one : studiedApplications())
        cast.start(one);
    for (int i = 0; i < 3; ++i) {
        REQUIRE(allCapture(guard, 10));
        muteOnce(guard, cast);
    }
    const json rows =
        settledReport(session, [](const json& now) { return now.size() == 10 && allHave(now, 3); });
    CHECK(rows.size() == 10);
    for (const Persona& one : studiedApplications()) {
        const json row = rowOf(rows, cast.executable(one));
        INFO(one.name << ": " << row.dump(2));
        REQUIRE(row.is_object());
        CHECK(row["class"] == one.judged);
        CHECK(row["mutes"] == 3);
        CHECK(row["classes"][one.judged] == 3);
        CHECK(row["name"] == one.name);
        CHECK(row["identity"] == "kernel");
        CHECK(row["assumed_usec"] == 0);
        CHECK(row["own_mute"].is_null());
        const auto muted = row["muted_usec"].get<std::uint64_t>(),
                   asked = row["asked_usec"].get<std::uint64_t>();
        CHECK(muted >= 15'000'000);
        CHECK(asked <= muted);
        if (one.judged == "continuous")
            CHECK(asked > muted * 9 / 10);
        if (one.judged == "held" || one.judged == "released")
            CHECK(asked == 0);
        if (one.judged == "periodic")
            CHECK(row["wakeups"] >= 3);
        // One channel, at 48 kHz; each stretch is rounded by itself.
        const double off = row["samples"].get<double>() - static_cast<double>(asked) * 0.048;
        CHECK(std::abs(off) <= 3 + row["wakeups"].get<double>());
    }
}

TEST_CASE("two imitations that are one application, and one that is restarted in between", "[report]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Cast cast(session);
    const Persona webex = persona("webex/CiscoCollabHost");
    const Persona whereby = persona("whereby/brave");
    // Another window of the same program, which holds; and one that lets go beside it.
    Persona second = webex;
    second.behaviour = "held";
    cast.start(webex);
    cast.start(second);
    cast.start(whereby);
    REQUIRE(allCapture(guard, 2));
    muteOnce(guard, cast);
    REQUIRE(allCapture(guard, 2));
    muteOnce(guard, cast, [&] {
        letPass(Milliseconds(1500));
        cast.stop(webex); // the newest: the one that holds
        cast.stop(webex);
        cast.start(webex);
    });
    cast.start(second);
    REQUIRE(allCapture(guard, 2));
    muteOnce(guard, cast);
    const json rows =
        settledReport(session, [](const json& now) { return now.size() == 2 && allHave(now, 3); });
    REQUIRE(rows.size() == 2);
    const json row = rowOf(rows, cast.executable(webex));
    INFO(row.dump(2));
    CHECK(row["class"] == "continuous");
    CHECK(row["classes"]["continuous"] == 3);
    CHECK(row["wakeups"] == 1);
    CHECK(rowOf(rows, cast.executable(whereby))["class"] == "released");
}

TEST_CASE("where the links are cut, what is told is as it was before, and is said to be assumed",
          "[report]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setMode("sever");
    Cast cast(session);
    const Persona webex = persona("webex/CiscoCollabHost");
    const Persona zoom = persona("zoom/zoom");
    cast.start(webex);
    cast.start(zoom);
    // Paused before the links are cut, as the server sees it and has told the guard: afterwards nobody can know.
    cast.press(true);
    REQUIRE(session.graph().waitFor([&](const GraphObjects& objects) {
        return std::any_of(objects.begin(), objects.end(), [&](const auto& object) {
            return object.second.property("node.name") == zoom.name && object.second.state == "idle";
        });
    }));
    REQUIRE_FALSE(guard.muted());
    muteOnce(guard, cast);
    const json rows =
        settledReport(session, [](const json& now) { return now.size() == 2 && allHave(now, 1); });
    for (const Persona* one : {&webex, &zoom}) {
        const json row = rowOf(rows, cast.executable(*one));
        INFO(one->name << ": " << row.dump(2));
        REQUIRE(row.is_object());
        CHECK(row["class"] == one->judged);
        CHECK(row["assumed_usec"].get<std::uint64_t>() > 4'000'000);
    }
}

TEST_CASE("who tells the system that it is muted is measured by that", "[report]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Cast cast(session);
    const Persona webex = persona("webex/CiscoCollabHost");
    const Process& caller = cast.start(webex, {OWN_MUTE});
    const auto press = [&](bool muted) {
        REQUIRE(::kill(caller.pid(), SIGUSR1) == 0);
        guard.waitApplication("CiscoCollabHost",
                              [&](const ShownApplication& now) { return now.muted == muted; });
    };
    press(true);
    letPass(Milliseconds(3000));
    press(false);
    const json rows = settledReport(session, [](const json& now) { return now.size() == 1; });
    REQUIRE(rows.size() == 1);
    INFO(rows.dump(2));
    CHECK(rows[0]["app_id"] == cast.executable(webex));
    CHECK(rows[0]["mutes"] == 0);
    CHECK(rows[0]["class"].is_null());
    CHECK(rows[0]["asked_usec"] == 0);
    REQUIRE(rows[0]["own_mute"].is_object());
    CHECK(rows[0]["own_mute"]["class"] == "continuous");
    CHECK(rows[0]["own_mute"]["muted_usec"].get<std::uint64_t>() >= 2'900'000);
    CHECK(rows[0]["own_mute"]["asked_usec"].get<std::uint64_t>() >= 2'500'000);
}

TEST_CASE("killed in the midst of a mute, the guard goes on with it, and counts what it saw", "[report]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Cast cast(session);
    const Persona webex = persona("webex/CiscoCollabHost");
    cast.start(webex);
    {
        Guard guard(session);
        guard.setMuted(true);
        letPass(muteLength);
        session.kill(Daemon::micguardd);
        // As the unit does: it dates what the guard was the last to see.
        REQUIRE(
            session.run({"env", "SERVICE_RESULT=signal", guardedSession({}).micguardd, "--release-leftovers"})
                .exitCode == 0);
    }
    session.start(Daemon::micguardd);
    Guard guard(session);
    letPass(muteLength);
    guard.setMuted(false);
    const json rows = settledReport(session, [](const json& now) {
        return now.size() == 1 && now[0]["asked_usec"].get<std::uint64_t>() > 8'000'000;
    });
    REQUIRE(rows.size() == 1);
    INFO(rows.dump(2));
    CHECK(rows[0]["class"] == "continuous");
    const auto muted = rows[0]["muted_usec"].get<std::uint64_t>(),
               asked = rows[0]["asked_usec"].get<std::uint64_t>();
    CHECK(asked <= muted);
    CHECK(asked > 8'000'000);
}

TEST_CASE("the page stands by itself, whatever an application calls itself", "[report]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Cast cast(session);
    Persona hostile = persona("webex/CiscoCollabHost");
    hostile.name = "<script src=https://evil.example/>\" onload='x' \xe2\x80\xae=cmd";
    cast.start(hostile);
    muteOnce(guard, cast);
    settledReport(session, [](const json& now) { return now.size() == 1 && allHave(now, 1); });
    const auto file = session.directory() / "report.html";
    const Finished done = session.run({MICGUARDCTL_BUILT, "report", "--html", file.string()});
    INFO(done.output);
    REQUIRE(done.exitCode == 0);
    const std::string page = readFile(file);
    CHECK(page.find("&lt;script src=https://evil.example/&gt;&quot; onload=&#39;x&#39;") != page.npos);
    for (const char* bad : {"<script", "\xe2\x80\xae", " src=\"", " href=", "url(", "@import", "onload='"}) {
        INFO(bad);
        CHECK(page.find(bad) == page.npos);
    }
    CHECK(page.find("<svg") != page.npos);
    CHECK(page.find("continuous") != page.npos);
}
