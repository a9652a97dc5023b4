// SPDX-License-Identifier: GPL-3.0-or-later
//
// The calls of the guard that are about rules. None of them starts it.
#pragma once

#include "cli/guard.hpp"
#include "cli/rule_facts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace micguard::cli {

Answer<std::vector<RuleFacts>> askRules(const Guard& guard);
// `app`: an AppId, an object path, or a name that only one application has.
Answer<ExplanationFacts> askExplanation(const Guard& guard, const std::string& app);

// In the guard's own file. `app`: an AppId. `until` in µs since the epoch; 0: for ever.
Answer<void> setRule(const Guard& guard, const std::string& app, const std::string& action,
                     const std::optional<std::string>& source, std::uint64_t until);
Answer<void> forgetRules(const Guard& guard, const std::string& app);

} // namespace micguard::cli
