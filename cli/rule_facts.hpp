// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules and explanations as the guard gives them, as plain values, and written out again in the shape that
// --json promises (documented in micguardctl(1)). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <tl/expected.hpp>

namespace micguard::cli {

struct RuleFacts {
    std::string id, action, file, warning;
    std::vector<std::pair<std::string, std::string>> match, when; // key, value; by key
    std::int64_t priority = 0;
    bool final = false;
    std::uint64_t until = 0; // µs since the epoch, 0: for ever
    std::uint64_t line = 0;
};

struct VerdictFacts {
    std::string source, verdict, reason, muted, rule, file;
    std::uint64_t line = 0;
    std::vector<std::string> others;
};

struct ExplanationFacts {
    std::string appId, name, identity;
    std::vector<VerdictFacts> verdicts;

    bool knowsSource(const std::string& name) const;
};

// From the replies to Rules and Explain. Error: which key is missing or of another type; those we do not know
// are ignored.
tl::expected<std::vector<RuleFacts>, std::string> rulesFrom(const nlohmann::json& reply);
tl::expected<ExplanationFacts, std::string> explanationFrom(const nlohmann::json& reply);

nlohmann::json toJson(const RuleFacts& rule);
nlohmann::json toJson(const ExplanationFacts& explanation);

} // namespace micguard::cli
