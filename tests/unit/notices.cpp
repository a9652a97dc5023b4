// SPDX-License-Identifier: GPL-3.0-or-later
// What people are told, and how often.
#include "daemon/notify/notices.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

constexpr Notices::Instant second = 1'000'000;

ApplicationView app(std::uint64_t key, const std::string& name, const std::string& state,
                    const std::string& identity = "kernel") {
    ApplicationView one;
    one.key = key;
    one.appId = "org." + name;
    one.name = name;
    one.state = state;
    one.identity = identity;
    return one;
}

struct World {
    View view;
    Notices notices;
    Notices::Questions questions;
    Settings::Notify settings;
    bool locked = false;
    Notices::Instant now = second;

    Notices::Wanted look() {
        now += second;
        return notices.follow(view, questions, settings, locked, now);
    }
};

} // namespace

TEST_CASE("a question has its buttons, and who is only claimed no Always", "[notices]") {
    World world;
    world.view.applications = {app(1, "Zoom", "pending"), app(2, "Fake", "pending", "claimed")};
    world.questions = {{1, {"mic", "", 0}}, {2, {}}};
    const auto wanted = world.look();
    REQUIRE(wanted.size() == 2);
    const Notice& known = wanted.at("question:1:0");
    CHECK(known.summary == "Zoom wants to listen");
    CHECK(known.stays);
    CHECK(known.actions.size() == 3);
    const Notice& claimed = wanted.at("question:2:0");
    CHECK(claimed.actions.size() == 2);
    CHECK(claimed.body.find("only what it says") != std::string::npos);
    CHECK(Notices::questionOf("question:2:0") == 2);
    CHECK_FALSE(Notices::questionOf("blocked:2"));
    world.questions.erase(1);
    CHECK(world.look().size() == 1);
    world.locked = true;
    CHECK(world.look().empty());
    world.locked = false;
    CHECK(world.look().size() == 1);
    world.settings.questions = false;
    CHECK(world.look().empty());
}

TEST_CASE("however many ask, four are shown", "[notices]") {
    World world;
    for (std::uint64_t key = 1; key <= 30; ++key) {
        world.view.applications.push_back(app(key, "app" + std::to_string(key), "pending"));
        world.questions[key] = {};
    }
    CHECK(world.look().size() == 4);
}

TEST_CASE("a capture is told off, for the first time, or always", "[notices]") {
    using Capture = Settings::Notify::Capture;
    for (const auto& [setting, expected] :
         {std::pair{Capture::Off, 0}, std::pair{Capture::First, 1}, std::pair{Capture::Always, 3}}) {
        World world;
        world.settings.capture = setting;
        world.look();
        int told = 0;
        for (std::uint64_t key = 1; key <= 3; ++key) { // the same application, started anew
            world.view.applications = {app(key, "Zoom", "capturing")};
            told += static_cast<int>(world.look().size());
            world.view.applications.clear();
            CHECK(world.look().empty());
        }
        CHECK(told == expected);
    }
}

TEST_CASE("who listens when the guard starts, or only with a level meter, does not begin to", "[notices]") {
    World world;
    world.settings.capture = Settings::Notify::Capture::Always;
    world.view.applications = {app(1, "Zoom", "capturing")};
    CHECK(world.look().empty());
    auto meter = app(2, "Mixer", "capturing");
    meter.levelMeterOnly = true;
    world.view.applications.push_back(meter);
    CHECK(world.look().empty());
    world.view.applications.push_back(app(3, "Obs", "capturing"));
    CHECK(world.look().size() == 1);
}

TEST_CASE("a muted microphone that is asked for is told once per application and mute", "[notices]") {
    World world;
    world.view.guard.muted = true;
    world.view.applications = {app(1, "Zoom", "silenced")};
    world.notices.blocked(world.view.applications.front());
    CHECK(world.look().size() == 1);
    world.view.applications = {app(2, "Zoom", "silenced")};
    world.notices.blocked(world.view.applications.front());
    CHECK(world.look().empty());
    world.view.guard.muted = false;
    CHECK(world.look().empty());
    world.view.guard.muted = true;
    world.notices.blocked(world.view.applications.front());
    CHECK(world.look().size() == 1);
}

TEST_CASE("whoever starts programs in a loop is told of five times, and then once in twenty seconds",
          "[notices]") {
    World world;
    world.view.guard.muted = true;
    std::set<std::string> told;
    for (std::uint64_t key = 1; key <= 200; ++key) {
        world.view.applications = {app(key, "evil" + std::to_string(key), "silenced")};
        world.notices.blocked(world.view.applications.front());
        for (const auto& [id, notice] : world.look())
            told.insert(id);
    }
    CHECK(told.size() >= 5);
    CHECK(told.size() <= 5 + 200 / 20 + 1);
}

TEST_CASE("a bypass is told when it begins, and closed when it ends", "[notices]") {
    World world;
    world.look();
    world.view.guard.warnings = {{"bypass:alsa:hw:0,0", "arecord has it open", 0, "", ""},
                                 {"config", "no bypass", 0, "", ""}};
    CHECK(world.look().size() == 1);
    world.locked = true;
    CHECK(world.look().empty());
    world.locked = false;
    CHECK(world.look().empty()); // it was told before
    world.view.guard.warnings.clear();
    world.look();
    world.view.guard.warnings = {{"bypass:alsa:hw:0,0", "arecord has it open", 0, "", ""}};
    CHECK(world.look().size() == 1);
}

TEST_CASE("an icon is a name, and no file of somebody's choice", "[notices]") {
    World world;
    world.view.applications = {app(1, "Zoom", "pending")};
    world.questions = {{1, {}}};
    world.view.applications.front().iconName = "/home/x/evil.svg";
    CHECK(world.look().begin()->second.icon == "audio-input-microphone");
    world.view.applications.front().iconName = "us.zoom.Zoom";
    CHECK(world.look().begin()->second.icon == "us.zoom.Zoom");
}
