// SPDX-License-Identifier: GPL-3.0-or-later
//
// Strict admission: who waits, when he is let in, what with, and what becomes of it over restarts and a
// release.
#include "daemon/policy/admission.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Words = std::vector<std::string>;

constexpr std::string_view strictDesk = R"(
client 1 self
client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service access=unrestricted links
node 20 class=Audio/Source name=mic client=10
port 21 of 20 out
)";

Settings strict(std::vector<std::string> mixers = {"/usr/bin/mixer"}) {
    Settings settings;
    settings.admission.strict = true;
    settings.admission.mixers = std::move(mixers);
    return settings;
}

void set(World& world, const Settings& settings) {
    world.receive(event::SettingsLoaded{settings});
}

Rule deny(std::string_view executable) {
    Rule rule;
    rule.match.executable = executable;
    rule.action = Ruling::Deny;
    return rule;
}

std::size_t at(const Words& words, std::string_view word) {
    return static_cast<std::size_t>(std::find(words.begin(), words.end(), word) - words.begin());
}

} // namespace

TEST_CASE("a client that waits is let in with a look and a touch, and no hand on the others' connections") {
    World world(strictDesk);
    set(world, strict());
    world.say("client 30 exe=/usr/bin/call access=micguard");
    CHECK(world.server.permission(GlobalId{30}, GlobalId{20}) == permission::readExecute);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{1}) == permission::readOnly);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{10}) == permission::readOnly);

    world.say("client 40 exe=/usr/bin/notes access=micguard");
    CHECK(world.server.permission(GlobalId{40}, GlobalId{30}) == permission::readOnly);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{40}) == permission::readOnly);
    CHECK(world.server.permission(GlobalId{40}, GlobalId{40}) == permission::readExecute);
    CHECK(world.plan().empty());
}

TEST_CASE("what a client may not hear is taken from it before it is let in") {
    World world(strictDesk);
    Settings settings = strict();
    settings.rules = {deny("/usr/bin/call")};
    set(world, settings);
    world.say("client 30 exe=/usr/bin/call access=micguard");
    CHECK(world.server.permission(GlobalId{30}, GlobalId{20}) == permission::none);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{21}) == permission::none);
    const Words sent = world.sent();
    REQUIRE(at(sent, "admit 30 rx") < sent.size());
    CHECK(at(sent, "permissions 30: 20=none 1=r 10=r 21=none") < at(sent, "admit 30 rx"));
    CHECK(std::count(sent.begin(), sent.end(), "admit 30 rx") == 1);
}

TEST_CASE("a client is not let in before it is known who it is") {
    World world(strictDesk);
    Settings settings = strict();
    settings.rules = {deny("/usr/bin/call")};
    set(world, settings);
    world.server.performed.clear();
    world.say("client 30 unknown exe=/usr/bin/call access=micguard");
    CHECK(world.server.permission(GlobalId{30}, GlobalId{20}) == permission::none);
    CHECK(world.sent().empty());
    // Its properties come: nothing else has changed.
    const auto events = eventsOf("client 30 exe=/usr/bin/call access=micguard");
    for (const auto& event : events)
        world.receive(event);
    CHECK(at(world.sent(), "admit 30 rx") < world.sent().size());
}

TEST_CASE("a mixer may change everything but microphones and other clients") {
    World world(strictDesk);
    set(world, strict());
    world.say("client 30 exe=/usr/bin/mixer access=micguard\n"
              "client 40 exe=/usr/bin/call access=micguard\n"
              "node 50 class=Audio/Sink name=speaker client=10");
    CHECK(world.server.permission(GlobalId{30}, GlobalId{50}) == permission::all);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{20}) == permission::readExecute);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{40}) == permission::readOnly);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{1}) == permission::readOnly);
    world.say("node 60 class=Audio/Source name=headset client=10");
    CHECK(world.server.permission(GlobalId{30}, GlobalId{60}) == permission::readExecute);

    set(world, strict({"/usr/bin/other"}));
    CHECK(world.server.permission(GlobalId{30}, GlobalId{50}) == permission::readExecute);
    CHECK(world.plan().empty());
}

TEST_CASE("who only says that it is a mixer is none") {
    World world(strictDesk);
    set(world, strict({"/usr/bin/mixer", "org.mixer"}));
    world.say(
        "client 30 exe=/usr/bin/mixer exe-elsewhere access=micguard\n"
        "client 31 exe=/usr/bin/call binary=/usr/bin/mixer app-id=org.mixer name=mixer access=micguard\n"
        "client 32 exe=/usr/bin/pipewire binary=/usr/bin/mixer access=micguard\n"
        "client 33 exe=/usr/bin/call portal=org.mixer access=micguard\n"
        "client 34 exe=/usr/bin/pipewire portal=org.mixer access=micguard\n"
        "client 35 exe=/usr/bin/pipewire peer-flatpak=org.mixer access=micguard\n"
        "client 36 exe=/app/bin/mixer exe-writable sandbox=flatpak sandbox-id=org.mixer access=micguard\n"
        "client 37 exe=/app/bin/mixer sandbox=flatpak sandbox-id=org.mixer access=micguard\n"
        "client 38 exe=/app/bin/xdg-desktop-portal sandbox=flatpak sandbox-id=org.evil access=micguard\n"
        "node 50 class=Audio/Sink name=speaker client=10");
    for (const std::uint32_t id : {30U, 31U, 32U, 33U, 34U, 36U, 38U})
        CHECK(world.server.permission(GlobalId{id}, GlobalId{50}) == permission::readExecute);
    // The process behind pipewire-pulse is known.
    CHECK(world.server.permission(GlobalId{35}, GlobalId{50}) == permission::all);
    // So is what a Flatpak of root's runs.
    CHECK(world.server.permission(GlobalId{37}, GlobalId{50}) == permission::all);
}

TEST_CASE("the server's own modules and the portal are let in with everything") {
    World world(strictDesk);
    set(world, strict());
    world.say("client 30 in-server exe=/usr/bin/pipewire access=micguard\n"
              "client 31 exe=/usr/libexec/xdg-desktop-portal access=micguard\n"
              "client 32 exe=/home/me/xdg-desktop-portal exe-elsewhere access=micguard\n"
              "node 50 class=Audio/Sink name=speaker client=10");
    CHECK(world.server.permission(GlobalId{30}, GlobalId{50}) == permission::all);
    CHECK(world.server.permission(GlobalId{31}, GlobalId{50}) == permission::all);
    CHECK(world.server.permission(GlobalId{32}, GlobalId{50}) == permission::readExecute);
}

TEST_CASE("whom the server lets in by itself is none of admission's") {
    World world(strictDesk);
    set(world, strict());
    world.say("client 30 exe=/usr/bin/tool access=unrestricted\nclient 31 exe=/usr/bin/call access=flatpak");
    for (const auto& word : world.sent())
        CHECK_FALSE((word.starts_with("admit") || word.starts_with("shield")));
}

TEST_CASE("a guard that comes back takes over whom the one before let in, and lets in who has waited since") {
    World world(strictDesk);
    set(world, strict());
    world.say("client 30 exe=/usr/bin/call access=micguard");
    world.server.disconnect();
    world.rest();
    world.server.performed.clear();
    world.server.say("client 40 exe=/usr/bin/notes access=micguard");
    CHECK(world.server.permission(GlobalId{40}, GlobalId{20}) == permission::none);
    world.server.connect();
    world.rest();
    const Words sent = world.sent();
    CHECK(at(sent, "admit 40 rx") < sent.size());
    CHECK(at(sent, "admit 30 rx") == sent.size());
    CHECK(world.server.permission(GlobalId{30}, GlobalId{20}) == permission::readExecute);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{40}) == permission::readOnly);
    CHECK(world.plan().empty());
}

TEST_CASE("a portal's connection that was handed on with less is not given more") {
    World world(strictDesk);
    set(world, strict());
    world.say("client 31 exe=/usr/libexec/xdg-desktop-portal access=micguard");
    REQUIRE(at(world.sent(), "admit 31 all") < world.sent().size());
    // As a guard that comes back finds it: nothing by default, the core alone.
    world.reconnect();
    world.model.applied.admitted.clear();
    world.server.performed.clear();
    world.receive(event::ClientGranted{GlobalId{31}, {permission::none, permission::all}});
    world.say("client 40 exe=/usr/bin/notes access=micguard");
    CHECK(at(world.sent(), "admit 40 rx") < world.sent().size());
    for (const auto& word : world.sent())
        CHECK_FALSE(word.starts_with("admit 31"));
}

TEST_CASE("admission that is switched off or released gives everything to everybody") {
    World world(strictDesk);
    set(world, strict());
    world.say("client 30 exe=/usr/bin/call access=micguard\nclient 40 exe=/usr/bin/notes access=micguard");
    const auto everything = [&](std::uint32_t client, std::uint32_t object) {
        return world.server.permission(GlobalId{client}, GlobalId{object}) == permission::all;
    };
    SECTION("switched off") {
        Settings relaxed = strict();
        relaxed.admission.strict = false;
        set(world, relaxed);
        world.say("client 50 exe=/usr/bin/late access=micguard");
        CHECK(everything(50, 20));
        CHECK(everything(50, 30));
    }
    SECTION("released") {
        world.receive(event::Released{true});
        CHECK(everything(30, 1));
        CHECK(everything(30, 10));
    }
    CHECK(everything(30, 20));
    CHECK(everything(30, 40));
    CHECK(everything(40, 30));
    CHECK(world.plan().empty());
}

TEST_CASE("many that come at once are let in before anybody is told of them") {
    World world(strictDesk);
    set(world, strict());
    world.say("client 30 exe=/usr/bin/call access=micguard");
    world.server.performed.clear();
    std::string crowd;
    for (int id = 40; id < 60; id++)
        crowd += "client " + std::to_string(id) + " exe=/usr/bin/many access=micguard\n";
    world.say(crowd);
    for (std::uint32_t id = 40; id < 60; id++) {
        CHECK(world.server.permission(GlobalId{id}, GlobalId{30}) == permission::readOnly);
        CHECK(world.server.permission(GlobalId{30}, GlobalId{id}) == permission::readOnly);
        CHECK(world.server.permission(GlobalId{id}, GlobalId{id == 40 ? 59U : 40U}) == permission::readOnly);
    }
    CHECK(world.plan().empty());
}

TEST_CASE("a mixer that listens is cut off like everybody else") {
    World world(strictDesk);
    set(world, strict());
    // Who is not in yet makes no stream.
    world.say("client 30 exe=/usr/bin/mixer access=micguard\nclient 40 exe=/usr/bin/call access=micguard");
    world.say("default mic\n"
              "node 31 class=Stream/Input/Audio name=meter client=30 autoconnect running\n"
              "port 32 of 31 in\n"
              "node 41 class=Stream/Input/Audio name=call client=40 autoconnect running\n"
              "port 42 of 41 in");
    const std::set<std::string> both{"mic -> meter", "mic -> call"};
    REQUIRE(world.server.audible() == both);
    Settings settings = strict();
    settings.rules = {deny("/usr/bin/call")};
    set(world, settings);
    CHECK(world.server.audible() == std::set<std::string>{"mic -> meter"});
    CHECK(world.server.readable() == std::set<std::string>{"mic -> 30"});
    settings.rules = {deny("/usr/bin/mixer")};
    set(world, settings);
    CHECK(world.server.audible() == std::set<std::string>{"mic -> call"});
    CHECK(world.server.readable() == std::set<std::string>{"mic -> 40"});
    set(world, strict());
    CHECK(world.server.audible() == both);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{20}) == permission::readExecute);
    CHECK(world.plan().empty());
}

TEST_CASE(
    "before all clients are known nobody is let in or thrown out, and the guard's own are never judged") {
    World world("client 1 self access=micguard\n"
                "client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager "
                "unit=wireplumber.service access=micguard links\n"
                "node 20 class=Audio/Source name=mic client=10\nport 21 of 20 out\n"
                "node 22 class=Audio/Source name=exempt client=10\nport 23 of 22 out\n"
                "client 30 exe=/usr/bin/call access=micguard\n");
    Settings settings = strict({"box"});
    settings.sources.exempt = {"exempt"};
    set(world, settings);
    CHECK(world.verdicts().admissions.contains(GlobalId{30}));
    CHECK_FALSE(world.verdicts().admissions.contains(GlobalId{1}));
    CHECK_FALSE(world.verdicts().admissions.contains(GlobalId{10}));
    // A Snap is a mixer by its own name; of the microphones it may turn those that are not guarded.
    world.say(
        "client 40 exe=/snap/box sandbox=snap sandbox-id=box access=micguard\nclient 41 access=micguard");
    CHECK(world.verdicts().admissions.at(GlobalId{40}).any == permission::all);
    CHECK(world.verdicts().admissions.at(GlobalId{41}).any == permission::readExecute);
    CHECK(world.verdicts().permissions.at(GlobalId{40}).contains(GlobalId{20}));
    CHECK_FALSE(world.verdicts().permissions.at(GlobalId{40}).contains(GlobalId{22}));
    world.server.say("client 50 access=micguard");
    while (const auto event = world.server.next())
        world.model.apply(*event);
    world.model.listComplete = false;
    CHECK(world.verdicts().admissions.empty());
    CHECK(anyUndecided(world.model) == world.model.graph.admissionOurs);
    world.model.graph.admissionOurs = true;
    CHECK(anyUndecided(world.model));
    CHECK(world.view().guard.admission == "strict");
}
