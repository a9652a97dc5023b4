// SPDX-License-Identifier: GPL-3.0-or-later
//
// The fuzzer's own checks (tests/fuzz/config_fuzz.cpp), on every run and with any compiler: the corpus with
// bytes changed, cut and copied at random. A finding aborts, as under the fuzzer.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace std::string_literals;

void tryOut(const std::string& text) {
    // A heap block of the very size, so that a sanitizer sees a read beyond the end.
    const std::vector<std::uint8_t> exact(text.begin(), text.end());
    CHECK(LLVMFuzzerTestOneInput(exact.data(), exact.size()) == 0);
}

} // namespace

TEST_CASE("configuration files with bytes changed at random are read or refused, never worse") {
    std::mt19937 random(7);
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    const auto interesting = "\0\n\r\t \"'[]{}=,.#\\\x7f\x80\xc2\xe2\xf4\xff-+_0123456789eExuUTZ:"s;

    std::size_t tried = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(MICGUARD_CORPUS_DIR)) {
        if (entry.path().extension() != ".toml" || entry.file_size() == 0 || entry.file_size() > 4096)
            continue;
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string original{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        INFO(entry.path().filename().string());
        tryOut(original);
        for (int round = 0; round < 150; ++round) {
            std::string text = original;
            for (auto changes = 1 + below(4); changes > 0 && !text.empty(); --changes) {
                const auto at = below(text.size());
                switch (below(4)) {
                case 0:
                    text[at] = interesting[below(interesting.size())];
                    break;
                case 1:
                    text.insert(at, 1, interesting[below(interesting.size())]);
                    break;
                case 2:
                    text.erase(at, 1 + below(8));
                    break;
                default:
                    text.insert(at, text.substr(below(text.size()), below(16)));
                    break;
                }
            }
            tryOut(text);
            ++tried;
        }
    }
    CHECK(tried > 3000);
}
