// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of the leak matrix and the scenes in which they are measured. A scene is one session; rows that do
// not get in each other's way share one.
#pragma once

#include "bench/stage.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace micguard::bench {

struct Row {
    std::string id; // the number of the scenario, and a letter where there are several of it
    int tier;
    std::string title;
    // Something that this row cannot show or does in another way than the title says; may be empty.
    std::string remark = {};
    // Why one of micguard's cells need not be 0, and where the threat model says so; empty: it has to be.
    std::string known = {};
    // Whether strict admission has to make it 0 in tier 4.
    bool strictShuts = true;
};

enum class Span { session, trial }; // how long one session serves

struct Scene {
    std::vector<Row> rows;
    std::function<SessionOptions()> session;
    // Once for each session: modules, and the ears that hear before the mute.
    std::function<void(Stage&)> prepare;
    Stage::Trial trial = {};
    Span span = Span::session;
    bool guardOnly = false; // the event needs a guard: there is nothing to measure in the other columns
};

const std::vector<Scene>& allScenes();

// Rows 1 to 8.
std::vector<Scene> plainScenes();
// 9, 10, 24, 25: something lies between microphone and listener, or is the microphone.
std::vector<Scene> chainScenes();
// 11, 12, 19 to 23: something changes while muted.
std::vector<Scene> changeScenes();
// 13 to 18, 26: clients that do not play along.
std::vector<Scene> hostileScenes();

// The one that "mute the microphone" means to the desktop.
MicSpec defaultMicrophone(MicKind kind = MicKind::tone);
SessionOptions sessionWith(std::vector<MicSpec> mics);

} // namespace micguard::bench
