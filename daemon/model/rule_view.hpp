// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the outside is told of rules when it asks: plain values that mirror the D-Bus contract.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace micguard {

struct RuleView {
    std::string id; // "file:line", with "#2" for the second one there
    std::vector<std::pair<std::string, std::string>> match, when;
    std::string action;
    std::int32_t priority = 0;
    bool final = false;
    std::uint64_t until = 0; // µs since the epoch; 0: for ever
    std::string file;
    std::uint32_t line = 0;
    std::string warning; // "" if there is nothing to be warned of
    bool operator==(const RuleView&) const = default;
};

struct VerdictView {
    std::string source; // its name
    std::string verdict;
    std::string reason;
    std::string muted; // why nobody hears this source, whatever the verdict; "" if it is not muted
    std::string rule;  // RuleView::id of the one that decided; "" if none did
    std::string file;
    std::uint32_t line = 0;
    std::vector<std::string> others; // what the rules that lost would have said
    bool operator==(const VerdictView&) const = default;
};

struct Explanation {
    std::string appId;
    std::string name;     // "" if it does not run
    std::string identity; // kernel sandbox claimed; "" if it does not run
    std::vector<VerdictView> verdicts;
    bool operator==(const Explanation&) const = default;
};

} // namespace micguard
