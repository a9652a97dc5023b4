// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is said to people about rules. Decides nothing. Every text is safe to print.
#pragma once

#include "daemon/policy/rule_order.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace micguard {

// "/etc/micguard/micguard.toml:12", "a built-in rule"
std::string place(const Rule& rule);

// "denied by /etc/micguard/micguard.toml:12 until 17:30", as long as the rule is in force; says nothing of
// Rule::until.
std::string reasonOf(const Rule& rule);
std::string reasonOfDefault(Ruling fallback);
// "denied: /etc/micguard/micguard.toml:12 and user.toml:3 contradict each other, and 'org.a' was there
// first". `rules` are those.
std::string reasonOfContradiction(Ruling ruling, const std::vector<const Rule*>& rules,
                                  const std::string& first);
// "contradicts user.toml:3 and user.toml:9", about the other ones; none: "contradicts itself"
std::string contradicting(const std::vector<const Rule*>& others);
// " until 17:30", "" for a rule without an end or whose hours end anyway. The time of day follows from the
// minute that it is: where the clocks change before, it is off by that change.
std::string untilOf(const Rule& rule, std::uint64_t now, unsigned minute);

// "only 09:00-17:30 on mon-fri while the session is locked", "" for a rule without conditions.
std::string conditionsOf(const Rule& rule);

// The same, by the keys of the settings: {"hours", "09:00-17:30"}, {"days", "mon-fri"}, {"locked", "true"}.
std::vector<std::pair<std::string, std::string>> whenWords(const Rule::When& when);

// What an application says of itself: "app, claims".
std::string listed(const std::vector<AppFact>& facts);

std::string wouldSay(Ruling ruling);      // "would deny"
std::string decidesSaying(Ruling ruling); // "denies; decides"
// "outranked by priority 10 (/etc/micguard/micguard.toml:12)"
std::string outrankedBy(const Rule& winner, Criterion by);

} // namespace micguard
