// SPDX-License-Identifier: GPL-3.0-or-later
// Keys as desktops tell of them: repeated, without releases, or as they should be.
#include "daemon/desktop/shortcut_keys.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using Talk = ShortcutKeys::Talk;

namespace {
constexpr std::uint64_t ms = 1000, start = 100'000'000;
}

TEST_CASE("a key that repeats while it is held begins once and ends with its release", "[shortcuts]") {
    ShortcutKeys keys;
    CHECK(keys.talkPressed(start) == Talk::Begin);
    CHECK(keys.talkPressed(start + 600 * ms) == Talk::Nothing);
    for (std::uint64_t at = 640; at < 5000; at += 40)
        CHECK(keys.talkPressed(start + at * ms) == Talk::Nothing);
    CHECK(keys.talkReleased() == Talk::End);
    CHECK(keys.talkReleased() == Talk::Nothing);
}

TEST_CASE("a desktop that tells of no release does not leave it open", "[shortcuts]") {
    ShortcutKeys keys;
    CHECK(keys.talkPressed(start) == Talk::Begin);
    CHECK(keys.talkPressed(start + 3000 * ms) == Talk::End);
    CHECK(keys.talkReleased() == Talk::Nothing);
    CHECK(keys.talkPressed(start + 3500 * ms) == Talk::Begin);
}

TEST_CASE("a toggle is one, however long its key is held", "[shortcuts]") {
    ShortcutKeys keys;
    CHECK(keys.togglePressed(start));
    CHECK_FALSE(keys.togglePressed(start + 500 * ms));
    CHECK_FALSE(keys.togglePressed(start + 540 * ms));
    keys.toggleReleased();
    CHECK(keys.togglePressed(start + 600 * ms));
    CHECK(keys.togglePressed(start + 3000 * ms)); // no release was told
}
