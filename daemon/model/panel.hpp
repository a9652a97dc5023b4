// SPDX-License-Identifier: GPL-3.0-or-later
//
// The mute that the desktop shows of a source and its microphone key changes ([mute] follow-desktop), apart
// from the guard's knob: which it is, what a change of it by somebody else means, and when it is the guard's
// to take back. The whole of it is a table in docs/desktop-mute.md. Pure.
#pragma once

#include "daemon/model/model.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace micguard {

struct PanelControl {
    PanelKey key;
    std::pair<std::string, std::uint32_t> name; // as remembered over a restart
    const Device* device = nullptr;             // with its route; or neither
    const Route* route = nullptr;
    bool settled = false; // the session manager has had its time to restore what it stored of it
    bool exempt = false;  // takes no part: it is read, and what is ours of it is taken back
};

// Nothing for a source that no volume control shows.
std::optional<PanelControl> panelOf(const Model& model, const Node& node);

// Somebody who sets a source's mute again each time is let be after so many times in one muted period.
constexpr unsigned mostRefusals = 20;
// What volume controls show of it is muted, and neither by the guard nor in its place.
bool isMutedByUser(const Model& model, const Node& node);
bool followsDesktop(const Model& model);

// What the source's Props read now.
void readPanel(Model& model, const Node& node, std::uint64_t now);
// People and programs have unmuted: what keeps the default source muted now is to be taken back, whoever it
// was.
void takeDefaultBack(Model& model);
void settlePanel(Model& model);
// What was written to nodes has been carried out.
void acknowledgePanel(Model& model);
// The default source, as the desktop has it, and the guard brought into step, where the guard has to give
// way.
void followDesktop(Model& model, std::uint64_t now);

} // namespace micguard
