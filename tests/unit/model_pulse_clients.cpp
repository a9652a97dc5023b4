// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which process is behind which client of the Pulse server: what can be proven, and that nothing else is.
#include "daemon/model/model.hpp"
#include "daemon/model/pulse_clients.hpp"
#include "tests/unit/graph_text.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <random>
#include <string>

using namespace micguard;
using namespace micguard::test;

namespace {

constexpr std::uint32_t server = 9;
constexpr std::uint32_t honest = 100, forger = 200, third = 300;

ProcessFacts process(std::uint32_t pid) {
    ProcessFacts facts;
    facts.pid = pid;
    facts.executable = "/usr/bin/program-" + std::to_string(pid);
    facts.executableTrue = true;
    return facts;
}

ProcessFacts sandboxed(std::uint32_t pid, const std::string& kind, const std::string& id) {
    ProcessFacts facts = process(pid);
    facts.sandbox = kind;
    facts.sandboxId = id;
    return facts;
}

// "10 app-pid=100" …: clients of the Pulse server, one a line.
Graph clients(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines)
        text += "client " + line + " api=pipewire-pulse pid=9 exe=/usr/bin/pipewire\n";
    return graphOf(text);
}

std::uint32_t peerOf(const Graph& graph, std::uint32_t id) {
    const auto& peer = graph.clients.at(GlobalId{id}).peer;
    return peer ? peer->pid : 0;
}

} // namespace

TEST_CASE("who says what the kernel says is who he says") {
    auto graph = clients({"10 app-pid=100", "11 app-pid=200", "12 app-pid=100"});
    matchPulsePeers(graph, server, {process(honest), process(forger), process(honest)});
    CHECK(peerOf(graph, 10) == honest);
    CHECK(peerOf(graph, 11) == forger);
    CHECK(peerOf(graph, 12) == honest);
}

TEST_CASE("a forger that claims another's pid makes one too many: neither is believed") {
    auto graph = clients({"10 app-pid=100", "11 app-pid=100", "12 app-pid=300"});
    matchPulsePeers(graph, server, {process(honest), process(forger), process(third)});
    CHECK(peerOf(graph, 10) == 0);
    CHECK(peerOf(graph, 11) == 0);
    CHECK(peerOf(graph, 12) == third);
}

TEST_CASE("a pid that has no connection, and none at all, prove nothing") {
    auto graph = clients({"10 app-pid=100", "11", "12 app-pid=9"});
    matchPulsePeers(graph, server, {process(forger), process(third), process(third)});
    for (const std::uint32_t id : {10U, 11U, 12U})
        CHECK(peerOf(graph, id) == 0);
}

TEST_CASE("while a connection has not said its name, it could be anybody's who claims one") {
    // The honest one has connected and not said its name; the forger says it instead.
    auto graph = clients({"11 app-pid=100"});
    matchPulsePeers(graph, server, {process(honest), process(forger)});
    CHECK(peerOf(graph, 11) == 0);
    CHECK(nameless(graph, server, 2) == 1);
    // Nor while there are fewer connections than clients: one of them is about to go.
    auto more = clients({"10 app-pid=100", "11 app-pid=200"});
    matchPulsePeers(more, server, {process(honest)});
    CHECK(peerOf(more, 10) == 0);
}

TEST_CASE("nobody is believed while some client of the server's has not told what it is") {
    auto graph = graphOf("client 10 app-pid=100 api=pipewire-pulse pid=9\nclient 11 pid=9 unknown\n");
    matchPulsePeers(graph, server, {process(honest)});
    CHECK(peerOf(graph, 10) == 0);
}

TEST_CASE("clients of the server's modules have no connection and do not count") {
    auto graph = graphOf("client 10 app-pid=100 api=pipewire-pulse pid=9\nclient 11 pid=9 app-pid=9\n"
                         "client 12 pid=8 app-pid=100 api=pipewire-pulse\n");
    matchPulsePeers(graph, server, {process(honest)});
    CHECK(peerOf(graph, 10) == honest);
    CHECK(peerOf(graph, 11) == 0);
    CHECK(peerOf(graph, 12) == 0); // of another process, whatever it says
}

TEST_CASE("a connection of nobody known is counted and proves nothing") {
    auto graph = clients({"10 app-pid=100", "11 app-pid=0"});
    matchPulsePeers(graph, server, {process(honest), ProcessFacts{}});
    CHECK(peerOf(graph, 10) == honest);
    CHECK(peerOf(graph, 11) == 0);
}

TEST_CASE("a sandbox is known by what it is, not by pids that it cannot know") {
    const std::string kind = GENERATE("flatpak", "snap");
    const std::string key = kind == "flatpak" ? "portal" : "snap";
    SECTION("honest") {
        auto graph = clients({"10 app-pid=2 " + key + "=org.call", "11 app-pid=3 " + key + "=org.call"});
        matchPulsePeers(graph, server, {sandboxed(700, kind, "org.call"), sandboxed(701, kind, "org.call")});
        for (const std::uint32_t id : {10U, 11U}) {
            const auto& peer = graph.clients.at(GlobalId{id}).peer;
            REQUIRE(peer);
            CHECK(peer->sandbox == kind);
            CHECK(peer->sandboxId == "org.call");
            CHECK(peer->pid == 0); // one of the two
            CHECK(peer->executable.empty());
            CHECK(peer->executableTrue);
        }
    }
    SECTION("another that claims to be it") {
        auto graph = clients({"10 " + key + "=org.call", "11 app-pid=200 " + key + "=org.call"});
        matchPulsePeers(graph, server, {sandboxed(700, kind, "org.call"), process(forger)});
        CHECK(!graph.clients.at(GlobalId{10}).peer);
        CHECK(!graph.clients.at(GlobalId{11}).peer);
    }
    SECTION("another that claims the pid of a process in it") {
        auto graph = clients({"10 " + key + "=org.call", "11 app-pid=700"});
        matchPulsePeers(graph, server, {sandboxed(700, kind, "org.call"), process(forger)});
        CHECK(!graph.clients.at(GlobalId{10}).peer);
        CHECK(!graph.clients.at(GlobalId{11}).peer);
    }
    SECTION("it claims to be another") {
        auto graph = clients({"10 " + key + "=org.trusted"});
        matchPulsePeers(graph, server, {sandboxed(700, kind, "org.call")});
        CHECK(!graph.clients.at(GlobalId{10}).peer);
    }
}

TEST_CASE("what is proven stays proven, and counts whatever is claimed later") {
    Model model;
    const auto see = [&](const std::string& line) {
        model.apply(event::ClientSeen{clients({line}).clients.begin()->second});
    };
    see("10 app-pid=100");
    see("11 app-pid=200");
    model.apply(event::PulsePeersRead{model.pulseChanges, server, {process(honest), process(forger)}});
    CHECK(peerOf(model.graph, 10) == honest);
    CHECK(peerOf(model.graph, 11) == forger);
    const auto before = model.pulseChanges;
    see("11 app-pid=100");
    CHECK(model.pulseChanges != before);
    model.apply(event::PulsePeersRead{model.pulseChanges, server, {process(honest), process(forger)}});
    CHECK(peerOf(model.graph, 10) == honest);
    CHECK(peerOf(model.graph, 11) == forger);
}

TEST_CASE("what was read before clients came or went counts no more") {
    Model model;
    model.apply(event::ClientSeen{clients({"10 app-pid=100"}).clients.begin()->second});
    const auto asked = model.pulseChanges;
    model.apply(event::ClientSeen{clients({"11 app-pid=100"}).clients.begin()->second});
    model.apply(event::Removed{GlobalId{11}});
    CHECK(model.pulseChanges == asked + 2);
    model.apply(event::PulsePeersRead{asked, server, {process(honest)}});
    CHECK(peerOf(model.graph, 10) == 0);
    model.apply(event::PulsePeersRead{model.pulseChanges, server, {process(honest)}});
    CHECK(peerOf(model.graph, 10) == honest);
}

TEST_CASE("an id that is used again is another client") {
    Model model;
    model.apply(event::ClientSeen{clients({"10 serial=70 app-pid=100"}).clients.begin()->second});
    model.apply(event::PulsePeersRead{model.pulseChanges, server, {process(honest)}});
    REQUIRE(peerOf(model.graph, 10) == honest);
    model.apply(event::ClientSeen{clients({"10 serial=71 app-pid=100"}).clients.begin()->second});
    CHECK(peerOf(model.graph, 10) == 0);
}

TEST_CASE("property: nobody is taken for an honest application that he is not, in whatever order") {
    std::mt19937 dice(std::random_device{}());
    const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(dice() % limit); };
    std::size_t proven = 0;
    for (int world = 0; world < 2000; world++) {
        // Processes below 103 say who they are; the others say anything. Some connections have not said
        // anything yet.
        std::vector<ProcessFacts> connections;
        std::vector<std::uint32_t> truth;
        std::vector<std::string> lines;
        const bool quiet = below(3) == 0;
        for (std::uint32_t count = 1 + below(6), at = 0; at < count; at++) {
            const std::uint32_t pid = 100 + below(6);
            connections.push_back(process(pid));
            if (quiet && below(3) == 0)
                continue;
            const std::uint32_t says = pid < 103 ? pid : 100 + below(6);
            lines.push_back(std::to_string(10 + truth.size()) + " app-pid=" + std::to_string(says));
            truth.push_back(pid);
        }
        std::shuffle(connections.begin(), connections.end(), dice);
        auto graph = clients(lines);
        matchPulsePeers(graph, server, connections);
        for (std::size_t at = 0; at < truth.size(); at++) {
            const auto peer = peerOf(graph, static_cast<std::uint32_t>(10 + at));
            proven += peer != 0;
            if (peer != 0 && peer < 103)
                REQUIRE(peer == truth[at]);
        }
    }
    CHECK(proven > 1000);
}

TEST_CASE("the Pulse server is the one with the most clients, if nobody can have exchanged it") {
    const Graph graph = graphOf("client 10 api=pipewire-pulse pid=7 exe=/usr/bin/pipewire\n"
                                "client 11 api=pipewire-pulse pid=9 exe=/usr/bin/pipewire\n"
                                "client 12 api=pipewire-pulse pid=9 exe=/usr/bin/pipewire\n"
                                "client 13 api=pipewire-pulse pid=5 exe=/home/me/pipewire exe-writable\n"
                                "client 14 api=pipewire-pulse pid=6 exe=/usr/bin/pipewire exe-elsewhere\n"
                                "client 15 pid=4 exe=/usr/bin/pipewire\n");
    CHECK(pulseServers(graph) == std::vector<std::uint32_t>{9, 7});
    CHECK(anyUnproven(graph));
    CHECK_FALSE(anyUnproven(graphOf("client 15 pid=4 exe=/usr/bin/pipewire")));
    std::string many;
    for (std::uint32_t id = 100; id < 120; id++)
        many += "client " + std::to_string(id) + " api=pipewire-pulse exe=/usr/bin/pipewire\n";
    CHECK(pulseServers(graphOf(many)).size() == 8);
}

TEST_CASE("nothing is matched for a server that is not known") {
    auto graph = clients({"10 app-pid=100"});
    matchPulsePeers(graph, 0, {process(honest)});
    CHECK(peerOf(graph, 10) == 0);
    CHECK(anyUnproven(graph));
    matchPulsePeers(graph, server, {process(honest)});
    CHECK_FALSE(anyUnproven(graph));
}

TEST_CASE("two processes of one sandbox have only that in common which is true of both") {
    auto graph = clients({"10 portal=org.box.App", "11 portal=org.box.App"});
    auto other = sandboxed(101, "flatpak", "org.box.App");
    other.executableTrue = false;
    matchPulsePeers(graph, server, {sandboxed(100, "flatpak", "org.box.App"), other});
    const auto& peer = graph.clients.at(GlobalId{10}).peer;
    REQUIRE(peer);
    CHECK(peer->sandboxId == "org.box.App");
    CHECK(peer->pid == 0);
    CHECK_FALSE(peer->executableTrue);
}

TEST_CASE("a Pulse client that says something else of itself has to be looked at anew, others need not") {
    Model model;
    const auto seen = [&](const std::string& line) {
        const auto before = model.pulseChanges;
        for (const auto& event : eventsOf("client 10 " + line + " exe=/usr/bin/pipewire"))
            model.apply(event);
        return model.pulseChanges != before;
    };
    CHECK(seen("api=pipewire-pulse app-pid=5"));
    CHECK_FALSE(seen("api=pipewire-pulse app-pid=5 name=Another"));
    CHECK(seen("api=pipewire-pulse app-pid=6"));
    CHECK(seen("api=pipewire-pulse app-pid=6 portal=org.box.App"));
    CHECK(seen("api=pipewire-pulse app-pid=6 portal=org.box.App snap=box"));
    CHECK(seen("app-pid=6 portal=org.box.App snap=box")); // no longer one, it says
    CHECK_FALSE(seen("app-pid=7"));
    CHECK(seen("api=pipewire-pulse"));
    const auto before = model.pulseChanges;
    model.apply(event::Removed{GlobalId{10}});
    CHECK(model.pulseChanges != before);
    // What was read while the clients were others proves nothing.
    model.apply(event::PulsePeersRead{before, server, {}});
    model.apply(event::LineagesRead{GlobalId{10}, {}});
    CHECK(model.graph.clients.empty());
}
