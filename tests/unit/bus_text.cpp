// SPDX-License-Identifier: GPL-3.0-or-later
//
// Strings of strangers, made fit for the bus.
#include "daemon/bus/text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace std::string_literals;

TEST_CASE("busText leaves good text alone", "[bus]") {
    for (const std::string text : {"", "Firefox", "Mikrofon (größer)", "マイク", "🎙", "a\xC2\xA0z"}) {
        CHECK(busText(text) == text);
        CHECK(isPrintable(text, longestText));
    }
}

TEST_CASE("busText replaces what D-Bus, terminals or eyes would stumble over", "[bus]") {
    const struct {
        std::string in, out;
    } cases[] = {
        {"a\nb", "a\uFFFDb"},
        {"\x1b[31mred", "\uFFFD[31mred"},
        {"nul\0in"s, "nul\uFFFDin"},
        {"\x7f", "\uFFFD"},
        {"c1\xC2\x9B", "c1\uFFFD"},
        {"latin1 \xE9t\xE9", "latin1 \uFFFDt\uFFFD"},
        {"cut \xE2\x82", "cut \uFFFD\uFFFD"},
        {"surrogate \xED\xA0\x80", "surrogate \uFFFD\uFFFD\uFFFD"},
        {"overlong \xC0\xAF", "overlong \uFFFD\uFFFD"},
        {"beyond \xF4\x90\x80\x80", "beyond \uFFFD\uFFFD\uFFFD\uFFFD"},
        {"nonchar \xEF\xBF\xBE", "nonchar \uFFFD"},
        {"nonchar \xEF\xB7\x90", "nonchar \uFFFD"},
        {"turned \u202Egpj.exe", "turned \uFFFDgpj.exe"},
        {"line\u2028two", "line\uFFFDtwo"},
    };
    for (const auto& [in, out] : cases) {
        CHECK(busText(in) == out);
        CHECK_FALSE(isPrintable(in, longestText));
        CHECK(isPrintable(busText(in), longestText));
    }
}

TEST_CASE("busText cuts between characters", "[bus]") {
    CHECK(busText(std::string(5000, 'x')).size() == 1024);
    CHECK(busText("aaé", 3) == "aa");
    CHECK(busText("aaé", 4) == "aaé");
    CHECK(busText("aa\x01", 4) == "aa");
    CHECK(busText(std::string(1 << 20, '\xff')).size() <= 1024);
    CHECK(isPrintable(std::string(256, 'x'), longestReason));
    CHECK_FALSE(isPrintable(std::string(257, 'x'), longestReason));
}

TEST_CASE("every pair of bytes comes out valid and of bounded length", "[bus]") {
    std::size_t wrong = 0;
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b) {
            const std::string text = {static_cast<char>(a), static_cast<char>(b), 'z'};
            const std::string out = busText(text);
            wrong += isPrintable(out, longestText) && out.ends_with("z") ? 0 : 1;
        }
    CHECK(wrong == 0);
}
