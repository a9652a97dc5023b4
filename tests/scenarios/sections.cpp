// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/sections.hpp"

#include <algorithm>
#include <fstream>
#include <istream>
#include <stdexcept>
#include <utility>

namespace micguard::test {

std::vector<Section> sectionsOf(const std::filesystem::path& path) {
    std::ifstream file(path);
    return sectionsOf(file);
}

std::vector<Section> sectionsOf(std::istream& file) {
    std::vector<Section> sections;
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); number++) {
        const auto start = line.find_first_not_of(" \t");
        const bool says = start != std::string::npos && line[start] != '#';
        if (says && start == 0)
            sections.push_back({line, {}, number});
        else if (says && sections.empty())
            throw std::runtime_error("an indented line before any section");
        else if (!sections.empty())
            sections.back().body.push_back(says ? line.substr(start) : "");
    }
    for (auto& section : sections)
        while (!section.body.empty() && section.body.back().empty())
            section.body.pop_back();
    return sections;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines)
        text += line + "\n";
    return text;
}

std::vector<std::string> wordsOf(const std::string& line) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : line + " ")
        if (c != ' ')
            word += c;
        else if (!word.empty())
            words.push_back(std::exchange(word, {}));
    return words;
}

bool matches(const std::vector<std::string>& words, std::initializer_list<std::string_view> pattern) {
    return words.size() == pattern.size() && std::equal(words.begin(), words.end(), pattern.begin(),
                                                        [](const std::string& word, std::string_view wanted) {
                                                            return wanted == "*" || wanted == word;
                                                        });
}

} // namespace micguard::test
