// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules by which applications hang on each other so that no state suits all of them, as far as that can be
// seen without anybody running. Pure.
#pragma once

#include "daemon/policy/rules.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace micguard {

struct Contradicting {
    std::vector<std::size_t> rules; // indices into Settings::rules, sorted
    std::string app, other;         // AppIds: who is kept out by it as long as the other one is there
    bool operator==(const Contradicting&) const = default;
};

// At which what rules say of each other may differ: each minute and day at which one of them begins, locked
// and not. Limited.
std::vector<Circumstances> momentsOf(const RuleBook& book);

// What they say at these moments when all applications that they spell out want to hear one microphone. None
// is named wrongly, provided that an AppId is what the rules take it for; some are not found (applications
// that are only told by patterns or by claims, different microphones, more of either than are looked at).
std::vector<Contradicting> contradictions(const RuleBook& book, const std::vector<Circumstances>& moments);

} // namespace micguard
