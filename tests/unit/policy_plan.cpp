// SPDX-License-Identifier: GPL-3.0-or-later
//
// The plan on its own: restrictive first, nothing repeated, nothing done to what is gone.
#include "daemon/policy/plan.hpp"
#include "tests/unit/world.hpp"

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
                action::SetUserMute{GlobalId{10}}},
               3);
    CHECK(model.applied.knobs.empty());
    CHECK(model.applied.permissions.empty());
    CHECK(model.applied.destroyAsked.empty());
    CHECK(model.applied.leds.empty());
    CHECK(model.applied.userMuted.empty());
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
