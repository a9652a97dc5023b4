// SPDX-License-Identifier: GPL-3.0-or-later
//
// A scenario file as sections of lines, and lines as words; what they mean is the runner's business.
#pragma once

#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace micguard::test {

struct Section {
    std::string head;              // "when mute", "then"
    std::vector<std::string> body; // line by line, so that their numbers are right; without indent
    std::size_t line = 0;
};

std::vector<Section> sectionsOf(std::istream& text);                // throws std::runtime_error
std::vector<Section> sectionsOf(const std::filesystem::path& path); // throws std::runtime_error

std::string joined(const std::vector<std::string>& lines);
std::vector<std::string> wordsOf(const std::string& line);
// "*" in the pattern is any word.
bool matches(const std::vector<std::string>& words, std::initializer_list<std::string_view> pattern);

} // namespace micguard::test
