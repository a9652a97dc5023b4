// SPDX-License-Identifier: GPL-3.0-or-later
//
// Mode silence: which microphones are held silent, how that is known, and what becomes of those that do not
// obey.
#include "daemon/policy/plan.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Words = std::vector<std::string>;
using Pairs = std::set<std::string>;

bool contains(const Words& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

void exempt(World& world, const std::string& source) {
    Settings settings;
    settings.sources.exempt = {source};
    world.receive(event::SettingsLoaded{settings});
}

} // namespace

TEST_CASE("nothing is done to an idle desk but the protection of the two connections") {
    FakeServer server;
    server.say(micAndCall);
    World world(std::move(server), {}, false);
    CHECK(world.sent() == Words{"permissions 30: 1=r 10=r"});
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("muting turns the knob and nothing else, unmuting turns it back") {
    World world(micAndCall);
    world.mute();
    CHECK(world.sent() == Words{"knob 20 silent monitor-mute"});
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.server.linked() == Pairs{"mic -> call"});
    CHECK(world.promise().holds);
    CHECK(world.knob("mic") == KnobState::Holds);
    CHECK(world.plan().empty());
    world.server.performed.clear();
    world.unmute();
    CHECK(world.sent() == Words{"knob 20 10.000000"});
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(world.plan().empty());
}

TEST_CASE("every microphone is muted, not the default one") {
    World world(std::string(micAndCall) + R"(
        node 40 class=Audio/Source/Virtual name=effects
        node 41 class=Audio/Source/Internal name=split client=10
        node 42 class=Audio/Duplex name=headset client=10
        node 43 name=jack client=30
        port 44 of 43 out physical
    )");
    world.mute();
    for (const char* name : {"mic", "effects", "split", "headset"}) {
        INFO(name);
        CHECK(world.source(name).silent);
        CHECK(world.knob(name) == KnobState::Holds);
    }
    CHECK(world.source("jack").silent);
    CHECK(world.promise().holds);
}

TEST_CASE("an exempt microphone is left alone, and comes under guard when the exemption goes") {
    World world(micAndCall);
    Settings settings;
    settings.sources.exempt = {"line-*", "mic"};
    world.receive(event::SettingsLoaded{settings});
    world.mute();
    CHECK_FALSE(world.source("mic").guarded);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(world.promise().holds);
    world.receive(event::SettingsLoaded{Settings{}});
    CHECK(world.server.audible() == Pairs{});
    world.receive(event::SettingsLoaded{settings});
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("the promise waits for the acknowledgement and for the reading, and names what it waits for") {
    World world(micAndCall);
    world.server.stall(true);
    world.mute();
    CHECK_FALSE(world.promise().holds);
    CHECK(world.promise().waiting == Words{"mic"});
    CHECK(world.knob("mic") == KnobState::Pending);
    CHECK(world.plan().empty());
    world.server.stall(false);
    world.rest();
    CHECK(world.promise().holds);
}

TEST_CASE("a reading from before our write is no evidence") {
    World world(micAndCall);
    world.say("knob 20 max=0"); // somebody else's 0, then ours on top
    world.server.stall(true);
    world.mute();
    CHECK(world.knob("mic") == KnobState::Pending);
    world.apply(event::Acknowledged{world.model.applied.sent});
    CHECK(world.knob("mic") == KnobState::Pending);
}

TEST_CASE("without a server the mute is in force at once") {
    World world;
    world.server.restart();
    world.rest();
    world.mute();
    CHECK_FALSE(world.model.connected);
    CHECK(world.promise().holds);
    CHECK(world.plan().empty());
}

TEST_CASE("the server that appears while muted is not vouched for before its list was read") {
    FakeServer server;
    server.say(micAndCall);
    World world;
    world.mute();
    world.server.disconnect();
    world.rest();
    world.server = std::move(server);
    world.server.connect();
    while (!world.model.listComplete) {
        CHECK((!world.model.connected || !world.promise().holds));
        REQUIRE(world.step());
        world.enforcer.settle();
    }
    world.rest();
    CHECK(world.promise().holds);
    CHECK(world.server.audible() == Pairs{});
}

TEST_CASE(
    "a newborn microphone is silent before anything links to it, and opened once that is acknowledged") {
    World world(desk);
    world.server.stall(true);
    world.say("node 20 class=Audio/Source name=mic client=10");
    CHECK(world.sent() == Words{"knob 20 silent monitor-mute"});
    CHECK(world.source("mic").silent);
    CHECK(world.source("mic").reason == "new; opened once its silence was acknowledged");
    world.server.stall(false);
    world.rest();
    CHECK(world.sent() == Words{"knob 20 silent monitor-mute", "knob 20 10.000000"});
    CHECK_FALSE(world.source("mic").silent);
    CHECK(world.server.leftovers().empty());
}

TEST_CASE("a microphone that arrives while muted stays silent") {
    World world(micAndCall);
    world.mute();
    world.server.performed.clear();
    world.say(
        "node 50 class=Audio/Source name=headset client=10\nport 51 of 50 out\ndefault headset\ngone 20");
    CHECK(world.server.linked() == Pairs{"headset -> call"});
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
    CHECK(describe(world.server.performed.front()) == "knob 50 silent monitor-mute");
    world.unmute();
    CHECK(world.server.audible() == Pairs{"headset -> call"});
}

TEST_CASE("what the server makes for a client is silent while muted until the plug-in behind it is known") {
    World world(micAndCall);
    world.mute();
    world.server.performed.clear();
    const auto silencedAtFirstSight = [&](const std::string& node) {
        world.server.say(node);
        REQUIRE(world.step());
        world.enforcer.settle();
        CHECK(world.sent() == Words{"knob 50 silent monitor-mute"});
        CHECK_FALSE(world.promise().holds);
        CHECK(world.view().sources.size() == 1);
        world.rest();
        CHECK(world.promise().holds);
    };

    SECTION("a microphone that claims to be none") {
        silencedAtFirstSight("node 50 in-server class=Stream/Output/Audio name=second client=30 "
                             "factory=api.alsa.pcm.source outputs=2");
        CHECK(world.server.knob(GlobalId{50}).maxVolume == 0.0f);
        world.unmute();
        CHECK(world.server.knob(GlobalId{50}).maxVolume == 10.0f);
    }
    SECTION("a sink") {
        silencedAtFirstSight(
            "node 50 in-server class=Audio/Sink name=sink client=30 factory=support.null-audio-sink max=2");
        CHECK(world.sent() == Words{"knob 50 silent monitor-mute", "knob 50 2.000000"});
    }
    SECTION("a sink of the session manager's is let alone") {
        world.say(
            "node 50 in-server class=Audio/Sink name=sink client=10 factory=api.alsa.pcm.sink inputs=2");
        CHECK(world.sent() == Words{});
    }
    world.unmute();
    CHECK(world.server.knob(GlobalId{50}).maxVolume > 0.0f);
}

TEST_CASE("a sink that a client makes while live is let alone") {
    World world(micAndCall);
    world.server.performed.clear();
    world.say("node 50 in-server class=Audio/Sink name=sink client=30 factory=support.null-audio-sink");
    CHECK(world.sent() == Words{});
}

TEST_CASE("a newborn microphone gets back what its configuration or its first reading said") {
    World world(desk);
    world.say("node 20 class=Audio/Source name=configured max=1.5");
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 1.5f);
    world.mute();
    world.say("node 21 class=Audio/Source name=born-muted max=2.5");
    CHECK(world.server.knob(GlobalId{21}).maxVolume == 0.0f);
    world.unmute();
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 1.5f);
    CHECK(world.server.knob(GlobalId{21}).maxVolume == 2.5f);
}

// As strict admission's rules for the server make them: max=0 is what they set, born-silent the mark that they leave.
TEST_CASE("a microphone that is silent from birth is not written while muted, and opened by its verdict") {
    World world(micAndCall);
    const bool muted = GENERATE(true, false);
    world.mute(muted);
    world.server.performed.clear();
    SECTION("a card's") {
        world.server.say("node 50 in-server max=0 born-silent class=Audio/Source name=headset "
                         "client=10\nport 51 of 50 out");
        REQUIRE(world.step());
        world.enforcer.settle();
        CHECK_FALSE(world.promise().holds);
        CHECK(world.source("headset").silent);
        world.rest();
        CHECK(world.sent() == (muted ? Words{} : Words{"knob 50 10.000000"}));
        CHECK(world.source("headset").silent == muted);
    }
    SECTION("one with a monitor, which no property mutes") {
        world.say("node 50 in-server max=0 born-silent class=Audio/Source/Virtual name=headset "
                  "client=10\nport 51 of 50 out monitor");
        if (muted)
            CHECK(world.sent() == Words{"knob 50 silent monitor-mute"});
    }
    SECTION("whose limit another rule gave back") {
        world.say("node 50 in-server max=3 born-silent class=Audio/Source name=headset client=10\nport 51 of "
                  "50 out");
        CHECK(world.server.knob(GlobalId{50}).maxVolume == (muted ? 0.0f : 3.0f));
        CHECK(world.sent().front() == "knob 50 silent monitor-mute");
    }
    SECTION("in the session manager's process") {
        world.say("node 50 max=0 born-silent class=Audio/Source/Internal name=headset client=10 "
                  "api=bluez5\nport 51 of 50 out");
        CHECK(world.sent().front() == "knob 50 silent monitor-mute");
    }
    CHECK(world.promise().holds);
    CHECK((world.server.knob(GlobalId{50}).maxVolume == 0.0f) == muted);
    CHECK(world.plan().empty());
    world.unmute();
    CHECK(world.server.knob(GlobalId{50}).maxVolume >= 3.0f);
    CHECK_FALSE(world.server.knob(GlobalId{50}).monitorMute);
    world.mute();
    CHECK(world.server.knob(GlobalId{50}).maxVolume == 0.0f);
    CHECK(world.promise().holds);
}

TEST_CASE("what has no volume to be born with is severed as ever") {
    World world(micAndCall);
    world.mute();
    world.say("node 50 raw in-server max=0 born-silent class=Audio/Source name=headset client=10\nport 51 of "
              "50 out");
    CHECK(world.knob("headset") == KnobState::Fails);
    CHECK(world.promise().holds);
}

TEST_CASE("what is silent from birth and none of the guard's concern is opened, muted or not") {
    World world(desk);
    exempt(world, "air");
    world.mute(GENERATE(true, false));
    SECTION("exempt") {
        world.say("node 50 in-server max=0 born-silent class=Audio/Source name=air client=10");
    }
    SECTION("exempt, and told of after it was read") {
        world.say("node 50 class=Audio/Source name=air client=10 max=0");
        CHECK(world.server.knob(GlobalId{50}).maxVolume == 0.0f);
        Node known = world.node("air");
        known.bornSilent = true;
        world.receive(event::NodeInfo{known});
    }
    SECTION("no source") {
        world.say("node 50 in-server max=0 born-silent class=Stream/Output/Audio name=air "
                  "factory=some.source inputs=1 client=10");
    }
    SECTION("there before the guard") {
        FakeServer server = world.server;
        server.say("node 50 in-server max=0 born-silent class=Audio/Source name=mic client=10");
        World next(std::move(server), {}, false);
        next.rest();
        CHECK(next.server.knob(GlobalId{50}).maxVolume == 10.0f);
        return;
    }
    CHECK(world.server.knob(GlobalId{50}).maxVolume == 10.0f);
    CHECK(world.plan().empty());
}

TEST_CASE("what somebody else configured to be silent, and is none of the guard's concern, stays so") {
    World world(desk);
    exempt(world, "air");
    world.say("node 50 in-server max=0 class=Audio/Source name=air client=10");
    CHECK(world.server.knob(GlobalId{50}).maxVolume == 0.0f);
}

TEST_CASE("who has let go of the microphones opens those that are born silent") {
    World world(desk);
    const bool muted = GENERATE(true, false);
    world.mute(muted);
    world.receive(event::Released{true});
    world.say("node 50 in-server max=0 born-silent class=Audio/Source name=headset client=10");
    world.rest();
    CHECK(world.server.knob(GlobalId{50}).maxVolume == 10.0f);
    // It was never the guard's: nothing stands in for it.
    CHECK_FALSE(world.server.knob(GlobalId{50}).mute);
    CHECK(world.server.leftovers().empty());
}

TEST_CASE(
    "whoever gives back after a guard that was muted opens what came since, and mutes what that guard had") {
    World world(desk);
    world.say("node 20 in-server max=0 born-silent class=Audio/Source name=mic client=10");
    world.mute();
    FakeServer server = world.server;
    server.disconnect();
    Model model = world.model;
    model.apply(event::Disconnected{});
    server.say("node 50 in-server max=0 born-silent class=Audio/Source name=headset client=10");
    World next(std::move(server), model.remembered, true);
    next.rest();
    next.receive(event::Released{true, true});
    next.rest();
    CHECK(next.server.knob(GlobalId{20}).mute);
    CHECK_FALSE(next.server.knob(GlobalId{50}).mute);
    CHECK(next.server.leftovers().empty());
}

TEST_CASE("a limit that was set at run time is given back, monitor mute included") {
    World world(micAndCall);
    world.say("knob 20 max=3 monitor-mute");
    world.mute();
    world.unmute();
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 3.0f);
    CHECK(world.server.knob(GlobalId{20}).monitorMute);
}

TEST_CASE("a limit that was read while the microphone was exempt is given back later") {
    World world(desk);
    exempt(world, "mic");
    world.say("node 20 class=Audio/Source name=mic client=10");
    world.say("knob 20 max=2");
    world.receive(event::SettingsLoaded{Settings{}});
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 2.0f);
    world.mute();
    world.unmute();
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 2.0f);
}

TEST_CASE("what the user does to his own mute and volume while muted is his") {
    World world(micAndCall);
    world.mute();
    world.say("knob 20 max=0 monitor-mute mute");
    CHECK(world.plan().empty());
    world.unmute();
    CHECK(world.server.knob(GlobalId{20}).mute);
    CHECK(world.server.audible() == Pairs{});
}

TEST_CASE("a knob that somebody turns up while muted is turned down again") {
    World world(micAndCall);
    world.mute();
    for (int again = 0; again < 5; again++) {
        // The first reading after our own write may be one from before it.
        world.say("knob 20 max=7");
        world.say("knob 20 max=7");
        CHECK(world.server.audible() == Pairs{});
        CHECK(world.server.knob(GlobalId{20}).maxVolume == 0.0f);
    }
    world.unmute();
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 10.0f); // what was there before us, not the attacker's
}

TEST_CASE("a knob that is turned up is not vouched for until it is down again") {
    World world(micAndCall);
    world.mute();
    world.server.stall(true);
    world.say("knob 20 max=7");
    CHECK(world.knob("mic") == KnobState::Pending);
    CHECK_FALSE(world.promise().holds);
}

TEST_CASE("a source whose monitor goes on playing is not silent before its monitor is muted") {
    World world(desk);
    world.say("node 20 class=Audio/Source name=null\nport 21 of 20 out monitor");
    world.mute();
    CHECK(world.knob("null") == KnobState::Holds);
    world.server.stall(true);
    world.say("knob 20 max=0");
    CHECK(world.knob("null") == KnobState::Pending);
}

TEST_CASE("a raw source is kept from the clients instead, in mode silence too") {
    World world(std::string(desk) + R"(
        node 20 class=Audio/Source name=raw client=10 raw
        port 21 of 20 out
        client 30 exe=/usr/bin/call
        node 31 class=Stream/Input/Audio name=call client=30 autoconnect running
        port 32 of 31 in
    )");
    CHECK(world.server.audible() == Pairs{"raw -> call"});
    world.mute();
    CHECK(world.source("raw").sever);
    CHECK(world.source("raw").reason.find("no volume") != std::string::npos);
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
    world.say("link 60 20:21 -> 31:32");
    CHECK(world.server.audible() == Pairs{});
    world.unmute();
    CHECK(world.server.audible() == Pairs{"raw -> call"});
    CHECK(world.server.leftovers() == Words{"client 30 has a look on 1", "client 30 has a look on 10"});
}

TEST_CASE("an output that the adapter does not mix is no business of the knob") {
    World world(std::string(micAndCall) + "port 22 of 20 out format=\"encoded audio\"");
    CHECK(world.knob("mic") == KnobState::Fails);
    world.mute();
    CHECK(world.source("mic").sever);
    CHECK(world.server.audible() == Pairs{});
}

TEST_CASE("a source in another process that never confirms is severed when its time is over") {
    World world(std::string(desk) + R"(
        client 25 exe=/usr/bin/pw-loopback
        node 20 class=Audio/Source name=elsewhere client=25 deaf
        port 21 of 20 out
        client 30 exe=/usr/bin/call
        node 31 class=Stream/Input/Audio name=call client=30 autoconnect running
        port 32 of 31 in
    )");
    world.mute();
    CHECK_FALSE(world.promise().holds);
    CHECK(world.knob("elsewhere") == KnobState::Pending);
    CHECK(world.enforcer.awaited().nodes == std::vector<Serial>{Serial{1020}});
    CHECK(world.plan().empty());
    world.overdue();
    CHECK(world.knob("elsewhere") == KnobState::Fails);
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
    CHECK(world.enforcer.awaited().empty());
    // Should it confirm after all, it is silent by the knob and its listeners get their links back.
    world.say("knob 20 max=0 monitor-mute");
    CHECK_FALSE(world.source("elsewhere").sever);
    CHECK(world.server.linked() == Pairs{"elsewhere -> call"});
    CHECK(world.promise().holds);
}

TEST_CASE("a source that a client had the server make does not suffer when that client does not answer") {
    World world(std::string(desk) + R"(
        client 25 exe=/usr/bin/easyeffects
        node 26 class=Audio/Source/Virtual name=effects client=25 factory=support.null-audio-sink in-server
        port 27 of 26 out monitor
        client 40 exe=/usr/bin/recorder
        node 41 class=Stream/Input/Audio name=recorder client=40 autoconnect running target=effects
        port 42 of 41 in
    )");
    world.receive(event::ModeChosen{Mode::Sever});
    world.say("hang 25");
    world.mute();
    world.overdue();
    CHECK(world.promise().holds);
    CHECK(world.knob("effects") == KnobState::Holds);
    CHECK(world.server.audible() == Pairs{});
    REQUIRE(world.server.graph().node(GlobalId{26}));
    world.mute(false);
    CHECK(world.server.audible() == Pairs{"effects -> recorder"});
}

TEST_CASE("an echo canceller of the server's configuration outlives a mute") {
    World world(std::string(desk) + R"(
        client 25 in-server exe=/usr/bin/pipewire
        node 26 class=Stream/Input/Audio name=cancelled.capture client=25 in-server inputs=2 group=echo-cancel-1 autoconnect running
        port 27 of 26 in
        node 30 class=Audio/Source name=cancelled client=25 in-server outputs=2 group=echo-cancel-1
        port 31 of 30 out
        node 33 class=Stream/Output/Audio name=cancelled.playback client=25 in-server outputs=2 group=echo-cancel-1
        port 34 of 33 out
        client 40 exe=/usr/bin/recorder
        node 41 class=Stream/Input/Audio name=recorder client=40 autoconnect running target=cancelled
        port 42 of 41 in
    )");
    for (const Mode mode : {Mode::Silence, Mode::Sever}) {
        world.receive(event::ModeChosen{mode});
        world.mute();
        world.overdue();
        CHECK(world.promise().holds);
        CHECK(world.server.audible() == Pairs{});
        for (const unsigned id : {26, 30, 33})
            REQUIRE(world.server.graph().node(GlobalId{id}));
        world.mute(false);
        CHECK(world.server.audible().contains("cancelled -> recorder"));
    }
}

TEST_CASE("a process that does not answer keeps nobody else waiting, and everybody is kept from its source") {
    World world(std::string(micAndCall) + R"(
        client 25 exe=/usr/bin/filter
        node 26 class=Audio/Source name=filtered client=25
        port 27 of 26 out
        client 40 exe=/usr/bin/recorder
        node 41 class=Stream/Input/Audio name=recorder client=40 autoconnect running target=filtered
        port 42 of 41 in
    )");
    REQUIRE(world.server.audible() == Pairs{"mic -> call", "filtered -> recorder"});
    world.say("hang 25");
    world.mute();
    CHECK(world.knob("mic") == KnobState::Holds);
    CHECK(world.knob("filtered") == KnobState::Pending);
    CHECK(world.promise().waiting == std::vector<std::string>{"filtered"});
    CHECK_FALSE(world.enforcer.quiet());
    world.overdue();
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
    CHECK(world.enforcer.quiet());
    const auto warned = [&] {
        const auto warnings = world.view().guard.warnings;
        return std::any_of(warnings.begin(), warnings.end(),
                           [](const WarningView& warning) { return warning.id == "unanswered:filtered"; });
    };
    CHECK(warned());
    // A newcomer is silenced as ever.
    world.say("node 50 class=Audio/Source name=headset client=10\nport 51 of 50 out");
    CHECK(world.knob("headset") == KnobState::Holds);

    SECTION("it answers while muted: silent by its own volume, and heard by whoever was cut off") {
        world.say("answer 25");
        CHECK(world.knob("filtered") == KnobState::Holds);
        CHECK_FALSE(world.source("filtered").sever);
        CHECK(world.server.audible() == Pairs{});
        CHECK_FALSE(warned());
        world.unmute();
        CHECK(world.server.audible() == Pairs{"mic -> call", "filtered -> recorder"});
    }
    SECTION("it answers only after the unmute") {
        world.unmute();
        CHECK(world.server.audible() == Pairs{"mic -> call", "filtered -> recorder"});
        world.say("answer 25");
        CHECK(world.server.audible() == Pairs{"mic -> call", "filtered -> recorder"});
        CHECK(world.enforcer.quiet());
        CHECK_FALSE(warned());
        world.mute();
        CHECK(world.server.audible() == Pairs{});
    }
    SECTION("it goes") {
        world.say("gone 25");
        CHECK(world.promise().holds);
        CHECK(world.enforcer.quiet());
        CHECK_FALSE(world.model.applied.processes.contains(Serial{1025}));
    }
}

TEST_CASE("a source that names a client as its owner and outlives him is silenced all the same") {
    World world(std::string(micAndCall) + R"(
        client 25 exe=/usr/bin/straw
        client 40 exe=/usr/bin/recorder
        node 41 class=Stream/Input/Audio name=recorder client=40 autoconnect running target=forged
        port 42 of 41 in
    )");
    world.mute();
    world.say("hang 25\nnode 50 class=Audio/Source name=forged client=25\nport 51 of 50 out");
    CHECK(world.knob("forged") == KnobState::Pending);
    // The server made it, so it stays when he goes. (The fake one lets all of a client's nodes go with him.)
    world.apply(event::Removed{GlobalId{25}});
    world.rest();
    CHECK(world.knob("forged") == KnobState::Holds);
    CHECK(world.promise().holds);
}

TEST_CASE("what a process was asked is asked anew when the connection is lost over which it was") {
    World world(std::string(micAndCall) +
                "client 25\nnode 50 class=Audio/Source name=filtered client=25\nport 51 of 50 out");
    world.say("hang 25");
    world.mute();
    world.overdue();
    REQUIRE(world.knob("filtered") == KnobState::Fails);
    const auto asked = world.server.performed.size();
    world.receive(event::ProcessLost{GlobalId{25}});
    CHECK(world.server.performed.size() > asked);
    world.say("answer 25");
    CHECK(world.knob("filtered") == KnobState::Holds);
    world.unmute();
    CHECK(world.knob("filtered") == KnobState::Open);
}

TEST_CASE("a new source whose process never answers keeps nobody deaf after the unmute") {
    World world{std::string(micAndCall)};
    world.receive(event::ModeChosen{GENERATE(Mode::Silence, Mode::Sever)});
    world.say("client 25\nhang 25\nnode 50 class=Audio/Source name=mute-one client=25\nport 51 of 50 out");
    world.overdue();
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    world.mute();
    world.overdue();
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
    world.unmute();
    world.overdue();
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("one process too many is not asked, and cut off while muted, until another one goes") {
    std::string graph{micAndCall};
    for (int i = 0; i < 33; i++) {
        const std::string client = std::to_string(100 + i), node = std::to_string(200 + i),
                          port = std::to_string(300 + i);
        graph += "client " + client + "\n";
        graph += "node " + node + " class=Audio/Source name=s" + std::to_string(i) + " client=" + client +
                 "\nport " + port + " of " + node + " out\n";
    }
    graph += "client 40 exe=/usr/bin/recorder\nnode 41 class=Stream/Input/Audio name=recorder client=40 "
             "autoconnect running "
             "target=s32\nport 42 of 41 in\n";
    World world(graph);
    const auto live = world.server.audible();
    REQUIRE(live.contains("s32 -> recorder"));
    world.mute();
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
    CHECK(world.knob("mic") == KnobState::Holds);
    world.unmute();
    CHECK(world.server.audible() == live);
    world.mute();
    world.say("gone 100\ngone 101");
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
    CHECK(world.knob("s32") == KnobState::Holds);
    world.unmute();
    CHECK(world.server.audible() == live);
}

TEST_CASE("a session manager that does not answer keeps no sound card from being silenced") {
    World world(std::string(desk) + R"(
        device 15 name=card client=10
        route 15 index=0 profile=1 hw-mute
        node 20 class=Audio/Source name=mic client=10 device=15 profile=1 in-server
        port 21 of 20 out
    )");
    world.say("hang 10");
    world.mute();
    CHECK(world.knob("mic") == KnobState::Holds);
    CHECK(world.promise().holds);
}

TEST_CASE("a process that never confirms and keeps talking cannot keep the guard busy by itself") {
    World world(std::string(desk) + "client 25\nnode 20 class=Audio/Source name=elsewhere client=25 deaf");
    world.mute();
    world.overdue();
    world.server.performed.clear();
    for (int again = 0; again < 20; again++)
        world.say("knob 20 max=10");
    CHECK(world.server.performed.size() <= 20);
    CHECK(world.knob("elsewhere") == KnobState::Fails); // talking is no confirming
    CHECK(world.source("elsewhere").sever);
    CHECK(world.plan().empty());
}

TEST_CASE("nobody but the guard and the session manager keeps more than a look at their connections") {
    World world(std::string(micAndCall) + R"(
        client 2 self
        client 11 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service
    )");
    for (const std::uint32_t protectedId : {1U, 2U, 10U, 11U}) {
        CHECK(world.server.permission(GlobalId{30}, GlobalId{protectedId}) == permission::readOnly);
        for (const std::uint32_t trusted : {1U, 2U, 10U, 11U})
            CHECK(world.server.permission(GlobalId{trusted}, GlobalId{protectedId}) != permission::readOnly);
    }
    world.say("client 60 name=wireplumber exe=/usr/bin/evil socket=pipewire-0-manager");
    CHECK(world.server.permission(GlobalId{60}, GlobalId{10}) == permission::readOnly);
    CHECK(world.server.permission(GlobalId{60}, GlobalId{1}) == permission::readOnly);
    world.say("client 61 exe=/usr/bin/late\nclient 3 self");
    CHECK(world.server.permission(GlobalId{61}, GlobalId{3}) == permission::readOnly);
    CHECK(world.plan().empty());
}

TEST_CASE("a look is never taken for more after the object is gone and its id used again") {
    World world(micAndCall);
    world.say("client 3 self");
    CHECK(world.server.permission(GlobalId{30}, GlobalId{3}) == permission::readOnly);
    world.say("gone 3\nclient 3 serial=9003 exe=/usr/bin/other");
    CHECK(world.plan().empty());
    CHECK(world.server.permission(GlobalId{30}, GlobalId{3}) != permission::readOnly);
    CHECK(world.server.permission(GlobalId{3}, GlobalId{1}) == permission::readOnly);
    CHECK(contains(world.server.leftovers(), "client 3 has a look on 1"));
}

TEST_CASE("while it is not known whether there is a server, nothing is promised") {
    World world(micAndCall);
    world.model.apply(event::Disconnected{true});
    world.model.apply(event::UserMute{true, "", "", 1});
    CHECK_FALSE(world.promise().holds);
    CHECK(world.view().guard.state == "muting");
    world.model.apply(event::Disconnected{false});
    CHECK(world.promise().holds);
}

TEST_CASE("muted again before it was read to be open, a source gets its monitor's mute back as it was") {
    World world(micAndCall);
    world.mute();
    REQUIRE(world.node("mic").knob.monitorMute);
    // Both go out before the server has told of the first.
    world.apply(event::UserMute{false, "", "", world.now += 1000});
    world.enforcer.settle();
    world.apply(event::UserMute{true, "", "", world.now += 1000});
    world.enforcer.settle();
    world.rest();
    world.unmute();
    CHECK_FALSE(world.node("mic").knob.monitorMute);
    CHECK(world.node("mic").knob.maxVolume == 10.0f);
}

TEST_CASE("a monitor that somebody opens again is closed again, and it is said") {
    World world(std::string(desk) + "node 20 class=Audio/Source name=null\nport 21 of 20 out monitor\n"
                                    "client 30\nnode 31 name=call client=30 running\nport 32 of 31 in\n"
                                    "link 33 20:21 -> 31:32");
    world.mute();
    REQUIRE(world.knob("null") == KnobState::Holds);
    world.say("knob 20 max=0");
    world.say("knob 20 max=0");
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.knob("null") == KnobState::Holds);
    CHECK(world.model.warnings.contains("knob:null"));
    CHECK(world.plan().empty());
}
