// SPDX-License-Identifier: GPL-3.0-or-later
//
// A glob (config/glob.hpp) seen by rules: how much it fixes, what it certainly covers, and a quick way to see
// that it does not match. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace micguard {

// Two neighbouring characters.
constexpr std::uint16_t neighbours(char a, char b) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(a) << 8 | static_cast<unsigned char>(b));
}

struct RulePattern {
    explicit RulePattern(std::string_view glob);

    std::string text;                    // of a literal: what it stands for, without escapes; else the glob
    bool literal = true;                 // matches `text` and nothing else
    bool everything = false;             // nothing but stars
    std::vector<std::uint16_t> required; // neighbours(), sorted; a name that lacks one does not match
    std::uint32_t fixed = 0;             // characters that it spells out
    std::uint32_t single = 0;            // characters that it leaves open but demands: ? and brackets

    bool matches(std::string_view name) const;
    // True only if it matches whatever `other` matches. False says nothing: some containments are not seen.
    bool covers(const RulePattern& other) const;
};

} // namespace micguard
