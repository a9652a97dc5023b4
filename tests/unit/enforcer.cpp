// SPDX-License-Identifier: GPL-3.0-or-later
//
// What was asked for and is not seen to be done: who is waited for, and what counts while somebody does not
// answer.
#include "daemon/policy/plan.hpp"
#include "daemon/state/memory.hpp"
#include "tests/unit/world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace micguard;
using namespace micguard::test;

namespace {

std::string source(unsigned id) {
    const std::string text = std::to_string(id), node = std::to_string(id + 1000),
                      port = std::to_string(id + 2000);
    return "client " + text + " exe=/usr/bin/effects\nnode " + node +
           " class=Audio/Source/Virtual name=source" + text + " client=" + text + "\nport " + port + " of " +
           node + " out\n";
}

} // namespace

TEST_CASE("a process that does not answer is waited for, then counted as one that does not obey") {
    World world(std::string(micAndCall) + source(40));
    world.server.say("hang 40");
    world.mute();
    REQUIRE(world.enforcer.awaited().clients.size() == 1);
    CHECK(world.enforcer.awaited().clients.front().first == Serial{1040});
    CHECK_FALSE(world.enforcer.awaited().empty());
    CHECK_FALSE(world.enforcer.quiet());
    CHECK_FALSE(world.enforcer.allAnswered());
    CHECK_FALSE(world.promise().holds);
    CHECK(world.promise().waiting == std::vector<std::string>{"source40"});
    world.overdue();
    // Nobody waits any more, everybody is kept from it, and it still owes an answer.
    CHECK(world.enforcer.awaited().empty());
    CHECK(world.enforcer.quiet());
    CHECK_FALSE(world.enforcer.allAnswered());
    CHECK(world.promise().holds);
    CHECK(world.knob("source40") == KnobState::Fails);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{1040}) == permission::none);
    const auto warnings = world.view().guard.warnings;
    CHECK(std::any_of(warnings.begin(), warnings.end(),
                      [](const auto& warning) { return warning.id == "unanswered:source40"; }));
    world.say("answer 40");
    CHECK(world.enforcer.allAnswered());
    CHECK(world.knob("source40") == KnobState::Holds);
    CHECK(world.view().guard.warnings.empty());
}

TEST_CASE("who waits in vain is told whom for: the server, or a process by its program") {
    using Names = std::vector<std::string>;
    World world(std::string(micAndCall) +
                "client 40 pid=77 exe=/usr/bin/effects\nnode 1040 class=Audio/Source/Virtual name=source40 "
                "client=40\nport 2040 of 1040 out\n");
    CHECK(world.enforcer.owing() == Names{});
    world.server.say("hang 40");
    world.mute();
    CHECK(world.enforcer.owing() == Names{"effects (pid 77)"});
    world.overdue();
    CHECK(world.enforcer.quiet());
    CHECK(world.enforcer.owing() == Names{});
    world.say("answer 40");
    world.server.stall(true);
    world.unmute();
    CHECK_FALSE(world.enforcer.quiet());
    REQUIRE_FALSE(world.enforcer.owing().empty());
    CHECK(world.enforcer.owing().front() == "PipeWire");
    world.server.stall(false);
    world.rest();
    CHECK(world.enforcer.owing() == Names{});
    // Cut off, and not known whether it is there; then known to be gone.
    world.apply(event::Disconnected{true});
    CHECK(world.enforcer.owing() == Names{"PipeWire"});
    world.apply(event::Disconnected{false});
    CHECK(world.enforcer.owing() == Names{});
}

// It would be overdue at once: not first asked, then found to be.
TEST_CASE("a source of a process that owes an answer is kept from everybody by the same plan that asks for "
          "its silence") {
    World world(std::string(micAndCall) + source(40));
    world.server.say("hang 40");
    world.mute();
    world.overdue();
    const auto planned = [&](std::string_view what) {
        const auto actions = world.plan();
        recordSent(world.model, actions, world.model.applied.sent + 1);
        CHECK(world.plan().empty());
        return std::any_of(actions.begin(), actions.end(), [&](const Action& action) {
            return describe(action).find(what) != std::string::npos;
        });
    };
    SECTION("one that is new while muted") {
        world.server.say(
            "node 1041 class=Audio/Source/Virtual name=another client=40\nport 2041 of 1041 out");
        while (const auto event = world.server.next())
            world.model.apply(*event);
        CHECK(planned("1041=none"));
    }
    SECTION("one that is new while live is as open as its process lets it be") {
        world.unmute();
        world.server.say(
            "node 1041 class=Audio/Source/Virtual name=another client=40\nport 2041 of 1041 out");
        while (const auto event = world.server.next())
            world.model.apply(*event);
        CHECK_FALSE(planned("knob 1041"));
        world.model.apply(event::UserMute{true, "", "", 9});
        CHECK(planned("1041=none"));
    }
}

TEST_CASE("a source in passthrough that is no longer exempt is severed by the same plan that asks for its "
          "silence") {
    World world(micAndCall);
    Settings settings;
    settings.sources.exempt = {"exempt"};
    world.receive(event::SettingsLoaded{settings});
    world.say("node 60 class=Audio/Source name=exempt\nport 61 of 60 out format=\"encoded audio\"");
    world.mute();
    CHECK(world.server.permission(GlobalId{30}, GlobalId{60}) != permission::none);
    world.model.apply(event::SettingsLoaded{Settings{}});
    recordSent(world.model, world.plan(), world.model.applied.sent + 1);
    CHECK(world.plan().empty());
    CHECK(world.model.applied.keeps(Serial{1030}, Serial{1060}));
}

TEST_CASE("a source that goes on after its process has answered is awaited by name, if it is guarded") {
    World world(micAndCall);
    Settings settings;
    settings.sources.exempt = {"exempt*"};
    world.receive(event::SettingsLoaded{settings});
    world.say("node 50 class=Audio/Source name=elsewhere deaf\nport 51 of 50 out\n"
              "node 60 class=Audio/Source name=exempt deaf\nport 61 of 60 out");
    world.mute();
    CHECK(world.enforcer.awaited().nodes == std::vector<Serial>{Serial{1050}});
    CHECK(world.enforcer.awaited().clients.empty());
    CHECK_FALSE(world.enforcer.awaited().empty());
    CHECK(world.enforcer.allAnswered());
}

// Each costs a connection. Who makes many makes them for himself.
TEST_CASE("of more processes than can be asked, the rest is kept from everybody") {
    World world(micAndCall);
    world.mute();
    for (unsigned id = 100; id < 140; id++)
        world.say(source(id));
    CHECK(world.promise().holds);
    CHECK(world.plan().empty());
    unsigned asked = 0, keptFrom = 0;
    for (unsigned id = 100; id < 140; id++) {
        const bool holds = world.knob("source" + std::to_string(id)) == KnobState::Holds;
        const bool sees = world.server.permission(GlobalId{30}, GlobalId{id + 1000}) != permission::none;
        CHECK(holds == sees);
        asked += holds ? 1 : 0;
        keptFrom += sees ? 0 : 1;
    }
    CHECK(asked == 31); // and the session manager
    CHECK(keptFrom == 9);
    CHECK(world.model.applied.processes.size() == 32);
    // The server is no process that could be one too many.
    world.say("node 80 class=Audio/Source name=own\nport 81 of 80 out");
    CHECK(world.knob("own") == KnobState::Holds);
    // The session manager is always asked: a microphone of its own that comes now is silenced by its limit.
    world.say("node 70 class=Audio/Source name=headset client=10\nport 71 of 70 out");
    CHECK(world.knob("headset") == KnobState::Holds);
    world.unmute();
    for (unsigned id = 100; id < 140; id++) {
        CHECK(world.server.knob(GlobalId{id + 1000}).maxVolume == 10.0f);
        CHECK(world.server.permission(GlobalId{30}, GlobalId{id + 1000}) != permission::none);
    }
}

TEST_CASE(
    "a source that was there before its process became one too many is kept from everybody, and given back") {
    World world(std::string(micAndCall) +
                "client 25\n"
                "node 50 class=Audio/Source name=net client=25\nport 51 of 50 out\n"
                "client 40 exe=/usr/bin/recorder\n"
                "node 41 class=Stream/Input/Audio name=recorder client=40 autoconnect "
                "running target=net\nport 42 of 41 in\n");
    for (unsigned id = 100; id < 132; id++)
        world.say(source(id));
    world.mute();
    world.overdue();
    CHECK_FALSE(world.server.audible().contains("net -> recorder"));
    CHECK(world.promise().holds);
    world.unmute();
    CHECK(world.server.audible().contains("net -> recorder"));
}

TEST_CASE("a source that a guard before us has silenced is opened, also if its process is one too many to be "
          "asked") {
    World before(std::string(micAndCall) +
                 "client 25\nnode 50 class=Audio/Source name=net client=25\nport 51 of 50 out\n");
    before.mute();
    Remembered remembered;
    rememberApplied(before.model, remembered);
    World world(std::move(before.server), remembered, true);
    for (unsigned id = 100; id < 140; id++)
        world.say(source(id));
    world.unmute();
    CHECK(world.server.knob(GlobalId{50}).maxVolume == 10.0f);
}

TEST_CASE("an opening that a process has still to carry out is no silence to the next guard") {
    World before(std::string(micAndCall) +
                 "client 25\n"
                 "node 50 class=Audio/Source name=filtered client=25\nport 51 of 50 out\n"
                 "client 40 exe=/usr/bin/recorder\n"
                 "node 41 class=Stream/Input/Audio name=rec client=40 autoconnect running "
                 "target=filtered\nport 42 of 41 in\n");
    before.mute();
    before.say("hang 25");
    before.unmute();
    before.overdue();
    const auto memory = readMemory(writeMarker(before.model, false));
    REQUIRE(memory);
    World world(before.server, memory->remembered, true);
    CHECK_FALSE(world.promise().holds);
    world.server.say("answer 25");
    while (world.step()) {
        world.enforcer.settle();
        CHECK((!world.promise().holds || !world.server.audible().contains("filtered -> rec")));
    }
    world.rest();
    CHECK(world.promise().holds);
    CHECK_FALSE(world.server.audible().contains("filtered -> rec"));
    world.unmute();
    CHECK(world.server.audible().contains("filtered -> rec"));
}

TEST_CASE("a closing that a process has still to carry out leaves nothing dead after a reconnect") {
    World world(
        std::string(micAndCall) +
        "client 25\nnode 50 class=Audio/Source name=net client=25\nport 51 of 50 out\n"
        "client 40\nnode 41 class=Stream/Input/Audio name=rec client=40 autoconnect running target=net\n"
        "port 42 of 41 in\n");
    world.server.say("hang 25");
    world.mute();
    world.overdue();
    world.server.disconnect();
    world.model.apply(event::Disconnected{true});
    world.model.apply(event::UserMute{false, "", "", 2});
    world.server.connect();
    world.rest();
    world.say("answer 25");
    CHECK(world.server.audible().contains("net -> rec"));
}

TEST_CASE("as long as the server has not answered not everything is answered, whoever else has") {
    World world(micAndCall);
    REQUIRE(world.enforcer.allAnswered());
    world.server.stall(true);
    world.mute();
    CHECK_FALSE(world.enforcer.allAnswered());
    CHECK_FALSE(world.enforcer.quiet());
    world.server.stall(false);
    world.rest();
    CHECK(world.enforcer.allAnswered());
}

TEST_CASE("a server that has not told yet what there is owes that") {
    Model model;
    FakeServer server;
    const Enforcer enforcer(model, server);
    CHECK(enforcer.owing().empty());
    model.apply(event::Connected{});
    CHECK(enforcer.owing() == std::vector<std::string>{"PipeWire"});
    model.apply(event::InitialListComplete{});
    CHECK(enforcer.owing().empty());
}

TEST_CASE("nobody waits for the evidence of a microphone that has gone") {
    World world(std::string(desk) + "node 20 class=Audio/Source name=mic deaf");
    world.mute();
    REQUIRE(world.enforcer.awaited().nodes == std::vector{Serial{1020}});
    world.model.apply(event::Removed{GlobalId{20}});
    CHECK(world.enforcer.awaited().nodes.empty());
}
