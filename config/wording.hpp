// SPDX-License-Identifier: GPL-3.0-or-later
//
// Words for diagnostics: quoting what a file said without letting it write to a terminal, and guessing what
// was meant.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace micguard {

struct Character {
    char32_t code = 0;
    std::size_t length = 0; // 0: not UTF-8
};

// The first character of a text that is not empty.
Character firstCharacter(std::string_view text);

// Not a control character, nor one that turns the direction of what follows or is invisible.
bool mayBeShown(char32_t code);

// Without control characters, bytes that are not UTF-8, or bidirectional overrides; at most `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 200);

// 'text', printable and short.
std::string cited(std::string_view text);

// With its ASCII letters made small.
std::string lowered(std::string_view text);

// The one among `known` that differs by a slip of the fingers, if there is one.
std::optional<std::string_view> nearest(std::string_view text, const std::vector<std::string_view>& known);

// What others call the same thing: what it says, what is meant.
struct Synonym {
    std::string_view said;
    std::string_view meant;
};

// A synonym's meaning, else as nearest().
std::optional<std::string_view> meant(std::string_view text, const std::vector<std::string_view>& known,
                                      std::span<const Synonym> synonyms);

// "a", "a or b", "a, b or c"
std::string listed(const std::vector<std::string_view>& words, std::string_view last = "or");
// The same, each in quotes.
std::string quotedWords(const std::vector<std::string_view>& words);

} // namespace micguard
