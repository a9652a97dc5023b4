// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/known_applications.hpp"

#include <algorithm>
#include <array>

namespace micguard {
namespace {

using Names = std::string_view[];

constexpr Names zoomFiles{"/opt/zoom/zoom", "/usr/lib/zoom/zoom", "/usr/lib64/zoom/zoom"};
constexpr Names zoomFlatpaks{"us.zoom.Zoom"};
constexpr Names zoomSnaps{"zoom-client"};

constexpr Names slackFiles{"/usr/lib/slack/slack", "/usr/lib64/slack/slack", "/opt/slack/slack"};
constexpr Names slackFlatpaks{"com.slack.Slack"};
constexpr Names slackSnaps{"slack"};

constexpr Names teamsFiles{"/usr/share/teams/teams", "/opt/teams/teams"};
constexpr Names teamsFlatpaks{"com.microsoft.Teams"};
constexpr Names teamsSnaps{"teams"};

constexpr Names teamsForLinuxFiles{"/opt/teams-for-linux/teams-for-linux"};
constexpr Names teamsForLinuxFlatpaks{"com.github.IsmaelMartinez.teams_for_linux"};
constexpr Names teamsForLinuxSnaps{"teams-for-linux"};

constexpr Names skypeFiles{"/usr/share/skypeforlinux/skypeforlinux", "/opt/skypeforlinux/skypeforlinux"};
constexpr Names skypeFlatpaks{"com.skype.Client"};
constexpr Names skypeSnaps{"skype"};

constexpr Names webexFiles{"/opt/Webex/bin/CiscoCollabHost"};

constexpr Names blueJeansFiles{"/opt/BlueJeans/bluejeans-v2", "/opt/bluejeans/bluejeans"};

constexpr Names jitsiFiles{"/opt/Jitsi Meet/jitsi-meet", "/usr/lib/jitsi-meet-desktop/jitsi-meet"};
constexpr Names jitsiFlatpaks{"org.jitsi.jitsi-meet"};

constexpr Names discordFiles{"/usr/share/discord/Discord", "/opt/discord/Discord", "/opt/Discord/Discord",
                             "/usr/lib64/discord/Discord"};
constexpr Names discordFlatpaks{"com.discordapp.Discord"};
constexpr Names discordSnaps{"discord"};

constexpr Names firefoxFiles{"/usr/lib/firefox/firefox*", "/usr/lib64/firefox/firefox*",
                             "/opt/firefox/firefox*"};
constexpr Names firefoxFlatpaks{"org.mozilla.firefox"};
constexpr Names firefoxSnaps{"firefox"};

constexpr Names firefoxEsrFiles{"/usr/lib/firefox-esr/firefox*"};

constexpr Names chromeFiles{"/opt/google/chrome/chrome"};
constexpr Names chromeFlatpaks{"com.google.Chrome"};

constexpr Names chromiumFiles{"/usr/lib/chromium/chromium", "/usr/lib64/chromium-browser/chromium-browser",
                              "/usr/lib/chromium-browser/chromium-browser"};
constexpr Names chromiumFlatpaks{"org.chromium.Chromium"};
constexpr Names chromiumSnaps{"chromium"};

constexpr Names edgeFiles{"/opt/microsoft/msedge/msedge"};
constexpr Names edgeFlatpaks{"com.microsoft.Edge"};

constexpr Names braveFiles{"/opt/brave.com/brave/brave"};
constexpr Names braveFlatpaks{"com.brave.Browser"};
constexpr Names braveSnaps{"brave"};

// Google Meet, Whereby and GoToMeeting are pages: they are the browser that shows them.
constexpr std::array applications{
    KnownApplication{"Zoom", "Zoom", "Zoom", zoomFiles, zoomFlatpaks, zoomSnaps},
    KnownApplication{"slack", "Slack", "slack", slackFiles, slackFlatpaks, slackSnaps},
    KnownApplication{"teams", "Microsoft Teams", "teams", teamsFiles, teamsFlatpaks, teamsSnaps},
    KnownApplication{"teams-for-linux", "Teams for Linux", "teams-for-linux", teamsForLinuxFiles,
                     teamsForLinuxFlatpaks, teamsForLinuxSnaps},
    KnownApplication{"skypeforlinux", "Skype", "skypeforlinux", skypeFiles, skypeFlatpaks, skypeSnaps},
    KnownApplication{"webex", "Webex", "webex", webexFiles, {}, {}},
    KnownApplication{"bluejeans-v2", "BlueJeans", "bluejeans-v2", blueJeansFiles, {}, {}},
    KnownApplication{"jitsi-meet", "Jitsi Meet", "jitsi-meet", jitsiFiles, jitsiFlatpaks, {}},
    KnownApplication{"discord", "Discord", "discord", discordFiles, discordFlatpaks, discordSnaps},
    KnownApplication{"firefox", "Firefox", "firefox", firefoxFiles, firefoxFlatpaks, firefoxSnaps},
    KnownApplication{"firefox-esr", "Firefox ESR", "firefox-esr", firefoxEsrFiles, {}, {}},
    KnownApplication{"google-chrome", "Google Chrome", "google-chrome", chromeFiles, chromeFlatpaks, {}},
    KnownApplication{"chromium", "Chromium", "chromium", chromiumFiles, chromiumFlatpaks, chromiumSnaps},
    KnownApplication{"microsoft-edge", "Microsoft Edge", "microsoft-edge", edgeFiles, edgeFlatpaks, {}},
    KnownApplication{"brave-browser", "Brave", "brave-browser", braveFiles, braveFlatpaks, braveSnaps},
};

// A star stands for the rest of the file's name.
bool fits(std::string_view pattern, std::string_view path) {
    if (!pattern.ends_with('*'))
        return pattern == path;
    pattern.remove_suffix(1);
    return path.starts_with(pattern) && path.find('/', pattern.size()) == path.npos;
}

template <typename Fits>
const KnownApplication* find(std::span<const std::string_view> KnownApplication::*names, Fits isIt) {
    for (const auto& application : applications)
        if (std::any_of((application.*names).begin(), (application.*names).end(), isIt))
            return &application;
    return nullptr;
}

} // namespace

const KnownApplication* knownByExecutable(std::string_view path) {
    return find(&KnownApplication::executables,
                [&](std::string_view pattern) { return fits(pattern, path); });
}

const KnownApplication* knownByFlatpak(std::string_view id) {
    return find(&KnownApplication::flatpaks, [&](std::string_view flatpak) { return flatpak == id; });
}

const KnownApplication* knownBySnap(std::string_view name) {
    return find(&KnownApplication::snaps, [&](std::string_view snap) { return snap == name; });
}

} // namespace micguard
