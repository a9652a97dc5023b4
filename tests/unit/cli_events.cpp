// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/events.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard::cli;
using nlohmann::json;

namespace {

const json properties =
    json::parse(R"({"State": "live", "Muted": false, "MutedSince": 0, "Mode": "silence", "Holds": [],
  "Connected": true, "Capturing": 1, "Admission": "relaxed", "Warnings": [], "Version": "1"})");
constexpr char app[] = "/org/micguard/MicGuard1/apps/1";
constexpr char source[] = "/org/micguard/MicGuard1/sources/2";
constexpr char root[] = "/org/micguard/MicGuard1";
constexpr char guardInterface[] = "org.micguard.MicGuard1";
const json application =
    json::parse(R"({"org.micguard.MicGuard1.Application": {"AppId": "a", "Name": "A\u001b[2JB",
  "IconName": "", "Executable": "", "Sandbox": "", "Identity": "kernel", "State": "capturing", "Reason": "", "Since": 1,
  "LevelMeterOnly": false, "Muted": false, "Streams": []}})");
const json microphone = json::parse(R"({"org.micguard.MicGuard1.Source": {"Name": "mic", "Description": "Mic",
  "Kind": "hardware", "Guarded": true, "Silenced": false, "Method": "volume", "Led": "unknown", "InUse": true}})");

struct Heard {
    std::vector<std::string> names, texts;
    std::vector<json> data;
    Events events{[this](const MonitorEvent& event) {
        names.emplace_back(event.name);
        texts.push_back(event.text);
        data.push_back(event.data);
    }};
    void load() {
        REQUIRE(events.objectsLoaded({{app, application}, {source, microphone}}));
        REQUIRE(events.propertiesLoaded(properties));
        names.clear();
        texts.clear();
        data.clear();
    }
};

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("monitoring begins with the state as it is") {
    Heard heard;
    REQUIRE(heard.events.objectsLoaded(json::object()));
    CHECK(heard.names.empty());
    json warned = properties;
    warned["Warnings"] = json::array({json::array({"w", "careful"})});
    REQUIRE(heard.events.propertiesLoaded(warned));
    CHECK(heard.names == Names{"state", "warning"});
    CHECK(heard.texts.front() == "live (silence, 1 capturing)");
}

TEST_CASE("one line for a change of several properties, none for a change of nothing") {
    Heard heard;
    heard.load();
    heard.events.propertiesChanged(root, guardInterface, {{"State", "muting"}, {"Muted", true}});
    CHECK(heard.names == Names{"state"});
    CHECK(heard.texts.back() == "muting, muted but not vouched for (silence, 1 capturing)");
    heard.events.propertiesChanged(root, guardInterface, {{"State", "muting"}});
    heard.events.propertiesChanged(root, guardInterface, {{"State", 5}});
    CHECK(heard.names.size() == 1);
}

TEST_CASE("warnings come and go one by one") {
    Heard heard;
    heard.load();
    heard.events.propertiesChanged(root, guardInterface,
                                   json::parse(R"({"Warnings": [["a", "one"], ["b", "two"]]})"));
    heard.events.propertiesChanged(root, guardInterface,
                                   json::parse(R"({"Warnings": [["b", "two"], ["c", "three"]]})"));
    CHECK(heard.names == Names{"warning", "warning", "warning-over", "warning"});
    CHECK(heard.texts == Names{"one", "two", "one", "three"});
}

TEST_CASE("capture names application and microphone, harmlessly") {
    Heard heard;
    heard.load();
    heard.events.captureStarted(app, source);
    CHECK(heard.texts.back() == "AB listens to Mic");
    CHECK(heard.data.back()["app"]["app_id"] == "a");
    CHECK(heard.data.back()["source"]["name"] == "mic");
    heard.events.captureStopped(app, "/org/micguard/MicGuard1/sources/99");
    CHECK(heard.texts.back() == "AB no longer listens to a microphone that is gone");
    CHECK(heard.data.back()["source"].is_null());
}

TEST_CASE("a question names the application, harmlessly, and how to answer") {
    Heard heard;
    heard.load();
    heard.events.asked(app);
    CHECK(heard.names == Names{"asked"});
    CHECK(heard.texts.back() == "AB wants to listen: answer with micguardctl answer");
    CHECK(heard.data.back()["app"]["app_id"] == "a");
}

TEST_CASE("objects come, change and go") {
    Heard heard;
    heard.load();
    heard.events.interfacesRemoved(source);
    heard.events.interfacesAdded(source, microphone);
    heard.events.propertiesChanged(source, "org.micguard.MicGuard1.Source", {{"Silenced", true}});
    heard.events.propertiesChanged(app, "org.micguard.MicGuard1.Application",
                                   {{"State", "silenced"}, {"Reason", "muted"}});
    heard.events.propertiesChanged(app, "org.micguard.MicGuard1.Application", {{"State", 1}});
    heard.events.propertiesChanged("/elsewhere", "org.micguard.MicGuard1.Source", {{"Silenced", true}});
    heard.events.interfacesAdded("/incomplete", {{"org.micguard.MicGuard1.Source", {{"Name", "x"}}}});
    CHECK(heard.names == Names{"source-removed", "source-added", "source-changed", "app-changed"});
    CHECK(heard.texts == Names{"Mic", "Mic: open, in use", "Mic: silent, in use", "AB: silenced, muted"});
}

TEST_CASE("the guard goes and comes back") {
    Heard heard;
    heard.load();
    heard.events.guardGone();
    heard.events.guardGone();
    heard.events.propertiesChanged(root, guardInterface, {{"State", "muted"}});
    heard.events.interfacesAdded(app, application);
    CHECK(heard.names == Names{"guard-gone"});
    REQUIRE(heard.events.objectsLoaded(json::object()));
    REQUIRE(heard.events.propertiesLoaded(properties));
    CHECK(heard.names == Names{"guard-gone", "guard-back", "state"});
}

TEST_CASE("what makes no sense is refused") {
    Heard heard;
    CHECK_FALSE(heard.events.propertiesLoaded(properties)); // objects come first
    CHECK_FALSE(heard.events.objectsLoaded({{source, {{"org.micguard.MicGuard1.Source", {{"Name", 1}}}}}}));
    CHECK(heard.names.empty());
}
