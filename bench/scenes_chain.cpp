// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/scene.hpp"

namespace micguard::bench {
namespace {

void prepareEasyEffects(Stage& stage) {
    stage.startEasyEffects();
    stage.native("9", "builtin", {.target = EasyEffects::kSource});
}

constexpr const char* kDelayedChain = R"conf(context.modules = [
  { name = libpipewire-module-filter-chain
    args = {
      node.description = "delayed"
      filter.graph = {
        nodes = [
          { type = builtin name = delay label = delay config = { "max-delay" = 1.0 } control = { "Delay (s)" = 0.3 } }
        ]
      }
      audio.channels = 1
      audio.position = [ MONO ]
      capture.props = { node.name = "delayed.capture" target.object = "builtin" node.passive = true }
      playback.props = { node.name = "delayed" media.class = "Audio/Source" }
    }
  }
]
)conf";

// Noise suppression and the high-pass would take the marking tone for noise.
constexpr const char* kEchoCanceller = R"conf(context.modules = [
  { name = libpipewire-module-echo-cancel
    args = {
      library.name = aec/libspa-aec-webrtc
      aec.args = { webrtc.noise_suppression = false webrtc.gain_control = false webrtc.high_pass_filter = false }
      audio.channels = 1
      audio.position = [ MONO ]
      monitor.mode = false
      capture.props = { node.name = "cancelled.capture" target.object = "builtin" node.passive = true }
      source.props = { node.name = "cancelled" media.class = "Audio/Source" }
      sink.props = { node.name = "cancelled.sink" }
      playback.props = { node.name = "cancelled.playback" }
    }
  }
]
)conf";

void prepareModules(Stage& stage) {
    if (stage.wants("24a")) {
        stage.must({"pactl", "load-module", "module-null-sink", "sink_name=trap"});
        // No latency_msec: pipewire-pulse 1.4.2 can crash by it.
        stage.must({"pactl", "load-module", "module-loopback", "source=builtin", "sink=trap"});
        stage.listen(
            {.row = "24a",
             .mic = "builtin",
             .listener = parecordListener(stage.session(), {.target = "trap.monitor", .latencyMsec = 20})});
    }
    if (stage.wants("24b")) {
        stage.must({"pactl", "load-module", "module-remap-source", "master=builtin", "source_name=remapped"});
        stage.listen(
            {.row = "24b",
             .mic = "builtin",
             .listener = parecordListener(stage.session(), {.target = "remapped", .latencyMsec = 20})});
    }
}

// A microphone that attack-source_in_client provides; it plays what `builtin` would.
Scene inClient(Row row, std::vector<std::string> arguments) {
    const std::string id = row.id;
    return {
        .rows = {std::move(row)},
        .session = [] { return sessionWith({defaultMicrophone()}); },
        .prepare =
            [id, arguments](Stage& stage) {
                std::vector<std::string> argv{std::string(ATTACKERS) + "/attack-source_in_client", "--source",
                                              "builtin", "--name", "foreign"};
                argv.insert(argv.end(), arguments.begin(), arguments.end());
                stage.keep(argv, "source_in_client");
                stage.session().graph().waitForNode("foreign");
                stage.native(id, "",
                             {.target = "foreign", .autoconnect = false, .link = true, .relink = true});
            },
    };
}

} // namespace

std::vector<Scene> chainScenes() {
    std::vector<Scene> scenes;
    scenes.push_back({
        .rows = {{"9", 1, "The real EasyEffects", "Its source, without any effect switched on."}},
        .session = [] { return sessionWith({defaultMicrophone()}); },
        .prepare = prepareEasyEffects,
    });
    scenes.push_back({
        .rows = {{"10a", 1, "Filter chain with a tail (a delay of 300 ms)"}},
        .session =
            [] {
                SessionOptions options = sessionWith({defaultMicrophone()});
                options.pipewireFragments = {{"60-delayed.conf", kDelayedChain}};
                return options;
            },
        .prepare = [](Stage& stage) { stage.native("10a", "builtin", {.target = "delayed"}); },
    });
    scenes.push_back({
        .rows = {{"10b", 1, "Echo canceller (WebRTC)",
                  "Told apart by tones in blocks of 10 ms, as it lets no constant pass: a piece shorter than "
                  "some 7 ms may go unnoticed."}},
        .session =
            [] {
                MicSpec mic = defaultMicrophone();
                mic.coding = Coding::tone;
                SessionOptions options = sessionWith({mic});
                options.pipewireFragments = {{"60-cancelled.conf", kEchoCanceller}};
                return options;
            },
        .prepare =
            [](Stage& stage) {
                // It works only while something is played, too: a sink that is there is enough.
                stage.must({"pactl", "load-module", "module-null-sink", "sink_name=speaker"});
                // A tone that breaks off has some of every frequency in its last block: far below the other tone's level.
                stage.native("10b", "builtin",
                             {.target = "cancelled", .coding = Coding::tone, .threshold = kAmplitude / 5});
            },
    });
    scenes.push_back({
        .rows = {{"24a", 2, "Looped into a sink whose monitor is recorded"},
                 {"24b", 2, "`module-remap-source`"}},
        .session = [] { return sessionWith({defaultMicrophone()}); },
        .prepare = prepareModules,
    });
    scenes.push_back({
        .rows = {{"25a", 1, "Source in another process (`pw-loopback`), as Bluetooth is"}},
        .session =
            [] {
                return sessionWith({{.kind = MicKind::otherProcess,
                                     .name = "remote",
                                     .extra = {{"priority.session", "2000"}}}});
            },
        .prepare = [](Stage& stage) { stage.native("25a", "remote", {.target = "remote"}); },
    });
    scenes.push_back(inClient({"25b", 2, "Source in another process that knows no volume"}, {"--no-props"}));
    scenes.push_back(inClient({"25c", 2, "Source in another process that ignores every volume"}, {}));
    scenes.push_back(inClient(
        {.id = "25d",
         .tier = 4,
         .title = "Source in another process that reads back as silenced and plays on",
         .known = "What a process says of its own source is all there is to go by, and this one lies "
                  "(threat model, tier 4). `sever` cuts it off.",
         .strictShuts = false},
        {"--lying"}));
    return scenes;
}

} // namespace micguard::bench
