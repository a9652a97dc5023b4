// SPDX-License-Identifier: GPL-3.0-or-later
//
// The plan on its own: restrictive first, nothing repeated, nothing done to what is gone.
#include "daemon/policy/plan.hpp"
#include "tests/unit/world.hpp"

#include <map>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Words = std::vector<std::string>;

// Where an action stands in the order from shutting to opening.
int stage(const Action& action) {
    if (const auto* knob = std::get_if<action::SetKnob>(&action))
        return knob->silent ? 0 : 4;
    if (const auto* update = std::get_if<action::UpdatePermissions>(&action))
        return update->objects.front().second == permission::byDefault ? 2 : 1;
    if (std::holds_alternative<action::Destroy>(action))
        return 1;
    if (std::holds_alternative<action::CreateLink>(action))
        return 3;
    return -1; // switches and the user's own mute: compared where they are tested
}

} // namespace

TEST_CASE("a plan shuts before it opens") {
    // One microphone is about to be opened (its exemption is new), everything else to be shut.
    World world(std::string(micAndCall) + R"(
        node 50 class=Audio/Source name=line client=10
        port 51 of 50 out
        client 60
        node 61 name=jack client=60
        port 62 of 61 in
        link 63 50:51 -> 61:62
        node 71 class=Stream/Input/Audio name=module
        port 72 of 71 in
        link 73 20:21 -> 71:72
    )");
    world.receive(event::ModeChosen{Mode::Sever});
    Settings settings;
    settings.sources.exempt = {"mic"};
    world.receive(event::SettingsLoaded{settings});
    world.mute();
    settings.sources.exempt = {"line"};
    world.model.apply(event::SettingsLoaded{settings});
    const auto plan = world.plan();
    REQUIRE(plan.size() >= 6);
    // Revoking comes before granting client by client, but hiding a stream from the session manager may
    // follow.
    int last = 0;
    for (const auto& action : plan) {
        const auto* update = std::get_if<action::UpdatePermissions>(&action);
        if (stage(action) < 0 || (update && update->client == GlobalId{10}))
            continue;
        INFO(describe(action));
        CHECK(stage(action) >= last);
        last = stage(action);
    }
    CHECK(last == 4);
}

TEST_CASE("once its actions are recorded the plan is empty, acknowledged or not") {
    for (const Mode mode : {Mode::Silence, Mode::Sever}) {
        World world(std::string(micAndCall) +
                    "node 50 class=Audio/Source name=raw client=10 raw\nport 51 of 50 out");
        world.model.apply(event::ModeChosen{mode});
        world.model.apply(event::UserMute{true, "", "", 5});
        const auto first = world.plan();
        REQUIRE_FALSE(first.empty());
        recordSent(world.model, first, 1000);
        CHECK(world.plan().empty());
        CHECK(world.model.applied.sent == 1000);
        // What the server does of it, it tells ahead of the acknowledgement.
        for (const auto& action : first)
            world.server.perform(action);
        while (world.step())
            CHECK(world.plan().empty());
        world.model.apply(event::Acknowledged{1000});
        CHECK(world.plan().empty());
        world.model.apply(event::UserMute{false, "", "", 6});
        const auto second = world.plan();
        REQUIRE_FALSE(second.empty());
        recordSent(world.model, second, 1001);
        CHECK(world.plan().empty());
    }
}

TEST_CASE("without a connection there is nothing to be done") {
    World world(micAndCall);
    world.model.apply(event::UserMute{true, "", "", 5});
    world.model.apply(event::Disconnected{});
    CHECK(world.plan().empty());
}

TEST_CASE("recording what was sent to an object that is already gone records nothing") {
    Model model;
    model.apply(event::Connected{});
    recordSent(model,
               {action::SetKnob{GlobalId{5}}, action::UpdatePermissions{GlobalId{6}, {{GlobalId{7}, 0}}},
                action::Destroy{GlobalId{8}}, action::CreateLink{}, action::SetRouteMute{GlobalId{9}},
                action::SetUserMute{GlobalId{10}}, action::Admit{GlobalId{11}, permission::all},
                action::Shield{GlobalId{12}, {GlobalId{13}}, true, 4}, action::Suspend{GlobalId{14}},
                action::OpenPorts{GlobalId{15}}, action::SetPanelMute{GlobalId{16}}},
               3);
    CHECK(model.applied.knobs.empty());
    CHECK(model.applied.permissions.empty());
    CHECK(model.applied.destroyAsked.empty());
    CHECK(model.applied.leds.empty());
    CHECK(model.applied.userMuted.empty());
    CHECK(model.applied.admitted.empty());
    CHECK(model.applied.renewing.empty());
    CHECK(model.applied.portsAsked.empty());
    CHECK(model.applied.panel.empty());
    CHECK(model.applied.processes.empty());
    CHECK(model.applied.sent == 3);
}

TEST_CASE("a reconnect clears what was applied and everything is put in force again") {
    World world(micAndCall);
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    world.server.performed.clear();
    world.reconnect();
    CHECK(world.promise().holds);
    CHECK(world.server.audible().empty());
    CHECK_FALSE(world.server.performed.empty());
    world.unmute();
    CHECK(world.server.audible() == std::set<std::string>{"mic -> call"});
}

// What is asked for next would otherwise pass for done: a newcomer would be opened before he was silent.
TEST_CASE("an acknowledgement of what was never sent acknowledges nothing") {
    World world(desk);
    const auto sent = world.model.applied.sent;
    const auto process = GENERATE(std::optional<GlobalId>{}, std::optional(GlobalId{10}));
    world.server.say(std::string("node 20 class=Audio/Source name=mic") + (process ? " client=10" : "") +
                     "\nport 21 of 20 out");
    while (const auto event = world.server.next())
        world.model.apply(*event);
    recordSent(world.model, world.plan(), sent + 1);
    CHECK(world.plan().empty());
    world.model.apply(event::Acknowledged{sent + 2, process});
    CHECK(world.plan().empty());
    CHECK(world.knob("mic") == KnobState::Pending);
    world.model.apply(event::Acknowledged{sent + 1, process});
    CHECK_FALSE(world.plan().empty()); // opened, now that it was silent
}

TEST_CASE("an acknowledgement of the connection before is not taken for one of this") {
    World world(micAndCall);
    world.mute();
    const auto old = world.model.applied.sent;
    world.model.apply(event::Disconnected{});
    world.server.disconnect();
    world.server.connect();
    world.server.stall(true);
    world.rest();
    CHECK(world.model.applied.sent > old);
    world.model.apply(event::Acknowledged{old});
    CHECK_FALSE(world.enforcer.quiet());
}

TEST_CASE("what is told to somebody of objects that are gone is not taken to be in force") {
    World world(micAndCall);
    const GlobalId call{30}, gone{4711};
    const auto before = world.model.applied.permissions;
    recordSent(world.model, {action::UpdatePermissions{call, {{gone, permission::none}}}}, 500);
    CHECK(world.model.applied.permissions.size() == before.size());
    CHECK(world.model.applied.permissions.at(Serial{1030}).size() == before.at(Serial{1030}).size());
}

TEST_CASE("of the links that were cut only the one that is made anew is forgotten") {
    World world(std::string(micAndCall) + "port 33 of 31 in\nport 22 of 20 out\n");
    const CutLink left{Serial{1020}, Serial{1021}, Serial{1032}},
        right{Serial{1020}, Serial{1022}, Serial{1033}}, mixed{Serial{1020}, Serial{1021}, Serial{1033}};
    world.model.applied.cut = {left, right, mixed};
    const GlobalId mic{20}, call{31}, gone{4711};
    recordSent(world.model, {action::CreateLink{mic, GlobalId{21}, call, GlobalId{32}}}, 500);
    CHECK(world.model.applied.cut == std::vector{right, mixed});
    recordSent(world.model,
               {action::CreateLink{mic, GlobalId{21}, call, gone},
                action::CreateLink{mic, gone, call, GlobalId{33}}},
               501);
    CHECK(world.model.applied.cut == std::vector{right, mixed});
}

// Verdicts are those of a moment; what they are about may be gone in the next.
TEST_CASE("nothing is done, promised or told of what has gone since it was judged") {
    World world(std::string(micAndCall) + R"(
        device 15 name=card
        route 15 index=0 profile=1 hw-mute
        node 24 class=Audio/Source name=line client=10 device=15 profile=1
        port 25 of 24 out
        client 60 exe=/usr/bin/jack_rec
        node 61 name=jack client=60
        port 62 of 61 in
        link 64 20:21 -> 61:62
    )");
    SECTION("while it is silenced") {
        world.model.apply(event::UserMute{true, "", "", 5});
    }
    SECTION("while it is severed") {
        world.model.apply(event::ModeChosen{Mode::Sever});
        world.model.apply(event::UserMute{true, "", "", 5});
    }
    SECTION("while it is opened") {
        world.mute();
        world.model.apply(event::UserMute{false, "", "", 5});
    }
    SECTION("while it is let go of") {
        world.mute();
        world.model.apply(event::Released{true});
    }
    SECTION("while the user's mute of it is taken back") {
        world.say("knob 20 mute\nknob 24 mute");
        world.model.remembered.userMuted = {"mic", "line"};
    }
    SECTION("while one of its listeners is denied it") {
        Settings settings;
        settings.rules.emplace_back();
        settings.rules.back().match.app = "/usr/bin/call";
        world.model.apply(event::SettingsLoaded{settings});
    }
    const auto before = world.verdicts();
    REQUIRE_FALSE(plan(world.model, before).empty());
    for (const std::uint32_t id : {64U, 21U, 25U, 32U, 62U, 20U, 24U, 31U, 61U, 15U})
        world.model.apply(event::Removed{GlobalId{id}});
    while (!world.model.graph.links.empty())
        world.model.apply(event::Removed{world.model.graph.links.begin()->first});
    for (const auto& action : plan(world.model, before)) {
        INFO(describe(action));
        CHECK(std::holds_alternative<action::UpdatePermissions>(action));
    }
    CHECK(guarantee(world.model, before).waiting.empty());
    CHECK(world.describer.describe(world.model, before, Guarantee{}, 9).sources.empty());
}

TEST_CASE(
    "of the links that were cut those are made that do not stand, whatever else comes from the same port") {
    World world(std::string(micAndCall) +
                "client 60 exe=/usr/bin/jack_rec\nnode 61 name=jack client=60\nport 62 of 61 in\n"
                "port 63 of 61 in\nlink 64 20:21 -> 61:62\n");
    world.model.applied.cut = {{Serial{1020}, Serial{1021}, Serial{1062}},
                               {Serial{1020}, Serial{1021}, Serial{1063}}};
    CHECK(world.plan() ==
          std::vector<Action>{action::CreateLink{GlobalId{20}, GlobalId{21}, GlobalId{61}, GlobalId{63}}});
}

TEST_CASE(
    "a switch that the user's choice of a port has stored is given back so, whichever of the ports it is") {
    World world(desk);
    world.say(
        "device 15 name=card\nroute 15 index=0 profile=1 hw-mute save\nroute 15 index=1 profile=2 hw-mute\n"
        "node 20 class=Audio/Source name=mic device=15 profile=1\nport 21 of 20 out\n"
        "node 22 class=Audio/Source name=line device=15 profile=2\nport 23 of 22 out\n");
    world.mute();
    world.server.performed.clear();
    world.unmute();
    std::map<std::uint32_t, bool> saved;
    for (const auto& action : world.server.performed)
        if (const auto* route = std::get_if<action::SetRouteMute>(&action))
            saved[route->route] = route->save;
    CHECK(saved == std::map<std::uint32_t, bool>{{0, true}, {1, false}});
}
