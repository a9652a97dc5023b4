// SPDX-License-Identifier: GPL-3.0-or-later
//
// The desktop's mute of a microphone and the guard's ([mute] follow-desktop), where they disagree: programs
// that lift every mute, keys that mute several microphones, switches that the guard had set before it
// followed. The rest is in the scenarios 17-*.
#include "daemon/model/panel.hpp"
#include "daemon/policy/plan.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Pairs = std::set<std::string>;

// µs. No person is as quick as an instant; a moment is any person's. When the tests begin.
constexpr std::uint64_t instant = 10'000, moment = 500'000, morning = 100'000'000;

constexpr std::string_view card = R"(
client 1 self
client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service links
device 15 name=card
route 15 index=0 profile=1 hw-mute
node 20 class=Audio/Source name=mic client=10 device=15 profile=1
port 21 of 20 out
client 30 exe=/usr/bin/call name=Call
node 31 class=Stream/Input/Audio name=call client=30 autoconnect running
port 32 of 31 in
default mic
)";

constexpr std::string_view headset = R"(
node 22 class=Audio/Source name=headset client=10
port 23 of 22 out
)";

void follow(World& world, bool on = true) {
    Settings settings = world.model.settings;
    settings.mute.followDesktop = on;
    world.receive(event::SettingsLoaded{settings});
}

PanelMute& shown(World& world, std::string_view name) {
    return world.model.applied.panel.at(panelOf(world.model, world.node(name))->key);
}

// Somebody sets the user's own mute of a node.
void set(World& world, std::string_view name, bool mute, std::uint64_t now) {
    const GlobalId id = world.node(name).id;
    const KnobReading& knob = world.server.knob(id);
    world.server.now = now - 1'000'000; // what is said takes so long
    world.say("knob " + std::to_string(raw(id)) + " max=" + std::to_string(knob.maxVolume) +
              (knob.monitorMute ? " monitor-mute" : "") + (mute ? " mute" : ""));
}

bool sent(const World& world, std::string_view words) {
    const auto all = world.sent();
    return std::find(all.begin(), all.end(), words) != all.end();
}

bool switchIsOn(const World& world) {
    return world.server.graph().devices.at(GlobalId{15}).routes.front().mute;
}

std::string warned(const World& world) {
    const auto it = world.model.warnings.find("desktop-mute:mic");
    return it == world.model.warnings.end() ? "" : it->second;
}

} // namespace

TEST_CASE("a program that lifts every mute it sees opens nothing, and is told of") {
    World world(std::string(micAndCall) + "default mic\n");
    follow(world);
    set(world, "mic", true, morning);
    REQUIRE(world.model.mute.desktop);
    for (unsigned time = 0; time < 3; time++) {
        CHECK(warned(world).empty());
        set(world, "mic", false, shown(world, "mic").mutedAt + instant);
        CHECK(world.server.audible().empty());
        CHECK(world.promise().holds);
    }
    CHECK(warned(world) ==
          "a program keeps unmuting mic; its unmuting counts no more until micguard is unmuted");
    // From here on it does not matter how long it waits.
    set(world, "mic", false, shown(world, "mic").mutedAt + 100 * moment);
    CHECK(world.server.audible().empty());
    // Once people have unmuted, the desktop's word counts again.
    world.unmute();
    CHECK(warned(world).empty());
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    set(world, "mic", true, morning + 200 * moment);
    CHECK(world.server.audible().empty());
    set(world, "mic", false, shown(world, "mic").mutedAt + moment);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("who lifts the mute again each time it is set is let be in the end, and opens nothing") {
    World world(std::string(micAndCall) + std::string(headset) + "default mic\n");
    follow(world);
    world.mute();
    for (unsigned time = 0; time <= mostRefusals; time++) {
        REQUIRE(shown(world, "headset").mute); // shown again each time
        set(world, "headset", false, morning + (2 * time + 10) * moment);
    }
    CHECK_FALSE(shown(world, "headset").mute);
    CHECK(world.plan().empty());
    CHECK(world.model.warnings.contains("desktop-mute:headset"));
    CHECK(world.server.audible().empty());
}

TEST_CASE("what the desktop muted it does not open against the privacy switch, a hold, the lock or sleep") {
    const std::uint64_t now = morning + 5 * moment;
    const auto [begin, end] = GENERATE_COPY(
        std::pair<Event, Event>{event::PrivacySwitched{true, now}, event::PrivacySwitched{false, now}},
        std::pair<Event, Event>{event::MachineSleeps{true, now}, event::MachineSleeps{false, now}},
        std::pair<Event, Event>{event::HoldTaken{{7, true, ":1.2", "obs (pid 7)", "", 0}, now},
                                event::HoldDropped{7, now}});
    World world(std::string(micAndCall) + "default mic\n");
    follow(world);
    set(world, "mic", true, morning);
    world.receive(begin);
    set(world, "mic", false, morning + 10 * moment);
    CHECK(world.server.audible().empty());
    CHECK(shown(world, "mic").mute); // the desktop is shown that it is still muted
    world.receive(end);
    CHECK(world.model.mute.desktop);
    CHECK(world.server.audible().empty());
    set(world, "mic", false, morning + 20 * moment);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("a key that mutes all microphones at once unmutes them all") {
    World world(std::string(micAndCall) + std::string(headset) + "default mic\n");
    follow(world);
    SECTION("within a second it was one press") {
        set(world, "headset", true, morning + 10 * moment);
        set(world, "mic", true, morning + 10 * moment + instant);
        CHECK(shown(world, "headset").ours);
        world.server.performed.clear();
        world.unmute();
        CHECK(sent(world, "panel 22 unmute"));
    }
    SECTION("one that the user had muted before stays muted") {
        set(world, "headset", true, morning + 10 * moment);
        set(world, "mic", true, morning + 20 * moment);
        CHECK_FALSE(shown(world, "headset").ours);
        world.server.performed.clear();
        world.unmute();
        CHECK(sent(world, "panel 20 unmute"));
        CHECK_FALSE(sent(world, "panel 22 unmute"));
    }
    SECTION("one that is found muted was muted before, whenever that is seen") {
        World later(std::string(micAndCall) + std::string(headset) +
                    "knob 22 mute\nknob 20 mute\ndefault mic\n");
        follow(later);
        CHECK(later.model.mute.desktop);
        CHECK_FALSE(shown(later, "headset").ours);
        later.server.performed.clear();
        later.unmute();
        CHECK(sent(later, "panel 20 unmute"));
        CHECK_FALSE(sent(later, "panel 22 unmute"));
    }
}

TEST_CASE("a clock that is set back makes no press of an older mute, and no key dead") {
    World world(std::string(micAndCall) + std::string(headset) + "default mic\n");
    follow(world);
    set(world, "headset", true, morning + 7200 * moment);
    set(world, "mic", true, morning);
    CHECK_FALSE(shown(world, "headset").ours);
    set(world, "mic", false, morning + moment);
    CHECK(world.server.audible().contains("mic -> call"));
    set(world, "mic", true, morning + 7200 * moment);
    set(world, "mic", false, morning + 2 * moment);
    CHECK(world.server.audible().contains("mic -> call"));
}

TEST_CASE("without a default microphone no mute on the desktop is the guard's") {
    World world(micAndCall);
    follow(world);
    set(world, "mic", true, morning);
    CHECK_FALSE(world.model.mute.muted());
    // A speaker of that name is none, either.
    world.say("node 50 class=Stream/Output/Audio name=mic2 client=10\ndefault mic2");
    CHECK_FALSE(world.model.mute.muted());
    world.say("default mic");
    CHECK(world.model.mute.desktop);
}

TEST_CASE("a microphone that the session manager is still restoring is muted when it has settled") {
    World world(std::string(micAndCall) + "default mic\n");
    follow(world);
    world.mute();
    world.routesSettle = false;
    world.say(headset);
    set(world, "headset", true, morning + 10 * moment);
    set(world, "headset", false, morning + 20 * moment);
    CHECK(world.server.audible().empty());
    CHECK(world.model.warnings.empty());
    world.settleRoutes();
    world.rest();
    CHECK(shown(world, "headset").mute);
    CHECK(shown(world, "headset").ours);
}

TEST_CASE(
    "a port that is chosen, and the one before it once more, lift nothing by what is restored of them") {
    World world(card);
    follow(world);
    set(world, "mic", true, morning);
    REQUIRE(world.model.mute.desktop);
    REQUIRE(world.server.audible().empty());
    world.routesSettle = false;
    world.server.now = morning + 10 * moment;
    for (const char* port :
         {"port-of 15 index=1 profile=1 hw-mute", "port-of 15 index=0 profile=1 hw-mute"}) {
        INFO(port);
        world.say(port);
        CHECK(world.server.audible().empty());
        CHECK(world.model.mute.desktop);
        INFO("once it has settled it shows the guard's mute, and is a key like the other one was");
        world.settleRoutes();
        world.rest();
        CHECK(shown(world, "mic").mute);
        CHECK(switchIsOn(world));
        world.server.now += 10 * moment;
    }
    world.say("routes 15 0 unmute");
    CHECK_FALSE(world.model.mute.muted());
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("what is read of a card's microphone counts once it is known of which port it was") {
    World world(card);
    follow(world);
    set(world, "mic", true, morning);
    REQUIRE(world.model.mute.desktop);
    const auto reading = [&](bool begins, std::uint64_t now) {
        world.receive(event::RoutesReading{GlobalId{15}, begins, now});
    };
    SECTION("another one's: restored by the session manager") {
        world.routesSettle = false;
        reading(true, morning + 10 * moment);
        set(world, "mic", false, morning + 10 * moment);
        CHECK(world.server.audible().empty());
        world.say("port-of 15 index=1 profile=1 hw-mute");
        reading(false, morning + 10 * moment);
        CHECK(world.model.mute.desktop);
        CHECK(world.server.audible().empty());
        world.settleRoutes();
        world.rest();
        CHECK(shown(world, "mic").mute);
    }
    SECTION("the same one's: the key") {
        reading(true, morning + 10 * moment);
        set(world, "mic", false, morning + 10 * moment);
        CHECK(world.server.audible().empty());
        reading(false, morning + 10 * moment);
        CHECK_FALSE(world.model.mute.muted());
        CHECK(world.server.audible() == Pairs{"mic -> call"});
    }
}

TEST_CASE("stopped in order while muted, the panel's mutes stay, and the next guard takes them back") {
    World first(std::string(micAndCall) + std::string(headset) + "default mic\n");
    follow(first);
    first.mute();
    first.receive(event::Released{true});
    CHECK(first.server.audible().empty());
    for (const std::uint32_t id : {20U, 22U})
        CHECK(first.server.knob(GlobalId{id}).mute);
    World world(first.server, first.model.remembered, true);
    follow(world);
    CHECK(world.server.audible().empty());
    world.unmute();
    for (const std::uint32_t id : {20U, 22U})
        CHECK_FALSE(world.server.knob(GlobalId{id}).mute);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(world.plan().empty());
}

TEST_CASE("a switch that the guard had set before it follows the desktop is given back all the same") {
    World world(card);
    world.mute();
    REQUIRE(switchIsOn(world));
    SECTION("read of the node before it followed") {
        set(world, "mic", true, morning);
        follow(world);
    }
    SECTION("read of the node afterwards") {
        follow(world);
        set(world, "mic", true, morning);
    }
    CHECK(world.model.applied.leds.empty());
    CHECK(shown(world, "mic").ours);
    world.unmute();
    CHECK_FALSE(switchIsOn(world));
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(world.plan().empty());
}

TEST_CASE("a switch that the user had set before the guard followed stays his") {
    World world(card);
    world.mute();
    world.say("routes 15 0 unmute\nroutes 15 0 mute");
    set(world, "mic", true, morning);
    follow(world);
    CHECK_FALSE(shown(world, "mic").ours);
}

TEST_CASE("the mute that stood in for the guard is taken back by one that follows the desktop") {
    World first(std::string(micAndCall) + "default mic\n");
    first.mute();
    first.receive(event::Released{true});
    REQUIRE(first.server.knob(GlobalId{20}).mute);
    Remembered memory;
    memory.userMuted.insert("mic");
    World world(first.server, memory, true);
    follow(world);
    CHECK(world.server.knob(GlobalId{20}).mute);
    world.unmute();
    CHECK_FALSE(world.server.knob(GlobalId{20}).mute);
    CHECK(world.model.remembered.userMuted.empty());
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("what the session manager has stored of the guard's mute is stored anew when it is taken back") {
    World world(card);
    follow(world);
    world.mute();
    REQUIRE(sent(world, "panel 20 by route mute"));
    world.say("routes 15 0 mute save\nknob 20 max=0 mute");
    world.server.performed.clear();
    world.unmute();
    CHECK(sent(world, "panel 20 by route unmute save"));
}

TEST_CASE("no longer followed, the desktop's mute does not open the microphone") {
    World world(std::string(micAndCall) + "default mic\n");
    follow(world);
    set(world, "mic", true, morning);
    follow(world, false);
    CHECK(world.server.audible().empty());
    CHECK(world.model.mute.user);
    CHECK_FALSE(world.model.mute.desktop);
}

TEST_CASE("an unmuting button takes back the mute of the default microphone, whosever it was") {
    World world(std::string(micAndCall) + std::string(headset) + "default mic\n");
    set(world, "mic", true, morning); // by the user, before the guard followed
    set(world, "headset", true, morning);
    world.mute();
    follow(world);
    world.server.performed.clear();
    world.unmute();
    CHECK(sent(world, "panel 20 unmute"));
    CHECK_FALSE(sent(world, "panel 22 unmute"));
}

TEST_CASE("a suspended microphone that tells nothing of its mute has it when the server has carried it out") {
    World world(std::string(micAndCall) + "node 50 class=Audio/Source name=quiet\nport 51 of 50 out\n");
    follow(world);
    const auto carriedOut = [&](bool muted) {
        world.model.apply(event::UserMute{muted, "", "", morning});
        const auto batch = world.model.applied.sent + 1;
        recordSent(world.model, world.plan(), batch);
        return batch;
    };
    const auto muted = carriedOut(true);
    REQUIRE(shown(world, "quiet").asked == true);
    world.model.apply(event::Acknowledged{muted, GlobalId{10}}); // another one's
    CHECK(shown(world, "quiet").asked);
    world.model.apply(event::Acknowledged{muted});
    CHECK(shown(world, "quiet").mute);
    CHECK(shown(world, "quiet").ours);
    const auto live = carriedOut(false);
    REQUIRE(shown(world, "quiet").asked == false);
    world.model.apply(event::Acknowledged{live});
    CHECK_FALSE(shown(world, "quiet").mute);
    CHECK_FALSE(shown(world, "quiet").ours);
}

TEST_CASE("a mute of the guard's that the session manager restores is the guard's") {
    Remembered memory;
    memory.panel.insert({"headset", noRoute});
    World world(FakeServer{}, memory, false);
    world.routesSettle = false;
    world.say(std::string(micAndCall) + std::string(headset) + "default mic\n");
    follow(world);
    set(world, "headset", true, morning);
    CHECK_FALSE(world.model.mute.muted());
    CHECK_FALSE(world.server.knob(world.node("headset").id).mute); // taken back
    // Long after, it is somebody else's.
    world.settleRoutes();
    world.rest();
    set(world, "headset", true, morning + 50 * moment);
    CHECK_FALSE(shown(world, "headset").ours);
}

TEST_CASE("a switch whose mute was stored is stored unmuted by a guard that followed only later") {
    World world(std::string(card) + std::string(headset));
    world.mute();
    world.say("routes 15 0 mute save");
    set(world, "mic", true, morning);
    follow(world);
    world.server.performed.clear();
    world.unmute();
    CHECK(sent(world, "panel 20 by route unmute save"));
}

TEST_CASE("a microphone that is exempted while muted is not left muted on the desktop") {
    const auto graph = GENERATE(std::string(micAndCall) + std::string(headset) + "default mic\n",
                                std::string(card) + std::string(headset));
    World world(graph);
    follow(world);
    world.mute();
    REQUIRE(shown(world, "mic").mute);
    const auto exempt = [&](std::vector<std::string> names) {
        Settings settings = world.model.settings;
        settings.sources.exempt = std::move(names);
        world.receive(event::SettingsLoaded{settings});
        world.rest();
    };
    exempt({"mic"});
    CHECK_FALSE(world.server.knob(world.node("mic").id).mute);
    CHECK_FALSE(shown(world, "mic").ours);
    CHECK(shown(world, "headset").mute);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(world.plan().empty());
    INFO("muted there by its user, it is his, and unmuting the guard leaves it so");
    set(world, "mic", true, morning + 10 * moment);
    world.unmute();
    CHECK(shown(world, "mic").mute);
    CHECK_FALSE(world.model.mute.muted());
    CHECK(world.plan().empty());
    INFO("no longer exempt, it is shown muted with the others, and taken back with them");
    set(world, "mic", false, morning + 20 * moment);
    world.mute();
    exempt({});
    CHECK(shown(world, "mic").mute);
    world.unmute();
    CHECK_FALSE(shown(world, "mic").mute);
}

TEST_CASE("live, the mute of another microphone is its user's, and a guard that goes follows nobody") {
    World world(std::string(micAndCall) + std::string(headset) + "default mic\n");
    follow(world);
    set(world, "headset", true, morning);
    set(world, "headset", false, morning + 5 * moment);
    CHECK_FALSE(world.model.mute.muted());
    CHECK(world.model.warnings.empty());
    CHECK(world.plan().empty());
    world.receive(event::Released{true});
    set(world, "mic", true, morning + 10 * moment);
    CHECK_FALSE(world.model.mute.muted());
    CHECK(world.plan().empty());
}

TEST_CASE("what a process was asked to show is asked for anew when its answer is lost") {
    World world(std::string(micAndCall) + "default mic\n");
    follow(world);
    world.model.apply(event::UserMute{true, "", "", morning});
    recordSent(world.model, world.plan(), world.model.applied.sent + 1);
    REQUIRE(shown(world, "mic").asked == true);
    const auto asks = [&] {
        const auto plan = world.plan();
        return std::any_of(plan.begin(), plan.end(), [](const Action& action) {
            return std::holds_alternative<action::SetPanelMute>(action);
        });
    };
    CHECK_FALSE(asks());
    world.model.apply(event::ProcessLost{GlobalId{30}}); // another one's
    CHECK_FALSE(asks());
    world.model.apply(event::ProcessLost{GlobalId{10}});
    CHECK(asks());
}

TEST_CASE("whose process has the card is waited for as well as whose has the microphone") {
    World world(std::string(desk) + R"(
        client 25 exe=/usr/bin/cards
        device 15 name=card client=25
        route 15 index=0 profile=1 hw-mute
        node 20 class=Audio/Source name=mic client=10 device=15 profile=1
        port 21 of 20 out
        default mic
    )");
    follow(world);
    world.model.apply(event::UserMute{true, "", "", morning});
    recordSent(world.model, world.plan(), world.model.applied.sent + 1);
    CHECK(world.model.applied.processes.at(Serial{1025}).waiting());
    CHECK(world.model.applied.processes.at(Serial{1010}).waiting());
}

TEST_CASE("what the session manager has stored of a guard that did not follow is owed by one that does") {
    Remembered memory;
    memory.ledsStored = {{"card", 0}, {"unplugged", 1}};
    World world(FakeServer{}, memory, true);
    follow(world);
    world.say(card);
    CHECK(world.model.remembered.ledsStored.empty());
    CHECK(world.model.remembered.panel.contains({"unplugged", 1}));
    CHECK(world.model.remembered.panel.contains({"card", 0})); // shown muted by this one
    world.unmute();
    CHECK_FALSE(world.model.remembered.panel.contains({"card", 0}));
    CHECK(world.model.remembered.panel.contains({"unplugged", 1}));
}

TEST_CASE("one press of a key that mutes all does not reach a microphone that is exempt") {
    World world(std::string(micAndCall) + std::string(headset) +
                "node 24 class=Audio/Source name=line client=10\nport 25 of 24 out\ndefault mic\n");
    Settings settings = world.model.settings;
    settings.sources.exempt = {"line"};
    settings.mute.followDesktop = true;
    world.receive(event::SettingsLoaded{settings});
    set(world, "headset", true, morning);
    set(world, "line", true, morning);
    set(world, "mic", true, morning + instant);
    REQUIRE(world.model.mute.desktop);
    CHECK(shown(world, "headset").ours);
    CHECK_FALSE(shown(world, "line").ours);
    world.unmute();
    CHECK_FALSE(shown(world, "headset").mute);
    CHECK(shown(world, "line").mute);
}

TEST_CASE("a card's switch is shown as it was asked for once it is read so, not once that is acknowledged") {
    World world(card);
    follow(world);
    world.model.apply(event::UserMute{true, "", "", morning});
    const auto batch = world.model.applied.sent + 1;
    recordSent(world.model, world.plan(), batch);
    REQUIRE(shown(world, "mic").asked == true);
    world.model.apply(event::Acknowledged{batch, GlobalId{10}});
    world.model.apply(event::Acknowledged{batch});
    CHECK(shown(world, "mic").asked == true);
    CHECK_FALSE(shown(world, "mic").mute);
    world.model.apply(
        event::NodeKnob{GlobalId{20}, {.present = true, .maxVolume = 0.0f, .mute = true}, morning});
    CHECK_FALSE(shown(world, "mic").asked);
    CHECK(shown(world, "mic").mute);
}

TEST_CASE("a microphone whose routes come after it is shown by its switch from then on") {
    World world(std::string(desk) + "default mic\n");
    follow(world);
    world.say("device 15 name=card\nnode 20 class=Audio/Source name=mic client=10 device=15 profile=1\nport "
              "21 of 20 out");
    REQUIRE(panelOf(world.model, world.node("mic"))->route == nullptr);
    world.say("route 15 index=0 profile=1 hw-mute");
    REQUIRE(panelOf(world.model, world.node("mic"))->route);
    CHECK(world.model.applied.panel.contains({Serial{1015}, 0}));
    world.mute();
    CHECK(switchIsOn(world));
    world.unmute();
    CHECK_FALSE(switchIsOn(world));
}

TEST_CASE("that a switch reads muted is the user's mute where the microphone itself cannot tell") {
    World world(card);
    Model& model = world.model;
    model.graph.devices.at(GlobalId{15}).routes.front().mute = true;
    auto& knob = model.applied.knobs.at(Serial{1020});
    const auto mutedByUser = [&] { return isMutedByUser(model, world.node("mic")); };
    CHECK_FALSE(mutedByUser()); // the reading of the route is old: the microphone says that it is live
    knob.found = true;
    CHECK(mutedByUser());
    model.applied.knobs.erase(Serial{1020});
    CHECK(mutedByUser());
    model.applied.leds[{Serial{1015}, 0}] = {};
    CHECK_FALSE(mutedByUser()); // the guard's own
    model.applied.leds.at({Serial{1015}, 0}).ours = false;
    CHECK(mutedByUser());
    model.graph.devices.at(GlobalId{15}).routes.front().mute = false;
    CHECK_FALSE(mutedByUser());
}
