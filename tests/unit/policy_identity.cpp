// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whose a stream is, and on whose word.
#include "daemon/policy/identity.hpp"
#include "tests/unit/graph_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

Identity identityIn(std::string_view text) {
    const Graph graph = graphOf(text);
    return identify(graph, graph.nodes.at(GlobalId{31}));
}

} // namespace

TEST_CASE("a native client is its executable") {
    const auto identity = identityIn(R"(
        client 30 pid=77 exe=/usr/bin/call name=Call app-id=org.call icon=call
        node 31 class=Stream/Input/Audio client=30
    )");
    CHECK(identity.how == "kernel");
    CHECK(identity.key == "exe:/usr/bin/call");
    CHECK(identity.executable == "/usr/bin/call");
    CHECK(identity.pid == 77);
    CHECK(identity.name == "Call");
    CHECK(identity.icon == "call");
    CHECK(identity.sandbox.empty());
}

TEST_CASE("a native client cannot make itself a Flatpak by claiming so") {
    const auto identity = identityIn(R"(
        client 30 exe=/usr/bin/evil portal=org.trusted.App snap=trusted
        node 31 class=Stream/Input/Audio client=30
    )");
    CHECK(identity.how == "kernel");
    CHECK(identity.sandbox.empty());
    CHECK(identity.key == "exe:/usr/bin/evil");
}

TEST_CASE("what a client of the Pulse server says of its sandbox is a claim: it can overwrite what the "
          "server said") {
    for (const char* server : {"/usr/bin/pipewire-pulse", "/usr/bin/pipewire"}) {
        INFO(server);
        const std::string client = "client 30 pid=9 api=pipewire-pulse exe=" + std::string(server);
        const auto flatpak = identityIn(client + " portal=org.App\nnode 31 client=30 app-id=org.claimed");
        CHECK(flatpak.how == "claimed");
        CHECK(flatpak.sandbox.empty());
        CHECK(flatpak.key == "claimed:org.App");
        const auto snap = identityIn(client + " snap=tool\nnode 31 client=30");
        CHECK(snap.how == "claimed");
        CHECK(snap.appId == "tool");
        const auto plain =
            identityIn(client + "\nnode 31 client=30 app-name=Recorder binary=parecord app-pid=55");
        CHECK(plain.how == "claimed");
        CHECK(plain.pid == 55); // the kernel's is the server's own
        CHECK(plain.executable == "parecord");
        CHECK(plain.key == "claimed:parecord");
    }
}

TEST_CASE("a client of the Pulse server is the process that is proven to be behind it") {
    const std::string client =
        "client 30 pid=9 api=pipewire-pulse exe=/usr/bin/pipewire portal=org.forged app-pid=55 ";
    const std::string node = "\nnode 31 client=30 app-id=org.claimed app-name=Call binary=zoom app-pid=56";
    const auto native = identityIn(client + "peer=/usr/bin/call peer-pid=77" + node);
    CHECK(native.how == "kernel");
    CHECK(native.key == "exe:/usr/bin/call"); // the same as of a client of PipeWire
    CHECK(native.appId == "/usr/bin/call");
    CHECK(native.pid == 77);
    CHECK(native.name == "Call");
    const auto flatpak = identityIn(client + "peer-flatpak=org.App" + node);
    CHECK(flatpak.how == "sandbox");
    CHECK(flatpak.key == "flatpak:org.App");
    CHECK(flatpak.executable.empty());
}

TEST_CASE("a Flatpak and a Snap are what the kernel says they are") {
    const auto flatpak = identityIn(
        "client 30 pid=7 exe=/app/bin/app sandbox=flatpak sandbox-id=org.App portal=org.other app-id=x\n"
        "node 31 client=30 app-id=y");
    CHECK(flatpak.how == "sandbox");
    CHECK(flatpak.sandbox == "flatpak");
    CHECK(flatpak.appId == "org.App");
    CHECK(flatpak.pid == 7);
    const auto snap = identityIn("client 30 sandbox=snap sandbox-id=tool\nnode 31 client=30");
    CHECK(snap.sandbox == "snap");
    CHECK(snap.key == "snap:tool");
    // Whose file says so, and who runs something else.
    const auto forged =
        identityIn("client 30 exe=/usr/bin/evil exe-elsewhere sandbox=flatpak sandbox-id=org.App\n"
                   "node 31 client=30");
    CHECK(forged.how == "claimed");
    CHECK(forged.appId == "org.App");
    CHECK(forged.sandbox.empty());
    // A sandbox of which only the kind is known is nobody's.
    const auto kind = identityIn("client 30 sandbox=flatpak app-id=org.App\nnode 31 client=30");
    CHECK(kind.how == "claimed");
    CHECK(kind.sandbox.empty());
}

TEST_CASE("the portal hands connections over to sandboxes that it names") {
    const std::string rest = " portal=org.App\nnode 31 client=30";
    CHECK(identityIn("client 30 exe=/usr/libexec/xdg-desktop-portal" + rest).key == "flatpak:org.App");
    CHECK(identityIn("client 30 exe=/usr/libexec/xdg-desktop-portal exe-elsewhere" + rest).how == "claimed");
    CHECK(identityIn("client 30 exe=/home/me/xdg-desktop-portal exe-writable" + rest).how == "kernel");
    CHECK(identityIn("client 30 access=portal exe=/usr/bin/evil" + rest).key == "exe:/usr/bin/evil");
    // A sandbox may have a program of that name.
    CHECK(identityIn("client 30 exe=/app/bin/xdg-desktop-portal sandbox=flatpak sandbox-id=org.evil" + rest)
              .key == "flatpak:org.evil");
    CHECK(
        identityIn("client 30 exe=/snap/evil/1/xdg-desktop-portal sandbox=snap sandbox-id=evil" + rest).key ==
        "snap:evil");
}

TEST_CASE("what it calls itself is at most its name, where the kernel knows better") {
    const auto identity = identityIn("client 30 exe=/usr/bin/evil app-id=us.zoom.Zoom name=Zoom\n"
                                     "node 31 client=30 app-id=us.zoom.Zoom app-name=Zoom binary=zoom");
    CHECK(identity.appId == "/usr/bin/evil");
    CHECK(identity.executable == "/usr/bin/evil");
    CHECK(identity.name == "Zoom");
}

TEST_CASE("an interpreter's applications are told apart by their scripts, which are claims") {
    const auto one =
        identityIn("client 30 exe=/usr/bin/python3.11 script=/usr/bin/recorder\nnode 31 client=30");
    const auto other =
        identityIn("client 30 exe=/usr/bin/python3.11 script=/home/me/evil.py\nnode 31 client=30");
    CHECK(one.how == "claimed");
    CHECK(one.appId == "/usr/bin/recorder");
    CHECK(one.executable == "/usr/bin/python3.11");
    CHECK(one.key != other.key);
    CHECK(identityIn("client 30 exe=/usr/bin/python3.11\nnode 31 client=30").how == "kernel");
}

TEST_CASE("rules rest on what is known: a script, and the unit of a user's own, are not") {
    const auto subject = [](const std::string& client) {
        const Graph graph = graphOf("client 30 " + client);
        return subjectOf(graph.clients.at(GlobalId{30}), nullptr);
    };
    const auto script = subject("exe=/usr/bin/python3.11 script=/usr/bin/recorder.py");
    CHECK(script.app == Fact{"/usr/bin/python3.11", true});
    CHECK(script.alias == Fact{"/usr/bin/recorder.py", false});
    CHECK(script.process == Fact{"python3.11", true});
    CHECK(script.script == Fact{"recorder.py", false});
    CHECK(subject("exe=/usr/bin/call unit=app-zoom.scope").unit == Fact{"app-zoom.scope", false});
    CHECK(subject("exe=/usr/bin/call unit=call.service unit-known").unit == Fact{"call.service", true});
    CHECK(subject("exe=/usr/bin/evil exe-elsewhere sandbox=flatpak sandbox-id=org.App").flatpak ==
          Fact{"org.App", false});
    CHECK(subject("exe=/app/bin/app sandbox=flatpak sandbox-id=org.App").flatpak == Fact{"org.App", true});
    const auto recognised = subject("exe=/opt/zoom/zoom");
    CHECK(recognised.app == Fact{"Zoom", true});
    CHECK(recognised.alias == Fact{"/opt/zoom/zoom", true});
}

TEST_CASE("a desktop entry that does not vouch for the program still names it where that makes it stricter") {
    Graph graph = graphOf("client 30 exe=/usr/bin/call");
    Client client = graph.clients.at(GlobalId{30});
    client.recognised = {"org.call.Call", "Call", "", false};
    CHECK(subjectOf(client, nullptr).app == Fact{"/usr/bin/call", true});
    CHECK(subjectOf(client, nullptr).alias == Fact{"org.call.Call", false});
    CHECK_FALSE(furtherSubject(client));
    CHECK(replacedKey(client).empty());
    client.recognised.certain = true;
    CHECK(subjectOf(client, nullptr).app == Fact{"org.call.Call", true});
    CHECK(subjectOf(client, nullptr).alias == Fact{"/usr/bin/call", true});
}

TEST_CASE("whose file was replaced is judged by what was at its path as well, and that opens nothing") {
    Graph graph =
        graphOf("client 30 exe=\"/usr/bin/call (deleted)\" exe-elsewhere name=Call app-id=org.else");
    Client client = graph.clients.at(GlobalId{30});
    client.recognised = {"org.call.Call", "Call", "", false};
    REQUIRE(furtherSubject(client));
    CHECK(furtherSubject(client)->app == Fact{"org.call.Call", false});
    CHECK(furtherSubject(client)->alias == Fact{"/usr/bin/call", false});
    CHECK(furtherSubject(client)->executable == Fact{"/usr/bin/call", false});
    CHECK(furtherSubject(client)->process == Fact{"call", false});
    CHECK(replacedKey(client) == "exe:/usr/bin/call");
    client.sandbox = "flatpak";
    client.sandboxId = "org.evil";
    CHECK_FALSE(furtherSubject(client));
    CHECK(replacedKey(client).empty());
}

TEST_CASE("an executable of pipewire-pulse's name elsewhere vouches for nobody") {
    const auto identity = identityIn(R"(
        client 30 exe=/usr/bin/pipewire-pulse exe-elsewhere portal=org.trusted.App name=Evil
        node 31 client=30
    )");
    CHECK(identity.sandbox.empty());
    CHECK(identity.how == "claimed");
}

TEST_CASE("no claim reaches the key of a program that the kernel vouches for") {
    const auto identity = identityIn(R"(
        client 30 exe=/bin/x exe-elsewhere app-id=exe:/usr/bin/call
        node 31 client=30
    )");
    CHECK(identity.key == "claimed:exe:/usr/bin/call");
}

TEST_CASE("a stream without a client belongs to the server") {
    const auto identity = identityIn("node 31 class=Stream/Input/Audio name=loopback");
    CHECK(identity.key == "server:loopback");
    CHECK(identity.name == "loopback");
    CHECK(identity.executable.empty());
    CHECK(identity.pid == 0);
}

TEST_CASE("a program that is in the list of known ones is known by its old path after an upgrade, too") {
    const Graph graph = graphOf("client 30 exe=\"/opt/zoom/zoom (deleted)\" exe-elsewhere");
    const auto further = furtherSubject(graph.clients.at(GlobalId{30}));
    REQUIRE(further);
    CHECK(further->app == Fact{"Zoom", false});
    CHECK(further->alias == Fact{"/opt/zoom/zoom", false});
}

TEST_CASE("a file that is really called as if it were gone has not been replaced") {
    const Graph graph = graphOf("client 30 exe=\"/usr/bin/call (deleted)\"");
    CHECK_FALSE(furtherSubject(graph.clients.at(GlobalId{30})));
    CHECK(replacedKey(graph.clients.at(GlobalId{30})).empty());
}

TEST_CASE("a portal that names no sandbox speaks for itself") {
    const auto identity = identityIn("client 30 exe=/usr/libexec/xdg-desktop-portal\nnode 31 client=30");
    CHECK(identity.how == "kernel");
    CHECK(identity.key == "exe:/usr/libexec/xdg-desktop-portal");
}

TEST_CASE("a script in a sandbox is the sandbox's") {
    const auto identity = identityIn("client 30 exe=/usr/bin/python3 script=/app/bin/tool sandbox=flatpak "
                                     "sandbox-id=org.App\nnode 31 client=30");
    CHECK(identity.how == "sandbox");
    CHECK(identity.key == "flatpak:org.App");
    CHECK(identity.appId == "org.App");
}

TEST_CASE("a server's program hands on what it captures unless it is one half of a filter, or only plays") {
    const auto handsOn = [](const std::string& rest) {
        const Graph graph = graphOf("client 30 exe=/usr/bin/pipewire " + rest);
        return handsOut(graph, graph.clients.at(GlobalId{30}));
    };
    const std::string capture = "\nnode 31 client=30 class=Stream/Input/Audio";
    CHECK(handsOn(capture));
    CHECK_FALSE(handsOn(capture + " group=filter-1"));
    CHECK_FALSE(handsOn("\nnode 31 client=30 class=Stream/Output/Audio"));
    CHECK_FALSE(handsOn(""));
    CHECK(handsOn("api=protocol-simple"));
    CHECK_FALSE(handsOn("api=pipewire-pulse" + capture)); // of each of those it is known who hears it
    Graph graph = graphOf("client 30 exe=/usr/bin/pipewire" + capture);
    graph.nodes.at(GlobalId{31}).infoKnown = false;
    CHECK_FALSE(handsOut(graph, graph.clients.at(GlobalId{30})));
    graph = graphOf("client 30 exe=/usr/bin/call" + capture);
    CHECK_FALSE(handsOut(graph, graph.clients.at(GlobalId{30})));
}

TEST_CASE("who could have put a server's program there is judged by its file as well") {
    const auto further = [](const std::string& client) {
        return furtherSubject(graphOf("client 30 " + client).clients.at(GlobalId{30}));
    };
    const auto mine = further("exe=/home/me/pipewire-pulse exe-writable portal=org.App");
    REQUIRE(mine);
    CHECK(mine->app == Fact{"/home/me/pipewire-pulse", true});
    CHECK_FALSE(further("exe=/usr/bin/pipewire-pulse portal=org.App"));
    CHECK_FALSE(further("exe=/home/me/call exe-writable"));
}

TEST_CASE("whose file was replaced has a face more, whatever its streams say") {
    const Graph graph = graphOf("client 30 exe=\"/usr/bin/call (deleted)\" exe-elsewhere name=Call\n"
                                "node 31 class=Stream/Input/Audio client=30 app-name=Call");
    const auto subjects = subjectsOf(graph, graph.clients.at(GlobalId{30}));
    REQUIRE(subjects.size() == 2);
    CHECK(subjects[1].app == Fact{"/usr/bin/call", false});
}
