// SPDX-License-Identifier: GPL-3.0-or-later
//
// One application muted by itself: from outside, and by itself, in which case who it is must be beyond its
// own word.
#include "daemon/policy/questions.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Pairs = std::set<std::string>;

constexpr std::string_view twoCalls = R"(
client 1 self
client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service links
node 20 class=Audio/Source name=mic client=10
port 21 of 20 out
client 30 pid=300 exe=/usr/bin/call name=Call
node 31 class=Stream/Input/Audio name=call client=30 autoconnect running
port 32 of 31 in
client 40 pid=400 exe=/usr/bin/notes name=Notes
node 41 class=Stream/Input/Audio name=notes client=40 autoconnect running
port 42 of 41 in
default mic
)";

constexpr std::uint64_t shell = 1, browser = 2, helper = 3, python = 4;

ProcessLink process(std::uint32_t pid, std::uint64_t program) {
    return {pid, pid * 10, 1, program};
}

const Lineage terminal{process(90, shell), process(1, 99)};

// The newest first, all of them below the terminal.
Lineage from(std::vector<ProcessLink> links) {
    links.insert(links.end(), terminal.begin(), terminal.end());
    return links;
}

OwnMute muteBy(Lineage lineage, std::string unit = "") {
    return {"call (pid 3)", "", "", std::move(lineage), std::move(unit)};
}

void descends(World& world, std::uint32_t client, std::vector<Lineage> lineages) {
    world.receive(event::LineagesRead{GlobalId{client}, std::move(lineages)});
}

const ApplicationView& shown(const View& view, std::string_view name) {
    const auto it =
        std::find_if(view.applications.begin(), view.applications.end(),
                     [&](const ApplicationView& application) { return application.name == name; });
    REQUIRE(it != view.applications.end());
    return *it;
}

void muteCall(World& world) {
    world.receive(
        event::AppMuted{"exe:/usr/bin/call", {"panel (pid 7)", clientsOf(world.model, "exe:/usr/bin/call")}});
}

} // namespace

TEST_CASE("one application is muted, the other on the same microphone goes on") {
    World world(twoCalls);
    muteCall(world);
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(world.server.readable() == Pairs{"mic -> 40"});
    const auto view = world.view();
    CHECK(shown(view, "Call").state == "silenced");
    CHECK(shown(view, "Call").reason == "muted by panel (pid 7)");
    CHECK(shown(view, "Call").muted);
    CHECK_FALSE(shown(view, "Notes").muted);
    CHECK(world.plan().empty());
    world.receive(event::AppUnmuted{"exe:/usr/bin/call"});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    CHECK_FALSE(shown(world.view(), "Call").muted);
}

TEST_CASE("a muted application's new streams and new connections hear nothing from the first moment on") {
    World world(twoCalls);
    muteCall(world);
    world.server.say("node 33 class=Stream/Input/Audio name=second client=30 autoconnect\nport 34 of 33 in");
    world.server.say("client 70 exe=/usr/bin/call");
    while (world.step())
        CHECK(world.server.audible() == Pairs{"mic -> notes"});
    world.rest();
    world.server.say("node 71 class=Stream/Input/Audio name=third client=70 autoconnect\nport 72 of 71 in");
    do
        CHECK(world.server.audible() == Pairs{"mic -> notes"});
    while (world.step());
    world.rest();
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
}

TEST_CASE("to call itself something else lifts no mute") {
    World world(std::string(twoCalls) +
                "client 50 exe=/usr/bin/pipewire-pulse name=Zoom app-id=us.zoom\n"
                "node 51 class=Stream/Input/Audio name=zoom client=50 autoconnect running\n"
                "port 52 of 51 in");
    world.receive(
        event::AppMuted{"claimed:us.zoom", {"panel (pid 7)", clientsOf(world.model, "claimed:us.zoom")}});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    world.say("client 50 exe=/usr/bin/pipewire-pulse name=Other app-id=org.other");
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    CHECK(world.model.graph.clients.at(GlobalId{50}).applicationId == "org.other");
}

TEST_CASE("a source that is exempt from muting goes on for the muted application") {
    World world(twoCalls);
    world.say(
        "node 25 class=Audio/Source name=line client=10\nport 26 of 25 out\n"
        "node 33 class=Stream/Input/Audio name=second client=30 autoconnect target=line\nport 34 of 33 in");
    Settings settings;
    settings.sources.exempt = {"line"};
    world.receive(event::SettingsLoaded{settings});
    muteCall(world);
    CHECK(world.server.audible() == Pairs{"line -> second", "mic -> notes"});
}

TEST_CASE("a mute does not loosen what rules deny, and outlasts the server") {
    World world(twoCalls);
    Rule rule;
    rule.match.app = "/usr/bin/call";
    world.rule(rule);
    muteCall(world);
    CHECK(shown(world.view(), "Call").state == "denied");
    world.noRules();
    CHECK(shown(world.view(), "Call").state == "silenced");
    world.server.restart();
    world.server.say(twoCalls);
    world.server.connect();
    world.rest();
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
}

TEST_CASE("an application's own mute is its own: the same program from elsewhere goes on") {
    World world(twoCalls);
    descends(world, 30, {from({process(300, browser)})});
    descends(world, 40, {from({process(400, browser)})}); // the same file, started apart
    world.receive(event::OwnStreamsMuted{":1.5", muteBy(from({process(300, browser)}))});
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(shown(world.view(), "Call").muted);
    CHECK(shown(world.view(), "Call").reason == "muted by itself: call (pid 3)");
    world.receive(event::OwnStreamsUnmuted{":1.5"});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
}

TEST_CASE("a mute from outside and one of its own are apart, and each connection has its own") {
    World world(twoCalls);
    descends(world, 30, {from({process(300, browser)})});
    muteCall(world);
    world.receive(event::OwnStreamsMuted{":1.5", muteBy(from({process(300, browser)}))});
    world.receive(event::OwnStreamsMuted{":1.6", muteBy(from({process(300, browser)}))});
    world.receive(event::AppUnmuted{"exe:/usr/bin/call"});
    world.receive(event::OwnStreamsUnmuted{":1.5"});
    CHECK(shown(world.view(), "Call").muted);
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    world.receive(event::OwnStreamsUnmuted{":1.6"});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
}

TEST_CASE("which processes are one application") {
    World world(twoCalls);
    const auto isMuted = [&](std::vector<ProcessLink> client, std::vector<ProcessLink> caller,
                             const std::string& unit = "") {
        const Lineage lineage = from(std::move(client));
        Client one = world.model.graph.clients.at(GlobalId{30});
        one.pid = lineage.front().pid;
        one.unit = unit;
        one.lineages = {lineage};
        world.model.graph.put(one);
        return isOwn(muteBy(from(std::move(caller)), unit), one);
    };
    const auto main = process(300, browser);
    SECTION("a browser captures from another process than the one on the bus") {
        CHECK(isMuted({process(310, browser), main}, {main}));
        CHECK(isMuted({main}, {process(310, browser), main}));
        CHECK(isMuted({process(310, browser), main}, {process(320, browser), main}));
    }
    SECTION("what a wrapper started, and not what that starts in its turn") {
        CHECK(isMuted({process(400, browser), process(350, python)}, {process(350, python)}));
        CHECK(isMuted({process(410, browser), process(400, browser), process(350, python)},
                      {process(350, python)}));
        CHECK_FALSE(isMuted({process(410, helper), process(400, browser), process(350, python)},
                            {process(350, python)}));
    }
    SECTION("a browser's native host, in the browser's scope") {
        const std::vector host{process(330, python), main};
        CHECK(isMuted({process(310, browser), main}, host, "app-browser-300.scope"));
        CHECK_FALSE(isMuted({process(310, browser), main}, host, "session-2.scope"));
        CHECK_FALSE(isMuted({process(310, browser), main}, host));
    }
    SECTION("strangers") {
        CHECK_FALSE(isMuted({process(310, browser)}, {main}));
        INFO("two scripts from one terminal that is a script itself");
        CHECK_FALSE(isMuted({process(310, python), process(301, shell), process(300, python)},
                            {process(320, python), process(302, shell), process(300, python)}));
        INFO("the same number, another process");
        CHECK_FALSE(isMuted({{300, 77, 1, browser}}, {main}));
        INFO("files that cannot be read are not the same");
        CHECK_FALSE(isMuted({{310, 1, 0, 0}, {300, 1, 0, 0}}, {{320, 1, 0, 0}, {300, 1, 0, 0}}));
        CHECK_FALSE(isOwn(muteBy({}), world.model.graph.clients.at(GlobalId{30})));
    }
}

TEST_CASE("a stranger that claims to be the application is not muted with it") {
    World world(std::string(twoCalls) +
                "client 50 pid=500 exe=/usr/bin/pipewire-pulse name=Call app-id=us.call app-pid=300\n"
                "node 51 class=Stream/Input/Audio name=stranger client=50 autoconnect running\n"
                "port 52 of 51 in");
    descends(world, 30, {from({process(300, browser)})});
    descends(world, 50, {{process(500, helper)}, from({process(300, browser)})});
    world.receive(event::OwnStreamsMuted{":1.5", muteBy(from({process(300, browser)}))});
    CHECK(world.server.audible() == Pairs{"mic -> notes", "mic -> stranger"});
}

TEST_CASE("a browser that captures through the Pulse server is muted by its native host") {
    World world(std::string(twoCalls) +
                "client 50 pid=900 exe=/usr/bin/pipewire-pulse unit=pipewire-pulse.service name=Browser "
                "peer=/usr/lib/browser peer-pid=310 peer-unit=app-browser-300.scope\n"
                "node 51 class=Stream/Input/Audio name=page client=50 autoconnect running\n"
                "port 52 of 51 in");
    const auto main = process(300, browser);
    descends(world, 50, {from({process(900, helper)}), from({process(310, browser), main})});
    const auto host = from({process(330, python), main});
    world.receive(event::OwnStreamsMuted{":1.5", muteBy(host, "app-browser-300.scope")});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    world.receive(event::OwnStreamsUnmuted{":1.5"});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes", "mic -> page"});
    INFO("nor is it by somebody of another unit, the Pulse server's");
    world.receive(event::OwnStreamsMuted{":1.6", muteBy(host, "pipewire-pulse.service")});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes", "mic -> page"});
}

TEST_CASE("a sandbox is told by its name, wherever its processes are") {
    World world(
        std::string(twoCalls) +
        "client 50 exe=/usr/bin/pipewire-pulse peer-flatpak=us.zoom.Zoom name=Zoom\n"
        "node 51 class=Stream/Input/Audio name=zoom client=50 autoconnect running\nport 52 of 51 in\n"
        "client 60 exe=/usr/bin/pipewire-pulse portal=us.zoom.Zoom name=us.zoom.Zoom app-id=us.zoom.Zoom\n"
        "node 61 class=Stream/Input/Audio name=stranger client=60 autoconnect running\nport 62 of 61 in");
    world.receive(
        event::OwnStreamsMuted{":1.5", {"us.zoom.Zoom (pid 3)", "flatpak", "us.zoom.Zoom", {}, ""}});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes", "mic -> stranger"});
}

TEST_CASE("of what runs a runtime's program in a sandbox of that name nobody can tell whose it is") {
    const OwnMute mute{"org.gjs.App (pid 3)", "flatpak", "org.gjs.App", {}, ""};
    const auto perhaps = [&](const std::string& client) {
        const Graph graph = graphOf("client 30 " + client);
        return isPerhapsOwn(mute, graph.clients.at(GlobalId{30}));
    };
    CHECK(perhaps("exe=/usr/bin/gjs-console exe-elsewhere sandbox=flatpak sandbox-id=org.gjs.App"));
    CHECK(perhaps("exe=/usr/bin/pipewire-pulse peer-flatpak=org.gjs.App peer-elsewhere"));
    CHECK_FALSE(perhaps("exe=/app/bin/app sandbox=flatpak sandbox-id=org.gjs.App")); // it is
    CHECK_FALSE(perhaps("exe=/usr/bin/gjs-console exe-elsewhere sandbox=flatpak sandbox-id=org.other"));
    CHECK_FALSE(perhaps("exe=/usr/bin/pipewire-pulse portal=org.gjs.App"));
    INFO("who asked is in no sandbox");
    const Graph graph = graphOf("client 30 exe=/usr/bin/call");
    CHECK_FALSE(isPerhapsOwn(muteBy(from({process(300, browser)})), graph.clients.at(GlobalId{30})));
}

TEST_CASE("a mute of one's own streams reaches nobody who does not hang together with who asked") {
    Graph graph = graphOf("client 40 pid=40 exe=/usr/bin/other unit=app-x.scope");
    Client& client = graph.clients.at(GlobalId{40});
    const ProcessLink self{40, 400, 8, 1}, asker{50, 500, 8, 2}, starter{60, 600, 8, 3};
    const auto own = [&](const Lineage& lineage, const std::string& unit, std::vector<Lineage> lineages) {
        client.lineages = std::move(lineages);
        return isOwn(OwnMute{"who asks", "", "", lineage, unit}, client);
    };
    CHECK_FALSE(own({asker}, "app-x.scope", {{self}}));          // neither has anybody above
    CHECK_FALSE(own({asker, starter}, "app-y.scope", {{self}})); // another unit
    CHECK_FALSE(own({asker, starter}, "app-x.scope", {{self}})); // started by somebody else
    CHECK_FALSE(own({}, "app-x.scope", {{self}}));               // who asked is gone
    CHECK_FALSE(own({self}, "app-x.scope", {{}}));               // the client is
    CHECK_FALSE(
        own({asker}, "app-x.scope", {{{41, 410, 8, 1}, asker}})); // a process that only says to be behind it
    CHECK(own({asker}, "app-y.scope", {{}, {self, asker}}));      // who asked started it
    CHECK(own({asker, self}, "app-x.scope", {{self}}));           // or was started by it, in its unit
}

TEST_CASE("a script mutes its own streams: its process is beyond its word, though its name is not") {
    Graph graph = graphOf("client 30 pid=300 exe=/usr/bin/python3 script=/home/me/recorder.py");
    Client& client = graph.clients.at(GlobalId{30});
    client.lineages = {from({process(300, python)})};
    CHECK(isOwn(muteBy(from({process(300, python)})), client));
    CHECK_FALSE(isOwn(muteBy(from({process(320, python)})), client));
}

TEST_CASE("a mute holds for who still runs what the program was before an upgrade") {
    World world(std::string(twoCalls) +
                "client 70 exe=\"/usr/bin/call (deleted)\" exe-elsewhere name=Old\n"
                "node 71 class=Stream/Input/Audio name=old client=70 autoconnect running\nport 72 of 71 in");
    REQUIRE(world.server.audible().contains("mic -> old"));
    world.receive(event::AppMuted{"exe:/usr/bin/call", {"panel (pid 7)", {}}});
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(clientsOf(world.model, "exe:/usr/bin/call") == std::set{Serial{1030}, Serial{1070}});
}

TEST_CASE("neither the guard, nor the session manager, nor the server's modules are anybody's application") {
    World world(std::string(twoCalls) + "client 5 in-server exe=/usr/bin/call\n");
    CHECK(clientsOf(world.model, "exe:/usr/bin/call") == std::set{Serial{1030}});
    CHECK(clientsOf(world.model, "exe:/usr/bin/wireplumber").empty());
    CHECK(clientsOf(world.model, "exe:/usr/libexec/micguardd").empty());
}

TEST_CASE("who is muted does not capture, and keeps nobody out by that") {
    World world(twoCalls);
    Rule beside;
    beside.match.executable = "/usr/bin/notes";
    beside.when.capturing = "/usr/bin/call";
    world.rule(beside);
    REQUIRE(world.server.audible() == Pairs{"mic -> call"});
    muteCall(world);
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    INFO("on a microphone that is exempt it goes on capturing");
    Settings settings = world.model.settings;
    settings.sources.exempt = {"mic"};
    world.receive(event::SettingsLoaded{settings});
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}
