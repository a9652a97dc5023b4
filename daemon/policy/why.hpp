// SPDX-License-Identifier: GPL-3.0-or-later
//
// For whoever asks why: what the judge goes by and decides about single clients, and who has muted. As things
// are once everybody is judged. Pure.
#pragma once

#include "daemon/model/model.hpp"
#include "daemon/policy/rules.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace micguard {

// What rules with conditions go by.
Circumstances circumstancesOf(const Model& model, const RuleBook& book, const std::set<GlobalId>& managers);

// The strictest of what becomes of these clients, for each source. A source counts for itself, not for what
// is behind it.
std::map<GlobalId, Decision> decisionsAbout(const std::vector<const Client*>& clients, const Model& model,
                                            const RuleBook& book, const std::set<GlobalId>& managers);

// "kept muted by obs (pid 12): recording", for people: the strongest that mutes.
std::string whyMuted(const Model& model);

} // namespace micguard
