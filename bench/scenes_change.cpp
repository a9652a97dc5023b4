// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/scene.hpp"

#include <thread>

namespace micguard::bench {
namespace {

constexpr unsigned kCrashesPerRun = 5; // ten runs make the fifty

SessionOptions oneMicrophone() {
    return sessionWith({defaultMicrophone()});
}

Stage::Trial pluggedIn(const std::string& row, bool grabs) {
    return {
        .before =
            [row, grabs](Stage& stage) {
                stage.native(row, "",
                             {.target = "headset", .autoconnect = !grabs, .link = grabs, .relink = grabs});
            },
        .event =
            [](Stage& stage) {
                MicSpec headset{.kind = MicKind::tone, .name = "headset", .phase = 1};
                stage.session().plug(headset);
            },
        .afterwards = [](Stage& stage) { stage.session().unplug("headset"); },
    };
}

void startWhileMuted(Stage& stage) {
    stage.native("12a", "builtin", {.target = "builtin"});
    if (stage.wants("12b"))
        stage.listen({.row = "12b",
                      .mic = "builtin",
                      .listener = parecordListener(stage.session(), {.target = "builtin", .latencyMsec = 20}),
                      .lasting = false});
}

void switchDefault(Stage& stage) {
    const bool first = stage.session().run({"pactl", "get-default-source"}).output.starts_with("builtin");
    stage.must({"pactl", "set-default-source", first ? "webcam" : "builtin"});
}

// What a desktop does by itself or at a hand on the slider, none of which means "unmute".
void moveSlider(Stage& stage) {
    stage.must({"pactl", "set-source-volume", "card", "60%"});
    stage.must({"pactl", "set-source-volume", "card", "100%"});
}

void replug(Stage& stage) {
    // The session manager gives the card that comes back the route it remembers.
    const MicSpec card = stage.session().mic("card");
    stage.session().unplug("card");
    MicSpec again = card;
    again.phase = 1;
    stage.session().plug(again);
    stage.native("20b", "", {.target = "card"});
}

void crashServer(Stage& stage) {
    PrivateSession& session = stage.session();
    for (unsigned crash = 0; crash < kCrashesPerRun; crash++) {
        session.run(
            {std::string(ATTACKERS) + "/attack-crash_server", "--source", "builtin", "--seconds", "5"});
        const std::int64_t end = monotonicNsec() + 2'000'000'000;
        while (session.running(Daemon::pipewire) && monotonicNsec() < end)
            std::this_thread::sleep_for(Milliseconds(5));
        if (session.running(Daemon::pipewire))
            throw std::runtime_error("PipeWire does not crash");
        session.restart(Daemon::pipewire);
    }
}

void restartServer(Stage& stage) {
    stage.session().restart(Daemon::pipewire);
    stage.native("22b", "builtin", {.target = "builtin"});
}

void killGuard(Stage& stage) {
    stage.session().kill(Daemon::micguardd);
    // RestartSec= of the unit.
    std::this_thread::sleep_for(Milliseconds(100));
    stage.session().start(Daemon::micguardd);
}

} // namespace

std::vector<Scene> changeScenes() {
    std::vector<Scene> scenes;
    scenes.push_back({.rows = {{"11a", 1, "Microphone plugged in while muted, a client waits for it"}},
                      .session = oneMicrophone,
                      .prepare = [](Stage&) {},
                      .trial = pluggedIn("11a", false)});
    scenes.push_back({.rows = {{"11b", 2, "The same, the client links itself as soon as it can"}},
                      .session = oneMicrophone,
                      .prepare = [](Stage&) {},
                      .trial = pluggedIn("11b", true)});
    scenes.push_back({.rows = {{"12a", 1, "Native client started while muted"},
                               {"12b", 1, "Pulse client started while muted"}},
                      .session = oneMicrophone,
                      .prepare = [](Stage&) {},
                      .trial = {.event = startWhileMuted}});
    scenes.push_back(
        {.rows = {{"19", 1, "Default source switched while muted, a client follows it"}},
         .session =
             [] {
                 return sessionWith({defaultMicrophone(), {.kind = MicKind::tone, .name = "webcam"}});
             },
         .prepare = [](Stage& stage) { stage.native("19", "builtin"); },
         .trial = {.event = switchDefault}});
    scenes.push_back(
        {.rows = {{"20a", 2, "ACP-like card: the volume changed by the desktop's slider"}},
         .session =
             [] {
                 return sessionWith(
                     {{.kind = MicKind::acp, .name = "card", .extra = {{"priority.session", "2000"}}}});
             },
         .prepare = [](Stage& stage) { stage.native("20a", "card", {.target = "card"}); },
         .trial = {.event = moveSlider}});
    scenes.push_back(
        {.rows = {{"20b", 1, "ACP-like card plugged out and in: the route restored"}},
         .session =
             [] {
                 return sessionWith(
                     {{.kind = MicKind::acp, .name = "card", .extra = {{"priority.session", "2000"}}}});
             },
         .prepare = [](Stage&) {},
         .trial = {.event = replug}});
    scenes.push_back(
        {.rows = {{"21", 1, "WirePlumber restarted while muted"}},
         .session = oneMicrophone,
         .prepare = [](Stage& stage) { stage.native("21", "builtin", {.target = "builtin"}); },
         .trial = {.event = [](Stage& stage) { stage.session().restart(Daemon::wireplumber); }}});
    scenes.push_back({.rows = {{"22a", 2, "PipeWire restarted, a client reconnects as fast as it can"},
                               {"22b", 1, "PipeWire restarted, a client started afterwards"}},
                      .session = oneMicrophone,
                      .prepare = [](Stage& stage) { stage.attack("22a", "reconnect_fast", "builtin"); },
                      .trial = {.event = restartServer}});
    scenes.push_back(
        {.rows = {{"22c", 4, "PipeWire crashed by a client, another reconnects as fast as it can",
                   "Five crashes a run, fifty in ten."}},
         .session = oneMicrophone,
         .prepare = [](Stage& stage) { stage.attack("22c", "reconnect_fast", "builtin"); },
         .trial = {.event = crashServer}});
    scenes.push_back({.rows = {{"23", 2, "The guard killed with SIGKILL, and started again as its unit does",
                                "The other tools leave nothing running that could be killed."}},
                      .session = oneMicrophone,
                      .prepare = [](Stage& stage) { stage.native("23", "builtin", {.target = "builtin"}); },
                      .trial = {.event = killGuard},
                      .guardOnly = true});
    return scenes;
}

} // namespace micguard::bench
