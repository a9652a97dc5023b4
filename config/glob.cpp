// SPDX-License-Identifier: GPL-3.0-or-later
//
// The matcher keeps one place to fall back to, the last star seen: a later star makes every earlier one
// superfluous, so no more than that is ever needed. Must not call fnmatch(3), see glob.hpp.
#include "config/glob.hpp"

#include <algorithm>

namespace micguard {

namespace {

bool between(unsigned char c, unsigned char low, unsigned char high) {
    return c >= low && c <= high;
}

bool inClass(std::string_view name, unsigned char c) {
    const bool upper = between(c, 'A', 'Z'), lower = between(c, 'a', 'z'), digit = between(c, '0', '9');
    const bool graph = between(c, 0x21, 0x7e);
    if (name == "alpha")
        return upper || lower;
    if (name == "digit")
        return digit;
    if (name == "alnum")
        return upper || lower || digit;
    if (name == "upper")
        return upper;
    if (name == "lower")
        return lower;
    if (name == "space")
        return c == ' ' || between(c, '\t', '\r');
    if (name == "blank")
        return c == ' ' || c == '\t';
    if (name == "punct")
        return graph && !(upper || lower || digit);
    if (name == "graph")
        return graph;
    if (name == "print")
        return graph || c == ' ';
    if (name == "cntrl")
        return c < 0x20 || c == 0x7f;
    if (name == "xdigit")
        return digit || between(c, 'a', 'f') || between(c, 'A', 'F');
    return false;
}

struct Bracket {
    bool closed = false;
    bool matches = false;
    std::size_t end = 0; // of the pattern's rest, behind the closing bracket
};

// `rest` starts at the opening bracket.
Bracket readBracket(std::string_view rest, unsigned char c) {
    std::size_t at = 1;
    const bool negated = at < rest.size() && (rest[at] == '!' || rest[at] == '^');
    if (negated)
        ++at;
    bool found = false;
    for (bool first = true; at < rest.size(); first = false) {
        if (rest[at] == ']' && !first)
            return {true, found != negated, at + 1};
        if (rest.substr(at).starts_with("[:")) {
            const auto close = rest.find(":]", at + 2);
            if (close != std::string_view::npos) {
                found = found || inClass(rest.substr(at + 2, close - at - 2), c);
                at = close + 2;
                continue;
            }
        }
        const auto member = [&]() -> std::optional<unsigned char> {
            if (rest[at] == '\\')
                ++at;
            if (at >= rest.size())
                return std::nullopt;
            return static_cast<unsigned char>(rest[at++]);
        };
        const auto low = member();
        if (!low)
            return {};
        auto high = *low;
        if (at + 1 < rest.size() && rest[at] == '-' && rest[at + 1] != ']') {
            ++at;
            const auto last = member();
            if (!last)
                return {};
            high = *last;
        }
        found = found || between(c, *low, high);
    }
    return {};
}

struct Step {
    bool matches = false;
    std::size_t length = 0; // of the pattern consumed
};

// One pattern element that is not a star, against one character.
Step stepOver(std::string_view rest, unsigned char c) {
    if (rest.front() == '?')
        return {true, 1};
    if (rest.front() == '[') {
        if (const auto bracket = readBracket(rest, c); bracket.closed)
            return {bracket.matches, bracket.end};
    }
    if (rest.front() == '\\' && rest.size() > 1)
        return {static_cast<unsigned char>(rest[1]) == c, 2};
    return {static_cast<unsigned char>(rest.front()) == c, 1};
}

} // namespace

bool globMatches(std::string_view pattern, std::string_view name) noexcept {
    std::size_t p = 0, n = 0;
    std::size_t starPattern = std::string_view::npos, starName = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            starPattern = ++p;
            starName = n;
            continue;
        }
        if (p < pattern.size()) {
            const auto step = stepOver(pattern.substr(p), static_cast<unsigned char>(name[n]));
            if (step.matches) {
                p += step.length;
                ++n;
                continue;
            }
        }
        if (starPattern == std::string_view::npos)
            return false;
        p = starPattern;
        n = ++starName;
    }
    return std::all_of(pattern.begin() + static_cast<std::ptrdiff_t>(p), pattern.end(),
                       [](char c) { return c == '*'; });
}

bool anyGlobMatches(const std::vector<std::string>& patterns, std::string_view name) noexcept {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return globMatches(pattern, name); });
}

std::string globLiteral(std::string_view name) {
    std::string pattern;
    for (const char c : name) {
        if (c == '*' || c == '?' || c == '[' || c == '\\')
            pattern += '\\';
        pattern += c;
    }
    return pattern;
}

std::optional<std::string> globFault(std::string_view pattern) {
    if (pattern.empty())
        return "is empty and matches nothing";
    for (std::size_t at = 0; at < pattern.size();) {
        if (pattern[at] == '\\' && at + 1 == pattern.size())
            return "ends in a backslash";
        if (pattern[at] == '[') {
            const auto bracket = readBracket(pattern.substr(at), 0);
            if (!bracket.closed)
                return "has a [ that is never closed";
            at += bracket.end;
        } else {
            at += pattern[at] == '\\' ? 2 : 1;
        }
    }
    return std::nullopt;
}

} // namespace micguard
