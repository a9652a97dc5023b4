// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who is meant by a name, why he may hear what he hears, and which rules there are.
#include "config/own_file.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/explain.hpp"
#include "daemon/policy/why.hpp"
#include "tests/unit/rule_text.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>
#include <map>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Words = std::vector<std::string>;

constexpr std::string_view twoCalls = R"(
    client 1 self
    client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service links
    node 20 class=Audio/Source name=mic client=10
    port 21 of 20 out
    client 30 exe=/usr/bin/call name=Call
    node 31 class=Stream/Input/Audio name=first client=30 autoconnect running
    port 32 of 31 in
    client 40 exe=/usr/bin/notes name=Notes
    node 41 class=Stream/Input/Audio name=second client=40 autoconnect running
    port 42 of 41 in
)";

struct Desk : World {
    using World::World;

    void rules(std::string_view text) { receive(event::SettingsLoaded{rulesOf(text)}); }
    std::set<GlobalId> managers() const { return sessionManagers(model.graph); }
    tl::expected<std::string, NotFound> find(const std::string& text) {
        return findAppId(model, managers(), view().applications, text);
    }
    std::string found(const std::string& text) {
        const auto appId = find(text);
        INFO(text << (appId ? "" : ": " + appId.error().text));
        REQUIRE(appId);
        return *appId;
    }
    Explanation explained(const std::string& appId) {
        return explain(model, managers(), verdicts(), RuleBook(model.settings),
                       applicantOf(model, managers(), appId), view().applications);
    }
    VerdictView only(const std::string& appId) {
        const auto explanation = explained(appId);
        REQUIRE(explanation.verdicts.size() == 1);
        return explanation.verdicts.front();
    }
};

} // namespace

TEST_CASE("an application is found by its AppId, its name in any letters, and its executable's") {
    Desk office(twoCalls);
    for (const char* text : {"/usr/bin/call", "Call", "cALL", "call"})
        CHECK(office.found(text) == "/usr/bin/call");
    CHECK(office.found("notes") == "/usr/bin/notes");
}

TEST_CASE("a name of several is no name, and one of nobody says who there is") {
    Desk office(twoCalls);
    office.say("client 50 exe=/opt/evil name=Call\nnode 51 class=Stream/Input/Audio client=50 autoconnect "
               "running\nport 52 of 51 in");
    const auto several = office.find("Call");
    REQUIRE_FALSE(several);
    CHECK(several.error().several);
    CHECK(several.error().text == "several applications are called 'Call': Call (/opt/evil), Call "
                                  "(/usr/bin/call); say which by its AppId");
    const auto nobody = office.find("Musik");
    REQUIRE_FALSE(nobody);
    CHECK_FALSE(nobody.error().several);
    CHECK(nobody.error().text ==
          "no application is called 'Musik'; there are: Call (/opt/evil), Call (/usr/bin/call), Notes "
          "(/usr/bin/notes); one that does not run is named by its AppId, as org.example.App or "
          "/usr/bin/example");
    CHECK_FALSE(office.find(""));
    CHECK_FALSE(office.find("*"));
}

TEST_CASE("an application is found by its executable's name where it calls itself something else, and many "
          "are not all listed") {
    Desk office(twoCalls);
    std::string many;
    for (int id = 100; id < 110; id++)
        many += "client " + std::to_string(id) + " exe=/opt/" + std::to_string(id) + " name=App" +
                std::to_string(id) + "\nnode " + std::to_string(id + 100) +
                " class=Stream/Input/Audio client=" + std::to_string(id) + "\n";
    office.say(many + "client 90 exe=/usr/bin/obs name=Studio\nnode 91 class=Stream/Input/Audio client=90");
    CHECK(office.found("OBS") == "/usr/bin/obs");
    const auto nobody = office.find("Musik");
    REQUIRE_FALSE(nobody);
    CHECK(nobody.error().text.find("App107 (/opt/107) …; one that") != std::string::npos);
    CHECK(nobody.error().text.find("App108") == std::string::npos);
    // It is what it says, though nobody is shown.
    office.model.graph.clients.at(GlobalId{10}).inServer = true;
    const auto none = findAppId(office.model, {}, {}, "Musik");
    REQUIRE_FALSE(none);
    CHECK(none.error().text.starts_with("no application is called 'Musik'; none listens;"));
}

TEST_CASE("an application that does not run is found by what is or looks like an AppId") {
    Desk office(twoCalls);
    for (const char* text : {"org.example.App", "/usr/bin/none", "us.zoom.Zoom", "org.x_1-y.App2"})
        CHECK(office.found(text) == text);
    for (const char* text :
         {"zoom", "a b.c", ".hidden", "end.", "/usr/bin/", "org.{x}", "org:x.App", "Org[x.App"})
        CHECK_FALSE(office.find(text));
    office.rule(ruleFor("My [Recorder]", std::nullopt, Ruling::Deny));
    CHECK(office.found("My [Recorder]") == "My [Recorder]");
}

TEST_CASE("an application that is installed is found by its name before it ever ran") {
    Desk office(twoCalls);
    const auto native = [](const std::string& id, const std::string& name, const std::string& executable) {
        return DesktopEntry{.id = id, .name = name, .executable = executable, .system = true};
    };
    auto mine = native("mine", "My Recorder", "/home/me/bin/record");
    mine.system = false;
    office.receive(event::DesktopEntriesRead{
        {native("firefox-esr", "Firefox ESR", "/usr/lib/firefox-esr/firefox-esr"),
         native("firefox-esr-private", "Firefox ESR (private)", "/usr/lib/firefox-esr/firefox-esr"),
         native("audacity", "Audacity", "/usr/bin/audacity"), mine,
         DesktopEntry{.id = "us.zoom.Zoom", .name = "Zoom", .flatpak = "us.zoom.Zoom"},
         DesktopEntry{.id = "org.activated", .name = "Activated by the Bus"},
         DesktopEntry{.id = "discord_discord", .name = "Discord", .snap = "discord"},
         DesktopEntry{.id = "us.chat.Chat", .name = "Chat", .flatpak = "us.chat.Chat"},
         DesktopEntry{.id = "chat_chat", .name = "Chat", .snap = "chat"}}});
    for (const auto& [text, appId] : std::vector<std::pair<std::string, std::string>>{
             {"zoom", "us.zoom.Zoom"},
             {"Discord", "discord"},
             {"audacity", "audacity"},
             {"firefox esr", "firefox-esr"},
             {"Firefox ESR (private)", "firefox-esr"}, // as it is known when it runs
             {"my recorder", "/home/me/bin/record"},
             {"record", "/home/me/bin/record"},
             {"activated by the bus", "org.activated"},
             {"Call", "/usr/bin/call"}})
        CHECK(office.found(text) == appId);
    const auto several = office.find("chat");
    REQUIRE_FALSE(several);
    CHECK(several.error().text ==
          "several applications are called 'chat': Chat (chat), Chat (us.chat.Chat); say which by its AppId");
    const auto similar = office.find("firefox");
    REQUIRE_FALSE(similar);
    CHECK(similar.error().text.find("; installed: Firefox ESR (firefox-esr); one that") != std::string::npos);
}

TEST_CASE("the AppId that is shown is the one that rules are about") {
    Desk office(twoCalls);
    office.say("client 60 exe=/usr/bin/liar app-id=org.trusted name=Liar\nnode 61 class=Stream/Input/Audio "
               "client=60 autoconnect running\n"
               "port 62 of 61 in\nclient 70 exe=/usr/bin/pipewire-pulse portal=org.flat name=Flat\n"
               "node 71 class=Stream/Input/Audio client=70 autoconnect running\nport 72 of 71 in");
    for (const auto& application : office.view().applications) {
        INFO(application.appId);
        REQUIRE_FALSE(application.appId.empty());
        office.rule(ruleFor(application.appId, std::nullopt, Ruling::Deny));
    }
    for (const auto& application : office.view().applications)
        CHECK(application.state == "denied");
    CHECK(office.found("liar") == "/usr/bin/liar");
}

TEST_CASE("the reason of an application names the rule that decided, with file and line") {
    Desk office(twoCalls);
    office.rules("allow app=*\ndeny app=/usr/bin/call\nsilence process=notes");
    const auto view = office.view();
    REQUIRE(view.applications.size() == 2);
    CHECK(view.applications[0].reason == "denied by t:2");
    CHECK(view.applications[1].reason == "silenced by t:3");
}

TEST_CASE("an application that captures is not said to be denied for another of its streams") {
    Desk office(std::string(twoCalls) +
                "node 25 class=Audio/Source name=line client=10\nport 26 of 25 out\n"
                "client 34 exe=/usr/bin/call name=Call\n"
                "node 35 class=Stream/Input/Audio name=third client=34 autoconnect running target=line\n"
                "port 36 of 35 in\n");
    office.rules("deny app=/usr/bin/call source=mic");
    const auto view = office.view();
    CHECK(view.applications[0].appId == "/usr/bin/call");
    CHECK(view.applications[0].state == "capturing");
    CHECK(view.applications[0].reason.empty());
}

TEST_CASE("an explanation names the rule that decides and what the others would have said") {
    Desk office(twoCalls);
    office.rules(
        "default deny\ndeny app=/usr/bin/*\nallow app=/usr/bin/call\nsilence process=call priority=-1");
    const auto call = office.explained("/usr/bin/call");
    CHECK(call.name == "Call");
    CHECK(call.identity == "kernel");
    REQUIRE(call.verdicts.size() == 1);
    const auto& verdict = call.verdicts.front();
    CHECK(verdict.source == "mic");
    CHECK(verdict.verdict == "allow");
    CHECK(verdict.reason == "allowed by t:3");
    CHECK(verdict.rule == "t:3");
    CHECK(verdict.file == "t");
    CHECK(verdict.line == 3);
    CHECK(verdict.muted.empty());
    CHECK(verdict.others == Words{"t:2: would deny; outranked by a more specific rule (t:3)",
                                  "t:4: would silence; outranked by priority 0 (t:3)"});
    const auto none = office.only("/usr/bin/none");
    CHECK(none.verdict == "deny");
    CHECK(none.rule == "t:2");
    CHECK(office.explained("/usr/bin/none").identity.empty());
    const auto stranger = office.only("org.stranger");
    CHECK(stranger.reason == "denied by [policy] default");
    CHECK(stranger.rule.empty());
    CHECK(stranger.line == 0);
    CHECK(stranger.others.empty());
}

TEST_CASE("what is explained is what is in force") {
    Desk office(twoCalls);
    office.rules("deny app=/usr/bin/call capturing=/usr/bin/notes\nallow app=/usr/bin/notes");
    CHECK(office.only("/usr/bin/call").verdict == "deny");
    CHECK(office.only("/usr/bin/call").reason == "denied by t:1 while '/usr/bin/notes' captures");
    CHECK(office.only("/usr/bin/notes").verdict == "allow");
    office.say("gone 40");
    CHECK(office.only("/usr/bin/call").verdict == "allow");
    CHECK(office.only("/usr/bin/call").others ==
          Words{"t:1: would deny; not now: only while '/usr/bin/notes' captures"});
}

TEST_CASE("an explanation says which rules contradict each other, and so does the list of rules") {
    Desk desk(std::string(twoCalls) + "default mic");
    desk.rules("deny app=/usr/bin/call \n allow app=/usr/bin/call capturing=/usr/bin/notes \n"
               "deny app=/usr/bin/notes capturing=/usr/bin/call");
    const auto call = desk.only("/usr/bin/call");
    CHECK(call.verdict == "deny");
    CHECK(call.reason == "denied: t:2 and t:3 contradict each other, and '/usr/bin/notes' was there first");
    CHECK(call.others == Words{"t:2: allows; decides; contradicts t:3",
                               "t:1: would deny; outranked by a more specific rule (t:2)"});
    const auto notes = desk.only("/usr/bin/notes");
    CHECK(notes.verdict == "allow");
    CHECK(notes.others ==
          Words{"t:3: would deny; not now: only while '/usr/bin/call' captures; contradicts t:2"});
    // Nobody of them runs.
    desk.say("gone 30\ngone 40");
    CHECK(desk.only("/usr/bin/notes").others ==
          Words{"t:3: would deny; not now: only while '/usr/bin/call' captures; contradicts t:2"});
    std::map<std::string, std::string> warnings;
    for (const auto& rule : shownRules(RuleBook(desk.model.settings)))
        warnings[rule.id] = rule.warning;
    CHECK(warnings == std::map<std::string, std::string>{
                          {"t:1", ""}, {"t:2", "contradicts t:3"}, {"t:3", "contradicts t:2"}});
}

TEST_CASE("a mute stands over every verdict, but not over exempt sources") {
    Desk office(std::string(twoCalls) +
                "node 25 class=Audio/Source name=line client=10\nport 26 of 25 out\n");
    Settings settings = rulesOf("deny app=/usr/bin/call");
    settings.sources.exempt = {"line"};
    office.receive(event::SettingsLoaded{settings});
    office.receive(event::HoldTaken{{1, true, ":1.5", "obs (pid 7)", "recording", 0}, 9});
    const auto explanation = office.explained("/usr/bin/notes");
    REQUIRE(explanation.verdicts.size() == 2);
    CHECK(explanation.verdicts[0].source == "mic");
    CHECK(explanation.verdicts[0].verdict == "allow");
    CHECK(explanation.verdicts[0].muted == "kept muted by obs (pid 7): recording");
    CHECK(explanation.verdicts[1].source == "line");
    CHECK(explanation.verdicts[1].muted.empty());
    CHECK(office.explained("/usr/bin/call").verdicts[0].verdict == "deny");
}

TEST_CASE("a virtual source is explained by the microphone whose sound it hands on") {
    Desk office(std::string(twoCalls) + R"(
        client 60 exe=/usr/bin/canceller
        node 61 class=Stream/Input/Audio name=canceller-in client=60 autoconnect running group=echo target=mic
        port 62 of 61 in
        node 63 class=Audio/Source/Virtual name=cancelled client=60 group=echo
        port 64 of 63 out
    )");
    office.rules("deny app=/usr/bin/call source=mic");
    const auto explanation = office.explained("/usr/bin/call");
    const auto cancelled = std::find_if(explanation.verdicts.begin(), explanation.verdicts.end(),
                                        [](const auto& verdict) { return verdict.source == "cancelled"; });
    REQUIRE(cancelled != explanation.verdicts.end());
    CHECK(cancelled->verdict == "deny");
    CHECK(cancelled->reason == "hands on mic: denied by t:1");
}

TEST_CASE("of an application with several faces the strictest is explained") {
    Desk office(std::string(micguard::test::desk) + R"(
        node 20 class=Audio/Source name=mic client=10
        port 21 of 20 out
        client 70 exe=/usr/bin/pipewire-pulse
        node 71 class=Stream/Input/Audio client=70 app-id=org.a app-name=One autoconnect running
        port 72 of 71 in
        client 80 exe=/usr/bin/pipewire-pulse
        node 81 class=Stream/Input/Audio client=80 app-id=org.a app-name=Two autoconnect running
        port 82 of 81 in
    )");
    for (const char* strict : {"One", "Two"}) {
        INFO(strict);
        office.rules("deny claims=" + std::string(strict));
        const auto explanation = office.explained("org.a");
        CHECK(explanation.identity == "claimed");
        REQUIRE(explanation.verdicts.size() == 1);
        CHECK(explanation.verdicts.front().reason == "denied by t:1");
    }
}

TEST_CASE("rules are shown in the order in which they win, each by its own id") {
    Settings settings = rulesOf(
        "allow app=org.a\n"
        "deny layer=system final\n"
        "silence app=org.* source=mic kind=hardware priority=10 days=mon,tue,wed,sat hours=09:00-17:30 "
        "locked=yes capturing=org.b until=77\n");
    settings.rules.push_back(settings.rules.front());
    settings.rules.back().match.app = "org.c";
    const auto rules = shownRules(RuleBook(settings));
    REQUIRE(rules.size() == 4);
    CHECK(rules[0].id == "t:2");
    CHECK(rules[0].final);
    CHECK(rules[0].match.empty());
    const RuleView second{.id = "t:3",
                          .match = {{"app", "org.*"}, {"source", "mic"}, {"kind", "hardware"}},
                          .when = {{"days", "mon-wed, sat"},
                                   {"hours", "09:00-17:30"},
                                   {"locked", "true"},
                                   {"capturing", "org.b"}},
                          .action = "silence",
                          .priority = 10,
                          .final = false,
                          .until = 77,
                          .file = "t",
                          .line = 3,
                          .warning = "never decides: t:2 always wins over it"};
    CHECK(rules[1] == second);
    CHECK(rules[2].id == "t:1");
    CHECK(rules[3].id == "t:1#2");
    CHECK(shownRules(RuleBook(Settings{})).empty());
}

TEST_CASE("the order that is shown is the one by which rules win") {
    const auto settings = rulesOf(
        "allow\ndeny app=org.*\nallow app=org.a\nsilence executable=/x\nask app=org.a source=mic\n"
        "deny app=org.a executable=/x until=90\nallow claims=X priority=3\ndeny flatpak=* layer=system\n"
        "deny kind=hardware layer=vendor final\nask source=mic hours=09:00-10:00\ndeny source=m*\n");
    const RuleBook book(settings);
    Words shown, winning;
    for (const auto& rule : shownRules(book))
        shown.push_back(rule.id);
    Subject everything = subjectOf("app=org.a executable=/x flatpak=f claims~X");
    for (const auto& opinion : book.opinions(everything, "mic", SourceKind::Hardware, momentOf("mon 09:30")))
        winning.push_back("t:" + std::to_string(settings.rules[opinion.rule].origin.line));
    CHECK(shown == winning);
}

TEST_CASE("whose word says who an application is: the kernel's, a sandbox's or its own") {
    Desk office(std::string(twoCalls) +
                "client 50 exe=/app/bin/chat sandbox=flatpak sandbox-id=org.chat name=Chat\n"
                "client 60 exe=/snap/tool sandbox=snap sandbox-id=tool name=Tool\n"
                "client 70 exe=/usr/bin/evil exe-elsewhere app-id=org.evil\n");
    CHECK(office.explained("/usr/bin/call").identity == "kernel");
    CHECK(office.explained("org.chat").identity == "sandbox");
    CHECK(office.explained("tool").identity == "sandbox");
    CHECK(office.explained("org.evil").identity == "claimed");
}

TEST_CASE("what a rule says of several faces of an application is said once") {
    Desk office(std::string(micguard::test::desk) + R"(
        node 20 class=Audio/Source name=mic client=10
        port 21 of 20 out
        client 70 exe=/usr/bin/pipewire-pulse
        node 71 class=Stream/Input/Audio client=70 app-id=org.a app-name=One autoconnect running
        node 73 class=Stream/Input/Audio client=70 app-id=org.a app-name=Two autoconnect running
    )");
    office.rules("deny app=org.a\nsilence app=org.a priority=-1");
    CHECK(office.only("org.a").others == Words{"t:2: would silence; outranked by priority 0 (t:1)"});
}

TEST_CASE("of very many rules none is said to be idle or to contradict another") {
    std::string text = "deny layer=system final\nallow app=/usr/bin/call capturing=/usr/bin/notes\n"
                       "deny app=/usr/bin/notes capturing=/usr/bin/call\n";
    REQUIRE_FALSE(shownRules(RuleBook(rulesOf(text)))[1].warning.empty());
    for (std::size_t more = 0; more < shadowsLookedFor; more++)
        text += "ask app=org.app" + std::to_string(more) + "\n";
    const auto rules = shownRules(RuleBook(rulesOf(text)));
    CHECK(rules.size() == shadowsLookedFor + 3);
    for (const auto& rule : rules)
        CHECK(rule.warning.empty());
}

TEST_CASE("conditions are shown as they are written, whether they hold or not") {
    const auto rules = shownRules(RuleBook(rulesOf("deny locked=no")));
    REQUIRE(rules.size() == 1);
    CHECK(rules[0].when == decltype(RuleView::when){{"locked", "false"}});
}

TEST_CASE("an application without a name is listed by its AppId, and one without an AppId is not") {
    Desk office(twoCalls);
    const auto nobody = findAppId(
        office.model, office.managers(),
        {ApplicationView{.appId = "/opt/tool"}, ApplicationView{.appId = "", .name = "Ghost"}}, "Musik");
    REQUIRE_FALSE(nobody);
    CHECK(nobody.error().text.starts_with("no application is called 'Musik'; there are: /opt/tool; one"));
    CHECK_FALSE(findAppId(office.model, {}, {ApplicationView{.appId = "", .name = "Ghost"}}, "Ghost"));
}

TEST_CASE("an application that is shown is found by its AppId, whatever that looks like") {
    Desk office(twoCalls);
    const std::vector<ApplicationView> shown{{.appId = "just a name", .name = "Call"},
                                             {.appId = "other", .name = "just a name"}};
    CHECK(findAppId(office.model, office.managers(), shown, "just a name") == "just a name");
}

TEST_CASE("an application that shows several faces alike is judged as one") {
    Desk office(std::string(twoCalls) +
                "client 50 exe=/usr/bin/call name=Call\n"
                "client 60 exe=/usr/bin/pipewire-pulse\n"
                "node 61 class=Stream/Input/Audio client=60 app-id=org.a app-name=One\n"
                "node 63 class=Stream/Input/Audio client=60 app-id=org.a app-name=Two\n");
    const auto call = applicantOf(office.model, office.managers(), "/usr/bin/call");
    CHECK(call.clients.size() == 2);
    CHECK(call.subjects.size() == 1);
    const auto claimed = applicantOf(office.model, office.managers(), "org.a");
    CHECK(claimed.clients.size() == 1);
    CHECK(claimed.subjects.size() == 2);
}
