// SPDX-License-Identifier: GPL-3.0-or-later
//
// The shape of --json is a promise: these compare whole documents, so that no key changes unnoticed.
#include "cli/snapshot.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace micguard::cli;
using nlohmann::json;

namespace {

const json guardProperties = json::parse(R"json({
  "State": "muted", "Muted": true, "MutedSince": 1700000000000000, "Mode": "sever",
  "Holds": [["hold-mute", "obs (pid 3)", "recording"], ["user", "", ""]], "Connected": true, "Capturing": 2,
  "Admission": "relaxed", "Warnings": [["id:1", "text"]], "Version": "0.1.0", "Later": [1, 2]})json");

const json managed = json::parse(R"json({
  "/org/micguard/MicGuard1/apps/10": {"org.micguard.MicGuard1.Application": {
    "AppId": "b", "Name": "B", "IconName": "", "Executable": "", "Sandbox": "", "Identity": "claimed", "State": "idle",
    "Reason": "", "Since": 0, "LevelMeterOnly": true, "Muted": false, "Streams": []},
    "org.freedesktop.DBus.Properties": {}},
  "/org/micguard/MicGuard1/apps/9": {"org.micguard.MicGuard1.Application": {
    "AppId": "a", "Name": "A", "IconName": "icon", "Executable": "/usr/bin/a", "Sandbox": "flatpak",
    "Identity": "sandbox", "State": "silenced", "Reason": "muted", "Since": 5, "LevelMeterOnly": false, "Muted": true,
    "Streams": ["/org/micguard/MicGuard1/streams/3"]}},
  "/org/micguard/MicGuard1/streams/3": {"org.micguard.MicGuard1.Stream": {
    "Application": "/org/micguard/MicGuard1/apps/9", "Source": "/org/micguard/MicGuard1/sources/4", "Name": "rec",
    "Pid": 12, "State": "silenced", "LevelMeter": false, "Since": 6}},
  "/org/micguard/MicGuard1/streams/8": {"org.micguard.MicGuard1.Stream": {
    "Application": "/org/micguard/MicGuard1/apps/9", "Source": "/", "Name": "", "Pid": 0, "State": "idle",
    "LevelMeter": true, "Since": 0}},
  "/org/micguard/MicGuard1/sources/4": {"org.micguard.MicGuard1.Source": {
    "Name": "alsa_input", "Description": "Mic", "Kind": "hardware", "Guarded": true, "Silenced": true,
    "Method": "volume", "Led": "on", "InUse": true}}})json");

} // namespace

TEST_CASE("status as data") {
    const auto facts = guardFacts(guardProperties);
    REQUIRE(facts);
    CHECK(toJson(*facts) == json::parse(R"json({
      "state": "muted", "muted": true, "guaranteed": true, "muted_since": 1700000000000000, "mode": "sever",
      "holds": [{"kind": "hold-mute", "owner": "obs (pid 3)", "reason": "recording"},
                {"kind": "user", "owner": "", "reason": ""}],
      "connected": true, "capturing": 2, "admission": "relaxed", "warnings": [{"id": "id:1", "text": "text"}],
      "version": "0.1.0"})json"));
}

TEST_CASE("who keeps them muted is said in the same words everywhere") {
    const auto said = [](const char* kind, const char* owner, const char* reason) {
        return wordsFor({kind, owner, reason});
    };
    CHECK(said("locked", "the session", "it is locked") == "muted while the session is locked");
    CHECK(said("suspend", "the machine", "it goes to sleep") == "muted while the computer sleeps");
    CHECK(said("privacy", "the desktop", "its switch is on") == "muted by the desktop's privacy switch");
    CHECK(said("desktop", "the desktop", "it was muted there") == "muted by the desktop");
    CHECK(said("start", "the session", "mute.start is") == "muted since the session began");
    CHECK(said("hold-mute", "obs (pid 3)", "recording") == "kept muted by obs (pid 3): recording");
    CHECK(said("hold-unmute", "talk (pid 4)", "") == "kept live by talk (pid 4)");
    CHECK(said("user", "micguardctl (pid 5)", "") == "muted by micguardctl (pid 5)");
    CHECK(said("user", "", "held when the bus was lost") == "muted: held when the bus was lost");
    INFO("a kind of a later version, and an owner that would move the cursor");
    CHECK(said("moon", "wolf\x1b[2J\n", "it is full") == "moon by wolf: it is full");
    GuardFacts facts;
    CHECK(whoHolds(facts).empty());
    facts.holds = {{"hold-unmute", "talk (pid 4)", ""}};
    CHECK(whoHolds(facts).empty());
    facts.holds = {{"user", "", ""}, {"hold-unmute", "talk (pid 4)", ""}};
    CHECK(whoHolds(facts) == "muted");
}

TEST_CASE("only a plain muted is guaranteed") {
    GuardFacts facts;
    for (const char* state : {"muting", "degraded", "live", "", "MUTED"}) {
        facts.state = state;
        facts.muted = true;
        CHECK_FALSE(facts.guaranteed());
    }
    facts.state = "muted";
    CHECK(facts.guaranteed());
    facts.muted = false;
    CHECK_FALSE(facts.guaranteed());
}

TEST_CASE("an answer that is not the contract's is refused, with the property's name") {
    for (const char* name : {"State", "Muted", "Holds", "Warnings", "Capturing", "Version"}) {
        json missing = guardProperties, other = guardProperties;
        missing.erase(name);
        CHECK(guardFacts(missing).error() == std::string("property ") + name + " is missing");
        other[name] = json::object();
        CHECK(guardFacts(other).error() == std::string("property ") + name + " is of another type");
    }
    json much = guardProperties;
    much["Capturing"] = std::uint64_t{1} << 40;
    CHECK_FALSE(guardFacts(much));
    much = guardProperties;
    much["Holds"][0].push_back("four");
    CHECK_FALSE(guardFacts(much));
    CHECK_FALSE(guardFacts(json::array()));
}

TEST_CASE("a change keeps what it does not name, and a bad one changes nothing") {
    GuardFacts facts = *guardFacts(guardProperties);
    REQUIRE(update(facts, {{"State", "live"}, {"Muted", false}}));
    CHECK(facts.state == "live");
    CHECK(facts.mode == "sever");
    const GuardFacts before = facts;
    CHECK_FALSE(update(facts, {{"State", "muted"}, {"Muted", "yes"}}));
    CHECK(facts == before);
}

TEST_CASE("applications with their streams, in the order in which they came") {
    const auto objects = objectsFrom(managed);
    REQUIRE(objects);
    const auto apps = objects->applicationsInOrder();
    REQUIRE(apps.size() == 2);
    CHECK(apps[0]->appId == "a");
    CHECK(toJson(*apps[0], *objects) == json::parse(R"json({
      "path": "/org/micguard/MicGuard1/apps/9", "app_id": "a", "name": "A", "icon": "icon",
      "executable": "/usr/bin/a", "sandbox": "flatpak", "identity": "sandbox", "state": "silenced", "reason": "muted",
      "since": 5, "level_meter_only": false, "muted": true, "streams": [
        {"name": "rec", "pid": 12, "state": "silenced", "level_meter": false, "since": 6, "source": "alsa_input"},
        {"name": "", "pid": null, "state": "idle", "level_meter": true, "since": null, "source": null}]})json"));
    const json second = toJson(*apps[1], *objects);
    CHECK(second["icon"].is_null());
    CHECK(second["since"].is_null());
    CHECK(second["streams"].empty());
}

TEST_CASE("a source as data") {
    const auto objects = objectsFrom(managed);
    REQUIRE(objects);
    CHECK(toJson(*objects->sourcesInOrder().front()) == json::parse(R"json({
      "path": "/org/micguard/MicGuard1/sources/4", "name": "alsa_input", "description": "Mic", "kind": "hardware",
      "guarded": true, "silenced": true, "method": "volume", "led": "on", "in_use": true})json"));
}

TEST_CASE("an object that lacks a property is refused with its path") {
    json broken = managed;
    broken["/org/micguard/MicGuard1/sources/4"]["org.micguard.MicGuard1.Source"].erase("Led");
    CHECK(objectsFrom(broken).error() == "/org/micguard/MicGuard1/sources/4: property Led is missing");
}

TEST_CASE("data is written in ASCII, whatever is in it") {
    CHECK(written({{"name", "é\x1b\u202e\x7f"}}, -1) == R"json({"name":"\u00e9\u001b\u202e\u007f"})json");
    CHECK(written({{"name", "\xff"}}, -1) == R"json({"name":"\ufffd"})json");
    CHECK(written({{"muted", true}}, -1) == R"json({"muted":true})json");
}
