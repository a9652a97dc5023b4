// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/scene.hpp"

namespace micguard::bench {
namespace {

SessionOptions oneMicrophone() {
    return sessionWith({defaultMicrophone()});
}

// The attacker is at work from before the mute on, and heard.
Scene atWork(Row row, const std::string& program, std::vector<std::string> arguments = {},
             const std::string& mic = "builtin", Span span = Span::session) {
    const std::string id = row.id;
    return {
        .rows = {std::move(row)},
        .session =
            [mic] {
                SessionOptions options = oneMicrophone();
                if (mic != "builtin")
                    options.mics.push_back({.kind = MicKind::internal, .name = mic});
                return options;
            },
        .prepare = [=](Stage& stage) { stage.attack(id, program, mic, arguments); },
        .span = span,
    };
}

// A client that destroys the guard's connection from before the mute on, and another that destroys the
// session manager's as soon as the guard has answered.
Scene destroying() {
    return {
        .rows = {{"17a", 3, "Client that destroys the guard's connection 100 times a second"},
                 {"17b", 3, "Client that then destroys WirePlumber's"}},
        .session = oneMicrophone,
        .prepare = [](Stage& stage) { stage.attack("17a", "destroy_guard", "builtin"); },
        .trial = {.event =
                      [](Stage& stage) { stage.attack("17b", "destroy_manager", "builtin", {}, false); }},
        .span = Span::trial,
    };
}

Scene keptMapping() {
    return {
        .rows = {{"16", 4, "Client that keeps its mapping of the shared buffers after its link is gone",
                  "Another client goes on capturing, and so keeps the source running."}},
        .session = oneMicrophone,
        .prepare =
            [](Stage& stage) {
                stage.accompany(nativeListener(stage.session(), {.target = "builtin", .name = "bystander"}));
                stage.attack("16", "keep_mapping", "builtin", {"--unlink"});
            },
        .span = Span::trial,
    };
}

// Twelve attackers in turn, a second each.
Scene onManagerSocket() {
    return {
        .rows = {{"26", 5, "Client on the `pipewire-0-manager` socket that tries all of it",
                  "Twelve of the others one after the other for a second each, as in "
                  "`tests/attackers/manager_socket.cpp`; counted "
                  "until the last one ends, without residue.",
                  "One of the twelve writes back what the guard writes (13b); on this socket no admission "
                  "stands in its way "
                  "(threat model, tier 5)."}},
        .session = [] { return sessionWith({defaultMicrophone()}); },
        .prepare = [](Stage&) {},
        .trial = {.event =
                      [](Stage& stage) {
                          stage.attack("26", "manager_socket", "builtin", {"--seconds", "12"}, false);
                          stage.waitForEnd("26", Milliseconds(60000));
                      },
                  .window = Milliseconds(0)},
        .span = Span::trial,
    };
}

} // namespace

std::vector<Scene> hostileScenes() {
    std::vector<Scene> scenes;
    scenes.push_back(atWork({"13a", 2, "Client that unmutes and turns up 100 times a second"}, "turn_up"));
    scenes.push_back(atWork({.id = "13b",
                             .tier = 4,
                             .title = "The same, and writes back what the guard writes",
                             .known = "Whoever may write the guard's own value opens the microphone until "
                                      "the guard has seen it and written "
                                      "it again; buffers in between pass (threat model, tier 4, first line). "
                                      "Strict admission takes that "
                                      "right away."},
                            "turn_up", {"--knob"}));
    scenes.push_back(atWork({"14a", 2, "Client that links itself 100 times a second"}, "self_link"));
    scenes.push_back(
        atWork({"14b", 2, "The same, to an `Audio/Source/Internal` node"}, "self_link", {}, "internal"));
    scenes.push_back(
        atWork({"15", 4, "Two connections, one raising the other's permissions"}, "raise_permissions"));
    scenes.push_back(keptMapping());
    scenes.push_back(destroying());
    scenes.push_back(atWork({"18a", 2, "Client that has the server make a second node for the same device"},
                            "second_node", {}, "builtin", Span::trial));
    scenes.push_back(atWork({"18b", 4, "The same, the node claims to be no microphone"}, "second_node",
                            {"--media-class", "Stream/Output/Audio"}, "builtin", Span::trial));
    scenes.push_back(atWork({"18c", 4, "The same, the node has no adapter"}, "second_node", {"--raw"},
                            "builtin", Span::trial));
    scenes.push_back(onManagerSocket());
    return scenes;
}

} // namespace micguard::bench
