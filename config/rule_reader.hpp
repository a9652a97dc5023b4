// SPDX-License-Identifier: GPL-3.0-or-later
//
// [[rule]]: from the tree to values. What can be seen to be wrong, or never to match, in the rule alone is
// said here; what other rules make of it is policy's business.
#pragma once

#include "config/document.hpp"
#include "config/faults.hpp"
#include "config/rule.hpp"
#include "config/wording.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace micguard {

// Of a priority, above and below 0.
inline constexpr std::int32_t priorityLimit = 1'000'000;

// Kinds of sources, as Rule::Match::kind names them.
std::span<const std::string_view> sourceKinds();

// `list` is what stands behind the key "rule". A rule with a fault in it is left out; the fault is in
// `faults`.
std::vector<Rule> readRules(const Item& list, LayerRank rank, Faults& faults);

// "did you mean 'x'? The keys known here: …"
std::string instead(std::string_view text, const std::vector<std::string_view>& known, std::string_view kind,
                    std::span<const Synonym> synonyms = {});

} // namespace micguard
