// SPDX-License-Identifier: GPL-3.0-or-later
//
// Objects by id, serial and relation, and what counts as carried out.
#include "daemon/model/applied.hpp"
#include "daemon/model/lineage.hpp"
#include "daemon/model/mute.hpp"
#include "tests/unit/graph_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

TEST_CASE("a serial finds the object that has it, as what it is and nothing else") {
    const Graph graph = graphOf("client 10\nnode 20 client=10\nport 21 of 20 out\ndevice 15");
    CHECK(graph.client(Serial{1010})->id == GlobalId{10});
    CHECK(graph.node(Serial{1020})->id == GlobalId{20});
    CHECK(graph.port(Serial{1021})->id == GlobalId{21});
    for (const Serial other : {Serial{1015}, Serial{1021}, Serial{10}}) {
        CHECK(graph.client(other) == nullptr);
        CHECK(graph.node(other) == nullptr);
    }
    CHECK(graph.port(Serial{1020}) == nullptr);
    CHECK(graph.port(Serial{20}) == nullptr);
    for (const std::uint32_t id : {10U, 20U, 21U, 15U})
        CHECK(graph.has(GlobalId{id}));
    CHECK_FALSE(graph.has(GlobalId{1010}));
}

TEST_CASE("an object in another's place leaves no trace of that one") {
    Graph graph =
        graphOf("client 10\nclient 11\nnode 20 client=10\nport 21 of 20 out\nlink 30 20:21 -> 22:23");
    Client client;
    client.id = GlobalId{10};
    client.serial = Serial{2010};
    graph.put(client);
    CHECK_FALSE(graph.idOf(Serial{1010}));
    CHECK(graph.clients.at(GlobalId{10}).arrival > graph.clients.at(GlobalId{11}).arrival); // it is new
    Node node = graph.nodes.at(GlobalId{20});
    node.client = GlobalId{11};
    graph.put(node);
    CHECK(graph.nodesOf(GlobalId{10}).empty());
    CHECK(graph.nodesOf(GlobalId{11}) == std::set<GlobalId>{GlobalId{20}});
    // A serial that two claim stays with the one that had it last.
    Port port = graph.ports.at(GlobalId{21});
    port.id = GlobalId{24};
    graph.put(port);
    graph.remove(GlobalId{21});
    CHECK(graph.idOf(Serial{1021}) == GlobalId{24});
    graph.remove(GlobalId{24});
    graph.remove(GlobalId{24});
    CHECK_FALSE(graph.idOf(Serial{1021}));
    graph.put(Link{GlobalId{30}, Serial{1030}, GlobalId{40}, GlobalId{41}, GlobalId{42}, GlobalId{43}});
    CHECK(graph.linksFrom(GlobalId{20}).empty());
    CHECK(graph.linksTo(GlobalId{42}) == std::set<GlobalId>{GlobalId{30}});
}

TEST_CASE("what was found in place is done; what a process was asked for is done when that one says so") {
    Applied applied;
    applied.acknowledged = 5;
    const Serial process{1010};
    CHECK(applied.done(Sent{0, process}));
    CHECK(applied.done(Sent{5, std::nullopt}));
    CHECK_FALSE(applied.done(Sent{6, std::nullopt}));
    CHECK_FALSE(applied.done(Sent{3, process})); // nobody knows of its having been asked
    CHECK_FALSE(applied.overdue(Sent{3, process}));
    applied.processes[process] = {7, 4, true};
    CHECK(applied.done(Sent{4, process}));
    CHECK_FALSE(applied.overdue(Sent{4, process})); // that was answered in time
    CHECK_FALSE(applied.done(Sent{5, process}));
    CHECK(applied.overdue(Sent{5, process}));
    CHECK_FALSE(applied.overdue(Sent{9, std::nullopt}));
}

TEST_CASE("a hold to unmute holds nothing muted, and a file that cannot be read is like no other") {
    MuteState mute;
    mute.holds.push_back({1, false, ":1.2", "panel", "", 0});
    CHECK(mute.heldLive());
    CHECK_FALSE(mute.heldMuted());
    mute.holds.push_back({2, true, ":1.3", "obs", "", 0});
    CHECK(mute.heldMuted());
    mute.holds.erase(mute.holds.begin());
    CHECK_FALSE(mute.heldLive());
    const ProcessLink one{1, 10, 8, 100};
    CHECK(one.sameProgram({2, 20, 8, 100}));
    CHECK_FALSE(one.sameProgram({2, 20, 9, 100})); // of the same number on another file system
    CHECK_FALSE(one.sameProgram({2, 20, 8, 101}));
    CHECK_FALSE(ProcessLink{1, 10, 0, 0}.sameProgram({2, 20, 0, 0}));
    CHECK_FALSE(one.sameProcess({1, 11, 8, 100})); // a pid that is used again
}
