// SPDX-License-Identifier: GPL-3.0-or-later
//
// The matcher against hand-written cases, against fnmatch(3) over many random ones, and against the patterns
// that make a careless matcher take for ever.
#include "config/glob.hpp"

#include <array>
#include <random>

#include <fnmatch.h>

#include <catch2/catch_test_macros.hpp>

using micguard::anyGlobMatches;
using micguard::globFault;
using micguard::globMatches;

TEST_CASE("patterns match whole names") {
    struct Case {
        const char* pattern;
        const char* name;
        bool matches;
    };
    const std::array<Case, 24> cases = {{
        {"alsa_input.usb-*", "alsa_input.usb-Elgato_4K-00.analog-stereo", true},
        {"alsa_input.usb-*", "bluez_input.00_11", false},
        {"usb", "alsa_input.usb-x", false},
        {"*usb*", "alsa_input.usb-x", true},
        {"*", "", true},
        {"", "", true},
        {"", "a", false},
        {"?", "a", true},
        {"?", "", false},
        {"a?c", "abc", true},
        {"mic[0-9]", "mic7", true},
        {"mic[0-9]", "micx", false},
        {"mic[!0-9]", "micx", true},
        {"mic[^0-9]", "mic7", false},
        {"[]a]", "]", true},
        {"[a-]", "-", true},
        {"[[:digit:]x]", "5", true},
        {"[[:digit:]x]", "y", false},
        {"a\\*b", "a*b", true},
        {"a\\*b", "axb", false},
        {"*.monitor", "sink.monitor", true},
        {"*a*b*c", "xaxbxc", true},
        {"*a*b*c", "xaxbx", false},
        {"**a", "ba", true},
    }};
    for (const auto& one : cases) {
        INFO(one.pattern << " on " << one.name);
        CHECK(globMatches(one.pattern, one.name) == one.matches);
    }
}

TEST_CASE("sound patterns match as fnmatch(3) does") {
    std::mt19937 random(20240611);
    const auto word = [&](std::string_view alphabet, std::size_t most) {
        std::string out(std::uniform_int_distribution<std::size_t>(0, most)(random), ' ');
        for (char& c : out)
            c = alphabet[std::uniform_int_distribution<std::size_t>(0, alphabet.size() - 1)(random)];
        return out;
    };
    std::size_t compared = 0, matched = 0;
    for (int round = 0; round < 200000; ++round) {
        const auto pattern = word("ab*?[]!^-\\", 8), name = word("ab[]!^-\\", 6);
        if (pattern.empty() || globFault(pattern))
            continue;
        ++compared;
        const bool expected = ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
        matched += expected ? 1 : 0;
        if (globMatches(pattern, name) != expected) {
            INFO(pattern << " on " << name);
            CHECK(globMatches(pattern, name) == expected);
        }
    }
    // The comparison is worth something only if both answers come up.
    CHECK(compared > 50000);
    CHECK(matched > 1000);
}

TEST_CASE("a pattern full of stars does not take for ever") {
    std::string pattern;
    for (int i = 0; i < 60; ++i)
        pattern += "*a";
    CHECK_FALSE(globMatches(pattern + "b", std::string(20000, 'a')));
}

TEST_CASE("names may hold any byte") {
    using namespace std::string_view_literals;
    CHECK(globMatches("a*b", "a\0\xff\n b"sv));
    CHECK(globMatches("a?b", "a\0b"sv));
    CHECK_FALSE(globMatches("a", "a\0"sv));
}

TEST_CASE("faults that a pattern's author cannot have meant are named") {
    CHECK(globFault("") == "is empty and matches nothing");
    CHECK(globFault("a\\") == "ends in a backslash");
    CHECK(globFault("a[bc") == "has a [ that is never closed");
    CHECK(globFault("[!") == "has a [ that is never closed");
    CHECK_FALSE(globFault("a\\["));
    CHECK_FALSE(globFault("[a-z]*?"));
}

TEST_CASE("one matching pattern of several is enough, none of none is not") {
    CHECK(anyGlobMatches({"x*", "mic?"}, "mic1"));
    CHECK_FALSE(anyGlobMatches({"x*", "mic?"}, "mic10"));
    CHECK_FALSE(anyGlobMatches({}, "mic1"));
}
