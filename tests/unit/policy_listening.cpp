// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whether a stream asks for samples or is only held open, as far as the server tells (docs/report.md).
#include "tests/unit/world.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

const StreamView& only(const View& view) {
    REQUIRE(view.streams.size() == 1);
    return view.streams.front();
}

// A client of the Pulse server's.
constexpr std::string_view pulseCall = R"(
client 1 self
client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service links
node 20 class=Audio/Source name=mic client=10
port 21 of 20 out
client 30 exe=/usr/bin/pipewire-pulse api=pipewire-pulse name=Call
node 31 class=Stream/Input/Audio name=call client=30 autoconnect running corked=no
port 32 of 31 in
)";

} // namespace

TEST_CASE("a stream that runs asks, one that is paused is held, muted or not") {
    World world(micAndCall);
    CHECK(only(world.view()).asking);
    CHECK_FALSE(only(world.view()).assumed);
    CHECK(only(world.view()).rate == 48000);
    world.mute();
    CHECK(only(world.view()).asking);
    world.say("state 31 idle");
    CHECK_FALSE(only(world.view()).asking);
    CHECK_FALSE(only(world.view()).assumed);
    world.say("state 31 running");
    CHECK(only(world.view()).asking);
}

TEST_CASE("a stream that was cut off is as it was, and that is said to be an assumption") {
    for (const bool running : {true, false}) {
        World world(micAndCall);
        world.receive(event::ModeChosen{Mode::Sever});
        world.say(running ? "state 31 running" : "state 31 idle");
        REQUIRE(only(world.view()).asking == running);
        world.mute();
        world.say("state 31 idle"); // as every stream without a link is
        CHECK(only(world.view()).state == "severed");
        CHECK(only(world.view()).asking == running);
        CHECK(only(world.view()).assumed);
        CHECK(only(world.view()).rate == 48000);
        world.unmute();
        world.say(running ? "state 31 running" : "state 31 idle");
        CHECK(only(world.view()).asking == running);
        CHECK_FALSE(only(world.view()).assumed);
    }
}

TEST_CASE("a stream that comes while all are cut off is taken to ask") {
    World world(std::string(desk) + "node 20 class=Audio/Source name=mic client=10\nport 21 of 20 out");
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    world.say("client 30 exe=/usr/bin/call name=Call\n"
              "node 31 class=Stream/Input/Audio name=call client=30 autoconnect idle\nport 32 of 31 in");
    CHECK(only(world.view()).asking);
    CHECK(only(world.view()).assumed);
}

TEST_CASE("of a stream of its own the Pulse server tells what it does, cut off or not") {
    World world(pulseCall);
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    CHECK(only(world.view()).asking);
    CHECK_FALSE(only(world.view()).assumed);
    const auto cork = [&](const char* corked) {
        world.say(
            std::string("node 31 class=Stream/Input/Audio name=call client=30 autoconnect idle corked=") +
            corked);
    };
    cork("yes");
    CHECK_FALSE(only(world.view()).asking);
    CHECK_FALSE(only(world.view()).assumed);
    cork("no");
    CHECK(only(world.view()).asking);
}

TEST_CASE("who only says that he is corked is believed by nobody") {
    World world(micAndCall);
    world.say("node 31 class=Stream/Input/Audio name=call client=30 autoconnect running corked=yes");
    CHECK(only(world.view()).asking);
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    CHECK(only(world.view()).asking);
    CHECK(only(world.view()).assumed);
}

TEST_CASE("who links himself, and is not linked, asks nobody") {
    World world(std::string(desk) + R"(
        node 20 class=Audio/Source name=mic client=10
        port 21 of 20 out
        client 30 exe=/usr/bin/jack
        node 31 class=Stream/Input/Audio name=jack client=30 running
        port 32 of 31 in
    )");
    world.mute();
    CHECK_FALSE(only(world.view()).asking);
    CHECK_FALSE(only(world.view()).assumed);
}

TEST_CASE("who has muted himself is told from who was muted by others") {
    World world(micAndCall);
    world.receive(event::AppMuted{"exe:/usr/bin/call", {"panel", {}}});
    CHECK(world.view().applications.front().muted);
    CHECK_FALSE(world.view().applications.front().ownMute);
    world.receive(event::AppUnmuted{"exe:/usr/bin/call"});
    const ProcessLink call{5030, 50, 1, 7};
    world.receive(event::LineagesRead{GlobalId{30}, {Lineage{call}}});
    world.receive(event::OwnStreamsMuted{":1.7", {"call (pid 5030)", "", "", Lineage{call}, ""}});
    CHECK(world.view().applications.front().muted);
    CHECK(world.view().applications.front().ownMute);
    CHECK(only(world.view()).asking); // given silence, it goes on
}
