// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a client says of the nodes that it has the server make is its own word: who made them, where they are, what they are called
// and of which kind they are. Each case is a way by which a microphone was heard, or the guard kept busy, because that was believed.
#include "daemon/policy/classify.hpp"
#include "tests/unit/world.hpp"

#include <string>
#include <utility>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Pairs = std::set<std::string>;

// A microphone of the session manager's, one who captures, and one who has something made.
const std::string desktop = std::string(micAndCall) +
                            "device 15 client=10\nclient 60 exe=/usr/bin/evil\nclient 65 exe=/usr/bin/ear\n";

constexpr const char* ear = R"(
    node 61 class=Stream/Input/Audio name=ear client=65 running
    port 62 of 61 in
    link 63 40:41 -> 61:62
)";

std::string second(const std::string& words) {
    return "node 40 factory=api.alsa.pcm.source in-server outputs=1 " + words + "\nport 41 of 40 out\n" + ear;
}

Rule deny(std::string_view executable, std::optional<std::string> source = std::nullopt) {
    Rule rule;
    rule.match.executable = executable;
    rule.match.source = std::move(source);
    rule.action = Ruling::Deny;
    rule.origin = {"/home/me/.config/micguard/micguard.toml", 3};
    return rule;
}

} // namespace

TEST_CASE("a second node whose maker names the guard as its owner is muted", "[forged]") {
    const std::string name = GENERATE("evil", "micguard.silence");
    INFO(name);
    World world(desktop + second("class=Audio/Source client=1 lingers name=" + name));
    REQUIRE(world.server.audible().contains(name + " -> ear"));
    world.mute();
    CHECK(world.source(name).silent);
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
}

TEST_CASE("streams that are to hear silence are linked to the guard's own, not to what is called so",
          "[forged]") {
    World world(desktop + second("class=Audio/Source client=1 lingers name=micguard.silence"));
    Rule rule = deny("/usr/bin/call");
    rule.action = Ruling::Silence;
    world.rule(rule);
    CHECK(world.server.audible() == Pairs{"micguard.silence -> ear"});
    REQUIRE(silenceOf(world.server.graph()));
    CHECK(silenceOf(world.server.graph())->id != GlobalId{40});
    CHECK(world.server.linked() != Pairs{});
}

TEST_CASE("a node that a device makes is a microphone, whatever the device's maker has it call itself",
          "[forged]") {
    const std::string mediaClass = GENERATE("Stream/Output/Audio", "Audio/Sink", "Video/Source");
    INFO(mediaClass);
    World world(desktop + "device 16\nnode 40 device=16 outputs=1 name=evil class=" + mediaClass +
                "\nport 41 of 40 out\n" + ear);
    REQUIRE(world.server.audible().contains("evil -> ear"));
    world.mute();
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
}

TEST_CASE("a loopback's playback half that claims to be a sound card's node is followed", "[forged]") {
    const std::string claim = GENERATE("device=15", "factory=api.alsa.pcm.sink in-server");
    INFO(claim);
    World world(desktop + R"(
        client 50 exe=/usr/bin/pipewire-pulse
        node 51 class=Stream/Input/Audio name=loop-in client=50 autoconnect running group=a target=mic
        port 52 of 51 in
        node 53 class=Stream/Output/Audio name=loop-out client=50 group=b )" +
                claim + R"(
        port 54 of 53 out
        node 70 class=Audio/Sink name=speaker client=10 device=15
        port 71 of 70 in
        port 72 of 70 out monitor
        link 73 53:54 -> 70:71
    )");
    world.rule(deny("/usr/bin/evil"));
    const auto rulings = world.verdicts().rulings;
    CHECK(rulings.of(GlobalId{60}, GlobalId{70}));
}

TEST_CASE("the maker of a second node may not turn it up while it is muted", "[forged]") {
    World world(desktop + second("class=Audio/Source client=60 name=evil"));
    world.mute();
    CHECK(world.server.permission(GlobalId{60}, GlobalId{40}) == permission::readExecute);
    CHECK(world.server.permission(GlobalId{60}, GlobalId{20}) != permission::readExecute);
    world.unmute();
    CHECK(world.server.permission(GlobalId{60}, GlobalId{40}) != permission::readExecute);
    CHECK(world.server.audible().contains("evil -> ear"));
}

TEST_CASE("a second node is not exempt for its name", "[forged]") {
    const std::string owner = GENERATE("client=60", "client=10 lingers", "lingers");
    INFO(owner);
    World world(desktop + second("class=Audio/Source name=line-in " + owner));
    Settings settings;
    settings.sources.exempt = {"line-*"};
    world.receive(event::SettingsLoaded{settings});
    world.mute();
    CHECK(world.source("line-in").silent);
    CHECK(world.server.audible() == Pairs{});
}

TEST_CASE("a rule about a microphone is about a second node of it, too, by whatever name and kind",
          "[forged]") {
    const std::string words = GENERATE("name=other", "name=other network");
    INFO(words);
    World world(desktop + "node 22 class=Audio/Source name=headset client=10 device=15\nport 23 of 22 out\n" +
                second("class=Audio/Source client=60 " + words));
    REQUIRE(world.server.audible().contains("other -> ear"));
    Rule rule = deny("/usr/bin/ear", "headset");
    if (words != "name=other") {
        rule.match.source.reset();
        rule.match.kind = "hardware";
    }
    world.rule(rule);
    CHECK_FALSE(world.server.audible().contains("other -> ear"));
    INFO("another application's rules are nothing to it");
    world.noRules();
    CHECK(world.verdicts().rulings.strict.empty());
}

TEST_CASE("an input by which controls come in passes the knob by: that source is cut off", "[forged]") {
    World world(micAndCall);
    world.say("port 25 of 20 in format=\"8 bit raw midi\"");
    world.mute();
    CHECK(world.source("mic").sever);
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
}

TEST_CASE("whose process does not answer is not believed that its node is in the server", "[forged]") {
    World world(desktop + "node 17 class=Audio/Source name=evil client=60 in-server elsewhere outputs=1\n"
                          "port 18 of 17 out");
    world.say("hang 60");
    world.mute();
    INFO("the microphone does not wait for that");
    CHECK(world.knob("mic") == KnobState::Holds);
    world.overdue();
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
}

TEST_CASE("whoever takes the sight of a microphone of any class is noticed", "[forged]") {
    const std::string node = GENERATE("class=Audio/Duplex", "device=15", "factory=api.alsa.pcm.source");
    INFO(node);
    World world(desktop + "node 40 name=odd client=10 " + node + "\nport 41 of 40 out");
    world.say("blind 40");
    CHECK(world.reconnects == 1);
}
