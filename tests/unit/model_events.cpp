// SPDX-License-Identifier: GPL-3.0-or-later
//
// What events do to the model: merging, forgetting, taking over from a guard that was killed.
#include "daemon/policy/plan.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Pairs = std::set<std::string>;

constexpr std::string_view jackToo = R"(
client 60 exe=/usr/bin/jack_rec
node 61 name=jack client=60
port 62 of 61 in
link 64 20:21 -> 61:62
)";

bool empty(const Applied& applied) {
    return applied.knobs.empty() && applied.permissions.empty() && applied.cut.empty() &&
           applied.leds.empty() && applied.destroyAsked.empty() && applied.userMuted.empty();
}

} // namespace

TEST_CASE("info completes what the registry told and changes neither owner nor serial") {
    Model model;
    Node registered;
    registered.id = GlobalId{20};
    registered.serial = Serial{500};
    registered.client = GlobalId{10};
    registered.mediaClass = "Audio/Source";
    registered.name = "mic";
    model.apply(event::NodeSeen{registered});
    model.apply(event::NodeKnob{GlobalId{20}, {true, 3.0f, false, true, false}});
    Node info;
    info.id = GlobalId{20};
    info.serial = Serial{501};
    info.client = GlobalId{66};
    info.device = GlobalId{15};
    info.infoKnown = true;
    info.knob.maxVolume = 9.0f;
    model.apply(event::NodeInfo{info});
    const Node& node = *model.graph.node(GlobalId{20});
    CHECK(node.serial == Serial{500});
    CHECK(node.client == GlobalId{10});
    CHECK(node.device == GlobalId{15});
    CHECK(node.mediaClass == "Audio/Source");
    CHECK(node.name == "mic");
    CHECK(node.infoKnown);
    CHECK(node.knob.maxVolume == 3.0f);
    CHECK(node.knobReads == 1);
}

// A card's node in another process is told of before that has set it up to be read, and of its birth over yet another connection.
TEST_CASE(
    "a microphone that was there before the guard and is first read later is known to be silent from birth") {
    Model model;
    Node node;
    node.id = GlobalId{20};
    node.serial = Serial{500};
    node.mediaClass = "Audio/Source";
    node.name = "mic";
    model.apply(event::Connected{});
    model.apply(event::NodeSeen{node});
    const auto birth = [&] {
        node.bornSilent = true;
        model.apply(event::NodeInfo{node});
    };
    const bool infoFirst = GENERATE(true, false);
    if (infoFirst)
        birth();
    model.apply(event::InitialListComplete{});
    CHECK(model.applied.knobs.at(node.serial).failed);
    model.apply(event::NodeKnob{node.id, {.present = true, .maxVolume = 0.0f}});
    if (!infoFirst)
        birth();
    const KnobApplied& knob = model.applied.knobs.at(node.serial);
    CHECK(knob.silent);
    CHECK(knob.found);
    CHECK_FALSE(knob.failed);
    CHECK(knob.restoreMax == 10.0f);
}

// The real server says first that an object has gone. Where that was not heard, whatever was kept from the old one would be
// given back to its id for ever.
TEST_CASE("an id that names another object at once is not asked about again and again") {
    World world(micAndCall);
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    const Serial call = world.model.graph.client(GlobalId{30})->serial, before = world.node("mic").serial;
    REQUIRE(world.model.applied.keeps(call, before));

    const auto replaced = [&](const Event& event) {
        world.model.apply(event);
        CHECK_FALSE(world.model.applied.keeps(call, before));
        CHECK_FALSE(world.model.applied.knobs.contains(before));
        world.model.apply(event::UserMute{false, "", "", 9});
        recordSent(world.model, world.plan(), world.model.applied.sent + 1);
        CHECK(world.plan().empty());
    };
    SECTION("of the same kind") {
        Node other;
        other.id = GlobalId{20};
        other.serial = Serial{9000};
        other.mediaClass = "Audio/Source";
        replaced(event::NodeSeen{other});
        CHECK(world.model.graph.node(GlobalId{20})->serial == Serial{9000});
    }
    SECTION("of another kind") {
        Client other;
        other.id = GlobalId{20};
        other.serial = Serial{9000};
        replaced(event::ClientSeen{other});
        CHECK(world.model.graph.node(GlobalId{20}) == nullptr);
    }
    SECTION("as a device") {
        Device other;
        other.id = GlobalId{20};
        other.serial = Serial{9000};
        replaced(event::DeviceSeen{other});
        CHECK(world.model.graph.node(GlobalId{20}) == nullptr);
    }
    SECTION("a serial under another id") {
        Port other;
        other.id = GlobalId{70};
        other.serial = before;
        replaced(event::PortSeen{other});
        CHECK(world.model.graph.node(GlobalId{20}) == nullptr);
    }
    // A microphone that goes while its ports stay was taken out of our sight, or something was not heard.
    CHECK(world.model.blinded);
}

TEST_CASE("an object that is gone leaves nothing behind in what was applied") {
    World world(std::string(micAndCall) + std::string(jackToo) + R"(
        device 15 name=card
        route 15 profile=1 hw-mute
        node 40 class=Audio/Source name=internal device=15 profile=1
    )");
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    REQUIRE_FALSE(world.model.applied.permissions.empty());
    REQUIRE_FALSE(world.model.applied.leds.empty());
    REQUIRE_FALSE(world.model.applied.cut.empty());
    world.say("gone 30\ngone 60\ngone 20\ngone 40\ngone 15\ngone 10");
    CHECK(empty(world.model.applied));
    CHECK(world.model.graph.nodes.empty());
    CHECK(world.model.graph.links.empty());
    CHECK(world.model.lastFed.size() <= 2);
    CHECK(world.plan().empty());
}

TEST_CASE("an id that is used again within one dispatch names another object") {
    World world(micAndCall);
    world.mute();
    REQUIRE(world.knob("mic") == KnobState::Holds);
    world.server.say(
        "gone 20\nnode 20 serial=5000 class=Audio/Source name=other client=10\nport 21 of 20 out");
    while (world.step()) {
        // The newcomer is never taken for the silent one before it.
        if (const Node* node = world.model.graph.node(GlobalId{20}); node && node->serial == Serial{5000})
            CHECK((knobState(world.model, *node) == KnobState::Pending ||
                   world.server.knob(GlobalId{20}).maxVolume == 0.0f));
    }
    world.rest();
    CHECK(world.knob("other") == KnobState::Holds);
    CHECK(world.server.audible() == Pairs{});
}

TEST_CASE("permissions on a re-used id are not believed to be in force") {
    World world(micAndCall);
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    world.say("gone 20\nnode 20 serial=5000 class=Audio/Source name=other client=10\nport 21 of 20 out "
              "serial=5001");
    CHECK(world.server.permission(GlobalId{30}, GlobalId{20}) == permission::none);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{21}) == permission::none);
    CHECK(world.promise().holds);
}

TEST_CASE("a process that has answered is not overdue, however late that is said") {
    World world(micAndCall);
    world.mute();
    const Serial manager{1010};
    const auto asked = world.model.applied.processes.at(manager);
    REQUIRE_FALSE(asked.waiting());
    world.model.apply(event::ProcessOverdue{manager, asked.sent});
    CHECK_FALSE(world.model.applied.processes.at(manager).overdue);
    world.model.apply(event::Acknowledged{asked.sent, GlobalId{10}});
    CHECK(world.model.applied.processes.at(manager).acknowledged == asked.sent);
    CHECK(world.knob("mic") == KnobState::Holds);
}

TEST_CASE(
    "the switches of two cards are remembered by their cards, and given back by the guard that comes after") {
    World first(std::string(desk) +
                "device 15 name=card\nroute 15 index=0 profile=1 hw-mute\n"
                "device 16 name=other\nroute 16 index=2 profile=1 hw-mute\n"
                "node 20 class=Audio/Source name=mic client=10 device=15 profile=1\nport 21 of 20 out\n"
                "node 22 class=Audio/Source name=line client=10 device=16 profile=1\nport 23 of 22 out\n");
    first.mute();
    first.say("routes 16 2 unmute"); // the user's again
    Remembered memory;
    rememberApplied(first.model, memory);
    CHECK(memory.leds == decltype(memory.leds){{"card", 0}});
    memory.leds.emplace_back("unplugged", 1);
    World world(first.server, memory, true);
    world.unmute();
    CHECK_FALSE(world.server.graph().devices.at(GlobalId{15}).routes.front().mute);
    CHECK(world.model.applied.leds.empty());
}

TEST_CASE("a device's owner is whom the server named first") {
    Model model;
    for (const auto& event : eventsOf("device 15 name=card client=10\ndevice 15 name=card client=66"))
        model.apply(event);
    CHECK(model.graph.device(GlobalId{15})->client == GlobalId{10});
}

TEST_CASE("a link of whose ends nothing is known is no reason to forget one that was cut") {
    World world(micAndCall);
    const CutLink cut{Serial{1020}, Serial{1021}, Serial{4711}};
    world.model.applied.cut = {cut};
    for (std::uint32_t known = 0; known < 4; known++) // how many of its ends, in their order
        world.model.apply(event::LinkSeen{
            {GlobalId{700 + known}, Serial{1700 + known}, GlobalId{known > 2 ? 20U : 4000U},
             GlobalId{known > 0 ? 21U : 4001U}, GlobalId{4002}, GlobalId{known > 1 ? 32U : 4003U}}});
    world.mute();
    CHECK(world.enforcer.quiet());
    CHECK(world.model.applied.cut == std::vector{cut});
}

TEST_CASE("only what is named has settled") {
    World world(
        std::string(desk) +
        "device 15 name=card\nroute 15 index=0 profile=1 hw-mute\nroute 15 index=1 profile=2 hw-mute\n");
    world.routesSettle = false;
    world.reconnect();
    world.model.apply(event::RoutesSettled{{{Serial{1015}, 1}}, {}, 5});
    CHECK(world.model.graph.device(GlobalId{15})->settledRoutes == std::set<std::uint32_t>{1});
}

TEST_CASE("events for objects that nobody knows change nothing") {
    World world(micAndCall);
    world.mute();
    const auto before = world.view();
    const GlobalId unknown{4711};
    Node stranger;
    stranger.id = unknown;
    for (const Event& event : std::vector<Event>{
             event::Removed{unknown}, event::NodeInfo{stranger}, event::NodeKnob{unknown, {}},
             event::RoutesRead{unknown, {Route{}}}, event::EvidenceOverdue{Serial{4711}},
             event::HoldDropped{4711, 5}, event::Acknowledged{0}, event::ClientGranted{unknown, {}},
             event::ProcessLost{unknown}, event::LineagesRead{unknown, {}}, event::RoutesSettled{},
             event::NodeUnread{Serial{4711}}, event::NodeUnread{Serial{1030}},
             event::RoutesReading{unknown, false, 5}})
        world.receive(event);
    CHECK(world.view() == before);
    CHECK(world.plan().empty());
}

TEST_CASE("a source that vanishes from our sight while its ports stay was taken from it: look anew") {
    World world(micAndCall);
    world.mute();
    world.say("blind 20");
    CHECK(world.reconnects == 1);
    CHECK(world.promise().holds);
    CHECK(world.knob("mic") == KnobState::Holds);
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("an ordinary unplugging is no blinding, nor the end of anything but a source") {
    World world(micAndCall);
    world.say("gone 20\ngone 31\ngone 30");
    CHECK(world.reconnects == 0);
    World other(micAndCall);
    other.say("blind 31");
    CHECK(other.reconnects == 0);
}

TEST_CASE("evidence that comes late counts") {
    World world(std::string(desk) + "node 20 class=Audio/Source name=mic deaf");
    world.mute();
    world.overdue();
    REQUIRE(world.knob("mic") == KnobState::Fails);
    world.say("knob 20 max=0 monitor-mute");
    CHECK(world.knob("mic") == KnobState::Holds);
}

TEST_CASE(
    "muted again before the end of the silence was read back: monitors are not left mute after the unmute") {
    World world(micAndCall);
    world.mute();
    REQUIRE(world.server.knob(GlobalId{20}).monitorMute);
    world.server.stall(true);
    world.unmute();
    world.mute();
    world.server.stall(false);
    world.rest();
    world.unmute();
    CHECK(world.server.knob(GlobalId{20}).maxVolume > 0.0f);
    CHECK_FALSE(world.server.knob(GlobalId{20}).monitorMute);
}

TEST_CASE("killed while muted, the successor finds the silence in place and knows what was there before") {
    World before(micAndCall);
    before.say("knob 20 max=3 monitor-mute");
    before.mute();
    Remembered remembered;
    remembered.serverCookie = before.model.graph.serverCookie;
    remembered.restore[Serial{1020}] = {3.0f, true};
    World world(std::move(before.server), remembered, true);
    CHECK(world.knob("mic") == KnobState::Holds);
    CHECK(world.promise().holds);
    for (const auto& word : world.sent())
        CHECK(word.find("knob") == std::string::npos); // writing it anew would be audible for an instant
    world.unmute();
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 3.0f);
    CHECK(world.server.knob(GlobalId{20}).monitorMute);
}

TEST_CASE("without a memory the successor gives back the configured limit, or the default, never a dead "
          "microphone") {
    World before(std::string(micAndCall) + "node 50 class=Audio/Source name=configured max=2 client=10\n"
                                           "node 51 class=Audio/Source name=zero max=0 client=10");
    before.mute();
    Remembered remembered;
    remembered.serverCookie = "of another run";
    remembered.restore[Serial{1020}] = {3.0f, true};
    World world(std::move(before.server), remembered, true);
    world.unmute();
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 10.0f);
    CHECK_FALSE(world.server.knob(GlobalId{20}).monitorMute);
    CHECK(world.server.knob(GlobalId{50}).maxVolume == 2.0f);
    CHECK(world.server.knob(GlobalId{51}).maxVolume > 0.0f);
}

TEST_CASE("killed while severed, the successor goes on severing and gives everything back") {
    World before(std::string(micAndCall) + std::string(jackToo));
    before.receive(event::ModeChosen{Mode::Sever});
    before.mute();
    Remembered remembered;
    remembered.serverCookie = before.model.graph.serverCookie;
    remembered.cut = before.model.applied.cut;
    for (const auto& [client, objects] : before.model.applied.permissions)
        for (const auto& [object, applied] : objects)
            if (applied.value == permission::none)
                remembered.revoked.emplace_back(client, object);
    SECTION("still muted") {
        World world(std::move(before.server), remembered, true);
        world.receive(event::ModeChosen{Mode::Sever});
        CHECK(world.server.linked() == Pairs{});
        CHECK(world.promise().holds);
        world.unmute();
        CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> jack"});
    }
    SECTION("unmuted meanwhile") {
        World world(std::move(before.server), remembered, false);
        CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> jack"});
        CHECK(world.server.leftovers().size() == 4); // a look at two connections each for two clients
    }
}

TEST_CASE("a connection cut while muted loses no memory: limits, links and permissions are given back") {
    World world(std::string(micAndCall) + std::string(jackToo));
    world.say("knob 20 max=3 monitor-mute");
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    SECTION("and unmuted after it is back") {
        world.reconnect();
        CHECK(world.promise().holds);
        world.unmute();
    }
    SECTION("and unmuted before it is back") {
        world.server.disconnect();
        world.rest();
        world.mute(false);
        world.server.connect();
        world.rest();
    }
    SECTION("twice") {
        world.reconnect();
        world.reconnect();
        world.unmute();
    }
    SECTION("again before everything was told") {
        world.server.disconnect();
        world.server.connect();
        for (int i = 0; i < 5; i++)
            world.step();
        world.reconnect();
        world.unmute();
    }
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> jack"});
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 3.0f);
    CHECK(world.server.knob(GlobalId{20}).monitorMute);
    CHECK(world.server.leftovers().size() == 4);
}

TEST_CASE("the memory of one run of the server is not taken for that of the next") {
    World world(micAndCall);
    world.say("knob 20 max=3 monitor-mute");
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    world.server.restart();
    world.server.say(micAndCall);
    world.server.connect();
    world.rest();
    CHECK(world.promise().holds);
    CHECK(world.server.audible() == Pairs{});
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 10.0f);
}

TEST_CASE("warnings are kept by id until they are withdrawn") {
    Model model;
    model.apply(event::Warned{"a", "first"});
    model.apply(event::Warned{"a", "second"});
    model.apply(event::Warned{"b", "other"});
    CHECK(model.warnings == std::map<std::string, std::string>{{"a", "second"}, {"b", "other"}});
    model.apply(event::Warned{"a", ""});
    model.apply(event::Warned{"never", ""});
    CHECK(model.warnings == std::map<std::string, std::string>{{"b", "other"}});
}

TEST_CASE("what was sent on a connection that was cut before it was heard is sent again") {
    World world(std::string(desk) + R"(
        node 20 class=Audio/Source name=raw client=10 raw
        port 21 of 20 out
        client 30 exe=/usr/bin/call
        node 31 class=Stream/Input/Audio name=call client=30 autoconnect running
        port 32 of 31 in
    )");
    world.server.stall(true);
    world.mute();
    REQUIRE(world.server.audible() == Pairs{"raw -> call"});
    SECTION("by the same guard") {
        world.server.disconnect();
        world.server.stall(false);
        world.model.apply(event::Disconnected{});
        world.server.connect();
        world.rest();
        CHECK(world.server.audible() == Pairs{});
        CHECK(world.promise().holds);
    }
    SECTION("by its successor") {
        Remembered remembered;
        rememberApplied(world.model, remembered);
        REQUIRE_FALSE(remembered.revoked.empty());
        world.server.disconnect();
        world.server.stall(false);
        World next(std::move(world.server), remembered, true);
        CHECK(next.server.audible() == Pairs{});
        CHECK(next.promise().holds);
    }
}

TEST_CASE("a reconnect gives no microphone back whose silence was never confirmed") {
    World world(std::string(desk) + R"(
        client 25 exe=/usr/bin/pw-loopback
        node 20 class=Audio/Source name=elsewhere client=25 deaf
        port 21 of 20 out
        client 30 exe=/usr/bin/call
        node 31 class=Stream/Input/Audio name=call client=30 autoconnect running
        port 32 of 31 in
        client 60 exe=/usr/bin/jack_rec
        node 61 name=jack client=60
        port 62 of 61 in
        link 64 20:21 -> 61:62
    )");
    world.mute();
    world.overdue();
    REQUIRE(world.server.audible() == Pairs{});
    world.server.disconnect();
    world.model.apply(event::Disconnected{});
    world.server.connect();
    do {
        while (world.step())
            REQUIRE(world.server.audible() == Pairs{});
    } while (world.enforcer.settle() > 0 || !world.server.silent());
    CHECK(world.server.audible() == Pairs{});
    CHECK_FALSE(world.promise().holds);
    world.overdue();
    CHECK(world.promise().holds);
    CHECK(world.server.audible() == Pairs{});
    world.unmute();
    CHECK(world.server.audible() == Pairs{"elsewhere -> call", "elsewhere -> jack"});
}

TEST_CASE("what somebody did is shown until the microphones are muted the next time") {
    World world(micAndCall);
    for (const char* id : {"knob:mic", "raised:mic", "blinded", "connection-lost", "degraded:other"})
        world.model.apply(event::Warned{id, "text"});
    world.mute();
    CHECK(world.model.warnings == std::map<std::string, std::string>{{"degraded:other", "text"}});
}

TEST_CASE("of those who left with a microphone's memory so many are kept apart, each program once") {
    Model model;
    const auto come = [&](std::uint32_t id, const std::string& what) {
        const std::string client = std::to_string(id), node = std::to_string(id + 1);
        for (const auto& event : eventsOf("client " + client + " " + what + "\nnode " + node +
                                          " class=Stream/Input/Audio client=" + client + "\nlink " +
                                          std::to_string(id + 2) + " 20:21 -> " + node + ":9"))
            model.apply(event);
        model.apply(event::Removed{GlobalId{id}});
    };
    for (const auto& event : eventsOf("node 20 class=Audio/Source\nport 21 of 20 out"))
        model.apply(event);
    come(100, "self");
    come(110, "in-server");
    CHECK(model.left.empty());
    come(120, "exe=/usr/bin/call pid=7");
    come(130, "exe=/usr/bin/call pid=8");
    CHECK(model.left.at(Serial{1020}).clients.size() == 1);
    for (std::uint32_t more = 1; more < 16; more++)
        come(130 + 10 * more, "exe=/usr/bin/app" + std::to_string(more));
    CHECK(model.left.at(Serial{1020}).clients.size() == 16);
    CHECK_FALSE(model.left.at(Serial{1020}).others);
    come(400, "exe=/usr/bin/one-too-many");
    CHECK(model.left.at(Serial{1020}).clients.size() == 16);
    CHECK(model.left.at(Serial{1020}).others);
}

TEST_CASE("no memory makes a dead microphone: a limit of 0 is not given back") {
    World before(micAndCall);
    before.mute();
    Remembered remembered;
    remembered.serverCookie = before.model.graph.serverCookie;
    remembered.restore[Serial{1020}] = {0.0f, true};
    World world(std::move(before.server), remembered, true);
    world.unmute();
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 10.0f);
    CHECK(world.server.knob(GlobalId{20}).monitorMute);
}

TEST_CASE("silent from birth and unknown to the guard before, a microphone came after that one had let go") {
    const bool sameRun = GENERATE(true, false);
    Model model;
    model.remembered.serverCookie = sameRun ? "run" : "another";
    model.remembered.restore[Serial{1020}] = {10.0f, false};
    model.apply(event::Connected{1, "x", "1.4.2", "run"});
    for (const auto& event : eventsOf("node 20 class=Audio/Source name=known born-silent\nknob 20 max=0\n"
                                      "node 22 class=Audio/Source name=late born-silent\nknob 22 max=0\n"
                                      "node 24 class=Audio/Source name=set\nknob 24 max=0\n"
                                      "node 26 class=Audio/Source name=live born-silent\nknob 26 max=10\n"))
        model.apply(event);
    model.apply(event::InitialListComplete{});
    const auto late = [&](std::uint32_t serial) { return model.applied.knobs.at(Serial{serial}).late; };
    model.apply(event::Released{true});
    CHECK_FALSE(late(1022)); // it is this guard that lets go
    model.apply(event::Released{true, true});
    CHECK(late(1020) != sameRun);
    CHECK(late(1022));
    CHECK_FALSE(late(1024));
    CHECK_FALSE(late(1026));
}

TEST_CASE("a mute that stood in for the guard is owed until a reading tells that it is gone") {
    const bool running = GENERATE(true, false);
    World before(std::string(desk) + "node 20 class=Audio/Source name=mic client=10 " +
                 (running ? "running" : "idle") + "\nport 21 of 20 out");
    before.mute();
    Remembered memory;
    memory.userMuted = {"mic"};
    World world(before.server, memory, true);
    REQUIRE(world.model.applied.knobs.at(Serial{1020}).found);
    // What was never used has no mix yet, and tells nobody of its mute.
    CHECK(world.model.remembered.userMuted.contains("mic") != running);
}

TEST_CASE(
    "a microphone that can be read after all is silenced like any other, and is not taken for a new one") {
    World world(desk);
    world.say("node 20 class=Audio/Source name=raw client=10 raw\nport 21 of 20 out");
    world.mute();
    const auto& knob = world.model.applied.knobs.at(Serial{1020});
    REQUIRE(knob.failed);
    REQUIRE(knob.sent.batch != 0);
    world.model.apply(
        event::NodeKnob{GlobalId{20}, {.present = true, .maxVolume = 0.0f, .monitorMute = true}});
    REQUIRE(world.model.applied.knobs.contains(Serial{1020}));
    CHECK_FALSE(knob.failed);
    CHECK(knob.sent.batch != 0);
    const auto plan = world.plan();
    REQUIRE_FALSE(plan.empty());
    const auto* closes = std::get_if<action::SetKnob>(&plan.front());
    CHECK((closes && closes->node == GlobalId{20} && closes->silent));
}

TEST_CASE("killed before it has done anything, a guard loses nothing of what the one before it had taken") {
    World before(std::string(micAndCall) + std::string(jackToo));
    before.receive(event::ModeChosen{Mode::Sever});
    before.mute();
    Remembered first;
    rememberApplied(before.model, first);
    REQUIRE_FALSE(first.revoked.empty());
    first.revoked.emplace_back(Serial{1030}, Serial{1010}); // of another client nobody is kept altogether
    Model model;
    model.remembered = first;
    before.server.disconnect();
    before.server.connect();
    while (const auto event = before.server.next())
        model.apply(*event);
    REQUIRE(model.listComplete);
    Remembered second;
    rememberApplied(model, second);
    first.revoked.pop_back();
    CHECK(std::set(second.revoked.begin(), second.revoked.end()) ==
          std::set(first.revoked.begin(), first.revoked.end()));
}

TEST_CASE("a link whose ends have become something else's is not remembered as cut") {
    World world(std::string(micAndTwoCalls) + "node 22 class=Audio/Source name=line\nport 23 of 22 out\n");
    world.model.applied.cut.clear();
    const auto remember = [&](std::uint32_t out, std::uint32_t outPort, std::uint32_t in,
                              std::uint32_t inPort) {
        rememberCutLink(world.model, {GlobalId{700}, Serial{1700}, GlobalId{out}, GlobalId{outPort},
                                      GlobalId{in}, GlobalId{inPort}});
        return world.model.applied.cut.size();
    };
    CHECK(remember(4711, 21, 31, 32) == 0);
    CHECK(remember(20, 23, 31, 32) == 0);
    CHECK(remember(20, 21, 31, 42) == 0);
    CHECK(remember(20, 4711, 31, 32) == 0);
    CHECK(remember(20, 21, 31, 4711) == 0);
    CHECK(remember(20, 21, 31, 32) == 1);
    CHECK(remember(20, 21, 31, 32) == 1);
}

TEST_CASE("what the session manager has stored of a switch is stored anew when that is given back") {
    Remembered memory;
    memory.ledsStored = {{"card", 0}};
    World world(FakeServer{}, memory, true);
    world.say(std::string(desk) +
              "device 15 name=card\nroute 15 index=0 profile=1 hw-mute mute\n"
              "node 20 class=Audio/Source name=mic device=15 profile=1\nport 21 of 20 out\n");
    CHECK(world.model.applied.leds.at({Serial{1015}, 0}).save);
    world.server.performed.clear();
    world.unmute();
    const action::SetRouteMute back{GlobalId{15}, 0, 1, false, true};
    const auto& performed = world.server.performed;
    CHECK(std::find(performed.begin(), performed.end(), Action{back}) != performed.end());
}
