// SPDX-License-Identifier: GPL-3.0-or-later
//
// Properties are tried on many worlds made at random, from the run's seed on; with a failure comes the
// world's own.
#pragma once

#include "tests/unit/random_world.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

namespace micguard::test {

// Enough to meet every kind of object with every other; `--long` runs belong to the session tests.
template <typename Property>
void inManyWorlds(Property property) {
    constexpr std::uint32_t worlds = 60;
    for (std::uint32_t i = 0; i < worlds; i++) {
        const std::uint32_t seed = Catch::getSeed() + i;
        INFO("seed " << seed);
        Random random(seed);
        property(random);
    }
}

// One assertion per world and property, with a text that says what went wrong: thousands of CHECKs cost more
// than what they check.
inline std::string joined(const std::set<std::string>& words) {
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

// Until nothing that takes its time is outstanding.
inline void settle(World& world) {
    world.rest();
    world.overdue();
    world.overdue();
    for (int i = 0; i < 4; i++)
        world.streamsOverdue();
}

// A link is told after its ends, a node's info after the node: all else may come in any order.
inline void shuffle(std::vector<Event>& events, Random& random) {
    const auto rank = [](const Event& event) {
        return std::holds_alternative<event::LinkSeen>(event) ? 2
               : std::holds_alternative<event::NodeInfo>(event) ||
                       std::holds_alternative<event::RoutesRead>(event)
                   ? 1
                   : 0;
    };
    std::shuffle(events.begin(), events.end(), random.engine());
    std::stable_sort(events.begin(), events.end(),
                     [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

} // namespace micguard::test
