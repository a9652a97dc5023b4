// SPDX-License-Identifier: GPL-3.0-or-later
//
// From verdicts to the messages still missing, the restrictive ones first. Pure. Once its actions are
// recorded as sent, the next plan is empty: so nothing is repeated and nothing needs to be polled.
#pragma once

#include "daemon/policy/action.hpp"
#include "daemon/policy/evaluate.hpp"

#include <vector>

namespace micguard {

std::vector<Action> plan(const Model& model, const Verdicts& verdicts);

// Notes in `model.applied` that these actions were sent as `batch` (higher than every one before).
void recordSent(Model& model, const std::vector<Action>& actions, std::uint64_t batch);

} // namespace micguard
