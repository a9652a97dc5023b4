// SPDX-License-Identifier: GPL-3.0-or-later
//
// The fuzzer's own checks (tests/fuzz/events_fuzz.cpp) on every run and with any compiler: inputs made at
// random, and those that once found something (tests/fuzz/corpus/events). A finding aborts, as under the
// fuzzer.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

TEST_CASE("fuzzed events keep every invariant of the model and the plan") {
    std::mt19937 random(Catch::getSeed());
    for (int round = 0; round < 300; round++) {
        std::vector<std::uint8_t> bytes(1 + random() % 2000);
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(random());
        INFO("round " << round);
        CHECK(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()) == 0);
    }
}

TEST_CASE("inputs that once found something do so no more") {
    for (const auto& entry : std::filesystem::directory_iterator(MICGUARD_EVENTS_CORPUS)) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
        INFO(entry.path().string());
        CHECK(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()) == 0);
    }
}
