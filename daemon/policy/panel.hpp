// SPDX-License-Identifier: GPL-3.0-or-later
//
// What has yet to be written so that the desktop shows the guard's mute, or its own again. Pure.
#pragma once

#include "daemon/policy/action.hpp"
#include "daemon/policy/evaluate.hpp"

#include <vector>

namespace micguard {

std::vector<Action> planPanel(const Model& model, const Verdicts& verdicts);
void recordPanel(Model& model, const action::SetPanelMute& action, const Sent& sent);

} // namespace micguard
