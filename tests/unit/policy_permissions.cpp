// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the desktop's settings say of one sandboxed application (the portals' permission store), beside rules.
#include "daemon/policy/questions.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Pairs = std::set<std::string>;

// An application in a sandbox, as the kernel tells, and one in none.
std::string desktopWith(const std::string& sandbox, const std::string& id) {
    return std::string(micAndCall) +
           "default mic\nclient 40 exe=/app/bin/boxed name=Boxed sandbox=" + sandbox + " sandbox-id=" + id +
           "\nnode 41 class=Stream/Input/Audio name=boxed client=40 autoconnect running\nport 42 of 41 in\n";
}

void store(World& world, const std::string& name, Permission permission) {
    world.receive(event::PermissionsRead{{{name, permission}}, {}});
}

std::string reasonOf(World& world, std::string_view name) {
    for (const auto& application : world.view().applications)
        if (application.name == name)
            return application.reason;
    return "not shown";
}

Rule about(Ruling action) {
    Rule rule;
    rule.action = action;
    rule.origin = {"rules.toml", 2};
    return rule;
}

} // namespace

TEST_CASE(
    "a sandboxed application that the desktop's settings deny hears nothing, and nobody else is concerned") {
    const auto [sandbox, stored] = GENERATE(std::pair<std::string, std::string>{"flatpak", "org.box.App"},
                                            std::pair<std::string, std::string>{"snap", "snap.org.box.App"});
    World world(desktopWith(sandbox, "org.box.App"));
    REQUIRE(world.server.audible() == Pairs{"mic -> boxed", "mic -> call"});
    store(world, stored, Permission::No);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(reasonOf(world, "Boxed") == "denied in the desktop's settings");
    // An allowing rule does not lift it.
    world.rule(about(Ruling::Allow));
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    store(world, "org.another.App", Permission::No);
    CHECK(world.server.audible() == Pairs{"mic -> boxed", "mic -> call"});
    // Not heeded, it changes nothing.
    store(world, stored, Permission::No);
    Settings settings = world.model.settings;
    settings.policy.permissionStore = false;
    world.receive(event::SettingsLoaded{settings});
    CHECK(world.server.audible() == Pairs{"mic -> boxed", "mic -> call"});
}

TEST_CASE(
    "an application that the desktop's settings say to ask about is asked about, unless a rule is stricter") {
    World world(desktopWith("flatpak", "org.box.App"));
    store(world, "org.box.App", Permission::Ask);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(reasonOf(world, "Boxed") == "the desktop's settings say to ask");
    const auto waiting = waitingForAnswer(world.model, world.verdicts());
    REQUIRE(waiting.size() == 1);
    CHECK(waiting.begin()->second == std::set<Serial>{Serial{1040}});
    Rule deny = about(Ruling::Deny);
    deny.match.flatpak = "org.box.*";
    world.rule(deny);
    CHECK(waitingForAnswer(world.model, world.verdicts()).empty());
    CHECK(reasonOf(world, "Boxed").find("rules.toml:2") != std::string::npos);
    // Denied by the rule already, the settings' no is not the reason.
    store(world, "org.box.App", Permission::No);
    CHECK(reasonOf(world, "Boxed").find("rules.toml:2") != std::string::npos);
}

TEST_CASE("an answer takes the place of the desktop's \"ask\"") {
    World world(desktopWith("flatpak", "org.box.App"));
    store(world, "org.box.App", Permission::Ask);
    const auto waiting = waitingForAnswer(world.model, world.verdicts());
    REQUIRE(waiting.size() == 1);
    world.receive(event::QuestionAsked{waiting.begin()->first, waiting.begin()->second});
    world.receive(
        event::Answered{{1, waiting.begin()->first, true, true, Scope::Run, waiting.begin()->second}});
    CHECK(world.server.audible() == Pairs{"mic -> boxed", "mic -> call"});
    CHECK(world.model.appeals.questions.empty());
    // The newest counts, and leaves no older one behind.
    world.receive(
        event::Answered{{2, waiting.begin()->first, true, false, Scope::Run, waiting.begin()->second}});
    CHECK(world.model.appeals.answers.size() == 1);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    // Its streams go while the list is not complete: nobody can be said to be gone.
    world.server.disconnect();
    world.model.apply(event::Disconnected{});
    CHECK(endedAnswers(world.model).empty());
    // Another server's run knows none of those who asked.
    world.model.apply(event::QuestionAsked{"exe:/usr/bin/x", {Serial{1040}}});
    world.server.restart();
    world.server.connect();
    world.rest();
    CHECK(world.model.appeals.answers.empty());
    CHECK(world.model.appeals.questions.empty());
}

TEST_CASE("an application in a sandbox mutes itself, and by that no other of the same sandbox's kind") {
    World world(
        desktopWith("flatpak", "org.box.App") +
        "node 43 class=Stream/Input/Audio name=boxed client=40 autoconnect running\nport 44 of 43 in\n"
        "client 50 exe=/app/bin/other name=Other sandbox=flatpak sandbox-id=org.other.App\n"
        "node 51 class=Stream/Input/Audio name=other client=50 autoconnect running\nport 52 of 51 in\n"
        "client 60 exe=/snap/box name=Snapped sandbox=snap sandbox-id=org.box.App\n"
        "node 61 class=Stream/Input/Audio name=snapped client=60 autoconnect running\nport 62 of 61 in\n");
    world.receive(event::OwnStreamsMuted{":1.4", {"Boxed", "flatpak", "org.box.App", {}, ""}});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> other", "mic -> snapped"});
    CHECK(reasonOf(world, "Boxed") == "muted by itself: Boxed");
    for (const auto& application : world.view().applications) {
        CHECK(application.ownMute == (application.name == "Boxed"));
        CHECK(application.muted == (application.name == "Boxed"));
    }
    world.receive(event::OwnStreamsUnmuted{":1.4"});
    CHECK(world.server.audible() == Pairs{"mic -> boxed", "mic -> call", "mic -> other", "mic -> snapped"});
}
