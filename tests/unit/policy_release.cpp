// SPDX-License-Identifier: GPL-3.0-or-later
//
// Letting go: nothing of the guard's is left, and no microphone opens because the guard went. And the way
// back.
#include "daemon/state/memory.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Words = std::vector<std::string>;
using Pairs = std::set<std::string>;

constexpr std::string_view card = R"(
client 1 self
client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service links
device 15 name=card
route 15 index=0 profile=1 hw-mute
route 15 index=1 profile=2 hw-mute
route 15 index=2 profile=1 output hw-mute
node 20 class=Audio/Source name=mic client=10 device=15 profile=1
port 21 of 20 out
client 30 exe=/usr/bin/call name=Call
node 31 class=Stream/Input/Audio name=call client=30 autoconnect running
port 32 of 31 in
)";

// By the server's own rules, and never used.
constexpr std::string_view bornSilent =
    "node 20 in-server max=0 born-silent class=Audio/Source name=mic client=10\nport 21 of 20 out";

bool routeMuted(const World& world, std::uint32_t index) {
    return world.server.graph().devices.at(GlobalId{15}).routes.at(index).mute;
}

bool sentBefore(const Words& words, const std::string& first, const std::string& second) {
    const auto a = std::find(words.begin(), words.end(), first);
    const auto b = std::find(words.begin(), words.end(), second);
    return a != words.end() && b != words.end() && a < b;
}

} // namespace

TEST_CASE("released while live, nothing is left behind") {
    World world(card);
    world.receive(event::Released{true});
    CHECK(world.server.leftovers().empty());
    CHECK_FALSE(world.server.knob(GlobalId{20}).mute);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(world.plan().empty());
}

TEST_CASE("released while muted, the user's own mute takes the guard's place before the knob opens") {
    for (const Mode mode : {Mode::Silence, Mode::Sever}) {
        World world(card);
        world.receive(event::ModeChosen{mode});
        world.mute();
        world.server.performed.clear();
        world.receive(event::Released{true});
        CHECK(world.server.leftovers().empty());
        CHECK(world.server.knob(GlobalId{20}).mute);
        CHECK(world.server.audible() == Pairs{});
        CHECK(world.server.linked() == Pairs{"mic -> call"});
        CHECK(sentBefore(world.sent(), "user-mute 20 on", "knob 20 10.000000"));
        CHECK(routeMuted(world, 0)); // desktops mute by the route
        CHECK_FALSE(routeMuted(world, 2));
        CHECK(world.plan().empty());
    }
}

TEST_CASE("the user's mute of a microphone that is silent from birth and was never used is read back, too") {
    FakeServer server = World(desk).server;
    server.say(bornSilent);
    World world(std::move(server), {}, true);
    REQUIRE(world.source("mic").silent);
    world.receive(event::Released{true});
    CHECK(world.server.knob(GlobalId{20}).mute);
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 10.0f);
    CHECK_FALSE(world.server.knob(GlobalId{20}).monitorMute);
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.server.leftovers().empty());
}

TEST_CASE("the knob does not open before the user's mute was read back") {
    World world(card);
    world.mute();
    world.server.stall(true);
    world.receive(event::Released{true});
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 0.0f);
    world.apply(event::Acknowledged{world.model.applied.sent});
    world.rest();
    const auto sent = world.sent();
    CHECK(std::count(sent.begin(), sent.end(), "knob 20 10.000000") == 0);
    world.server.stall(false);
    world.rest();
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 10.0f);
    CHECK(world.server.knob(GlobalId{20}).mute);
}

// A process tells of its card's routes before it answers what it was asked.
TEST_CASE("a route that is read after the release has begun is muted in the guard's place like one that was "
          "known") {
    World world(desk);
    world.say("device 15 name=card client=10\n"
              "node 20 class=Audio/Source name=mic client=10 device=15 profile=1\nport 21 of 20 out");
    world.mute();
    world.server.stall(true);
    world.receive(event::Released{true});
    world.server.stall(false);
    world.say("route 15 index=0 profile=1 hw-mute");
    CHECK(world.server.knob(GlobalId{20}).mute);
    CHECK(routeMuted(world, 0));
    CHECK(world.plan().empty());
    // Whoever unmutes it now means it.
    world.say("routes 15 0 unmute");
    CHECK_FALSE(routeMuted(world, 0));
}

TEST_CASE("a release waits for a card's process to tell of its routes, also where the microphone is in the "
          "server") {
    World world(desk);
    world.say("device 15 name=card client=10\n"
              "node 20 in-server class=Audio/Source name=mic device=15 profile=1\nport 21 of 20 out");
    world.mute();
    world.server.say("hang 10");
    world.receive(event::Released{true});
    CHECK(world.server.knob(GlobalId{20}).mute);
    CHECK_FALSE(world.enforcer.allAnswered());
    world.say("route 15 index=0 profile=1 hw-mute\nanswer 10");
    CHECK(routeMuted(world, 0));
    CHECK(world.enforcer.allAnswered());
    CHECK(world.plan().empty());
}

TEST_CASE("what no ordinary tool can mute stays shut when the guard goes while muted") {
    World world(std::string(desk) + R"(
        node 20 class=Audio/Source name=locked client=10 locked
        port 21 of 20 out
        node 22 class=Audio/Source name=raw client=10 raw
        port 23 of 22 out
        client 30
        node 31 name=call client=30 running
        port 32 of 31 in
        link 33 20:21 -> 31:32
        link 34 22:23 -> 31:32
    )");
    world.mute();
    world.receive(event::Released{true});
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 0.0f);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{22}) == permission::none);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{1}) != permission::readOnly);
    CHECK(world.plan().empty());
}

TEST_CASE("released in sever, a stream of a source that stays silent is shown to the session manager again") {
    World world(std::string(desk) + R"(
        node 20 class=Audio/Source name=mic client=10 locked
        port 21 of 20 out
        client 30 exe=/usr/bin/call name=Call
        node 31 class=Stream/Input/Audio name=call client=30 autoconnect running
        port 32 of 31 in
    )");
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    REQUIRE(world.server.linked() == Pairs{});
    world.receive(event::Released{true});
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 0.0f);
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.server.linked() == Pairs{"mic -> call"});
    CHECK(world.server.permission(GlobalId{30}, GlobalId{20}) != permission::none);
    CHECK(world.server.permission(GlobalId{10}, GlobalId{31}) != permission::none);
    CHECK(world.plan().empty());
}

TEST_CASE("what no ordinary tool can mute is open when the guard goes while live") {
    World world(std::string(desk) + "node 20 class=Audio/Source name=locked client=10 locked");
    world.mute();
    world.unmute();
    world.receive(event::Released{true});
    CHECK(world.server.leftovers().empty());
}

TEST_CASE("an exempt microphone is not muted on the user's behalf") {
    World world(card);
    Settings settings;
    settings.sources.exempt = {"mic"};
    world.receive(event::SettingsLoaded{settings});
    world.mute();
    world.receive(event::Released{true});
    CHECK_FALSE(world.server.knob(GlobalId{20}).mute);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("the guard that comes back after a release takes over from the user's mute without a gap") {
    World before(card);
    before.mute();
    before.receive(event::Released{true});
    Remembered remembered;
    remembered.userMuted = {"mic"};
    World world(std::move(before.server), remembered, true);
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 0.0f);
    CHECK(sentBefore(world.sent(), "knob 20 silent monitor-mute", "user-mute 20 off"));
    CHECK(world.model.remembered.userMuted.empty());
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK_FALSE(world.server.knob(GlobalId{20}).mute); // until then by the lamp of the hardware
    CHECK_FALSE(routeMuted(world, 0));
}

TEST_CASE("coming back unmuted lifts the mute that stood in for it, and no other") {
    World before(std::string(card) + "node 50 class=Audio/Source name=other client=10\nknob 50 mute");
    before.mute();
    before.receive(event::Released{true});
    Remembered remembered;
    remembered.userMuted = {"mic"};
    World world(std::move(before.server), remembered, false);
    CHECK_FALSE(world.server.knob(GlobalId{20}).mute);
    CHECK(world.server.knob(GlobalId{50}).mute);
}

TEST_CASE("the mute that stood in for the guard is lifted on a source that comes back later") {
    World world(desk);
    world.model.remembered.userMuted = {"headset"};
    world.say("node 50 class=Audio/Source name=headset client=10\nknob 50 mute");
    CHECK_FALSE(world.server.knob(GlobalId{50}).mute);
    world.say("knob 50 mute"); // the user's own now
    CHECK(world.server.knob(GlobalId{50}).mute);
}

TEST_CASE(
    "the mute that stood in for the guard is not lifted while nothing else is known to hold the source") {
    World world(desk);
    world.model.remembered.userMuted = {"elsewhere"};
    world.mute();
    world.server.say(
        "node 50 class=Audio/Source name=elsewhere deaf\nport 51 of 50 out\nknob 50 max=10 mute");
    world.rest();
    const auto lifted = [&] {
        const auto sent = world.sent();
        return std::count(sent.begin(), sent.end(), "user-mute 50 off") > 0;
    };
    CHECK(world.knob("elsewhere") == KnobState::Pending);
    CHECK_FALSE(lifted());
    world.say("knob 50 max=0 monitor-mute mute");
    CHECK(world.knob("elsewhere") == KnobState::Holds);
    CHECK(lifted());
}

TEST_CASE("the switch of the hardware follows the mute where there is one") {
    World world(card);
    world.mute();
    CHECK(routeMuted(world, 0));
    CHECK_FALSE(routeMuted(world, 1)); // of another node
    CHECK_FALSE(routeMuted(world, 2)); // an output
    CHECK(world.plan().empty());
    world.unmute();
    CHECK_FALSE(routeMuted(world, 0));
    CHECK(world.plan().empty());
}

TEST_CASE("a route that the session manager keeps is kept when its switch is given back, and only then") {
    World world(card);
    const auto kept = [&](std::uint32_t index) {
        for (const auto& action : world.server.performed)
            if (const auto* set = std::get_if<action::SetRouteMute>(&action);
                set && set->route == index && !set->mute)
                return set->save;
        FAIL("not given back");
        return false;
    };
    world.mute();
    SECTION("the user chose a volume meanwhile") {
        world.say("routes 15 0 mute save");
        world.unmute();
        CHECK(kept(0));
    }
    SECTION("nobody did anything") {
        world.unmute();
        CHECK_FALSE(kept(0));
    }
}

TEST_CASE("a card that goes with our mute in store is given back when it is there again") {
    World world(card);
    world.mute();
    world.say("routes 15 0 mute save\ngone 20\ngone 15");
    const std::string again =
        "device 15 name=card serial=9015\nroute 15 index=0 profile=1 hw-mute mute save\n"
        "node 20 class=Audio/Source name=mic client=10 device=15 profile=1 serial=9020\n"
        "port 21 of 20 out serial=9021";
    SECTION("while muted") {
        world.say(again);
        CHECK(routeMuted(world, 0));
        world.unmute();
    }
    SECTION("after the unmute") {
        world.unmute();
        world.say(again);
    }
    CHECK_FALSE(routeMuted(world, 0));
    CHECK(world.model.remembered.ledsStored.empty());
    // What the user mutes now is his.
    world.say("routes 15 0 mute");
    world.mute();
    world.unmute();
    CHECK(routeMuted(world, 0));
}

TEST_CASE("a route that has just appeared is left to the session manager, which may restore the user's mute "
          "of it") {
    World world(desk);
    world.mute();
    world.routesSettle = false;
    world.say("device 15 name=card\nroute 15 index=0 profile=1 hw-mute\n"
              "node 20 class=Audio/Source name=mic client=10 device=15 profile=1\nport 21 of 20 out");
    CHECK_FALSE(routeMuted(world, 0));
    SECTION("it does") {
        world.say("routes 15 0 mute");
        world.settleRoutes();
        world.rest();
        world.unmute();
        CHECK(routeMuted(world, 0));
    }
    SECTION("it does not") {
        world.settleRoutes();
        world.rest();
        CHECK(routeMuted(world, 0));
        world.unmute();
        CHECK_FALSE(routeMuted(world, 0));
    }
}

TEST_CASE("the switch is left alone without hw-mute or when it is not wanted") {
    World plain(std::string(desk) +
                "device 15\nroute 15 profile=1\nnode 20 class=Audio/Source device=15 profile=1");
    plain.mute();
    CHECK_FALSE(routeMuted(plain, 0));
    World world(card);
    Settings settings;
    settings.mute.led = false;
    world.receive(event::SettingsLoaded{settings});
    world.mute();
    CHECK_FALSE(routeMuted(world, 0));
    settings.mute.led = true;
    world.receive(event::SettingsLoaded{settings});
    CHECK(routeMuted(world, 0));
    settings.mute.led = false;
    world.receive(event::SettingsLoaded{settings});
    CHECK_FALSE(routeMuted(world, 0));
}

TEST_CASE("a switch that was on before the mute stays on after it") {
    World world(card);
    world.say("routes 15 0 mute");
    world.mute();
    world.unmute();
    CHECK(routeMuted(world, 0));
}

TEST_CASE("a switch that the user turns while muted is his, until the next mute") {
    World world(card);
    world.mute();
    world.say("routes 15 0 unmute");
    CHECK_FALSE(routeMuted(world, 0));
    CHECK(world.plan().empty());
    CHECK(world.server.audible() == Pairs{});
    world.say("routes 15 0 mute");
    world.unmute();
    CHECK(routeMuted(world, 0)); // he turned it on himself
    world.say("routes 15 0 unmute");
    world.mute();
    CHECK(routeMuted(world, 0));
    world.unmute();
    CHECK_FALSE(routeMuted(world, 0));
}

TEST_CASE("a switch that the user took back is the guard's again at the next mute, also if nothing else was "
          "to be done") {
    World world(card);
    world.mute();
    world.say("routes 15 0 unmute\ngone 20");
    world.unmute();
    world.say("node 40 class=Audio/Source name=mic client=10 device=15 profile=1\nport 41 of 40 out");
    world.mute();
    CHECK(routeMuted(world, 0));
}

TEST_CASE("a switch that never reads muted is given back all the same") {
    World world(card);
    world.server.routesStale = true;
    world.mute();
    CHECK(routeMuted(world, 0));
    world.unmute();
    CHECK_FALSE(routeMuted(world, 0));
    CHECK(world.plan().empty());
}

TEST_CASE("released while muted the switch stays on in the guard's place") {
    World world(card);
    world.mute();
    world.receive(event::Released{true});
    CHECK(routeMuted(world, 0));
}

TEST_CASE("a mute that comes while the guard lets go is answered when the user's own stands in for it") {
    World world(card);
    world.server.stall(true);
    world.receive(event::Released{true});
    world.apply(event::UserMute{true, "", "", 1});
    world.enforcer.settle();
    CHECK_FALSE(world.promise().holds);
    world.server.stall(false);
    world.rest();
    CHECK(world.promise().holds);
    CHECK(world.server.knob(GlobalId{20}).mute);
    CHECK(routeMuted(world, 0));
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.server.leftovers().empty());
}

TEST_CASE("a mute that is not confirmed yet is not confirmed by letting go") {
    World world(micAndCall);
    world.server.stall(true);
    world.apply(event::UserMute{true, "", "", 1});
    world.enforcer.settle();
    world.apply(event::Released{true});
    world.enforcer.settle();
    REQUIRE(world.server.audible() == Pairs{"mic -> call"});
    CHECK_FALSE(world.promise().holds);
    world.server.stall(false);
    world.rest();
    CHECK(world.promise().holds);
    CHECK(world.server.audible() == Pairs{});
}

TEST_CASE("a mute that stood in for the guard and was lifted meanwhile is owed no more") {
    World before(micAndCall);
    before.mute();
    before.receive(event::Released{true});
    before.server.say("knob 20 max=10"); // pactl unmutes
    Remembered remembered;
    remembered.userMuted = {"mic"};
    World world(std::move(before.server), remembered, false);
    CHECK(world.model.remembered.userMuted.empty());
    world.say("knob 20 mute"); // the user's own
    CHECK(world.server.knob(GlobalId{20}).mute);
}

TEST_CASE("what the user had muted himself before the guard went is not lifted by the next one") {
    const std::string_view graph = GENERATE(micAndCall, card);
    World before(graph);
    before.say(graph == card ? "routes 15 0 mute" : "knob 20 mute");
    before.mute();
    before.receive(event::Released{true});
    const auto memory = readMemory(writeState(before.model, false));
    REQUIRE(memory);
    World world(std::move(before.server), memory->remembered, false);
    if (graph == card)
        CHECK(routeMuted(world, 0));
    else
        CHECK(world.server.knob(GlobalId{20}).mute);
}

TEST_CASE("what the guard's own lamp had muted is given back by the next guard") {
    World before(card);
    before.mute();
    REQUIRE(routeMuted(before, 0));
    before.receive(event::Released{true});
    const auto memory = readMemory(writeState(before.model, false));
    REQUIRE(memory);
    World world(std::move(before.server), memory->remembered, false);
    CHECK_FALSE(routeMuted(world, 0));
    CHECK_FALSE(world.server.knob(GlobalId{20}).mute);
}

TEST_CASE("who gives back after a killed guard knows what that one kept everybody from, without having done "
          "so himself") {
    for (const bool known : {false, true}) {
        World world(micAndCall);
        world.model.applied.permissions.clear(); // it is in no marker
        if (known)
            world.enforcer.adoptProtection();
        world.receive(event::Released{true, true});
        world.rest();
        CHECK(world.server.leftovers().empty() == known);
    }
}

TEST_CASE("what passes by to give back mutes nothing that it finds open") {
    World world(micAndCall);
    world.model.mute.user = true; // as the state file of the guard before has it
    world.receive(event::Released{true, true});
    world.rest();
    CHECK_FALSE(world.server.knob(GlobalId{20}).mute);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE(
    "a source whose outputs are monitors is not opened on the strength of a mute that does not reach them") {
    World world(std::string(desk) + "node 20 class=Audio/Source name=plain\nport 21 of 20 out monitor\n");
    world.say("knob 20 plain");
    world.mute();
    world.receive(event::Released{true});
    CHECK((world.server.knob(GlobalId{20}).maxVolume == 0.0f && world.server.knob(GlobalId{20}).monitorMute));
}

TEST_CASE("a debt does not lapse on the reading of a source that tells nobody of its mute") {
    World world(desk);
    world.model.remembered.userMuted = {"mic"};
    world.mute();
    world.routesSettle = false;
    world.say(bornSilent);
    // Restored by the session manager, and told to nobody.
    world.server.perform(action::SetUserMute{GlobalId{20}, true, std::nullopt, std::nullopt});
    world.settleRoutes();
    world.rest();
    world.unmute();
    CHECK_FALSE(world.server.knob(GlobalId{20}).mute);
}

TEST_CASE("what stands in is owed also if the connection is cut before its end") {
    World world(micAndCall);
    world.mute();
    world.apply(event::Released{true});
    world.enforcer.settle();
    world.reconnect();
    CHECK(readMemory(writeState(world.model, false))->remembered.userMuted.contains("mic"));
}

TEST_CASE("a mute whose lifting nobody was told of is not the user's at the next release") {
    World world(desk);
    world.model.remembered.userMuted = {"mic"};
    world.mute();
    world.routesSettle = false;
    world.say(bornSilent);
    world.say("knob 20 max=0 mute");
    world.receive(event::Released{true});
    CHECK(readMemory(writeState(world.model, false))->remembered.userMuted.contains("mic"));
}

TEST_CASE("a mute pressed while the guard lets go reaches what came before it") {
    World world(micAndCall);
    world.receive(event::Released{true});
    world.say("node 50 class=Audio/Source name=headset client=10\nport 51 of 50 out");
    world.mute();
    CHECK(world.promise().holds);
    CHECK(world.server.knob(GlobalId{50}).mute);
}

TEST_CASE("a route whose reading is old makes no mute of the guard's the user's") {
    World before(card);
    before.mute();
    before.server.routesStale = true;
    before.unmute();
    before.mute();
    before.receive(event::Released{true});
    World world(std::move(before.server), readMemory(writeState(before.model, false))->remembered, false);
    CHECK_FALSE(world.server.knob(GlobalId{20}).mute);
}

TEST_CASE("let go of, a microphone whose own mute does not reach monitors is muted so if it has none") {
    const bool monitor = GENERATE(true, false);
    World world(std::string(micAndCall) + (monitor ? "port 22 of 20 out monitor\n" : ""));
    world.say("knob 20 plain");
    world.mute();
    world.receive(event::Released{true});
    CHECK(world.server.knob(GlobalId{20}).mute != monitor);
}

TEST_CASE("let go of while something goes through, what was found silent is not written anew") {
    const bool running = GENERATE(true, false);
    World before(std::string(desk) + "node 20 class=Audio/Source name=mic client=10 " +
                 (running ? "running" : "idle") + "\nport 21 of 20 out");
    before.mute();
    Remembered memory;
    rememberApplied(before.model, memory);
    World world(before.server, memory, true);
    world.server.performed.clear();
    world.receive(event::Released{true});
    const auto& performed = world.server.performed;
    const bool written = std::any_of(performed.begin(), performed.end(), [](const Action& action) {
        const auto* knob = std::get_if<action::SetKnob>(&action);
        return knob && knob->silent;
    });
    CHECK(written != running);
    CHECK(world.server.knob(GlobalId{20}).mute);
}
