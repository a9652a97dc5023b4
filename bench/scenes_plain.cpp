// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/scene.hpp"

namespace micguard::bench {

MicSpec defaultMicrophone(MicKind kind) {
    return {.kind = kind, .name = "builtin", .extra = {{"priority.session", "2000"}}};
}

SessionOptions sessionWith(std::vector<MicSpec> mics) {
    SessionOptions options;
    options.mics = std::move(mics);
    return options;
}

namespace {

void ear(Stage& stage, const std::string& row, const std::string& mic,
         std::unique_ptr<Listener> (*make)(const PrivateSession&, const ListenOptions&),
         ListenOptions options = {}) {
    if (!stage.wants(row))
        return;
    options.target = mic;
    Ear one;
    one.row = row;
    one.mic = mic;
    one.listener = make(stage.session(), options);
    stage.listen(std::move(one));
}

void prepareSideBySide(Stage& stage) {
    stage.native("1", "builtin", {});
    stage.native("2", "webcam", {.target = "webcam"});
    ear(stage, "3a", "builtin", parecordListener, {.latencyMsec = 20});
    ear(stage, "4", "builtin", arecordListener);
    if (stage.wants("5")) {
        Ear one;
        one.row = "5";
        one.mic = "builtin";
        one.listener = jackListener(stage.session(), {.target = "builtin"});
        stage.listen(std::move(one));
    }
    stage.native("7a", "virtual", {.target = "virtual"});
    stage.native("7b", "effects", {.target = "effects"});
    stage.native("8a", "locked", {.target = "locked"});
    stage.native("8b", "clamped", {.target = "clamped"});
    // No session manager finds a format on a node without an adapter: clients link themselves.
    stage.native("8c", "raw", {.target = "raw", .autoconnect = false, .link = true, .relink = true});
}

} // namespace

std::vector<Scene> plainScenes() {
    std::vector<Scene> scenes;
    scenes.push_back({
        .rows = {{"1", 1, "Default microphone, native client"},
                 {"2", 1, "Another microphone than the default"},
                 {"3a", 1, "Pulse client, fragments of 20 ms"},
                 {"4", 1, "ALSA plug-in client (arecord)"},
                 {"5", 1, "JACK client (jack_rec)"},
                 {"7a", 1, "Plain virtual source (null-audio-sink)"},
                 {"7b", 1, "The same without `monitor.channel-volumes`, as EasyEffects makes it"},
                 {"8a", 1, "Volume-locked source"},
                 {"8b", 1, "Clamped source (`channelmix.min-volume`)"},
                 {"8c", 1, "Raw source, no adapter",
                  "The client links itself, as no session manager links anybody there."}},
        .session =
            [] {
                return sessionWith({defaultMicrophone(),
                                    {.kind = MicKind::tone, .name = "webcam"},
                                    {.kind = MicKind::nullVirtual, .name = "virtual"},
                                    {.kind = MicKind::nullPlain, .name = "effects"},
                                    {.kind = MicKind::locked, .name = "locked"},
                                    {.kind = MicKind::clamped, .name = "clamped"},
                                    {.kind = MicKind::raw, .name = "raw"}});
            },
        .prepare = prepareSideBySide,
    });
    scenes.push_back({
        .rows = {{"3b", 1, "Pulse client, default fragment (2 s)",
                  "Listened to for 4.2 s: a fragment that holds the first of what was made after the reply "
                  "comes up to 2 s later."}},
        .session = [] { return sessionWith({defaultMicrophone()}); },
        .prepare = [](Stage& stage) { ear(stage, "3b", "builtin", parecordListener); },
        .trial = {.window = Milliseconds(4200)},
    });
    scenes.push_back({
        .rows = {{"6", 1, "Chromium, `getUserMedia`",
                  "Headless, the track of a WebRTC capture read in the page, without echo cancellation, "
                  "noise suppression and gain control."}},
        .session = [] { return sessionWith({defaultMicrophone()}); },
        .prepare = [](Stage& stage) { ear(stage, "6", "builtin", chromiumListener); },
    });
    return scenes;
}

} // namespace micguard::bench
