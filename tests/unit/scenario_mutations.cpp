// SPDX-License-Identifier: GPL-3.0-or-later
//
// The fuzzer's own checks (tests/fuzz/scenario_fuzz.cpp) on every run: all scenarios, and each with lines
// left out, doubled, exchanged, and bytes changed. A finding aborts, as under the fuzzer.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void tryOut(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines)
        text += line + "\n";
    const std::vector<std::uint8_t> exact(text.begin(), text.end());
    CHECK(LLVMFuzzerTestOneInput(exact.data(), exact.size()) == 0);
}

} // namespace

TEST_CASE("mutated scenarios are refused with a word, or keep the promise") {
    std::mt19937 random(Catch::getSeed());
    const auto below = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
    for (const auto& entry : std::filesystem::directory_iterator(MICGUARD_SCENARIOS)) {
        if (entry.path().extension() != ".scenario")
            continue;
        INFO(entry.path().string());
        std::vector<std::string> lines;
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);)
            lines.push_back(line);
        REQUIRE_FALSE(lines.empty());
        tryOut(lines);
        for (int round = 0; round < 4; round++) {
            auto mutated = lines;
            const std::size_t at = below(mutated.size());
            switch (round) {
            case 0:
                mutated.erase(mutated.begin() + static_cast<std::ptrdiff_t>(at));
                break;
            case 1:
                mutated.push_back(mutated[at]);
                break;
            case 2:
                std::swap(mutated[at], mutated[below(mutated.size())]);
                break;
            default:
                if (!mutated[at].empty())
                    mutated[at][below(mutated[at].size())] = static_cast<char>(32 + below(95));
            }
            tryOut(mutated);
        }
    }
}

TEST_CASE("texts that once were refused without a word are refused with one") {
    for (const auto& entry : std::filesystem::directory_iterator(MICGUARD_SCENARIOS_FOUND)) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
        INFO(entry.path().string());
        CHECK(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()) == 0);
    }
}
