// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who is warned of, among those that hold a sound card, are on the manager socket, or were given the cards.
#include "tests/unit/world.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

ProcessFacts program(std::uint32_t pid, const std::string& executable) {
    ProcessFacts facts;
    facts.pid = pid;
    facts.executable = executable;
    facts.executableTrue = true;
    return facts;
}

Event held(const ProcessFacts& process, const std::string& device = "hw:0,0") {
    return event::BypassesSeen{{{{device, "PCH", process, "claims"}}, {}, 0}};
}

std::vector<std::string> ids(World& world) {
    std::vector<std::string> found;
    for (const auto& warning : world.view().guard.warnings)
        found.push_back(warning.id);
    return found;
}

using Ids = std::vector<std::string>;

} // namespace

TEST_CASE("a process that holds a sound card is warned of, with its name, for as long as it does") {
    World world(desk);
    CHECK(ids(world).empty());
    world.receive(held(program(4700, "/usr/bin/recorder")));
    REQUIRE(ids(world) == Ids{"bypass:alsa:hw:0,0"});
    const WarningView warning = world.view().guard.warnings.front();
    CHECK(warning.text ==
          "recorder (pid 4700, /usr/bin/recorder) has the sound card's capture device hw:0,0 (PCH) open past "
          "PipeWire; no mute reaches it");
    CHECK(warning.pid == 4700);
    CHECK(warning.app == "/usr/bin/recorder");
    CHECK(warning.device == "hw:0,0");
    world.receive(event::BypassesSeen{});
    CHECK(ids(world).empty());
}

TEST_CASE("PipeWire and its session manager hold sound cards rightly; who only looks like them does not") {
    World world(desk);
    world.model.graph.serverPid = 90;
    world.receive(held(program(90, "/usr/bin/pipewire")));
    CHECK(ids(world).empty());
    world.receive(held(program(100, "/usr/bin/wireplumber")));
    CHECK(ids(world).empty());
    world.receive(held(program(91, "/usr/bin/pipewire")));
    CHECK(ids(world).size() == 1);
    world.receive(held(program(101, "/usr/bin/wireplumber")));
    CHECK(ids(world).size() == 1);
    world.receive(held({})); // opened by somebody who cannot be told
    CHECK(ids(world).size() == 1);
    CHECK(world.view().guard.warnings.front().text.starts_with("a process that cannot be told has"));
}

TEST_CASE("while PipeWire is not there, its own program is told by what it runs") {
    World world;
    world.apply(event::Disconnected{});
    world.receive(held(program(90, "/usr/bin/pipewire")));
    CHECK(ids(world).empty());
    ProcessFacts pretender = program(92, "/tmp/pipewire");
    pretender.executableWritable = true;
    world.receive(held(pretender));
    CHECK(ids(world).size() == 1);
    world.receive(held(program(4700, "/usr/bin/recorder")));
    CHECK(ids(world).size() == 1);
}

TEST_CASE("who belongs on the manager socket, and who does not") {
    World world(R"(
client 1 self
client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service links
client 11 pid=111 exe=/usr/libexec/xdg-desktop-portal socket=pipewire-0-manager
client 12 pid=112 exe=/usr/bin/wpctl socket=pipewire-0-manager
client 13 pid=113 exe=/usr/bin/pw-top socket=pipewire-0-manager
client 14 pid=114 exe=/usr/bin/pavucontrol socket=pipewire-0-manager
client 15 pid=115 exe=/usr/bin/anything socket=pipewire-0
client 16 pid=116 exe=/usr/bin/anything socket=pipewire-0-manager in-server
)");
    CHECK(ids(world).empty());
    world.say("client 20 pid=120 exe=/usr/bin/pw-cli socket=pipewire-0-manager");
    world.say("client 21 pid=121 exe=/tmp/attacker name=WirePlumber socket=pipewire-0-manager");
    world.say("client 22 pid=121 exe=/tmp/attacker name=again socket=pipewire-0-manager");
    // The real program, with whatever scripts somebody gave it: there is one session manager, and this is not
    // it.
    world.say("client 23 pid=123 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=app-terminal.scope");
    CHECK(ids(world) == Ids{"bypass:manager:120", "bypass:manager:121", "bypass:manager:123"});
    const auto shown = world.view().guard.warnings;
    CHECK(shown[1].text == "attacker (pid 121, /tmp/attacker) is on PipeWire's manager socket, where nothing "
                           "keeps it from undoing "
                           "what the guard does");
    world.say("gone 21\ngone 22\ngone 20\ngone 23");
    CHECK(ids(world).empty());
}

TEST_CASE(
    "a part of a session manager that runs as several belongs there, unless it could have been exchanged") {
    const auto warned = [](const std::string& what) {
        World world(std::string(desk) + "client 50 pid=500 socket=pipewire-0-manager " + what + "\n");
        return !ids(world).empty();
    };
    CHECK_FALSE(warned("exe=/usr/bin/wireplumber unit=wireplumber@bluetooth.service"));
    CHECK_FALSE(warned("exe=/usr/bin/pw-dump"));
    CHECK(warned("exe=/usr/bin/wireplumber unit=other.service"));
    CHECK(warned("exe=/home/me/wireplumber unit=wireplumber@x.service exe-writable"));
    CHECK(warned("exe=/usr/bin/pw-dump exe-elsewhere"));
    CHECK(warned("exe=/usr/bin/pw-dump sandbox=flatpak sandbox-id=org.box.App"));
}

TEST_CASE("who cannot be told is warned of in words") {
    World world(desk);
    world.receive(held(ProcessFacts{}));
    CHECK(world.view().guard.warnings.front().text.starts_with(
        "a process that cannot be told has the sound card's capture device"));
    ProcessFacts unread;
    unread.pid = 4700;
    world.receive(event::BypassesSeen{{{{"hw:1,0", "", unread, ""}}, {{4800, "snap", ""}}, 0}});
    REQUIRE(ids(world) == Ids{"bypass:alsa:hw:1,0", "bypass:sandbox:"});
    CHECK(world.view().guard.warnings.front().text ==
          "an unknown program (pid 4700) has the sound card's capture device hw:1,0 open past PipeWire; no "
          "mute reaches it");
    CHECK(world.view().guard.warnings.back().text.starts_with(
        "a snap (pid 4800) was given the sound cards themselves (its interface alsa"));
    // In a sandbox it goes by that one's id.
    unread.sandboxId = "org.box.App";
    world.receive(held(unread));
    CHECK(world.view().guard.warnings.front().app == "org.box.App");
}

TEST_CASE("before all clients are known the session manager is told by what it runs") {
    World world(desk);
    world.model.listComplete = false;
    world.model.apply(held(program(100, "/usr/bin/wireplumber")));
    CHECK(ids(world).empty());
    world.model.apply(held(program(101, "/usr/bin/recorder")));
    CHECK(ids(world).size() == 1);
}

TEST_CASE("nobody makes the list of warnings long") {
    World world(desk);
    std::string crowd;
    for (int i = 0; i < 40; i++)
        crowd += "client " + std::to_string(200 + i) + " pid=" + std::to_string(5000 + i) +
                 " exe=/tmp/x socket=pipewire-0-manager\n";
    world.say(crowd);
    const auto shown = world.view().guard.warnings;
    REQUIRE(shown.size() == 17);
    const auto more =
        std::find_if(shown.begin(), shown.end(), [](const auto& w) { return w.id == "bypass:more"; });
    REQUIRE(more != shown.end());
    CHECK(more->text == "24 more go around PipeWire, or could");
}

TEST_CASE("of those who hold cards or were given them as many are named, and the rest counted") {
    World world(desk);
    Bypasses seen;
    for (std::uint32_t i = 0; i < 20; i++) {
        seen.holders.push_back(
            {"hw:" + std::to_string(i) + ",0", "PCH", program(4700 + i, "/usr/bin/x"), ""});
        seen.sandboxes.push_back({5700 + i, "flatpak", "org.example.App" + std::to_string(i)});
    }
    seen.omitted = 3;
    world.receive(event::BypassesSeen{seen});
    const auto shown = world.view().guard.warnings;
    CHECK(shown.size() == 33);
    CHECK(std::count_if(shown.begin(), shown.end(),
                        [](const auto& w) { return w.id.starts_with("bypass:alsa:"); }) == 16);
    CHECK(shown.back().id == "bypass:more");
    CHECK(shown.back().text == "11 more go around PipeWire, or could");
}

TEST_CASE("a sandbox that was given the sound cards is warned of by its id") {
    World world(desk);
    world.receive(
        event::BypassesSeen{{{}, {{77, "flatpak", "org.example.Caller"}, {78, "snap", "caller"}}, 0}});
    CHECK(ids(world) == Ids{"bypass:sandbox:org.example.Caller", "bypass:sandbox:caller"});
    const auto shown = world.view().guard.warnings;
    CHECK(shown[0].text == "org.example.Caller (pid 77) was given the sound cards themselves (devices=all "
                           "among its permissions): "
                           "it could open them past PipeWire, where no mute reaches it");
    CHECK(shown[0].app == "org.example.Caller");
    CHECK(shown[1].text.find("interface alsa") != std::string::npos);
}

TEST_CASE("a bypass changes no verdict and keeps no mute waiting") {
    World world(micAndCall);
    const auto before = world.sent();
    world.receive(held(program(4700, "/usr/bin/recorder")));
    CHECK(world.sent() == before);
    world.mute();
    CHECK(world.sent().size() > before.size());
    CHECK(world.view().guard.state == "muted");
    CHECK(world.promise().holds);
}
