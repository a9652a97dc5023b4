// SPDX-License-Identifier: GPL-3.0-or-later
//
// Patterns as rules see them, against the matcher itself: what counts as spelled out, what is certainly
// covered, and that the quick look never says no to a name that matches.
#include "config/glob.hpp"
#include "daemon/policy/rule_index.hpp"

#include <random>
#include <string>

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

std::string randomText(std::mt19937& random, std::string_view alphabet, std::size_t longest) {
    std::string text;
    for (auto length = random() % (longest + 1); length > 0; length--)
        text += alphabet[random() % alphabet.size()];
    return text;
}

constexpr std::string_view patternAlphabet = "abab*?[]!-\\:";
constexpr std::string_view nameAlphabet = "ab*?[]\\-";

} // namespace

TEST_CASE("what a pattern spells out") {
    struct Case {
        const char* glob;
        bool literal, everything;
        std::uint32_t fixed, single;
    };
    for (const auto& one :
         {Case{"org.a", true, false, 5, 0}, Case{"a*", false, false, 1, 0}, Case{"a\\*", true, false, 2, 0},
          Case{"*", false, true, 0, 0}, Case{"**", false, true, 0, 0}, Case{"a?[bc]*", false, false, 1, 2},
          Case{"[]a]x", false, false, 1, 1}, Case{"[^]a]x", false, false, 1, 1},
          Case{"[[:digit:]]", false, false, 0, 1}, Case{"[a", true, false, 2, 0}}) {
        INFO(one.glob);
        const RulePattern pattern(one.glob);
        CHECK(pattern.literal == one.literal);
        CHECK(pattern.everything == one.everything);
        CHECK(pattern.fixed == one.fixed);
        CHECK(pattern.single == one.single);
    }
}

TEST_CASE("what covers what") {
    const auto covers = [](const char* wide, const char* narrow) {
        return RulePattern(wide).covers(RulePattern(narrow));
    };
    CHECK(covers("*", "a*"));
    CHECK(covers("org.*", "org.a.*"));
    CHECK(covers("org.*", "org.a"));
    CHECK(covers("*a*", "*bab*"));
    CHECK(covers("a?c", "abc"));
    CHECK(covers("a?c", "a[bd]c"));
    CHECK(covers("a[!x]*", "ab*"));
    CHECK_FALSE(covers("org.a.*", "org.*"));
    CHECK_FALSE(covers("a", "a*"));
    CHECK_FALSE(covers("a?", "a*"));
    CHECK_FALSE(covers("a[bc]", "a?"));
    CHECK_FALSE(covers("a*c", "a*"));
}

TEST_CASE("property: a pattern matches as the matcher does, alone and in an index") {
    std::mt19937 random(Catch::getSeed());
    std::string trouble;
    unsigned matched = 0;
    for (int i = 0; i < 40000; i++) {
        const auto glob = randomText(random, patternAlphabet, 7);
        // Names of the pattern's own characters match often enough.
        auto name = randomText(random, i % 2 ? nameAlphabet : "ab", 6);
        if (i % 5 == 0)
            name = glob;
        if (name.empty())
            continue;
        const bool expected = globMatches(glob, name);
        const RulePattern pattern(glob);
        PatternIndex index;
        index.add(pattern, 3);
        Bits found(4);
        index.match(name, found);
        matched += expected ? 1 : 0;
        if (pattern.matches(name) != expected || found.has(3) != expected)
            trouble += "'" + glob + "' on '" + name + "'; ";
    }
    INFO(trouble);
    CHECK(trouble.empty());
    CHECK(matched > 1000);
}

TEST_CASE("property: what is covered matches nothing that its cover does not") {
    std::mt19937 random(Catch::getSeed());
    std::string trouble;
    unsigned covered = 0, tried = 0;
    for (int i = 0; i < 20000; i++) {
        const RulePattern wide(randomText(random, patternAlphabet, 5)),
            narrow(randomText(random, patternAlphabet, 6));
        PatternIndex index;
        index.add(wide, 0);
        Bits found(1);
        index.covering(narrow, found);
        if (found.has(0) && !wide.covers(narrow))
            trouble += "index: '" + wide.text + "' over '" + narrow.text + "'; ";
        if (!wide.covers(narrow))
            continue;
        covered++;
        for (int name = 0; name < 60; name++) {
            const auto text = randomText(random, name % 2 ? nameAlphabet : "ab", 5);
            if (!narrow.matches(text))
                continue;
            tried++;
            if (!wide.matches(text))
                trouble += "'" + wide.text + "' over '" + narrow.text + "' but not '" + text + "'; ";
        }
    }
    INFO(trouble);
    CHECK(trouble.empty());
    CHECK(covered > 100);
    CHECK(tried > 1000);
}
