// SPDX-License-Identifier: GPL-3.0-or-later
//
// One application may not hear while others go on: what is cut, what is left alone, what flows round about.
#include "daemon/policy/flow.hpp"
#include "daemon/policy/wanted.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Words = std::vector<std::string>;
using Pairs = std::set<std::string>;

Rule about(Ruling action, std::string_view executable, std::optional<std::string> source = std::nullopt) {
    Rule rule;
    rule.match.executable = executable;
    rule.match.source = std::move(source);
    rule.action = action;
    rule.origin = {"/home/me/.config/micguard/micguard.toml", 3};
    return rule;
}

bool contains(const Words& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::string stateOf(World& world, std::string_view name) {
    for (const auto& stream : world.view().streams)
        if (stream.name == name)
            return stream.state;
    return "none";
}

} // namespace

TEST_CASE("who is denied is cut off, who is not goes on") {
    World world(micAndTwoCalls);
    REQUIRE(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    world.rule(about(Ruling::Deny, "/usr/bin/call"));
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(world.server.permission(GlobalId{30}, GlobalId{20}) == permission::none);
    CHECK(world.server.permission(GlobalId{10}, GlobalId{31}) == permission::none);
    CHECK(world.plan().empty());
    CHECK(stateOf(world, "call") == "denied");
    CHECK(stateOf(world, "notes") == "capturing");

    world.noRules();
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    CHECK(world.server.leftovers() == Words{"client 30 has a look on 1", "client 30 has a look on 10",
                                            "client 40 has a look on 1", "client 40 has a look on 10"});
}

TEST_CASE("who is cut off while others go on keeps no memory that is written to") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Deny, "/usr/bin/call"));
    CHECK(world.server.readable() == Pairs{"mic -> 40"});
    const auto sent = world.sent();
    CHECK(std::count(sent.begin(), sent.end(), "suspend 20") == 1);
    world.noRules();
    world.rule(about(Ruling::Silence, "/usr/bin/notes"));
    CHECK(world.server.readable() == Pairs{"mic -> 30"});
}

// What PipeWire makes of a link otherwise is in policy/renewal.cpp.
TEST_CASE("the links of who would not pause are made anew while others are suspended") {
    const auto suspended = [](const std::string& more, const std::string& version = "1.4.2") {
        World world(std::string(micAndTwoCalls) + more);
        world.server.version = version;
        world.reconnect();
        world.rule(about(Ruling::Deny, "/usr/bin/call"));
        Words words;
        for (const auto& word : world.sent())
            if (word.starts_with("suspend"))
                words.push_back(word);
        return words;
    };
    const std::string jack = R"(
        client 50 exe=/usr/bin/ardour
        node 51 name=ardour client=50 runs-on
        port 52 of 51 in
        link 53 20:21 -> 51:52
    )";
    CHECK(suspended("") == Words{"suspend 20"});
    CHECK(suspended(jack) == Words{"suspend 20 again 53"});
    INFO("where PipeWire does not look at the graph meanwhile there is nothing to do");
    CHECK(suspended(jack, "1.6.8") == Words{"suspend 20"});
    CHECK(suspended(jack, "1.6.7") == Words{"suspend 20 again 53"});
    CHECK(suspended(jack, "nobody knows") == Words{"suspend 20 again 53"});
    INFO("of who hears something else as well, too, and that is left alone");
    CHECK(suspended(R"(
        node 60 class=Audio/Source name=line runs-on
        port 61 of 60 out
        client 50 exe=/usr/bin/studio
        node 51 class=Stream/Input/Audio name=studio client=50
        port 52 of 51 in
        link 53 20:21 -> 51:52
        link 54 60:61 -> 51:52
    )") == Words{"suspend 20 again 53"});
    INFO("a stream of the session manager's is suspended along, and the links are made anew of what runs on "
         "behind it");
    CHECK(suspended(R"(
        node 60 class=Audio/Source name=line runs-on
        port 61 of 60 out
        client 50 exe=/usr/bin/recorder
        node 51 class=Stream/Input/Audio name=recorder client=50 autoconnect running runs-on
        port 52 of 51 in
        link 64 60:61 -> 51:52
    )") == Words{"suspend 20 and then 51 again 64"});
    INFO("and what a node is linked to itself");
    World world(std::string(micAndTwoCalls) + R"(
        client 50 exe=/usr/bin/effect
        node 51 name=effect client=50 runs-on
        port 52 of 51 in
        port 53 of 51 in
        port 54 of 51 out
        link 55 20:21 -> 51:52
        link 56 51:54 -> 51:53
        link 57 51:54 -> 31:32
    )");
    world.rule(about(Ruling::Deny, "/usr/bin/call"));
    CHECK(contains(world.sent(), "suspend 51 again 56"));
}

TEST_CASE("a source that is about to run is told to let go of its buffers once it does") {
    const std::string before = GENERATE("suspended", "idle");
    World world(micAndTwoCalls);
    world.say("state 20 " + before);
    // Somebody linked again, who got buffers before it runs.
    world.say("client 50 exe=/usr/bin/late\nnode 51 class=Stream/Input/Audio name=late client=50 "
              "running\nport 52 of 51 in\n"
              "link 53 20:21 -> 51:52");
    world.rule(about(Ruling::Deny, "/usr/bin/late"));
    CHECK_FALSE(contains(world.sent(), "suspend 20"));
    world.say("state 20 running");
    CHECK(contains(world.sent(), "suspend 20"));
    CHECK_FALSE(world.server.readable().contains("mic -> 50"));
    CHECK(world.plan().empty());
}

TEST_CASE("a denied client that listens to a source of its own does not have it suspended again and again") {
    World world(std::string(micAndTwoCalls) + R"(
        node 35 class=Audio/Source/Virtual name=own client=30
        port 36 of 35 out
        link 37 35:36 -> 31:32
    )");
    world.rule(about(Ruling::Deny, "/usr/bin/call"));
    const auto sent = world.sent();
    CHECK(std::count(sent.begin(), sent.end(), "suspend 35") == 0);
    CHECK(std::count(sent.begin(), sent.end(), "suspend 20") == 1);
}

TEST_CASE("memory kept from before the mute is let go before the microphone opens") {
    World world(micAndTwoCalls);
    world.mute();
    world.rule(about(Ruling::Deny, "/usr/bin/call"));
    CHECK_FALSE(contains(world.sent(), "suspend 20"));
    world.server.performed.clear();
    world.unmute();
    const auto sent = world.sent();
    REQUIRE(contains(sent, "suspend 20"));
    CHECK(std::find(sent.begin(), sent.end(), "suspend 20") <
          std::find(sent.begin(), sent.end(), "knob 20 10.000000"));
    CHECK(world.server.readable() == Pairs{"mic -> 40"});
}

TEST_CASE("a newcomer is decided before he has a stream, and unknown he is kept from everything") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Deny, "/usr/bin/spy"));
    world.say("client 50 exe=/usr/bin/spy");
    CHECK(world.server.permission(GlobalId{50}, GlobalId{20}) == permission::none);
    world.say("client 60 exe=/usr/bin/other unknown");
    CHECK(world.server.permission(GlobalId{60}, GlobalId{20}) == permission::none);
    world.say("client 60 exe=/usr/bin/other");
    CHECK(world.server.permission(GlobalId{60}, GlobalId{20}) != permission::none);
}

TEST_CASE(
    "a new stream of the Pulse server's is linked when it is known whose it is, while anybody is kept from "
    "anything") {
    World world(micAndTwoCalls);
    world.pulseLooks = false;
    const auto process = [](std::uint32_t pid, std::string executable) {
        ProcessFacts facts;
        facts.pid = pid;
        facts.executable = std::move(executable);
        facts.executableTrue = true;
        return facts;
    };
    const auto comes = [&](unsigned id, const std::string& name) {
        const auto before = world.server.audible();
        const std::string client = std::to_string(id), node = std::to_string(id + 1);
        world.say("client " + client + " pid=900 exe=/usr/bin/pipewire api=pipewire-pulse app-pid=" + client +
                  " name=" + name);
        world.say("node " + node + " class=Stream/Input/Audio name=" + name + " client=" + client +
                  " autoconnect");
        // It is the session manager that gives it ports.
        world.say("port " + std::to_string(id + 2) + " of " + node + " in");
        INFO("it sees the microphone all the same");
        CHECK(world.server.permission(GlobalId{id}, GlobalId{20}) & permission::readOnly);
        CHECK(world.server.audible() == before);
    };
    world.rule(about(Ruling::Deny, "/usr/bin/denied"));
    comes(50, "first");
    world.receive(event::PulsePeersRead{world.model.pulseChanges, 900, {process(50, "/usr/bin/denied")}});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
    CHECK(stateOf(world, "first") == "denied");

    comes(60, "second");
    world.receive(event::PulsePeersRead{
        world.model.pulseChanges, 900, {process(50, "/usr/bin/denied"), process(60, "/usr/bin/fine")}});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes", "mic -> second"});

    INFO("who cannot be known is what he says");
    comes(70, "third");
    world.receive(event::PulsePeersRead{world.model.pulseChanges, 0, {}});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes", "mic -> second", "mic -> third"});

    INFO("others come and go all the while: nobody waits for good");
    comes(80, "fourth");
    unsigned looks = 0;
    while (!world.server.audible().contains("mic -> fourth") && looks < 100) {
        looks++;
        world.receive(event::PulsePeersRead{world.model.pulseChanges - 1, 0, {}});
    }
    CHECK(looks > 1);
    CHECK(looks < 20);
    CHECK(world.plan().empty());
}

TEST_CASE("a new stream of the Pulse server's waits for nothing while nobody is kept from anything") {
    World world(micAndTwoCalls);
    world.pulseLooks = false;
    world.say("client 50 pid=900 exe=/usr/bin/pipewire api=pipewire-pulse name=Any\n"
              "node 51 class=Stream/Input/Audio name=any client=50 autoconnect\nport 52 of 51 in");
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes", "mic -> any"});
    INFO("nor is one cut off that goes on already");
    world.rule(about(Ruling::Deny, "/usr/bin/notes"));
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> any"});
}

TEST_CASE("a denied application does not fall back to another microphone") {
    World world(micAndTwoCalls);
    world.say("node 25 class=Audio/Source name=webcam client=10\nport 26 of 25 out");
    world.rule(about(Ruling::Deny, "/usr/bin/call", "mic"));
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    SECTION("nor does one that starts while it is denied") {
        world.say("client 70 exe=/usr/bin/call\nnode 71 class=Stream/Input/Audio name=second client=70 "
                  "autoconnect\n"
                  "port 72 of 71 in");
        CHECK(world.server.audible() == Pairs{"mic -> notes"});
    }
    SECTION("but it may hear the one that it asks for") {
        world.say("client 70 exe=/usr/bin/call\n"
                  "node 71 class=Stream/Input/Audio name=second client=70 autoconnect target=webcam\nport 72 "
                  "of 71 in");
        CHECK(world.server.audible() == Pairs{"mic -> notes", "webcam -> second"});
    }
    SECTION("by its serial, too, as it is written and not otherwise") {
        const auto& nodes = world.model.graph.nodes;
        const std::string mic = std::to_string(raw(nodes.at(GlobalId{20}).serial)),
                          webcam = std::to_string(raw(nodes.at(GlobalId{25}).serial));
        const auto [target, may] =
            GENERATE_COPY(std::pair(webcam, true), std::pair("0" + webcam, false), std::pair(mic, false));
        world.say("client 70 exe=/usr/bin/call\n"
                  "node 71 class=Stream/Input/Audio name=second client=70 autoconnect target=" +
                  target + "\nport 72 of 71 in");
        INFO("asks for " << target);
        CHECK(world.verdicts().keptFrom.contains(GlobalId{71}) != may);
    }
}

TEST_CASE("silenced, a stream goes on and hears nothing; allowed, it hears again") {
    World world(micAndTwoCalls);
    const auto silent = [&](std::uint32_t stream) {
        const auto& graph = world.server.graph();
        const auto& links = graph.linksTo(GlobalId{stream});
        return links.size() == 1 &&
               graph.nodes.at(graph.links.at(*links.begin()).outputNode).name == "micguard.silence";
    };
    world.rule(about(Ruling::Silence, "/usr/bin/call"));
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(silent(31));
    CHECK(stateOf(world, "call") == "silenced");
    CHECK(world.plan().empty());

    SECTION("its silence is mended when somebody unlinks it") {
        const auto link = *world.server.graph().linksTo(GlobalId{31}).begin();
        world.say("gone " + std::to_string(raw(link)));
        CHECK(silent(31));
    }
    SECTION("one that starts so gets its ports from the guard") {
        world.say("client 70 exe=/usr/bin/call\nnode 71 class=Stream/Input/Audio name=second client=70 "
                  "autoconnect");
        CHECK(silent(71));
    }
    world.noRules();
    CHECK(world.server.audible().contains("mic -> call"));
    CHECK(world.server.audible().contains("mic -> notes"));
    CHECK_FALSE(silent(31));
}

TEST_CASE("what links itself to the guard's silence without being silenced loses it, once") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Silence, "/usr/bin/call"));
    const auto link = world.server.graph().links.at(*world.server.graph().linksTo(GlobalId{31}).begin());
    world.server.performed.clear();
    const std::string from =
        std::to_string(raw(link.outputNode)) + ":" + std::to_string(raw(link.outputPort));
    // As JACK clients do: nobody's session manager has a hand in it.
    world.say("node 35 name=filter client=30\nport 36 of 35 in\nlink 7000 " + from + " -> 35:36");
    CHECK(contains(world.sent(), "destroy 7000"));
    CHECK(world.server.graph().linksTo(GlobalId{35}).empty());
    CHECK(world.plan().empty());
}

TEST_CASE("who is asked about waits in silence") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Ask, "/usr/bin/call"));
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    CHECK(stateOf(world, "call") == "pending");
}

TEST_CASE("what may not be heard may not be heard through a canceller and a loopback either") {
    World world(std::string(micAndTwoCalls) + R"(
        client 50 exe=/usr/bin/canceller
        node 51 class=Stream/Input/Audio name=canceller-in client=50 autoconnect running group=echo target=mic
        port 52 of 51 in
        node 53 class=Audio/Source/Virtual name=cancelled client=50 group=echo
        port 54 of 53 out
        client 60 exe=/usr/bin/loopback
        node 61 class=Stream/Input/Audio name=loopback-in client=60 autoconnect running group=loop target=cancelled
        port 62 of 61 in
        node 63 class=Audio/Source/Virtual name=looped client=60 group=loop
        port 64 of 63 out
        client 70 exe=/usr/bin/call
        node 71 class=Stream/Input/Audio name=second client=70 autoconnect running target=looped
        port 72 of 71 in
        client 80 exe=/usr/bin/notes
        node 81 class=Stream/Input/Audio name=third client=80 autoconnect running target=looped
        port 82 of 81 in
    )");
    REQUIRE(world.server.audible().contains("looped -> second"));
    world.rule(about(Ruling::Deny, "/usr/bin/call", "mic"));
    CHECK(world.server.audible() ==
          Pairs{"cancelled -> loopback-in", "looped -> third", "mic -> canceller-in", "mic -> notes"});
    CHECK(world.plan().empty());
}

TEST_CASE(
    "of a sink into which a microphone plays, a denied application gets no monitor and may still play") {
    World world(std::string(micAndTwoCalls) + R"(
        node 90 class=Audio/Sink name=speaker client=10
        port 91 of 90 in
        port 92 of 90 out monitor
        link 93 20:21 -> 90:91
        node 33 class=Stream/Input/Audio name=listen client=30
        port 34 of 33 in
        link 94 90:92 -> 33:34
        link 95 90:92 -> 41:42
    )");
    world.rule(about(Ruling::Deny, "/usr/bin/call"));
    CHECK_FALSE(world.server.graph().links.contains(GlobalId{94}));
    CHECK(world.server.graph().links.contains(GlobalId{95}));
    CHECK(world.server.permission(GlobalId{30}, GlobalId{90}) != permission::none);
}

TEST_CASE(
    "a denied client does not keep a card that it had the server open, whatever kind it says that this is") {
    for (const std::string claim : {"", "api=bluez5", "network"}) {
        INFO(claim);
        World world(micAndTwoCalls);
        world.rule(about(Ruling::Deny, "/usr/bin/spy"));
        world.say("client 50 exe=/usr/bin/spy\n"
                  "node 51 class=Audio/Source name=own client=50 factory=api.alsa.pcm.source " +
                  claim);
        CHECK(contains(world.sent(), "destroy 51"));
    }
}

TEST_CASE("of two that may not capture beside each other the one goes on that was there first, for good") {
    World world(micAndTwoCalls);
    Rule first = about(Ruling::Deny, "/usr/bin/call");
    first.when.capturing = "/usr/bin/notes";
    Rule second = about(Ruling::Deny, "/usr/bin/notes");
    second.when.capturing = "/usr/bin/call";
    world.rule(first);
    world.rule(second);
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(world.plan().empty());
    world.say("gone 30");
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
}

TEST_CASE("rules go on while everything is muted, and after it") {
    World world(micAndTwoCalls);
    world.receive(event::ModeChosen{Mode::Sever});
    world.rule(about(Ruling::Deny, "/usr/bin/call"));
    world.mute();
    CHECK(world.server.linked() == Pairs{});
    CHECK(world.promise().holds);
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> notes"});
    world.noRules();
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
}

TEST_CASE("released, the guard keeps nobody from anything") {
    World world(micAndTwoCalls);
    world.rule(about(Ruling::Deny, "/usr/bin/call"));
    world.rule(about(Ruling::Silence, "/usr/bin/notes"));
    world.receive(event::Released{true});
    CHECK(world.server.leftovers() == Words{});
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> notes"});
}

TEST_CASE("a stream that was denied its microphone from the start is kept from it by what it asks for, name "
          "or serial") {
    for (const std::string target : {"second", "1022"}) {
        World world(micAndTwoCalls);
        world.say("node 22 class=Audio/Source name=second client=10\nport 23 of 22 out");
        world.rule(about(Ruling::Deny, "/usr/bin/pinned", "second"));
        world.say(
            "client 60 exe=/usr/bin/pinned name=Pinned\n"
            "node 61 class=Stream/Input/Audio name=pinned client=60 autoconnect running target=" +
            target +
            "\nport 62 of 61 in\n"
            "node 63 class=Stream/Input/Audio name=free client=60 autoconnect running\nport 64 of 63 in");
        INFO(target);
        CHECK(stateOf(world, "pinned") == "denied"); // and does not fall back to another one
        CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> free", "mic -> notes"});
    }
}

TEST_CASE(
    "what hands a microphone's sound on to somebody who is no client hears nothing that anybody is denied") {
    for (const std::string who :
         {"exe=/usr/bin/pipewire-pulse api=protocol-simple", "exe=/usr/bin/pipewire api=rtp"}) {
        INFO(who);
        World world(
            std::string(micAndTwoCalls) + "client 60 " + who +
            "\nnode 61 class=Stream/Input/Audio name=out client=60 autoconnect running\nport 62 of 61 in");
        REQUIRE(world.server.audible().contains("mic -> out"));
        world.rule(about(Ruling::Deny, "/usr/bin/call"));
        CHECK(world.server.audible() == Pairs{"mic -> notes"});
        CHECK(stateOf(world, "out") == "denied");
        const auto rulings = world.verdicts().rulings;
        const auto* decision = rulings.of(GlobalId{60}, GlobalId{20});
        REQUIRE(decision);
        CHECK(decision->reason == "who hears it is not known, and might be one who is denied by "
                                  "/home/me/.config/micguard/micguard.toml:3");
        world.noRules();
        CHECK(world.server.audible().contains("mic -> out"));
        // Another microphone's rules are nothing to it.
        world.rule(about(Ruling::Deny, "/usr/bin/call", "other"));
        CHECK(world.server.audible().contains("mic -> out"));
    }
}

TEST_CASE("a loopback of the Pulse server's is followed, and not shut for one who is denied") {
    World world(std::string(micAndTwoCalls) + R"(
        client 60 exe=/usr/bin/pipewire-pulse api=none
        node 61 class=Stream/Input/Audio name=loop-in client=60 autoconnect running group=loop target=mic
        port 62 of 61 in
        node 63 class=Audio/Source/Virtual name=looped client=60 group=loop
        port 64 of 63 out
    )");
    world.rule(about(Ruling::Deny, "/usr/bin/call"));
    CHECK(world.server.audible() == Pairs{"mic -> loop-in", "mic -> notes"});
}

TEST_CASE(
    "a source is asked for by its name or its serial, as a program writes one, else it is the default") {
    World world(std::string(desk) + R"(
        node 18 class=Audio/Source name=1022 client=10
        node 20 class=Audio/Source name=mic client=10
        node 22 class=Audio/Source name=second client=10
        node 24 class=Audio/Source name=1020 client=10
        default mic
    )");
    WantedSources wanted(world.model);
    const auto asked = [&](const std::string& target) {
        Node stream;
        stream.serial = Serial{9000};
        stream.target = target;
        return wanted.of(stream)->name;
    };
    CHECK(asked("second") == "second");
    CHECK(asked("1024") == "1020"); // by its serial
    INFO("the one's name is the other's serial: which came first, as the session manager looks");
    CHECK(asked("1022") == "1022");
    CHECK(asked("1020") == "mic");
    for (const char* none : {"", "unplugged", "01024", "1024x", "+1024", "99999"})
        CHECK(asked(none) == "mic");
}

TEST_CASE("what only puts out MIDI hands on no sound") {
    const auto carries = [](std::string_view format) {
        const Graph graph =
            graphOf("node 20 class=Audio/Source\nport 21 of 20 out\nclient 60\nnode 61 client=60\n"
                    "port 62 of 61 in\nlink 64 20:21 -> 61:62\nport 63 of 61 out format=\"" +
                    std::string(format) + "\"");
        return flowOf(graph).contains(GlobalId{61});
    };
    CHECK(carries("32 bit float mono audio"));
    CHECK_FALSE(carries("8 bit raw midi"));
}

TEST_CASE("no rule keeps the server's own modules from anything") {
    World world(std::string(micAndTwoCalls) + "client 5 in-server exe=/usr/bin/pipewire\n");
    world.rule(about(Ruling::Deny, "*"));
    const auto judged = world.verdicts().rulings;
    CHECK(judged.of(GlobalId{30}, GlobalId{20}));
    CHECK_FALSE(judged.of(GlobalId{5}, GlobalId{20}));
}

TEST_CASE("silence is played into a stream's inputs alone") {
    World world(std::string(micAndCall) + "port 33 of 31 out monitor\n");
    world.rule(about(Ruling::Silence, "/usr/bin/call"));
    const auto& graph = world.server.graph();
    std::set<GlobalId> fed;
    for (const auto& [id, link] : graph.links)
        if (link.outputNode != GlobalId{20})
            fed.insert(link.inputPort);
    CHECK(fed == std::set{GlobalId{32}});
    CHECK(world.server.audible().empty());
}

TEST_CASE("a microphone that puts out MIDI as well is silenced by its limit") {
    World world(std::string(micAndCall) + "port 22 of 20 out format=\"8 bit raw midi\"\n");
    world.mute();
    CHECK(world.knob("mic") == KnobState::Holds);
    CHECK(world.promise().holds);
}
