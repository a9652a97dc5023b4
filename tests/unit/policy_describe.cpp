// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the outside is told.
#include "daemon/policy/why.hpp"
#include "protocol/hold_words.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

const ApplicationView& only(const View& view) {
    REQUIRE(view.applications.size() == 1);
    return view.applications.front();
}

const SourceView& sourceNamed(const View& view, std::string_view name) {
    const auto it =
        std::find_if(view.sources.begin(), view.sources.end(), [&](const auto& s) { return s.name == name; });
    REQUIRE(it != view.sources.end());
    return *it;
}

} // namespace

TEST_CASE("the guard's state: live, muting, muted, degraded") {
    World world(micAndCall);
    CHECK(world.view().guard.state == "live");
    world.server.stall(true);
    world.mute();
    CHECK(world.view().guard.state == "muting");
    CHECK(world.view().guard.muted);
    CHECK(world.view().guard.mutedSince == world.now);
    world.server.stall(false);
    world.rest();
    CHECK(world.view().guard.state == "muted");
    world.receive(event::Warned{"degraded:guarantee", "not confirmed in time: mic"});
    CHECK(world.view().guard.state == "degraded");
    CHECK(world.view().guard.warnings ==
          std::vector<WarningView>{{"degraded:guarantee", "not confirmed in time: mic"}});
    world.receive(event::Warned{"degraded:guarantee", ""});
    CHECK(world.view().guard.state == "muted");
    CHECK(world.view().guard.warnings.empty());
    world.unmute();
    CHECK(world.view().guard.state == "live");
    CHECK(world.view().guard.mutedSince == 0);
}

TEST_CASE("muted without a server is muted, and said to be unconnected") {
    World world;
    world.server.restart();
    world.rest();
    CHECK(world.view().guard.state == "live");
    world.mute();
    CHECK(world.view().guard.state == "muted");
    CHECK_FALSE(world.view().guard.connected);
}

TEST_CASE("a stream goes from capturing to silenced or severed and back, with reason and time") {
    for (const Mode mode : {Mode::Silence, Mode::Sever}) {
        World world(micAndCall);
        world.receive(event::ModeChosen{mode});
        const auto before = only(world.view());
        CHECK(before.state == "capturing");
        CHECK(before.reason.empty());
        CHECK(world.view().guard.capturing == 1);
        world.mute();
        const auto during = only(world.view());
        CHECK(during.state == (mode == Mode::Silence ? "silenced" : "severed"));
        CHECK(during.reason == "muted");
        CHECK(during.since == world.now);
        const auto muted = world.view();
        CHECK(muted.streams.front().source == sourceNamed(muted, "mic").key);
        world.now += 5000;
        CHECK(only(world.view()).since == during.since);
        world.unmute();
        CHECK(only(world.view()).state == "capturing");
        CHECK(only(world.view()).key == before.key);
    }
}

TEST_CASE("the reason names who holds") {
    World world(micAndCall);
    world.receive(event::HoldTaken{{1, true, ":1.5", "obs (pid 7)", "recording", 0}, 9});
    CHECK(only(world.view()).reason == "kept muted by obs (pid 7): recording");
    const auto holds = world.view().guard.holds;
    CHECK(holds == std::vector<HoldView>{{"hold-mute", "obs (pid 7)", "recording"}});
    world.receive(event::UserMute{true, "me", "lunch", 10});
    world.receive(event::HoldDropped{1, 11});
    CHECK(only(world.view()).reason == "muted: lunch");
}

TEST_CASE("whatever mutes is named, the strongest first, in the reason and among the holds") {
    World world(std::string(micAndCall) + "default mic\n");
    Settings settings;
    settings.mute.onLock = settings.mute.followDesktop = true;
    world.receive(event::SettingsLoaded{settings});
    // From the weakest to the strongest, each on top of those before.
    const std::vector<std::tuple<Event, std::string, std::string>> all{
        {event::StartedMuted{1}, "muted since the session began", "start"},
        {event::NodeKnob{GlobalId{20}, {true, 0.0f, true, true, false}, 2}, "", ""},
        {event::PrivacySwitched{true, 3}, "muted by the desktop's privacy switch", "privacy"},
        {event::MachineSleeps{true, 4}, "muted while the computer sleeps", "suspend"},
        {event::SessionLocked{true, 5}, "muted while the session is locked", "locked"},
    };
    for (const auto& [event, reason, kind] : all) {
        world.receive(event);
        if (reason.empty())
            continue;
        CHECK(only(world.view()).reason == reason);
        CHECK(world.view().guard.holds.front().kind == kind);
    }
    world.receive(event::SessionLocked{false, 6});
    CHECK(only(world.view()).reason == "muted while the computer sleeps");
    // Told not to heed it, the guard does not.
    world.receive(event::MachineSleeps{false, 7});
    settings.mute.privacySwitch = false;
    world.receive(event::SettingsLoaded{settings});
    CHECK(only(world.view()).reason == "muted since the session began");
    world.unmute();
    CHECK(only(world.view()).state == "capturing");
    CHECK(world.view().guard.holds.empty());
}

TEST_CASE("an application has its number for as long as the guard runs, and a number that nobody has names "
          "nobody") {
    World world(micAndCall);
    const auto key = only(world.view()).key;
    CHECK(world.describer.keyOf("exe:/usr/bin/call") == key);
    CHECK(world.describer.identityOf(key) == "exe:/usr/bin/call");
    CHECK(world.describer.keyOf("exe:/usr/bin/nobody") == 0);
    CHECK(world.describer.identityOf(key + 1).empty());
}

TEST_CASE("a stream that is linked but does not run is idle") {
    World world(micAndCall);
    world.say("state 31 idle");
    CHECK(only(world.view()).state == "idle");
    CHECK(world.view().guard.capturing == 0);
}

TEST_CASE("which application listens on which microphone, with its process") {
    World world(std::string(micAndCall) +
                "node 50 class=Audio/Source name=headset client=10\nport 51 of 50 out");
    world.say("default headset\nclient 60 pid=61 exe=/usr/bin/recorder name=Recorder\n"
              "node 62 class=Stream/Input/Audio media=Take client=60 autoconnect running\nport 63 of 62 in");
    const auto view = world.view();
    REQUIRE(view.streams.size() == 2);
    const auto& stream = view.streams.back();
    CHECK(stream.name == "Take");
    CHECK(stream.pid == 61);
    CHECK(stream.source == sourceNamed(view, "headset").key);
    CHECK(view.streams.front().source == sourceNamed(view, "mic").key);
}

TEST_CASE(
    "streams of one program are one application, over several connections; the worst state is its state") {
    World world(std::string(micAndCall) + R"(
        client 40 exe=/usr/bin/call
        node 41 class=Stream/Input/Audio name=second client=40 autoconnect idle
        port 42 of 41 in
    )");
    const auto view = world.view();
    CHECK(only(view).streams.size() == 2);
    CHECK(only(view).state == "capturing");
    CHECK(view.guard.capturing == 1);
}

TEST_CASE("a level meter is no recording, unless its application records as well") {
    World world(std::string(desk) + R"(
        node 20 class=Audio/Source name=mic client=10
        port 21 of 20 out
        client 30 exe=/usr/bin/pavucontrol
        node 31 class=Stream/Input/Audio name=peaks client=30 autoconnect peaks running
        port 32 of 31 in
    )");
    CHECK(only(world.view()).levelMeterOnly);
    CHECK(world.view().streams.front().levelMeter);
    CHECK(world.view().guard.capturing == 0);
    world.say("node 33 class=Stream/Input/Audio name=take client=30 autoconnect running\nport 34 of 33 in");
    CHECK_FALSE(only(world.view()).levelMeterOnly);
    CHECK(world.view().guard.capturing == 1);
}

TEST_CASE("a JACK client without a class is an application from its first link to a microphone") {
    World world(std::string(desk) + R"(
        node 20 class=Audio/Source name=mic client=10
        port 21 of 20 out
        client 30 exe=/usr/bin/jack_rec
        node 31 name=jack client=30 running
        port 32 of 31 in
    )");
    CHECK(world.view().applications.empty());
    world.say("link 33 20:21 -> 31:32");
    CHECK(only(world.view()).state == "capturing");
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    CHECK(only(world.view()).state == "severed");
}

TEST_CASE("neither the guard nor the plumbing of an effects chain is shown as an application") {
    World world(std::string(micAndCall) + R"(
        node 5 class=Stream/Input/Audio name=own client=1 autoconnect running
        port 6 of 5 in
        client 60 exe=/usr/bin/easyeffects
        node 61 class=Audio/Source/Virtual name=effects client=60 group=fx
        node 63 class=Stream/Input/Audio name=effects-in client=60 group=fx autoconnect running
        port 64 of 63 in
    )");
    CHECK(only(world.view()).name == "Call");
}

TEST_CASE("the application behind a filter is shown with the microphone, and the filter is not") {
    constexpr std::string_view effects = R"(
        client 60 exe=/usr/bin/easyeffects name=Effects
        node 61 class=Audio/Source/Virtual name=effects client=60
        port 62 of 61 out
        node 63 name=effects-in client=60 running
        port 64 of 63 in
        link 65 20:21 -> 63:64
        client 70 exe=/usr/bin/recorder name=Recorder
        node 71 class=Stream/Input/Audio name=take client=70 autoconnect running target=effects
        port 72 of 71 in
    )";
    World world(std::string(desk) + "node 20 class=Audio/Source name=mic client=10\nport 21 of 20 out\n");
    world.say(effects);
    REQUIRE(world.server.audible().contains("effects -> take"));
    auto view = world.view();
    CHECK(only(view).name == "Recorder");
    CHECK(view.streams.front().source == sourceNamed(view, "mic").key);
    world.say("gone 65");
    view = world.view();
    CHECK(view.streams.front().source == sourceNamed(view, "effects").key); // nothing flows in any more
    world.say("gone 70");
    CHECK(world.view().applications.empty());
    CHECK(world.view().guard.capturing == 0);
}

TEST_CASE("what the session manager hides behind a source of its own is not the microphone that is shown") {
    World world(std::string(desk) + R"(
        device 15 name=card api=bluez5 client=10
        node 18 class=Audio/Source/Internal name=inner client=10 device=15
        port 19 of 18 out
        node 20 class=Audio/Source name=headset client=10 device=15 group=bt
        port 21 of 20 out
        node 22 class=Stream/Input/Audio name=inner-in client=10 group=bt
        port 23 of 22 in
        link 24 18:19 -> 22:23
        client 30 exe=/usr/bin/call name=Call
        node 31 class=Stream/Input/Audio name=call client=30 autoconnect running target=headset
        port 32 of 31 in
    )");
    const auto view = world.view();
    CHECK(view.streams.front().source == sourceNamed(view, "headset").key);
    CHECK(sourceNamed(view, "headset").kind == "bluetooth");
}

TEST_CASE("a stream that came while everything is severed is severed, though it never heard anything") {
    World world(desk);
    world.receive(event::ModeChosen{Mode::Sever});
    world.say("node 20 class=Audio/Source name=mic client=10\nport 21 of 20 out");
    world.mute();
    world.say("client 30 exe=/usr/bin/call\nnode 31 class=Stream/Input/Audio client=30 autoconnect running");
    world.say("port 32 of 31 in");
    CHECK(only(world.view()).state == "severed");
    CHECK(world.view().streams.front().source == 0);
}

TEST_CASE("sources say how they are held, and since the server agreed") {
    World world(std::string(desk) + R"(
        device 15 name=card
        route 15 profile=1 hw-mute
        node 20 class=Audio/Source name=mic description="Built-in" client=10 device=15 profile=1
        node 21 class=Audio/Source name=raw raw
        node 22 class=Audio/Source name=line
    )");
    Settings settings;
    settings.sources.exempt = {"line"};
    world.receive(event::SettingsLoaded{settings});
    CHECK(sourceNamed(world.view(), "mic").description == "Built-in");
    CHECK(sourceNamed(world.view(), "mic").kind == "hardware");
    CHECK(sourceNamed(world.view(), "mic").led == "off");
    CHECK(sourceNamed(world.view(), "raw").led == "unknown");
    CHECK_FALSE(sourceNamed(world.view(), "mic").silenced);
    world.mute();
    const auto view = world.view();
    CHECK(sourceNamed(view, "mic").silenced);
    CHECK(sourceNamed(view, "mic").method == "volume");
    CHECK(sourceNamed(view, "mic").led == "on");
    CHECK(sourceNamed(view, "raw").method == "sever");
    CHECK_FALSE(sourceNamed(view, "line").guarded);
    CHECK(sourceNamed(view, "line").method == "none");
    CHECK_FALSE(sourceNamed(view, "line").silenced);
    CHECK_FALSE(sourceNamed(view, "mic").inUse);
}

TEST_CASE("keys never change while an object lives and are never used again, over any reconnect") {
    World world(micAndCall);
    const auto first = world.view();
    std::set<std::uint64_t> used;
    const auto note = [&](const View& view) {
        for (const auto& source : view.sources)
            CHECK(used.insert(source.key).second);
        for (const auto& stream : view.streams)
            CHECK(used.insert(stream.key).second);
    };
    note(first);
    world.mute();
    world.say("state 31 idle");
    CHECK(world.view().sources.front().key == first.sources.front().key);
    CHECK(world.view().streams.front().key == first.streams.front().key);
    // The server's run is over: the same serials name other objects.
    for (int again = 0; again < 3; again++) {
        world.server.restart();
        world.server.say(micAndCall);
        world.server.connect();
        world.rest();
        const auto view = world.view();
        REQUIRE(view.sources.size() == 1);
        REQUIRE(view.streams.size() == 1);
        note(view);
        CHECK(only(view).key == only(first).key); // the same program
        CHECK(view.guard.muted);
    }
}

TEST_CASE("an object's id that is used again is another object to the outside") {
    World world(micAndCall);
    const auto before = world.view().streams.front().key;
    world.say("gone 31\nnode 31 serial=7777 class=Stream/Input/Audio client=30 autoconnect running\nport 32 "
              "of 31 in");
    CHECK(world.view().streams.front().key != before);
}

TEST_CASE("the same world is told in the same words: nothing is announced twice") {
    World world(micAndCall);
    world.mute();
    const auto view = world.view();
    world.now += 1'000'000;
    CHECK(world.view() == view);
}

TEST_CASE("a hold is told in words, one of a kind that is not known by its name") {
    CHECK(holdWords("hold-unmute", "talk (pid 8)", "") == "kept live by talk (pid 8)");
    CHECK(holdWords("hold-mute", "obs (pid 7)", "recording") == "kept muted by obs (pid 7): recording");
    CHECK(holdWords("user", "", "") == "muted");
    CHECK(holdWords("curfew", "the house", "night") == "curfew by the house: night");
}

TEST_CASE("who only keeps the microphones live is no reason for a mute") {
    Model model;
    CHECK(whyMuted(model) == "muted");
    model.apply(event::HoldTaken{{1, false, ":1.5", "talk (pid 8)", "", 0}, 9});
    CHECK(whyMuted(model) == "muted");
    model.apply(event::HoldTaken{{2, true, ":1.6", "obs (pid 7)", "", 0}, 10});
    CHECK(whyMuted(model) == "kept muted by obs (pid 7)");
}
