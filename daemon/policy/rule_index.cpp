// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/rule_index.hpp"

namespace micguard {
namespace {

void setAll(const std::vector<std::uint32_t>& numbers, Bits& found) {
    for (const auto number : numbers)
        found.set(number);
}

} // namespace

void PatternIndex::add(const RulePattern& pattern, std::uint32_t number) {
    if (pattern.literal) {
        literals_[pattern.text].push_back(number);
        return;
    }
    const auto [place, isNew] = globAt_.try_emplace(pattern.text, globs_.size());
    if (isNew) {
        globs_.push_back({pattern, {}});
        required_.push_back(pattern.required);
    }
    globs_[place->second].numbers.push_back(number);
}

void PatternIndex::match(std::string_view name, Bits& found) const {
    if (const auto literal = literals_.find(name); literal != literals_.end())
        setAll(literal->second, found);
    const std::uint64_t offered = neighbours(name);
    for (std::size_t at = 0; at < required_.size(); at++)
        if ((required_[at] & ~offered) == 0 && globs_[at].pattern.matches(name))
            setAll(globs_[at].numbers, found);
}

void PatternIndex::covering(const RulePattern& narrow, Bits& found) const {
    if (narrow.literal)
        return match(narrow.text, found);
    // What a pattern spells out, the narrower one has to spell out too.
    for (std::size_t at = 0; at < required_.size(); at++)
        if ((required_[at] & ~narrow.required) == 0 && globs_[at].pattern.covers(narrow))
            setAll(globs_[at].numbers, found);
}

} // namespace micguard
