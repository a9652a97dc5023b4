// SPDX-License-Identifier: GPL-3.0-or-later
//
// What rules together say that their author cannot have meant, for people: in `config check`, the journal and
// the daemon's warnings alike. Takes 40 to 200 ms for ten thousand rules, so nobody waits for it who wants a
// verdict. Pure.
#pragma once

#include "config/diagnostic.hpp"
#include "config/settings.hpp"

#include <cstddef>

namespace micguard {

// Beyond so many they are only counted.
inline constexpr std::size_t idleRulesTold = 20, contradictionsTold = 20;

// A warning at the place of each rule that never decides, because another one matches at least as much and
// always wins. Not of those that a stronger layer's rule overrides: for that there are layers.
Diagnostics idleRules(const Settings& settings);

// A warning at the place of the first of the rules that contradict each other about who may hear while who
// else does.
Diagnostics contradictoryRules(const Settings& settings);

} // namespace micguard
