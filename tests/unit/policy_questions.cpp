// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who is asked about, and what becomes of the answers.
#include "config/rule_reader.hpp"
#include "daemon/policy/identity.hpp"
#include "daemon/policy/questions.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Pairs = std::set<std::string>;
using Waiting = std::map<std::string, std::set<Serial>>;

// Through pipewire-pulse: what they are is what they say.
constexpr std::string_view zoom = R"(
client 50 exe=/usr/bin/pipewire-pulse name=Zoom app-id=us.zoom
node 51 class=Stream/Input/Audio name=zoom client=50 autoconnect running
port 52 of 51 in
)";
constexpr std::string_view stranger = R"(
client 60 exe=/usr/bin/pipewire-pulse name=Zoom app-id=us.zoom
node 61 class=Stream/Input/Audio name=stranger client=60 autoconnect running
port 62 of 61 in
)";

const std::string call = "exe:/usr/bin/call", claimedZoom = "claimed:us.zoom";

Rule about(Ruling action, std::string app, std::int32_t priority = 0) {
    Rule rule;
    rule.match.app = std::move(app);
    rule.action = action;
    rule.priority = priority;
    rule.origin = {"/home/me/.config/micguard/micguard.toml", 3};
    return rule;
}

Waiting waiting(const World& world) {
    return waitingForAnswer(world.model, world.verdicts());
}

// As the App: about everybody who waits, and only once.
std::vector<std::string> ask(World& world) {
    std::vector<std::string> asked;
    for (const auto& [application, clients] : waiting(world))
        if (!world.model.appeals.questions.contains(application)) {
            world.receive(event::QuestionAsked{application, clients});
            asked.push_back(application);
        }
    return asked;
}

std::uint64_t answer(World& world, const std::string& application, bool allow, Scope scope) {
    static std::uint64_t number = 0;
    const auto question = world.model.appeals.questions.at(application);
    world.receive(event::Answered{
        {++number, application, !application.starts_with("claimed:"), allow, scope, question}});
    return number;
}

const ApplicationView& shown(const View& view, std::string_view name) {
    const auto it =
        std::find_if(view.applications.begin(), view.applications.end(),
                     [&](const ApplicationView& application) { return application.name == name; });
    REQUIRE(it != view.applications.end());
    return *it;
}

} // namespace

TEST_CASE("there is one question about an application, however many streams it has") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Ask, "/usr/bin/call"));
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(ask(world) == std::vector{call});
    world.say("client 70 exe=/usr/bin/call name=Call\nnode 71 class=Stream/Input/Audio name=second client=70 "
              "autoconnect\n"
              "port 72 of 71 in");
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(waiting(world) == Waiting{{call, {Serial{1030}, Serial{1070}}}});
    CHECK(ask(world).empty());
    CHECK(shown(world.view(), "Call").state == "pending");
}

TEST_CASE("nobody asks about a client without a stream, nor about one that only plays") {
    World world(desk);
    world.say("node 20 class=Audio/Source name=mic client=10\nport 21 of 20 out");
    world.rule(about(Ruling::Ask, "*"));
    world.say("client 30 exe=/usr/bin/call\nclient 40 exe=/usr/bin/player\n"
              "node 41 class=Stream/Output/Audio name=music client=40 autoconnect\nport 42 of 41 out");
    CHECK(waiting(world).empty());
}

TEST_CASE("a stream that links itself is asked about, and hears once it may") {
    World world(std::string(desk) + R"(
        node 20 class=Audio/Source name=mic client=10
        port 21 of 20 out
        client 60 exe=/usr/bin/jack_rec
        node 61 name=jack client=60
        port 62 of 61 in
        link 64 20:21 -> 61:62
    )");
    world.rule(about(Ruling::Ask, "*"));
    CHECK(world.server.audible().empty());
    REQUIRE(ask(world) == std::vector<std::string>{"exe:/usr/bin/jack_rec"});
    answer(world, "exe:/usr/bin/jack_rec", true, Scope::Run);
    CHECK(world.server.audible() == Pairs{"mic -> jack"});
}

TEST_CASE("allowed once, it hears until it has no stream left") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Ask, "/usr/bin/call"));
    ask(world);
    answer(world, call, true, Scope::Once);
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    CHECK(waiting(world).empty());

    world.say("node 33 class=Stream/Input/Audio name=second client=30 autoconnect running\nport 34 of 33 in");
    CHECK(world.server.audible().contains("mic -> second"));
    world.say("gone 32\ngone 31");
    CHECK(world.server.audible() == Pairs{"mic -> second", "mic -> notes"});
    world.say("gone 34\ngone 33");
    world.say("node 35 class=Stream/Input/Audio name=third client=30 autoconnect running\nport 36 of 35 in");
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(ask(world) == std::vector{call});
}

TEST_CASE("allowed for its run, it hears in stream after stream until its last process has gone") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Ask, "/usr/bin/call"));
    ask(world);
    answer(world, call, true, Scope::Run);
    world.say("gone 32\ngone 31");
    world.say("node 33 class=Stream/Input/Audio name=second client=30 autoconnect running\nport 34 of 33 in");
    CHECK(world.server.audible() == Pairs{"mic -> second", "mic -> notes"});
    world.say("client 70 exe=/usr/bin/call\ngone 34\ngone 33\ngone 30");
    world.say("node 71 class=Stream/Input/Audio name=child client=70 autoconnect running\nport 72 of 71 in");
    CHECK(world.server.audible() == Pairs{"mic -> child", "mic -> notes"});
    world.say("gone 72\ngone 71\ngone 70");
    world.say("client 80 exe=/usr/bin/call\nnode 81 class=Stream/Input/Audio name=anew client=80 autoconnect "
              "running\n"
              "port 82 of 81 in");
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(ask(world) == std::vector{call});
}

TEST_CASE("a no denies, and says who said so") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Ask, "/usr/bin/call"));
    ask(world);
    answer(world, call, false, Scope::Run);
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(shown(world.view(), "Call").state == "denied");
    CHECK(shown(world.view(), "Call").reason == "you said no, for as long as it runs");
    CHECK(waiting(world).empty());
    CHECK(world.plan().empty());
}

TEST_CASE("the newer answer counts") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Ask, "/usr/bin/call"));
    ask(world);
    const auto first = answer(world, call, false, Scope::Run);
    world.receive(event::AnswerEnded{first});
    REQUIRE(ask(world) == std::vector{call});
    answer(world, call, true, Scope::Run);
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
}

TEST_CASE("an answer decides where rules say ask, and nowhere else") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Ask, "/usr/bin/call"));
    ask(world);
    answer(world, call, true, Scope::Run);
    world.rule(about(Ruling::Deny, "/usr/bin/call", 1));
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(shown(world.view(), "Call").reason.starts_with("denied by /home/me"));
}

TEST_CASE("who only says that he is the application is not allowed with it") {
    World world(std::string(micAndTwoCalls) + std::string(zoom));
    world.rule(about(Ruling::Ask, "us.zoom"));
    REQUIRE(ask(world) == std::vector{claimedZoom});
    SECTION("neither when he comes while the question is open") {
        world.say(stranger);
        answer(world, claimedZoom, true, Scope::Run);
    }
    SECTION("nor when he comes after the answer") {
        answer(world, claimedZoom, true, Scope::Run);
        world.say(stranger);
    }
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes", "mic -> zoom"});
    CHECK(waiting(world) == Waiting{{claimedZoom, {Serial{1060}}}});
    INFO("and keeps nothing when the one that was allowed has gone");
    world.say("gone 52\ngone 51\ngone 50");
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    CHECK(world.model.appeals.answers.empty());
}

TEST_CASE("a no to what something says of itself holds for all that say the same") {
    World world(std::string(micAndTwoCalls) + std::string(zoom));
    world.rule(about(Ruling::Ask, "us.zoom"));
    ask(world);
    answer(world, claimedZoom, false, Scope::Run);
    world.say(stranger);
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    CHECK(waiting(world).empty());
}

TEST_CASE("answers outlast a connection that is cut, and not the server") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Ask, "/usr/bin/call"));
    ask(world);
    answer(world, call, true, Scope::Once);
    world.reconnect();
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    world.server.restart();
    world.server.say(micAndTwoCalls);
    world.server.connect();
    world.rest();
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(ask(world) == std::vector{call});
}

TEST_CASE("what is remembered wins over the rule that asked, and over no more than it takes") {
    World world(micAndTwoCalls);
    const Subject subject = subjectOf(world.model.graph.clients.at(GlobalId{30}), nullptr);
    SECTION("a pattern asks: the name spelled out wins by itself") {
        world.rule(about(Ruling::Ask, "/usr/*", 7));
        const auto rule = ruleToRemember(world.model, RuleBook(world.model.settings), subject, true);
        REQUIRE(rule);
        CHECK(rule->match.app == "/usr/bin/call");
        CHECK(rule->action == Ruling::Allow);
        CHECK(rule->priority == 7);
    }
    SECTION("the default asks") {
        Settings settings;
        settings.policy.fallback = Ruling::Ask;
        world.receive(event::SettingsLoaded{settings});
        CHECK(ruleToRemember(world.model, RuleBook(world.model.settings), subject, false)->priority == 0);
    }
    SECTION("a rule as specific asks: the priority has to do it") {
        Rule asks = about(Ruling::Ask, "/usr/bin/call");
        asks.match.source = "mic";
        world.rule(asks);
        CHECK(ruleToRemember(world.model, RuleBook(world.model.settings), subject, true)->priority == 1);
    }
    SECTION("a rule asks as long as another application captures") {
        Rule asks = about(Ruling::Ask, "/usr/bin/call", 10);
        asks.when.capturing = "/usr/bin/notes";
        world.rule(asks);
        CHECK(ruleToRemember(world.model, RuleBook(world.model.settings), subject, true)->priority ==
              11); // more specific than a name alone
    }
    SECTION("a rule as specific asks, of the highest priority that there is") {
        world.rule(about(Ruling::Ask, "/usr/bin/call", priorityLimit));
        const auto rule = ruleToRemember(world.model, RuleBook(world.model.settings), subject, true);
        CHECK((!rule || rule->priority <= priorityLimit));
        return;
    }
    SECTION("a final rule asks: nothing wins over it") {
        Rule asks = about(Ruling::Ask, "*");
        asks.final = true;
        asks.rank = LayerRank::System;
        world.rule(asks);
        CHECK_FALSE(ruleToRemember(world.model, RuleBook(world.model.settings), subject, true));
        return;
    }
    world.rule(*ruleToRemember(world.model, RuleBook(world.model.settings), subject, true));
    CHECK(world.server.audible().contains("mic -> call"));
}

TEST_CASE("who leaves is neither asked about nor counted among those who were answered or muted") {
    World world(micAndTwoCalls);
    Appeals& appeals = world.model.appeals;
    const Serial here{1030}, other{1040};
    world.model.apply(event::QuestionAsked{call, {here, other}});
    world.model.apply(event::AppMuted{call, {"micguardctl", {here}}});
    world.model.apply(event::Removed{GlobalId{30}});
    CHECK(appeals.questions.at(call) == std::set<Serial>{other});
    CHECK(appeals.muted.at(call).clients.empty());
    // A server that starts anew knows nobody of them; the mute stays with the name.
    world.model.apply(event::AppMuted{call, {"micguardctl", {other}}});
    world.model.apply(event::Connected{1, "x", "1.4.2", "another run"});
    CHECK(appeals.questions.empty());
    CHECK(appeals.muted.at(call).clients.empty());
}

TEST_CASE(
    "an answer replaces the older ones about the same application, a yes to a claim only adds to them") {
    Appeals appeals;
    takeAnswer(appeals, {1, call, true, true, Scope::Run, {}});
    takeAnswer(appeals, {2, claimedZoom, false, true, Scope::Run, {Serial{1050}}});
    takeAnswer(appeals, {3, claimedZoom, false, true, Scope::Run, {Serial{1060}}});
    CHECK(appeals.answers.size() == 3); // each is good for those who asked
    takeAnswer(appeals, {4, call, true, false, Scope::Run, {}});
    CHECK(appeals.answers.size() == 3);
    CHECK(appeals.answers.back().number == 4);
    takeAnswer(appeals, {5, claimedZoom, false, false, Scope::Run, {}});
    CHECK(appeals.answers.size() == 2);
}

TEST_CASE("a yes for once has served when nothing is left that listens, a stream without a session manager "
          "among it") {
    World world(
        std::string(micAndCall) +
        "client 60 exe=/usr/bin/jack_rec\nnode 61 name=jack client=60\nport 62 of 61 in\n"
        "node 63 class=Stream/Output/Audio name=played client=60\nport 64 of 63 out\nlink 65 20:21 -> 61:62");
    const std::string jack = "exe:/usr/bin/jack_rec";
    world.model.apply(event::Answered{{7, jack, true, true, Scope::Once, {Serial{1060}}}});
    CHECK(endedAnswers(world.model).empty()); // it heard a microphone last
    world.model.listComplete = false;
    world.model.apply(event::Removed{GlobalId{61}});
    CHECK(endedAnswers(world.model).empty()); // who is there is not known yet
    world.model.listComplete = true;
    CHECK(endedAnswers(world.model) == std::vector<std::uint64_t>{7}); // what plays does not listen
}

TEST_CASE("who is shown as waiting for an answer can be answered") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Ask, "us.zoom"));
    world.rule(about(Ruling::Ask, "/usr/bin/third"));
    world.server.say(R"(
client 70 exe=/usr/bin/third name=Third
node 71 class=Stream/Input/Audio name=third client=70 autoconnect running
port 72 of 71 in
)");
    world.server.say(zoom);
    int looks = 0;
    std::set<std::string> pending;
    const auto look = [&] {
        for (const auto& application : world.view().applications)
            if (application.state == "pending") {
                ++looks;
                pending.insert(application.name);
                CHECK(waiting(world).contains(world.describer.identityOf(application.key)));
            }
    };
    while (world.step()) {
        world.enforcer.settle();
        look();
    }
    INFO("who is behind a client of the Pulse server's was looked for, and not found");
    CHECK(pending == Pairs{"Third"});
    world.rest();
    look();
    CHECK(looks > 0);
    CHECK(pending == Pairs{"Third", "Zoom"});
}

TEST_CASE("a no holds for who still runs what the program was before an upgrade, a yes does not") {
    const bool allow = GENERATE(true, false);
    World world(std::string(micAndTwoCalls) +
                "client 70 exe=\"/usr/bin/call (deleted)\" exe-elsewhere name=Old\n"
                "node 71 class=Stream/Input/Audio name=old client=70 autoconnect running\nport 72 of 71 in");
    world.rule(about(Ruling::Ask, "/usr/bin/call"));
    REQUIRE(world.server.audible() == Pairs{"mic -> notes"});
    world.receive(event::Answered{{1, call, true, allow, Scope::Run, {Serial{1030}}}});
    CHECK(world.server.audible() == (allow ? Pairs{"mic -> call", "mic -> notes"} : Pairs{"mic -> notes"}));
    CHECK(waiting(world).empty() != allow);
}

TEST_CASE("answers are found by whatever a rule could name their application by") {
    World world(std::string(micAndTwoCalls) + "client 70 exe=/opt/zoom/zoom\n");
    takeAnswer(world.model.appeals, {1, call, true, true, Scope::Run, {}});
    takeAnswer(world.model.appeals, {2, "exe:/opt/zoom/zoom", true, false, Scope::Run, {}});
    takeAnswer(world.model.appeals, {3, "claimed:x", false, true, Scope::Run, {Serial{1030}}});
    takeAnswer(world.model.appeals, {4, "claimed:/usr/bin/call", false, true, Scope::Run, {Serial{1040}}});
    using Numbers = std::vector<std::uint64_t>;
    CHECK(answersAbout(world.model, "/usr/bin/call") == Numbers{1, 3});
    CHECK(answersAbout(world.model, "Zoom") == Numbers{2});
    CHECK(answersAbout(world.model, "/opt/zoom/zoom") == Numbers{2});
    CHECK(answersAbout(world.model, "/usr/bin/notes") == Numbers{4});
    CHECK(answersAbout(world.model, "/usr/bin/other").empty());
}

TEST_CASE("who has gone meanwhile is not asked about") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Ask, "/usr/bin/call"));
    const auto before = world.verdicts();
    REQUIRE(waitingForAnswer(world.model, before).size() == 1);
    SECTION("with his stream") {
        world.model.apply(event::Removed{GlobalId{31}});
    }
    SECTION("and left it behind") {
        world.model.apply(event::Removed{GlobalId{30}});
    }
    CHECK(waitingForAnswer(world.model, before).empty());
}

TEST_CASE("who waits for an answer does not capture, and who has a yes does") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Ask, "/usr/bin/call"));
    Rule beside = about(Ruling::Deny, "/usr/bin/notes");
    beside.when.capturing = "/usr/bin/call";
    world.rule(beside);
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    ask(world);
    SECTION("a yes") {
        answer(world, call, true, Scope::Run);
        CHECK(world.server.audible() == Pairs{"mic -> call"});
    }
    SECTION("a no") {
        answer(world, call, false, Scope::Run);
        CHECK(world.server.audible() == Pairs{"mic -> notes"});
    }
}

TEST_CASE("whom the desktop's settings keep from microphones does not capture, and is not asked twice") {
    World world(std::string(micAndTwoCalls) +
                "client 70 exe=/app/bin/chat sandbox=flatpak sandbox-id=org.chat name=Chat\n"
                "node 71 class=Stream/Input/Audio name=chat client=70 autoconnect running\nport 72 of 71 in");
    Rule beside = about(Ruling::Deny, "/usr/bin/notes");
    beside.when.capturing = "org.chat";
    world.rule(beside);
    REQUIRE(world.server.audible() == Pairs{"mic -> call", "mic -> chat"});
    const std::string chat = "flatpak:org.chat";
    const auto stored = [&](Permission permission) {
        world.receive(event::PermissionsRead{{{"org.chat", permission}}, {}});
    };
    SECTION("they say no, whatever was answered") {
        stored(Permission::No);
        CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
        world.receive(event::Answered{{1, chat, true, true, Scope::Run, {Serial{1070}}}});
        CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    }
    SECTION("they say to ask") {
        stored(Permission::Ask);
        CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
        REQUIRE(ask(world) == std::vector{chat});
        answer(world, chat, true, Scope::Run);
        CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> chat"});
    }
    SECTION("they are not heeded") {
        Settings settings = world.model.settings;
        settings.policy.permissionStore = false;
        world.receive(event::SettingsLoaded{settings});
        stored(Permission::No);
        CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> chat"});
    }
}

TEST_CASE("what is remembered needs to win only where it was asked") {
    World world(std::string(micAndTwoCalls) + "node 25 class=Audio/Source name=line client=10\n");
    Rule asks = about(Ruling::Ask, "/usr/bin/*"), denies = about(Ruling::Deny, "*", 9);
    denies.match.source = "line";
    world.rule(asks);
    world.rule(denies);
    const Subject subject = subjectOf(world.model.graph.clients.at(GlobalId{30}), nullptr);
    const auto rule = ruleToRemember(world.model, RuleBook(world.model.settings), subject, true);
    REQUIRE(rule);
    CHECK(rule->priority == 0);
}

// Who was there before the guard is not known, and neither is whether he is one of those.
TEST_CASE("what was handed out before the guard came is let go once anybody is kept from it") {
    World world(std::string(desk) +
                "node 20 class=Audio/Source name=mic client=10 running\nport 21 of 20 out");
    REQUIRE(world.model.left.at(Serial{1020}).others);
    const auto exposed = [&] { return world.verdicts().rulings.exposed.contains(GlobalId{20}); };
    CHECK_FALSE(exposed());
    SECTION("by who mutes his own streams") {
        world.apply(event::OwnStreamsMuted{":1.5", {"call (pid 3)", "flatpak", "org.App", {}, ""}});
        CHECK(exposed());
    }
    SECTION("by who mutes an application, unless the microphone is exempt from that") {
        world.apply(event::AppMuted{call, {"panel (pid 7)", {}}});
        CHECK(exposed());
        Settings settings = world.model.settings;
        settings.sources.exempt = {"mic"};
        world.apply(event::SettingsLoaded{settings});
        CHECK_FALSE(exposed());
    }
    SECTION("by the desktop's settings, as long as they are heeded") {
        world.apply(event::PermissionsRead{{{"org.App", Permission::No}}, {}});
        CHECK(exposed());
        Settings settings = world.model.settings;
        settings.policy.permissionStore = false;
        settings.rules = {about(Ruling::Deny, "/usr/bin/x")};
        settings.rules[0].match.source = "line";
        world.apply(event::SettingsLoaded{settings});
        CHECK_FALSE(exposed());
    }
    SECTION("by a rule about it") {
        Settings settings;
        settings.rules = {about(Ruling::Deny, "/usr/bin/x")};
        world.apply(event::SettingsLoaded{settings});
        CHECK(exposed());
    }
}
