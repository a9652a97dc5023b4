// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who wins: holds to mute, the button, holds to unmute; and since when.
#include "daemon/model/model.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

Model& operator<<(Model& model, const Event& event) {
    model.apply(event);
    return model;
}

event::UserMute button(bool muted, std::uint64_t now = 1) {
    return {muted, "me", "", now};
}
event::HoldTaken hold(std::uint64_t number, bool mute, std::uint64_t now = 1) {
    return {{number, mute, ":1." + std::to_string(number), "program", "", 0}, now};
}
event::HoldDropped drop(std::uint64_t number, std::uint64_t now = 1) {
    return {number, now};
}

} // namespace

TEST_CASE("live unless somebody mutes") {
    Model model;
    CHECK_FALSE(model.mute.muted());
    model << button(true);
    CHECK(model.mute.muted());
    model << button(false);
    CHECK_FALSE(model.mute.muted());
}

TEST_CASE("a hold to mute is stronger than the button and than any hold to unmute") {
    Model model;
    model << hold(1, true) << button(false);
    CHECK(model.mute.muted());
    model << hold(2, false);
    CHECK(model.mute.muted());
    model << drop(1);
    CHECK_FALSE(model.mute.muted());
}

TEST_CASE("muted until the last hold to mute is gone") {
    Model model;
    model << hold(1, true) << hold(2, true) << drop(1);
    CHECK(model.mute.muted());
    model << drop(1) << drop(77);
    CHECK(model.mute.muted());
    model << drop(2);
    CHECK_FALSE(model.mute.muted());
}

TEST_CASE("a hold to mute that ends leaves the button as it was") {
    Model model;
    model << button(true) << hold(1, true) << drop(1);
    CHECK(model.mute.muted());
}

TEST_CASE("push-to-talk opens over the button and ends when let go") {
    Model model;
    model << button(true) << hold(1, false);
    CHECK_FALSE(model.mute.muted());
    model << drop(1);
    CHECK(model.mute.muted());
}

TEST_CASE("muting ends push-to-talk for good: letting go and the next press of another change nothing") {
    Model model;
    model << button(true) << hold(1, false) << button(true);
    CHECK(model.mute.muted());
    CHECK(model.mute.holds.empty());
    model << drop(1);
    CHECK(model.mute.muted());
}

TEST_CASE("unmuting leaves holds to unmute alone, and they do not outlast themselves") {
    Model model;
    model << button(true) << hold(1, false) << button(false);
    CHECK_FALSE(model.mute.muted());
    model << drop(1);
    CHECK_FALSE(model.mute.muted());
}

TEST_CASE("what the button becomes at the next press") {
    Model model;
    CHECK(model.mute.nextPressMutes());
    model << button(true);
    CHECK_FALSE(model.mute.nextPressMutes());
    INFO("live in spite of the button: whoever presses then wants to be muted");
    model << hold(1, false);
    CHECK(model.mute.nextPressMutes());
    INFO("muted by somebody else in spite of that: the button is released");
    model << hold(2, true);
    CHECK_FALSE(model.mute.nextPressMutes());
    INFO("muted by somebody else alone: the button is pressed, and holds on");
    model << button(false);
    CHECK(model.mute.muted());
    CHECK(model.mute.nextPressMutes());
    model << drop(1) << drop(2);
    CHECK(model.mute.nextPressMutes());
    INFO("the privacy switch is a button");
    model.mute.privacy = true;
    CHECK_FALSE(model.mute.nextPressMutes());
}

TEST_CASE("a muted period has one beginning, whoever else mutes meanwhile") {
    Model model;
    model << button(true, 100) << hold(1, true, 200) << button(true, 300);
    CHECK(model.mute.since == 100);
    model << button(false, 400);
    CHECK(model.mute.since == 100); // the hold goes on
    model << drop(1, 500);
    CHECK(model.mute.since == 0);
    model << hold(2, true, 600);
    CHECK(model.mute.since == 600);
}

TEST_CASE("talking interrupts the muted period") {
    Model model;
    model << button(true, 100) << hold(1, false, 200);
    CHECK(model.mute.since == 0);
    model << drop(1, 300);
    CHECK(model.mute.since == 300);
}

TEST_CASE("losing the server does not unmute") {
    Model model;
    model << button(true) << event::Connected{1, "pipewire-0", "1.4.2", "a"} << event::Disconnected{};
    CHECK(model.mute.muted());
    model << event::Connected{1, "pipewire-0", "1.4.2", "b"};
    CHECK(model.mute.muted());
}

TEST_CASE("a session that locks itself mutes if it is set, over everything, and leaves all as it was") {
    Model model;
    model << event::SessionLocked{true, 1};
    CHECK_FALSE(model.mute.muted());
    model << event::SessionLocked{false, 2};
    model.settings.mute.onLock = true;
    model << hold(1, false) << event::SessionLocked{true, 3};
    CHECK(model.mute.muted());
    CHECK(model.mute.since == 3);
    model << button(false, 4);
    CHECK(model.mute.muted());
    CHECK(model.mute.since == 3);
    SECTION("live before, live after") {
        model << event::SessionLocked{false, 5};
        CHECK_FALSE(model.mute.muted());
        CHECK(model.mute.since == 0);
    }
    SECTION("muted before or meanwhile, muted after") {
        model << button(true, 5) << event::SessionLocked{false, 6};
        CHECK(model.mute.muted());
        CHECK(model.mute.since == 3);
    }
    SECTION("the setting is taken back while it is locked") {
        Settings settings = model.settings;
        settings.mute.onLock = false;
        model << event::SettingsLoaded{settings};
        CHECK_FALSE(model.mute.muted());
        CHECK(model.circumstances.locked);
    }
}

TEST_CASE("what was held live over the button is not live again after a lock or a sleep") {
    Model model;
    model.settings.mute.onLock = true;
    model << button(true) << hold(1, false) << hold(2, true) << drop(2);
    REQUIRE_FALSE(model.mute.muted());
    SECTION("locked") {
        model << event::SessionLocked{true, 2} << event::SessionLocked{false, 3};
    }
    SECTION("asleep") {
        model << event::MachineSleeps{true, 2} << event::MachineSleeps{false, 3};
    }
    SECTION("locked already when the setting comes") {
        model.settings.mute.onLock = false;
        model << event::SessionLocked{true, 2};
        CHECK_FALSE(model.mute.muted()); // not asked for
        Settings settings = model.settings;
        settings.mute.onLock = true;
        model << event::SettingsLoaded{settings} << event::SessionLocked{false, 3};
    }
    CHECK(model.mute.holds.empty());
    CHECK(model.mute.muted());
}

TEST_CASE("a hold to mute outlasts a lock") {
    Model model;
    model.settings.mute.onLock = true;
    model << hold(1, true) << event::SessionLocked{true, 2} << event::SessionLocked{false, 3};
    CHECK(model.mute.muted());
    CHECK(model.mute.holds.size() == 1);
}

TEST_CASE("a machine that is about to sleep is muted until it is awake, and longer if the session is locked "
          "by then") {
    Model model;
    model.settings.mute.onLock = true;
    model << event::MachineSleeps{true, 1};
    CHECK(model.mute.muted());
    model << event::SessionLocked{true, 2} << event::MachineSleeps{false, 3};
    CHECK(model.mute.muted());
    model << event::SessionLocked{false, 4};
    CHECK_FALSE(model.mute.muted());
    model.settings.mute.onSuspend = false;
    model << event::MachineSleeps{true, 5};
    CHECK_FALSE(model.mute.muted());
}
