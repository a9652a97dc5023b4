// SPDX-License-Identifier: GPL-3.0-or-later
//
// Mode sever: who is cut off from what, what is left alone, and that everybody hears again.
#include "tests/unit/world.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Words = std::vector<std::string>;
using Pairs = std::set<std::string>;

struct SeveringWorld : World {
    explicit SeveringWorld(std::string_view graph)
        : World(graph) {
        receive(event::ModeChosen{Mode::Sever});
    }
    std::uint32_t sees(std::uint32_t client, std::uint32_t object) const {
        return server.permission(GlobalId{client}, GlobalId{object});
    }
};

template <typename T>
std::ptrdiff_t indexOf(const std::vector<Action>& actions) {
    const auto it = std::find_if(actions.begin(), actions.end(),
                                 [](const Action& action) { return std::holds_alternative<T>(action); });
    return it == actions.end() ? -1 : it - actions.begin();
}

} // namespace

TEST_CASE("severing cuts the links of every listener and gives them back") {
    SeveringWorld world(micAndCall);
    world.mute();
    CHECK(world.server.linked() == Pairs{});
    CHECK(world.sees(30, 20) == permission::none);
    CHECK(world.sees(30, 21) == permission::none);
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 0.0f);
    CHECK(world.promise().holds);
    CHECK(world.plan().empty());
    world.unmute();
    CHECK(world.server.linked() == Pairs{"mic -> call"});
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(world.server.leftovers() == Words{"client 30 has a look on 1", "client 30 has a look on 10"});
}

TEST_CASE("fifty cycles of severing leave nobody deaf") {
    SeveringWorld world(micAndCall);
    for (int cycle = 0; cycle < 50; cycle++) {
        world.mute();
        REQUIRE(world.server.linked() == Pairs{});
        world.unmute();
        REQUIRE(world.server.audible() == Pairs{"mic -> call"});
    }
}

TEST_CASE("in the message a source stands before its ports, whatever their ids") {
    SeveringWorld world(std::string(desk) + R"(
        node 50 class=Audio/Source name=mic client=10
        port 21 of 50 out
        port 22 of 50 out
        client 30 exe=/usr/bin/call
        node 31 class=Stream/Input/Audio name=call client=30 autoconnect
        port 32 of 31 in
    )");
    world.server.performed.clear();
    world.mute();
    const auto sent = world.sent();
    CHECK(std::find(sent.begin(), sent.end(), "permissions 30: 50=none 21=none 22=none") != sent.end());
    CHECK(world.server.linked() == Pairs{});
}

TEST_CASE(
    "silence goes first, then cutting off, and only then the stream leaves the session manager's sight") {
    SeveringWorld world(micAndCall);
    world.server.performed.clear();
    world.mute();
    const auto& actions = world.server.performed;
    const auto sent = world.sent();
    REQUIRE(indexOf<action::SetKnob>(actions) == 0);
    const auto at = [&](const char* word) {
        return std::find(sent.begin(), sent.end(), word) - sent.begin();
    };
    CHECK(at("permissions 30: 20=none 21=none") < at("permissions 10: 31=none"));
    CHECK(at("permissions 10: 31=none") < std::ssize(sent));
}

TEST_CASE("on the way back links may be made before the stream is shown, and the knob opens last") {
    SeveringWorld world(micAndCall);
    world.mute();
    world.server.performed.clear();
    world.unmute();
    const auto sent = world.sent();
    CHECK(sent ==
          Words{"permissions 30: 20=default 21=default", "permissions 10: 31=default", "knob 20 10.000000"});
}

TEST_CASE("the session manager links a severed stream anew, to the default of that moment; it is not linked "
          "twice") {
    SeveringWorld world(micAndCall);
    world.mute();
    world.say("node 50 class=Audio/Source name=headset client=10\nport 51 of 50 out\ndefault headset");
    CHECK(world.server.linked() == Pairs{});
    world.server.performed.clear();
    world.unmute();
    CHECK(world.server.audible() == Pairs{"headset -> call"});
    CHECK(indexOf<action::CreateLink>(world.server.performed) == -1);
}

TEST_CASE("a stream that starts while severed is hidden until the unmute, so the session manager never fails "
          "to link it") {
    SeveringWorld world(micAndCall);
    world.mute();
    world.server.refused.clear();
    world.say(
        "client 60 exe=/usr/bin/late\nnode 61 class=Stream/Input/Audio name=late client=60 autoconnect");
    world.say("port 62 of 61 in");
    CHECK(world.sees(10, 61) == permission::none);
    CHECK(world.server.linked() == Pairs{});
    CHECK(world.promise().holds);
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> late"});
}

TEST_CASE("a JACK client's cut link is remembered and made again, on exactly its ports") {
    SeveringWorld world(std::string(micAndCall) + R"(
        client 60 exe=/usr/bin/jack_rec
        node 61 name=jack client=60 running
        port 62 of 61 in
        port 63 of 61 in
        link 64 20:21 -> 61:63
    )");
    world.mute();
    CHECK(world.server.linked() == Pairs{});
    REQUIRE(world.model.applied.cut.size() == 1);
    CHECK(world.model.applied.cut.front() == CutLink{Serial{1020}, Serial{1021}, Serial{1063}});
    world.server.performed.clear();
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> jack"});
    const auto sent = world.sent();
    CHECK(std::count(sent.begin(), sent.end(), "create-link 20:21 -> 61:63") == 1);
    CHECK(world.model.applied.cut.empty());
}

TEST_CASE("a link is made again also if the unmute comes before the news that it was cut") {
    SeveringWorld world(std::string(micAndCall) + R"(
        client 60 exe=/usr/bin/jack_rec
        node 61 name=jack client=60
        port 62 of 61 in
        link 64 20:21 -> 61:62
    )");
    world.server.stall(true);
    world.mute();
    world.unmute();
    world.server.stall(false);
    world.rest();
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> jack"});
    CHECK(world.model.applied.cut.empty());
    CHECK(world.plan().empty());
}

TEST_CASE("a link made by hand into a stream that the session manager handles is made again as well") {
    SeveringWorld world(std::string(micAndCall) + R"(
        node 50 class=Audio/Source name=line client=10
        port 51 of 50 out
        client 60 exe=/usr/bin/qpwgraph
        link 64 50:51 -> 31:32 client=60
    )");
    REQUIRE(world.server.linked() == Pairs{"line -> call", "mic -> call"});
    world.mute();
    CHECK(world.server.linked() == Pairs{});
    world.unmute();
    CHECK(world.server.audible() == Pairs{"line -> call", "mic -> call"});
}

TEST_CASE("a source whose ports tell no format is severed") {
    World world(std::string(micAndCall) +
                "node 50 class=Audio/Source name=spdif client=10\nport 51 of 50 out format=");
    world.mute();
    CHECK(world.server.permission(GlobalId{30}, GlobalId{50}) == permission::none);
    CHECK(world.promise().holds);
}

TEST_CASE("a link that its owner took down himself while severed from it is not made again") {
    SeveringWorld world(std::string(micAndCall) + R"(
        client 60 exe=/usr/bin/jack_rec
        node 61 name=jack client=60
        port 62 of 61 in
        link 64 20:21 -> 61:62
    )");
    world.say("gone 64");
    world.mute();
    CHECK(world.model.applied.cut.empty());
    world.unmute();
    CHECK(world.server.linked() == Pairs{"mic -> call"});
}

TEST_CASE("a remembered link dies with either of its ends") {
    for (const char* gone : {"gone 62", "gone 61", "gone 60"}) {
        INFO(gone);
        SeveringWorld world(std::string(micAndCall) + R"(
            client 60 exe=/usr/bin/jack_rec
            node 61 name=jack client=60
            port 62 of 61 in
            link 64 20:21 -> 61:62
        )");
        world.mute();
        REQUIRE(world.model.applied.cut.size() == 1);
        world.say(gone);
        CHECK(world.model.applied.cut.empty());
        world.unmute();
        CHECK(world.server.linked() == Pairs{"mic -> call"});
    }
}

TEST_CASE("links of streams without an owning client are destroyed one by one, watched, and made again") {
    SeveringWorld world(std::string(micAndCall) + R"(
        node 61 class=Stream/Input/Audio name=module
        port 62 of 61 in
        link 64 20:21 -> 61:62
    )");
    world.mute();
    CHECK(world.server.linked() == Pairs{});
    CHECK(world.promise().holds);
    world.say("link 65 20:21 -> 61:62");
    CHECK(world.server.linked() == Pairs{});
    CHECK(world.plan().empty());
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> module"});
}

TEST_CASE("a link that is cut by name is remembered when that is asked for, not only once it is gone") {
    SeveringWorld world(std::string(micAndCall) + R"(
        node 61 class=Stream/Input/Audio name=module
        port 62 of 61 in
        link 64 20:21 -> 61:62
    )");
    world.server.stall(true);
    world.mute();
    // What a guard that is killed here leaves to the next one.
    Remembered left;
    rememberApplied(world.model, left);
    CHECK(left.cut == std::vector{CutLink{Serial{1020}, Serial{1021}, Serial{1062}}});
    world.unmute();
    world.server.stall(false);
    world.rest();
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> module"});
    CHECK(world.model.applied.cut.empty());
    CHECK(world.plan().empty());
}

TEST_CASE("a link of the session manager's own, which no permission binds, is destroyed as well") {
    SeveringWorld world(std::string(micAndCall) + R"(
        node 61 class=Audio/Sink name=speaker client=10
        port 62 of 61 in
        link 64 20:21 -> 61:62
    )");
    world.mute();
    CHECK(world.sees(10, 20) != permission::none);
    bool left = false;
    for (const auto& [id, link] : world.server.graph().links)
        left = left || link.inputNode == GlobalId{61};
    CHECK_FALSE(left);
    world.unmute();
    for (const auto& [id, link] : world.server.graph().links)
        left = left || link.inputNode == GlobalId{61};
    CHECK(left);
}

TEST_CASE("a raw microphone linked straight to the speaker is not heard there while muted") {
    World world(std::string(desk) + R"(
        node 20 class=Audio/Source name=raw client=10 raw
        port 21 of 20 out
        node 61 class=Audio/Sink name=speaker client=10
        port 62 of 61 in
        link 64 20:21 -> 61:62
    )");
    world.mute();
    CHECK(world.server.graph().links.empty());
    CHECK(world.promise().holds);
    world.unmute();
    CHECK(world.server.graph().links.size() == 1);
}

TEST_CASE("whoever provides a source keeps it") {
    SeveringWorld world(std::string(micAndCall) + R"(
        client 60 exe=/usr/bin/easyeffects
        node 61 class=Audio/Source/Virtual name=effects client=60
        port 62 of 61 out
        node 63 class=Stream/Input/Audio name=effects-in client=60 autoconnect
        port 64 of 63 in
    )");
    world.mute();
    CHECK(world.sees(60, 61) != permission::none);
    CHECK(world.sees(60, 20) == permission::none);
    CHECK(world.sees(30, 61) == permission::none);
    CHECK(world.server.audible() == Pairs{});
}

TEST_CASE("whoever provides a source that no volume silences keeps it, everybody else does not") {
    World world(std::string(desk) + R"(
        client 60 exe=/usr/bin/jack_source
        node 61 class=Audio/Source name=own client=60 raw
        port 62 of 61 out
        client 30 exe=/usr/bin/player
    )");
    world.mute();
    CHECK(world.server.permission(GlobalId{60}, GlobalId{61}) != permission::none);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{61}) == permission::none);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{62}) == permission::none);
    CHECK(world.server.permission(GlobalId{10}, GlobalId{61}) != permission::none);
}

TEST_CASE("a source that a client had the server make is destroyed if nothing silences it") {
    World world(std::string(desk) + R"(
        client 60 exe=/usr/bin/evil
        node 61 class=Stream/Output/Audio name=made client=60 factory=api.alsa.pcm.source outputs=2 raw
        port 62 of 61 out
        node 63 name=ear client=60
        port 64 of 63 in
        link 65 61:62 -> 63:64
    )");
    world.mute();
    CHECK_FALSE(world.server.graph().node(GlobalId{61}));
    CHECK(world.server.graph().node(GlobalId{63}));
    CHECK(world.promise().holds);
    CHECK(world.plan().empty());
}

TEST_CASE("no source is destroyed of whom it is not known that he is not the session manager, and no mute "
          "confirmed") {
    World world(std::string(desk) + R"(
        client 60 unknown
        node 61 class=Audio/Source name=made client=60 factory=api.alsa.pcm.source outputs=2 raw
        port 62 of 61 out
        client 30 exe=/usr/bin/call
    )");
    world.mute();
    CHECK(world.server.graph().node(GlobalId{61}));
    CHECK(world.server.permission(GlobalId{30}, GlobalId{61}) == permission::none);
    CHECK_FALSE(world.promise().holds);
    CHECK(world.plan().empty());
    Client known = world.model.graph.clients.at(GlobalId{60});
    known.infoKnown = true;
    known.executable = "/usr/bin/evil";
    world.receive(event::ClientSeen{known});
    CHECK_FALSE(world.server.graph().node(GlobalId{61}));
    CHECK(world.promise().holds);
}

TEST_CASE("one that outlives its maker's connection is kept from its maker instead, if nothing silences it") {
    World world(std::string(desk) + R"(
        client 60 exe=/usr/bin/evil
        node 61 class=Stream/Output/Audio name=made client=60 factory=api.alsa.pcm.source outputs=2 lingers raw
        port 62 of 61 out
        node 63 name=ear client=60
        port 64 of 63 in
        link 65 61:62 -> 63:64
    )");
    world.mute();
    CHECK(world.server.permission(GlobalId{60}, GlobalId{61}) == permission::none);
    CHECK(world.server.graph().links.empty());
}

TEST_CASE("a listener that claims to be a player is cut off all the same") {
    SeveringWorld world(std::string(micAndCall) + R"(
        client 60 exe=/usr/bin/evil
        node 61 class=Stream/Output/Audio name=ear client=60
        port 62 of 61 in
        link 63 20:21 -> 61:62
    )");
    world.mute();
    CHECK(world.server.linked() == Pairs{});
    world.say("link 64 20:21 -> 61:62");
    CHECK(world.server.linked() == Pairs{});
    CHECK(world.promise().holds);
    CHECK(world.plan().empty());
}

TEST_CASE("a stream that the session manager failed to link is shown to it again, and not for ever") {
    SeveringWorld world(micAndCall);
    world.mute();
    world.server.sessionManagerFails = 2;
    world.unmute();
    CHECK(world.server.linked() == Pairs{});
    world.streamsOverdue();
    CHECK(world.server.linked() == Pairs{});
    world.streamsOverdue();
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(world.model.applied.shown.empty());

    world.mute();
    world.server.sessionManagerFails = 1000;
    world.unmute();
    world.server.performed.clear();
    for (int again = 0; again < 20; again++)
        world.streamsOverdue();
    CHECK(world.server.performed.size() < 10);
    CHECK(world.model.applied.shown.empty());
    CHECK(world.plan().empty());
}

TEST_CASE("a mute in the midst of showing a stream again hides it for good") {
    SeveringWorld world(micAndCall);
    world.mute();
    world.server.sessionManagerFails = 2;
    world.unmute();
    world.mute();
    world.streamsOverdue();
    world.streamsOverdue();
    CHECK(world.sees(10, 31) == permission::none);
    CHECK(world.server.linked() == Pairs{});
    world.unmute();
    world.streamsOverdue();
    world.streamsOverdue();
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("a client that only plays is not touched, nor what a stream of a sink's monitor hears") {
    SeveringWorld world(std::string(micAndCall) + R"(
        client 60 exe=/usr/bin/player
        node 61 class=Stream/Output/Audio name=music client=60
        port 62 of 61 out
        node 70 class=Audio/Sink name=speaker client=10
        port 71 of 70 in
        port 72 of 70 out monitor
        link 73 61:62 -> 70:71
        client 80 exe=/usr/bin/obs
        node 81 class=Stream/Input/Audio name=desktop-audio client=80 autoconnect captures-sink
        port 82 of 81 in
        link 83 70:72 -> 81:82
    )");
    // The fake session manager knows nothing of sinks and gives this stream a microphone too; no matter here.
    world.mute();
    const auto& links = world.server.graph().links;
    CHECK(links.contains(GlobalId{73}));
    CHECK(links.contains(GlobalId{83}));
    CHECK(world.sees(60, 20) != permission::none);
    CHECK(world.sees(10, 81) != permission::none);
    CHECK(world.sees(80, 20) == permission::none);
}

TEST_CASE("Bluetooth may be severed while all else is silenced, and the other way round") {
    const std::string graph =
        std::string(micAndCall) + "node 50 class=Audio/Source name=headset api=bluez5 client=10";
    Settings settings;
    settings.mute.bluetooth = Mode::Sever;
    World world(graph);
    world.receive(event::SettingsLoaded{settings});
    world.mute();
    CHECK(world.source("headset").sever);
    CHECK_FALSE(world.source("mic").sever);
    CHECK(world.server.permission(GlobalId{30}, GlobalId{50}) == permission::none);
    CHECK(world.server.linked() == Pairs{"mic -> call"});

    settings.mute.bluetooth = Mode::Silence;
    SeveringWorld other(graph);
    other.receive(event::SettingsLoaded{settings});
    other.mute();
    CHECK_FALSE(other.source("headset").sever);
    CHECK(other.source("mic").sever);
}

TEST_CASE("the mode may change while muted, either way, without a moment of sound") {
    World world(micAndCall);
    world.mute();
    world.receive(event::ModeChosen{Mode::Sever});
    CHECK(world.server.linked() == Pairs{});
    CHECK(world.server.audible() == Pairs{});
    world.receive(event::ModeChosen{Mode::Silence});
    CHECK(world.server.linked() == Pairs{"mic -> call"});
    CHECK(world.server.audible() == Pairs{});
    CHECK(world.promise().holds);
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("a client cannot link itself to what it was cut off from, in a loop or otherwise") {
    SeveringWorld world(micAndCall);
    world.mute();
    for (std::uint32_t again = 0; again < 20; again++)
        world.say("link " + std::to_string(200 + again) + " 20:21 -> 31:32");
    CHECK(world.server.linked() == Pairs{});
    CHECK(world.server.refused.size() >= 20);
    CHECK(world.plan().empty());
}

TEST_CASE("a new output port of a severed source is taken away as well") {
    SeveringWorld world(micAndCall);
    world.mute();
    world.say("port 22 of 20 out");
    CHECK(world.sees(30, 22) == permission::none);
    CHECK(world.plan().empty());
    world.unmute();
    CHECK(world.sees(30, 22) != permission::none);
}

TEST_CASE("with an exempt microphone left, streams that start while severed may have that one") {
    SeveringWorld world(std::string(micAndCall) +
                        "node 50 class=Audio/Source name=line client=10\nport 51 of 50 out");
    Settings settings;
    settings.sources.exempt = {"line"};
    world.receive(event::SettingsLoaded{settings});
    world.mute();
    world.say("default line\nclient 60\nnode 61 class=Stream/Input/Audio name=late client=60 "
              "autoconnect\nport 62 of 61 in");
    CHECK(world.sees(10, 61) != permission::none);
    CHECK(world.server.linked() == Pairs{"line -> late"});
    CHECK(world.sees(30, 50) != permission::none);
}

TEST_CASE(
    "with an exempt microphone left, a stream that asks for a severed one waits unseen until the unmute") {
    SeveringWorld world(std::string(micAndCall) +
                        "node 50 class=Audio/Source name=line client=10\nport 51 of 50 out");
    Settings settings;
    settings.sources.exempt = {"line"};
    world.receive(event::SettingsLoaded{settings});
    world.mute();
    world.say("client 60\nnode 61 class=Stream/Input/Audio name=late client=60 target=mic autoconnect\nport "
              "62 of 61 in");
    CHECK(world.sees(10, 61) == permission::none);
    CHECK(world.server.linked() == Pairs{});
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> late"});
}

TEST_CASE("what turns out to be no microphone is opened, and is no reason to show streams while all "
          "microphones are severed") {
    SeveringWorld world(micAndCall);
    world.mute();
    world.say("client 60\nnode 61 class=Stream/Input/Audio name=late client=60 autoconnect");
    REQUIRE(world.sees(10, 61) == permission::none);
    world.server.performed.clear();
    world.say("node 50 class=Stream/Output/Audio name=player client=30 in-server");
    const auto sent = world.sent();
    REQUIRE(std::count(sent.begin(), sent.end(), "knob 50 silent monitor-mute") ==
            1); // until it is described
    CHECK(world.server.knob(GlobalId{50}).maxVolume > 0.0f);
    for (const auto& action : sent)
        CHECK_FALSE(action.starts_with("permissions 10:"));
}

TEST_CASE("a stream whose link was refused while severed is shown as a new one after the unmute") {
    SeveringWorld world(std::string(micAndCall) +
                        "node 50 class=Audio/Source name=line client=10\nport 51 of 50 out\ndefault mic");
    Settings settings;
    settings.sources.exempt = {"line"};
    world.receive(event::SettingsLoaded{settings});
    world.receive(event::DefaultSource{""}); // it does not say what it prefers
    world.mute();
    world.say("node 61 class=Stream/Input/Audio name=late client=30 autoconnect\nport 62 of 61 in");
    CHECK(world.sees(10, 61) != permission::none);
    CHECK(world.server.linked() == Pairs{});
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> call", "mic -> late"});
    CHECK(world.model.applied.shown.empty());
    CHECK(world.plan().empty());
}

TEST_CASE("without any session manager severing works and links come back") {
    SeveringWorld world(R"(
        client 1 self
        node 20 class=Audio/Source name=mic
        port 21 of 20 out
        client 30
        node 31 class=Stream/Input/Audio name=call client=30
        port 32 of 31 in
        link 33 20:21 -> 31:32
    )");
    world.mute();
    CHECK(world.server.linked() == Pairs{});
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> call"});
}

TEST_CASE("a link that only raised permissions make possible is cut, they are taken again, and it is said") {
    SeveringWorld world(micAndCall);
    world.mute();
    REQUIRE(world.sees(30, 20) == permission::none);
    world.server.performed.clear();
    world.say("raise 30 20\nraise 30 21");
    CHECK(world.sent().empty()); // nobody tells us of that
    world.server.performed.clear();
    world.say("raise 10 31\nlink 99 20:21 -> 31:32 client=30");
    REQUIRE(world.server.refused.empty());
    CHECK(world.server.linked() == Pairs{});
    CHECK(world.sees(30, 20) == permission::none);
    CHECK(world.sees(30, 21) == permission::none);
    CHECK(world.sees(10, 31) == permission::none);
    CHECK(world.model.warnings.contains("raised:mic"));
    CHECK(world.plan().empty());
    CHECK(world.promise().holds);
    // What somebody did is shown until the next mute.
    world.unmute();
    CHECK(world.server.audible() == Pairs{"mic -> call"});
    CHECK(world.model.warnings.contains("raised:mic"));
    world.mute();
    CHECK_FALSE(world.model.warnings.contains("raised:mic"));
}

TEST_CASE("raised permissions by which the session manager links are taken again as well") {
    SeveringWorld world(micAndCall);
    world.mute();
    world.say("raise 30 20\nraise 30 21\nraise 10 31\nlink 99 20:21 -> 31:32 client=10");
    CHECK(world.server.refused.empty());
    CHECK(world.server.linked() == Pairs{});
    CHECK(world.sees(30, 20) == permission::none);
    CHECK(world.model.warnings.contains("raised:mic"));
}

TEST_CASE("a link to a port of which the guard hears late accuses nobody") {
    SeveringWorld world(micAndCall);
    world.server.say("port 22 of 20 out\nlink 99 20:22 -> 31:32 client=30");
    world.apply(event::UserMute{true, "", "", 2});
    world.enforcer.settle();
    world.rest();
    CHECK(world.server.linked() == Pairs{});
    CHECK_FALSE(world.model.warnings.contains("raised:mic"));
}
