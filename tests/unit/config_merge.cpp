// SPDX-License-Identifier: GPL-3.0-or-later
//
// Layers over each other: origins, what is final, and how much of it all there may be.
#include "config/layers.hpp"
#include "config/toml_reader.hpp"

#include <chrono>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace micguard;

struct Text {
    LayerRank rank;
    const char* file;
    std::string text;
};

Configuration merged(const std::vector<Text>& texts) {
    std::vector<Layer> layers;
    for (const auto& text : texts) {
        auto layer = parseLayer(text.text, text.file, text.rank);
        INFO((layer ? std::string() : toString(layer.error())));
        REQUIRE(layer);
        layers.push_back(std::move(*layer));
    }
    return merge(layers);
}

constexpr auto vendor = LayerRank::Vendor;
constexpr auto system_ = LayerRank::System;
constexpr auto user = LayerRank::User;

} // namespace

TEST_CASE("what an administrator made final, a user's file does not change, and is told so") {
    const auto got =
        merged({{system_, "/etc/m", "[mute]\nmode = 'sever'\n[policy]\nfinal = ['mute.mode', 'mute.led']\n"},
                {user, "/home/m", "[mute]\nled = false\n  mode = 'silence'\nbluetooth = 'silence'\n"}});
    CHECK(got.settings.mute.mode == Mode::Sever);
    CHECK(got.settings.mute.led);                        // final without a value: the weaker one stays
    CHECK(got.settings.mute.bluetooth == Mode::Silence); // all else in that file counts
    CHECK(got.origins.at("mute.mode") == Origin{"/etc/m", 2});
    CHECK(got.origins.count("mute.led") == 0);
    CHECK(got.finals.at("mute.led") == Origin{"/etc/m", 4});
    CHECK(toString(got.warnings) ==
          "/home/m:2:7: warning: mute.led is final, by /etc/m:4, and keeps its value; remove this line\n"
          "/home/m:3:10: warning: mute.mode is final, by /etc/m:4, and keeps its value; remove this line\n");
}

TEST_CASE("to set a final key to what it is anyway is nothing to be warned of") {
    const auto got = merged({{system_, "/etc/m", "[policy]\ndefault = 'ask'\nfinal = ['policy.default']\n"},
                             {user, "/home/m", "[policy]\ndefault = 'ask'\n"}});
    CHECK(got.warnings.empty());
    CHECK(got.origins.at("policy.default").file == "/etc/m");
}

TEST_CASE("final is final also for the administrator's later files, but the vendor's word is not") {
    const auto later = merged({{system_, "/etc/10", "[mute]\nled = false\n[policy]\nfinal = ['mute.led']\n"},
                               {system_, "/etc/20", "[mute]\nled = true\n"}});
    CHECK_FALSE(later.settings.mute.led);
    CHECK(later.warnings.size() == 1);

    const auto vendors =
        merged({{vendor, "/usr/m", "[mute]\nmode = 'sever'\n[policy]\nfinal = ['mute.mode']\n"},
                {system_, "/etc/m", "[mute]\nmode = 'silence'\n"},
                {user, "/home/m", "[mute]\nmode = 'sever'\n"}});
    CHECK(vendors.settings.mute.mode == Mode::Silence); // the administrator's, and final for users as before
    CHECK(vendors.origins.at("mute.mode").file == "/etc/m");
    REQUIRE(vendors.warnings.size() == 1);
    CHECK(vendors.warnings[0].file == "/home/m");
}

TEST_CASE("rules of all layers count, each with whose word it is and where it stands") {
    const auto got = merged({{vendor, "/usr/m", "[[rule]]\naction = 'ask'\n"},
                             {system_, "/etc/m", "\n[[rule]]\nfinal = true\naction = 'deny'\n"},
                             {user, "/home/m", "[[rule]]\naction = 'allow'\n"}});
    REQUIRE(got.settings.rules.size() == 3);
    CHECK(got.settings.rules[0].rank == vendor);
    CHECK(got.settings.rules[1].rank == system_);
    CHECK(got.settings.rules[1].final);
    CHECK(got.settings.rules[1].origin == Origin{"/etc/m", 2});
    CHECK(got.settings.rules[2].rank == user);
}

TEST_CASE("settings are shown with their origin and what made them final") {
    const auto shown = shownSettings(
        merged({{system_, "/etc/m", "[mute]\nmode = 'sever'\n[policy]\nfinal = ['mute.mode']\n"}}));
    const auto of = [&](const std::string& key) {
        for (const auto& setting : shown)
            if (setting.key == key)
                return setting;
        FAIL(key);
        return ShownSetting{};
    };
    CHECK(of("mute.mode").value == SettingValue("sever"));
    CHECK(of("mute.mode").origin == "/etc/m:2");
    CHECK(of("mute.mode").final == "/etc/m:4");
    CHECK(of("policy.default").value == SettingValue("allow"));
    CHECK(of("policy.default").origin == "built-in");
    CHECK(of("policy.default").final.empty());
    CHECK(of("sources.exempt").value == SettingValue(std::vector<std::string>{}));
    // It has no value of its own until somebody gives it one.
    CHECK(std::none_of(shown.begin(), shown.end(), [](const auto& s) { return s.key == "mute.bluetooth"; }));
}

namespace {

std::string manyRules(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += "[[rule]]\nmatch = { app = \"org.example.Application" + std::to_string(i) +
                "\", source = \"alsa_input.*\" }\nwhen = { days = [\"mon\"], hours = \"09:00-17:30\" "
                "}\naction = \"deny\"\n";
    return text;
}

} // namespace

TEST_CASE("ten thousand rules are read in no time worth mentioning") {
    const auto text = manyRules(10'000);
    const auto start = std::chrono::steady_clock::now();
    const auto layer = parseLayer(text, "many.toml");
    const auto took = std::chrono::steady_clock::now() - start;
    REQUIRE(layer);
    CHECK(layer->rules.size() == 10'000);
    CHECK(layer->rules.back().origin.line == 39'997);
    // It takes some 0.2 s; what this is to find is time that grows with the square.
    CHECK(took < std::chrono::seconds(10));
}

TEST_CASE("far more rules than anybody writes are refused") {
    std::string text;
    for (int i = 0; i <= 20'000; ++i)
        text += "[[rule]]\naction = \"deny\"\n";
    const auto layer = parseLayer(text, "many.toml");
    REQUIRE_FALSE(layer);
    CHECK(toString(layer.error()).starts_with("many.toml:40001:1: 20001 rules are too many; at most 20000"));
}

TEST_CASE("a key of a hundred thousand parts does not end the stack") {
    for (const char* start : {"a", "[a", "[[a", "x = { a", "\"a\"", "x = [{ a = 1 }, { a"}) {
        std::string text = start;
        for (int i = 0; i < 100'000; ++i)
            text += i % 2 == 0 ? ".a" : " . \"b.c\"";
        const auto layer = parseLayer(text + " = 1\n", "deep.toml");
        REQUIRE_FALSE(layer);
        CHECK(layer.error().front().what == "this key has too many parts");
    }
}

TEST_CASE("dots in strings and comments make no key") {
    const std::string dots(1000, '.');
    for (const std::string& text :
         {"# " + dots + "\n", "[sources]\nexempt = ['a" + dots + "']\n",
          "[sources]\nexempt = [\"a\\\"" + dots + "\"]\n",
          "[sources]\nexempt = ['''\na'" + dots + "''''', \"\"\"\"" + dots + "\\\"\"\"\"]\n"}) {
        INFO(text);
        const auto layer = parseLayer(text, "dots.toml");
        if (!layer) // too long for a pattern, which is what is to be said of it
            CHECK(toString(layer.error()).find("is too long for a pattern") != std::string::npos);
    }
}

TEST_CASE("more tables than a configuration has are refused before they take minutes") {
    std::string text;
    for (int i = 0; i < 150'000; ++i)
        text += "[a" + std::to_string(i) + ".b]\n";
    const auto start = std::chrono::steady_clock::now();
    const auto layer = parseLayer(text, "tables.toml");
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
    REQUIRE_FALSE(layer);
    CHECK(layer.error().front().what == "this is more structure than a configuration has");
    CHECK(layer.error().front().line == 100'001);
}
