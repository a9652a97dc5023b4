// SPDX-License-Identifier: GPL-3.0-or-later
//
// A glob (config/glob.hpp) seen by rules: how much it fixes, what it certainly covers, and a quick way to see
// that it does not match. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace micguard {

// The pairs of neighbouring characters in `text`, as a 64-bit Bloom filter.
std::uint64_t neighbours(std::string_view text);

struct RulePattern {
    explicit RulePattern(std::string_view glob);

    std::string text;           // of a literal: what it stands for, without escapes; else the glob
    bool literal = true;        // matches `text` and nothing else
    bool everything = false;    // nothing but stars
    std::uint64_t required = 0; // of neighbours(): a name that lacks one of these does not match
    std::uint32_t fixed = 0;    // characters that it spells out
    std::uint32_t single = 0;   // characters that it leaves open but demands: ? and brackets

    bool matches(std::string_view name) const;
    // True only if it matches whatever `other` matches. False says nothing: some containments are not seen.
    bool covers(const RulePattern& other) const;
};

} // namespace micguard
