// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/faults/growth.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <functional>
#include <random>

using namespace micguard::test;

namespace {

// KiB by round, with what clients that happen to be there add to it.
std::vector<std::uint64_t> rounds(std::size_t count, const std::function<double(std::size_t)>& kept) {
    std::mt19937 random(7);
    std::uniform_int_distribution<std::uint64_t> wavering(0, 20), visit(0, 9);
    std::vector<std::uint64_t> samples;
    for (std::size_t round = 0; round < count; round++)
        samples.push_back(4000 + static_cast<std::uint64_t>(kept(round)) + wavering(random) +
                          (visit(random) == 0 ? 900 : 0));
    return samples;
}

} // namespace

TEST_CASE("10 KiB that are lost in each round are growth, in fifty rounds and in two thirds of them",
          "[growth]") {
    // The latter with two samples in each.
    const auto [samples, each] = GENERATE(table<std::size_t, double>({{50, 10.0}, {64, 5.0}, {200, 10.0}}));
    const auto growth = growthOf(
        rounds(samples, [lost = each](std::size_t sample) { return lost * static_cast<double>(sample); }));
    CHECK(growth.by(allocatedMore));
}

TEST_CASE("what is filled once is none, nor what comes and goes", "[growth]") {
    const std::size_t count = GENERATE(40U, 64U, 200U);
    CHECK_FALSE(growthOf(rounds(count, [](std::size_t) { return 0.0; })).by(allocatedMore));
    CHECK_FALSE(growthOf(rounds(count, [&](std::size_t round) {
                    return 600.0 * std::min(1.0, 4 * static_cast<double>(round) / static_cast<double>(count));
                })).by(allocatedMore));
    CHECK_FALSE(growthOf(rounds(count, [](std::size_t round) {
                    return round % 5 == 0 ? 2000.0 : 0.0;
                })).by(allocatedMore));
}

TEST_CASE("what shrinks is none, and a few samples tell nothing", "[growth]") {
    CHECK_FALSE(growthOf(rounds(50, [](std::size_t round) {
                    return 1000.0 - 10.0 * static_cast<double>(round);
                })).by(0));
    CHECK_THROWS(growthOf(rounds(samplesToJudge - 1, [](std::size_t) { return 0.0; })));
}
