// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who has to allocate his buffers anew, so that nobody who is kept from a microphone reads on in those that he was given before.
#pragma once

#include "daemon/model/model.hpp"
#include "daemon/policy/action.hpp"
#include "daemon/policy/evaluate.hpp"

#include <vector>

namespace micguard {

// Pure. Whoever is to be suspended now; nothing while nobody can tell what there is.
std::vector<Action> planSuspends(const Model& model, const Verdicts& verdicts);

} // namespace micguard
