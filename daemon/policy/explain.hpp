// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is said to whoever asks about rules: why an application may hear what it hears, and which rules there
// are. Decides nothing. Pure.
#pragma once

#include "daemon/model/rule_view.hpp"
#include "daemon/policy/applicant.hpp"
#include "daemon/policy/evaluate.hpp"

#include <set>
#include <string>
#include <vector>

namespace micguard {

// `verdicts` and `book` are those of the model, and so is the applicant; `shown` is what is on the bus of it.
Explanation explain(const Model& model, const std::set<GlobalId>& managers, const Verdicts& verdicts,
                    const RuleBook& book, const Applicant& applicant,
                    const std::vector<ApplicationView>& shown);

// In the order in which they win. Of more rules than `shadowsLookedFor` none is said to be idle: to find out
// takes a while.
inline constexpr std::size_t shadowsLookedFor = 1000;
std::vector<RuleView> shownRules(const RuleBook& book);

} // namespace micguard
