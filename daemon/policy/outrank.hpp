// SPDX-License-Identifier: GPL-3.0-or-later
//
// What it takes for a new rule of the user's about one application to be what becomes of it. docs/policy.md
// tells it to users. Pure.
#pragma once

#include "daemon/policy/applicant.hpp"
#include "daemon/policy/rules.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace micguard {

// For whom a rule is made, and in what it has to prove itself.
struct Trial {
    std::string appId;
    bool runs = false;
    std::vector<Subject> subjects;                           // of those who go by it now; never empty
    std::vector<std::pair<std::string, SourceKind>> sources; // of those that the rule is about; never empty
    Circumstances now;
};

// `source`: the only one that the rule is about.
Trial trialOf(const Model& model, const Circumstances& now, const Applicant& applicant,
              const std::optional<std::string>& source);

// Whether another rule that is not final could decide in place of `rule`, now or at another time. What the
// AppId does not tell of one that does not run, and what may be different with every start (unit, claims),
// counts as fitting.
bool mayCompete(const Rule& other, const Rule& rule, const Trial& trial);

// The lowest priority, from 0 on, with which `rule` wins over all of `others`; none: one of them has the
// highest there is.
std::optional<std::int32_t> winningPriority(const Rule& rule, const std::vector<Rule>& others);

// Why a rule is of no use.
struct Objection {
    bool claimed = false; // it would be heeded, were more known of the application; else another rule decides
    std::string text;
};

// Whether what `rule` wants is what becomes of the application on at least one source, now that it is in
// `book`.
std::optional<Objection> objectionTo(const Rule& rule, const RuleBook& book, const Trial& trial);

} // namespace micguard
