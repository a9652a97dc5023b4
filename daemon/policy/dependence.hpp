// SPDX-License-Identifier: GPL-3.0-or-later
//
// What of a decision hangs on who else captures, without saying who does. Pure.
#pragma once

#include "config/rule.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace micguard {

struct Dependence {
    // A rule that matches and would be in force, were it not for `when.capturing`.
    struct Step {
        std::optional<std::uint32_t> pattern; // of `when.capturing`, see RuleBook::fitting(); none: in force
        bool claimed = false;                 // matches by what the application says of itself
        Ruling action{};
        std::size_t rule = 0; // index into Settings::rules
    };
    std::vector<Step> steps;         // in the order in which they win
    Ruling otherwise = Ruling::Deny; // what rules say that win over none of these, or [policy] default
    std::optional<Ruling> loosest = Ruling::Allow; // what lets it hear: this, and looser; none: nothing does
};

} // namespace micguard
