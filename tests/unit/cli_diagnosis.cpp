// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/diagnosis.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace micguard;
using namespace micguard::cli;

namespace {

GuardFacts guard() {
    GuardFacts facts;
    facts.state = "muted";
    facts.muted = true;
    facts.mode = "silence";
    facts.connected = true;
    facts.version = "1.0";
    return facts;
}

const Facts healthy = {{"pipewire.version", "1.4.2"},
                       {"pipewire.pid", "100"},
                       {"session-manager.executable", "/usr/bin/wireplumber"},
                       {"source.mic.why", "the server's own adapter"}};

UnitsSeen units() {
    UnitsSeen seen;
    seen.micguard.name = "micguard.service";
    seen.micguard.loadState = "loaded";
    seen.micguard.activeState = "active";
    seen.micguard.fileState = "enabled";
    seen.micguard.mainPid = 50;
    seen.micguard.ready = 1000;
    seen.micguard.after = {"pipewire.service"};
    seen.micguard.before = {"wireplumber.service"};
    seen.wireplumber.activeState = "active";
    seen.wireplumber.started = 2000;
    return seen;
}

Objects oneSource(SourceFacts source) {
    Objects objects;
    source.path = "/org/micguard/MicGuard1/sources/1";
    source.name = "mic";
    objects.sources[source.path] = source;
    return objects;
}

Finding about(const Findings& findings, std::string_view check) {
    for (const Finding& finding : findings)
        if (finding.check == check)
            return finding;
    FAIL("nothing is said about " << check);
    return {};
}

} // namespace

TEST_CASE("a healthy guard") {
    CHECK(worst(judgeGuard(guard(), healthy, "1.0")) == Level::Ok);
    CHECK(about(judgeGuard(guard(), healthy, "1.1"), "daemon").level == Level::Warn);
}

TEST_CASE("an ill one") {
    GuardFacts ill = guard();
    ill.state = "degraded";
    ill.warnings = {{"x", "lost \x1b[1msight"}};
    const Findings findings = judgeGuard(ill, healthy, "1.0");
    CHECK(about(findings, "state").level == Level::Fail);
    CHECK(about(findings, "warning").text == "lost sight");
    ill = guard();
    ill.connected = false;
    CHECK(about(judgeGuard(ill, {}, "1.0"), "pipewire").level == Level::Fail);
    CHECK(about(judgeGuard(guard(), {}, "1.0"), "pipewire").level == Level::Warn);
    CHECK(about(judgeGuard(guard(), {}, "1.0"), "session-manager").level == Level::Warn);
    CHECK(about(judgeGuard(guard(), {{"pipewire.version", "0.3.65"}}, "1.0"), "pipewire").level ==
          Level::Fail);
}

TEST_CASE("per source: whether it can be silenced, how and why") {
    SourceFacts source;
    source.guarded = true;
    source.silenced = true;
    source.method = "volume";
    const Finding fine = judgeSources(guard(), oneSource(source), healthy).front();
    CHECK(fine.level == Level::Ok);
    CHECK(fine.text == "mic: silenced in the server (the server's own adapter)");
    source.silenced = false;
    CHECK(judgeSources(guard(), oneSource(source), {}).front().level == Level::Fail);
    GuardFacts live = guard();
    live.muted = false;
    CHECK(judgeSources(live, oneSource(source), {}).front().level == Level::Ok);
    source.method = "sever";
    CHECK(judgeSources(guard(), oneSource(source), {}).front().level == Level::Ok);
    source.method = "none";
    CHECK(judgeSources(guard(), oneSource(source), {}).front().level == Level::Fail);
    source.guarded = false;
    CHECK(judgeSources(guard(), oneSource(source), {}).front().level == Level::Warn);
    CHECK(judgeSources(guard(), {}, {}).front().level == Level::Ok);
}

TEST_CASE("the unit, who runs it, and in what order") {
    CHECK(worst(judgeUnits(units(), 50)) == Level::Ok);
    CHECK(about(judgeUnits(units(), 51), "unit").level == Level::Fail);
    UnitsSeen seen = units();
    seen.micguard.loadState = "not-found";
    CHECK(judgeUnits(seen, 50).front().level == Level::Warn);
    seen = units();
    seen.micguard.activeState = "failed";
    CHECK(about(judgeUnits(seen, 0), "unit").level == Level::Fail);
    CHECK(about(judgeUnits(seen, 50), "unit").level == Level::Warn);
    seen = units();
    seen.micguard.fileState = "disabled";
    CHECK(about(judgeUnits(seen, 50), "enabled").level == Level::Warn);
    seen = units();
    seen.micguard.ready = 3000; // after the session manager
    CHECK(about(judgeUnits(seen, 50), "order").level == Level::Warn);
    seen = units();
    seen.micguard.before.clear();
    CHECK(about(judgeUnits(seen, 50), "order").level == Level::Warn);
}

TEST_CASE("properties of a unit as systemd tells them") {
    const UnitFacts unit = unitFacts("x.service", {{"LoadState", "loaded"},
                                                   {"ActiveState", "reloading"},
                                                   {"MainPID", 7u},
                                                   {"ExecMainStartTimestampMonotonic", 9u},
                                                   {"After", {"a", "b"}},
                                                   {"NRestarts", "odd"}});
    CHECK(unit.present());
    CHECK(unit.active());
    CHECK(unit.mainPid == 7);
    CHECK(unit.started == 9);
    CHECK(unit.after == std::vector<std::string>{"a", "b"});
    CHECK(unit.restarts == 0);
    CHECK_FALSE(unitFacts("x", {}).present());
}

TEST_CASE("who holds the device past PipeWire, and who is PipeWire") {
    AsoundReport report;
    report.readable = true;
    report.captureDevices = 1;
    CHECK(judgeHolders(report, healthy, "/proc/asound").front().level == Level::Ok);
    CaptureHolder holder;
    holder.device = "card0/pcm0c/sub0";
    holder.thread = 101;
    holder.process = 100;
    holder.name = "pipewire";
    holder.executable = "/usr/bin/pipewire";
    report.holders = {holder};
    CHECK(judgeHolders(report, healthy, "").front().level == Level::Ok);
    CHECK(judgeHolders(report, {}, "").front().level == Level::Warn); // its looks alone
    report.holders[0].process = 200; // called pipewire, and is not the server
    CHECK(judgeHolders(report, healthy, "").front().level == Level::Fail);
    Facts managed = healthy;
    managed["session-manager.pid"] = "200";
    CHECK(judgeHolders(report, managed, "").front().level == Level::Ok);
    report.holders[0].process = 0;
    CHECK(judgeHolders(report, managed, "").front().level == Level::Fail);
    report.readable = false;
    CHECK(judgeHolders(report, healthy, "/nowhere").front().level == Level::Ok);
}
