// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/rule_index.hpp"

#include <algorithm>

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
        Under* rarest = nullptr;
        for (const auto pair : pattern.required)
            if (Under& under = byNeighbours_[pair];
                under.demanded++ == 0 || !rarest || under.demanded < rarest->demanded)
                rarest = &under;
        (rarest ? rarest->globs : unsorted_).push_back(static_cast<std::uint32_t>(globs_.size()));
        globs_.push_back({pattern, {}});
    }
    globs_[place->second].numbers.push_back(number);
}

void PatternIndex::match(std::string_view name, Bits& found) const {
    if (const auto literal = literals_.find(name); literal != literals_.end())
        setAll(literal->second, found);
    const auto tryAll = [&](const Globs& globs) {
        for (const auto at : globs)
            if (globs_[at].pattern.matches(name))
                setAll(globs_[at].numbers, found);
    };
    tryAll(unsorted_);
    if (!byNeighbours_.empty())
        for (std::size_t at = 1; at < name.size(); at++)
            if (const auto under = byNeighbours_.find(neighbours(name[at - 1], name[at]));
                under != byNeighbours_.end())
                tryAll(under->second.globs);
}

void PatternIndex::covering(const RulePattern& narrow, Bits& found) const {
    if (narrow.literal)
        return match(narrow.text, found);
    const auto tryAll = [&](const Globs& globs) {
        for (const auto at : globs) {
            const auto& wide = globs_[at].pattern;
            if (std::includes(narrow.required.begin(), narrow.required.end(), wide.required.begin(),
                              wide.required.end()) &&
                wide.covers(narrow))
                setAll(globs_[at].numbers, found);
        }
    };
    tryAll(unsorted_);
    // What a pattern spells out, the narrower one has to spell out too.
    for (const auto pair : narrow.required)
        if (const auto under = byNeighbours_.find(pair); under != byNeighbours_.end())
            tryAll(under->second.globs);
}

} // namespace micguard
