// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/rule_pattern.hpp"

#include "config/glob.hpp"

#include <algorithm>
#include <vector>

namespace micguard {
namespace {

struct Token {
    enum Kind { Literal, Any, Bracket, Star } kind = Literal;
    std::string_view text; // of a literal: the one character that it stands for
    bool operator==(const Token&) const = default;
};

// Behind the closing bracket; npos: never closed, and then config/glob.cpp takes the [ for itself.
std::size_t bracketEnd(std::string_view glob, std::size_t at) {
    const auto member = [&] {
        if (glob[at] == '\\')
            at++;
        return at++ < glob.size();
    };
    at++;
    if (at < glob.size() && (glob[at] == '!' || glob[at] == '^'))
        at++;
    for (bool first = true; at < glob.size(); first = false) {
        if (glob[at] == ']' && !first)
            return at + 1;
        if (glob.substr(at).starts_with("[:")) {
            if (const auto close = glob.find(":]", at + 2); close != std::string_view::npos) {
                at = close + 2;
                continue;
            }
        }
        if (!member())
            return std::string_view::npos;
        if (at + 1 < glob.size() && glob[at] == '-' && glob[at + 1] != ']') {
            at++;
            if (!member())
                return std::string_view::npos;
        }
    }
    return std::string_view::npos;
}

std::vector<Token> tokensOf(std::string_view glob) {
    std::vector<Token> tokens;
    for (std::size_t at = 0; at < glob.size();) {
        if (glob[at] == '*') {
            tokens.push_back({Token::Star, {}});
        } else if (glob[at] == '?') {
            tokens.push_back({Token::Any, {}});
        } else if (const auto end = glob[at] == '[' ? bracketEnd(glob, at) : std::string_view::npos;
                   end != std::string_view::npos) {
            tokens.push_back({Token::Bracket, glob.substr(at, end - at)});
            at = end;
            continue;
        } else {
            if (glob[at] == '\\' && at + 1 < glob.size())
                at++;
            tokens.push_back({Token::Literal, glob.substr(at, 1)});
        }
        at++;
    }
    return tokens;
}

bool covers(const Token& wide, const Token& narrow) {
    switch (wide.kind) {
    case Token::Any:
        return narrow.kind != Token::Star;
    case Token::Bracket:
        return narrow.kind == Token::Literal ? globMatches(wide.text, narrow.text) : wide == narrow;
    default:
        return wide == narrow;
    }
}

} // namespace

RulePattern::RulePattern(std::string_view glob)
    : everything(!glob.empty() && glob.find_first_not_of('*') == std::string_view::npos) {
    // Where a bracket ends is not worth a rule that silently never matches: what follows one demands nothing
    // here.
    bool sure = true;
    const Token* before = nullptr;
    const auto tokens = tokensOf(glob);
    for (const auto& token : tokens) {
        literal = literal && token.kind == Token::Literal;
        sure = sure && token.kind != Token::Bracket;
        fixed += token.kind == Token::Literal ? 1 : 0;
        single += token.kind == Token::Any || token.kind == Token::Bracket ? 1 : 0;
        if (sure && before && before->kind == Token::Literal && token.kind == Token::Literal)
            required.push_back(neighbours(before->text.front(), token.text.front()));
        before = &token;
    }
    std::sort(required.begin(), required.end());
    required.erase(std::unique(required.begin(), required.end()), required.end());
    if (literal)
        for (const auto& token : tokens)
            text += token.text;
    else
        text = glob;
}

bool RulePattern::matches(std::string_view name) const {
    return literal ? text == name : globMatches(text, name);
}

// globMatches() with the other pattern's elements for characters: whatever its star stands for, a star of
// ours takes.
bool RulePattern::covers(const RulePattern& other) const {
    if (other.literal)
        return matches(other.text);
    if (literal)
        return false;
    const auto wide = tokensOf(text), narrow = tokensOf(other.text);
    constexpr auto none = static_cast<std::size_t>(-1);
    std::size_t w = 0, n = 0, starWide = none, starNarrow = 0;
    while (n < narrow.size()) {
        if (w < wide.size() && wide[w].kind == Token::Star) {
            starWide = ++w;
            starNarrow = n;
        } else if (w < wide.size() && micguard::covers(wide[w], narrow[n])) {
            w++;
            n++;
        } else if (starWide == none) {
            return false;
        } else {
            w = starWide;
            n = ++starNarrow;
        }
    }
    for (; w < wide.size(); w++)
        if (wide[w].kind != Token::Star)
            return false;
    return true;
}

} // namespace micguard
