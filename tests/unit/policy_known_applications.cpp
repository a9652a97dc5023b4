// SPDX-License-Identifier: GPL-3.0-or-later
//
// The ten applications of the study in the shapes in which Linux has them, by what the server and the kernel
// say of each: who it is, and whether a rule may rest on it.
#include "daemon/policy/identity.hpp"
#include "tests/unit/graph_text.hpp"

#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

struct Shape {
    const char* what;
    const char* client; // as the server and the kernel say
    const char* stream; // as it says itself
    const char* appId;
    const char* name;
    const char* how;
};

const char* const pulse = "client 30 pid=9 exe=/usr/bin/pipewire api=pipewire-pulse ";

const Shape shapes[] = {
    {"Zoom, Debian package, PulseAudio's protocol", "peer=/opt/zoom/zoom app-pid=77",
     "app-name=\"ZOOM VoiceEngine\" binary=zoom", "Zoom", "Zoom", "kernel"},
    {"Zoom, Flatpak, PulseAudio's protocol", "peer-flatpak=us.zoom.Zoom portal=us.zoom.Zoom app-pid=2",
     "app-name=\"ZOOM VoiceEngine\" binary=zoom", "us.zoom.Zoom", "Zoom", "sandbox"},
    {"Zoom, Snap, PulseAudio's protocol", "peer-snap=zoom-client snap=zoom-client app-pid=77",
     "app-name=\"ZOOM VoiceEngine\" binary=zoom", "zoom-client", "Zoom", "sandbox"},
    {"Slack, package", "peer=/usr/lib/slack/slack", "app-name=\"Chromium input\" binary=slack", "slack",
     "Slack", "kernel"},
    {"Slack, Flatpak", "peer-flatpak=com.slack.Slack", "app-name=\"Chromium input\"", "com.slack.Slack",
     "Slack", "sandbox"},
    {"Slack, Snap", "peer-snap=slack", "app-name=\"Chromium input\"", "slack", "Slack", "sandbox"},
    {"Microsoft Teams, package", "peer=/usr/share/teams/teams", "app-name=\"Chromium input\"", "teams",
     "Microsoft Teams", "kernel"},
    {"Teams for Linux, package", "peer=/opt/teams-for-linux/teams-for-linux", "app-name=\"Chromium input\"",
     "teams-for-linux", "Teams for Linux", "kernel"},
    {"Teams for Linux, Flatpak", "peer-flatpak=com.github.IsmaelMartinez.teams_for_linux", "",
     "com.github.IsmaelMartinez.teams_for_linux", "Teams for Linux", "sandbox"},
    {"Skype, package", "peer=/usr/share/skypeforlinux/skypeforlinux", "app-name=\"Skype\"", "skypeforlinux",
     "Skype", "kernel"},
    {"Skype, Snap", "peer-snap=skype", "", "skype", "Skype", "sandbox"},
    {"Webex, package", "peer=/opt/Webex/bin/CiscoCollabHost", "app-name=CiscoCollabHost", "webex", "Webex",
     "kernel"},
    {"BlueJeans, package", "peer=/opt/BlueJeans/bluejeans-v2", "app-name=\"Chromium input\"", "bluejeans-v2",
     "BlueJeans", "kernel"},
    {"Jitsi Meet, package", "peer=\"/opt/Jitsi Meet/jitsi-meet\"", "app-name=\"Chromium input\"",
     "jitsi-meet", "Jitsi Meet", "kernel"},
    {"Jitsi Meet, Flatpak", "peer-flatpak=org.jitsi.jitsi-meet", "", "org.jitsi.jitsi-meet", "Jitsi Meet",
     "sandbox"},
    {"Discord, package", "peer=/usr/share/discord/Discord", "app-name=\"WEBRTC VoiceEngine\"", "discord",
     "Discord", "kernel"},
    {"Discord, Flatpak", "peer-flatpak=com.discordapp.Discord", "app-name=\"WEBRTC VoiceEngine\"",
     "com.discordapp.Discord", "Discord", "sandbox"},
    {"Discord, Snap", "peer-snap=discord", "", "discord", "Discord", "sandbox"},
    {"Google Meet in Chrome", "peer=/opt/google/chrome/chrome", "app-name=\"Google Chrome input\"",
     "google-chrome", "Google Chrome", "kernel"},
    {"Whereby in Firefox", "peer=/usr/lib/firefox/firefox", "app-name=Firefox media=AudioStream", "firefox",
     "Firefox", "kernel"},
    {"Whereby in Firefox, Debian's", "peer=/usr/lib/firefox-esr/firefox-esr", "app-name=Firefox",
     "firefox-esr", "Firefox ESR", "kernel"},
    {"GoToMeeting in Chromium, Snap", "peer-snap=chromium", "app-name=\"Chromium input\"", "chromium",
     "Chromium", "sandbox"},
    {"GoToMeeting in Edge, Flatpak", "peer-flatpak=com.microsoft.Edge", "", "com.microsoft.Edge",
     "Microsoft Edge", "sandbox"},
    {"Jitsi Meet in Brave", "peer=/opt/brave.com/brave/brave", "app-name=\"Brave input\"", "brave-browser",
     "Brave", "kernel"},
};

} // namespace

TEST_CASE("the study's applications are recognised, natively and through the Pulse server") {
    const auto& shape = shapes[GENERATE(range(std::size_t{0}, std::size(shapes)))];
    const bool native = GENERATE(false, true);
    INFO(shape.what << (native ? ", as a client of PipeWire" : ""));
    std::string client = std::string(pulse) + shape.client;
    if (native) {
        client = shape.client;
        for (const auto& [pulseWord, nativeWord] :
             {std::pair{"peer-flatpak=", "exe=/app/bin/program sandbox=flatpak sandbox-id="},
              {"peer-snap=", "exe=/snap/bin/program sandbox=snap sandbox-id="},
              {"peer=", "exe="}})
            if (client.starts_with(pulseWord))
                client.replace(0, std::string_view(pulseWord).size(), nativeWord);
        client = "client 30 pid=77 " + client;
    }
    const auto graph = graphOf(client + "\nnode 31 class=Stream/Input/Audio client=30 " + shape.stream);
    const auto identity = identify(graph, graph.nodes.at(GlobalId{31}));
    CHECK(identity.appId == shape.appId);
    CHECK(identity.name == shape.name);
    CHECK(identity.how == shape.how);
    CHECK_FALSE(identity.icon.empty());
    const auto subject = subjectOf(graph.clients.at(GlobalId{30}), nullptr);
    CHECK(subject.app == Fact{shape.appId, true});
}

TEST_CASE("the same words from somebody else are claims") {
    const auto& shape = shapes[GENERATE(range(std::size_t{0}, std::size(shapes)))];
    INFO(shape.what);
    // What it says of itself, without the kernel's word for it.
    std::string claims = shape.client;
    claims = claims.find(' ') == claims.npos || claims.find('"') != claims.npos
                 ? ""
                 : claims.substr(claims.find(' '));
    const auto graph = graphOf(pulse + claims + " app-id=" + std::string(shape.appId) +
                               "\nnode 31 class=Stream/Input/Audio client=30 " + shape.stream);
    const auto identity = identify(graph, graph.nodes.at(GlobalId{31}));
    CHECK(identity.how == "claimed");
    CHECK(identity.sandbox.empty());
    const auto subject = subjectOf(graph.clients.at(GlobalId{30}), nullptr);
    for (const auto& fact :
         {subject.app, subject.executable, subject.flatpak, subject.snap, subject.process, subject.unit})
        CHECK_FALSE(fact.known);
}

TEST_CASE("a file of the user's own that bears such a path is only that path") {
    const auto graph = graphOf("client 30 exe=/opt/zoom/zoom exe-writable\nnode 31 client=30");
    const auto identity = identify(graph, graph.nodes.at(GlobalId{31}));
    CHECK(identity.appId == "/opt/zoom/zoom");
    CHECK(identity.how == "kernel");
}
