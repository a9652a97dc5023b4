// SPDX-License-Identifier: GPL-3.0-or-later
// What a status bar is given: the state, who listens, and nothing that an application could put there to do something.
#include "cli/bar.hpp"

#include <catch2/catch_test_macros.hpp>

#include <nlohmann/json.hpp>

using namespace micguard::cli;
using nlohmann::json;

namespace {

Objects with(const std::string& name, const std::string& state, bool meter = false) {
    Objects objects;
    ApplicationFacts one;
    one.path = "/org/micguard/MicGuard1/apps/1";
    one.name = name;
    one.state = state;
    one.levelMeterOnly = meter;
    objects.applications[one.path] = one;
    return objects;
}

GuardFacts guard(const std::string& state) {
    GuardFacts facts;
    facts.state = state;
    facts.muted = state != "live";
    facts.mode = "silence";
    return facts;
}

json waybar(const GuardFacts* facts, const Objects& objects) {
    return json::parse(barLine(Bar::Waybar, facts, objects));
}

} // namespace

TEST_CASE("every state is a class of its own", "[bar]") {
    const auto live = guard("live"), muted = guard("muted"), muting = guard("muting"),
               degraded = guard("degraded");
    CHECK(waybar(nullptr, {})["class"] == "absent");
    CHECK(waybar(&live, {})["class"] == "live");
    CHECK(waybar(&live, with("Zoom", "capturing"))["class"] == "in-use");
    CHECK(waybar(&live, with("Zoom", "capturing"))["text"] == "Zoom");
    CHECK(waybar(&muted, {})["class"] == "muted");
    CHECK(waybar(&muted, with("Zoom", "silenced"))["class"] == "muted-in-use");
    CHECK(waybar(&muting, {})["class"] == "muting");
    CHECK(waybar(&degraded, {})["class"] == "degraded");
    CHECK(waybar(&muted, {})["alt"] == "muted");
}

TEST_CASE("a volume meter is no recording", "[bar]") {
    const auto live = guard("live");
    CHECK(waybar(&live, with("Mixer", "capturing", true))["class"] == "live");
    CHECK(waybar(&live, with("Mixer", "capturing"))["class"] == "in-use");
}

TEST_CASE("what an application calls itself is text in every bar", "[bar]") {
    const auto live = guard("live");
    const auto evil = with("<b>%{A1:rm -rf:}&\"\n%%{F#f00}", "capturing");
    const auto line = waybar(&live, evil);
    CHECK(line["text"].get<std::string>().find('<') == std::string::npos);
    CHECK(line["text"].get<std::string>().starts_with("&lt;b&gt;%{A1"));
    CHECK(line["tooltip"].get<std::string>().find('<') == std::string::npos);
    std::string polybar = barLine(Bar::Polybar, &live, evil);
    CHECK(polybar.find('\n') == polybar.size() - 1);
    const std::string turned = "%{R} ", back = " %{R}\n";
    REQUIRE((polybar.starts_with(turned) && polybar.ends_with(back)));
    polybar = polybar.substr(turned.size(), polybar.size() - turned.size() - back.size());
    CHECK(polybar.find("%{") == std::string::npos);
    const auto i3 = json::parse(barLine(Bar::I3statusRust, &live, evil));
    CHECK(i3["text"].get<std::string>().find('<') == std::string::npos);
    CHECK(i3["state"] == "Info");
}

TEST_CASE("polybar turns over what is to be noticed, and nothing else", "[bar]") {
    const auto live = guard("live"), muted = guard("muted"), degraded = guard("degraded");
    CHECK(barLine(Bar::Polybar, nullptr, {}) == "no guard\n");
    CHECK(barLine(Bar::Polybar, &live, {}) == "live\n");
    CHECK(barLine(Bar::Polybar, &muted, {}) == "muted\n");
    CHECK(barLine(Bar::Polybar, &live, with("Zoom", "capturing")) == "%{R} Zoom %{R}\n");
    CHECK(barLine(Bar::Polybar, &muted, with("Zoom", "silenced")) == "%{R} muted, Zoom %{R}\n");
    CHECK(barLine(Bar::Polybar, &degraded, {}).starts_with("%{R} not sure"));
}

TEST_CASE("the tooltip says who keeps them muted", "[bar]") {
    auto muted = guard("muted");
    muted.holds = {{"hold-mute", "obs (pid 3)", "<recording>"}, {"user", "", ""}};
    CHECK(waybar(&muted, {})["tooltip"] ==
          "All microphones are muted\nkept muted by obs (pid 3): &lt;recording&gt;\nmuted");
    auto live = guard("live");
    live.holds = {{"hold-unmute", "talk (pid 4)", ""}};
    CHECK(waybar(&live, {})["tooltip"] ==
          "Microphones are live, and nobody listens\nkept live by talk (pid 4)");
}
