// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl history and history clear against a stand-in for the guard, which says back what it was asked.
#include "tests/session/cli_fake.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace micguard::test;
using nlohmann::json;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// What the guard was asked for.
std::string asked(const PrivateBus& bus, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "history");
    arguments.emplace_back("--json");
    const Ran ran = bus.run(arguments);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    const json reason = json::parse(ran.out)["entries"][0]["reason"];
    return reason.is_null() ? "" : reason.get<std::string>();
}

std::uint64_t numberBehind(const std::string& text, const std::string& key) {
    REQUIRE(contains(text, key));
    return std::strtoull(text.c_str() + text.find(key) + key.size(), nullptr, 10);
}

std::uint64_t nowUsec() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
}

} // namespace

TEST_CASE("the history is a list, the newest at its end, and fit for a terminal") {
    PrivateBus bus;
    Fake fake(bus);
    const Ran ran = bus.run({"history"});
    CHECK(ran.status == 0);
    CHECK(ran.err.empty());
    CHECK_FALSE(contains(ran.out, "\x1b"));
    CHECK(ran.out.starts_with("FROM"));
    const auto blocked = ran.out.find("blocked 3 times"), listened = ran.out.find("listened"),
               muted = ran.out.find("muted");
    CHECK(blocked < listened);
    CHECK(listened < muted);
    CHECK(contains(ran.out, "goes on"));
    CHECK(contains(ran.out, "by panel (pid 3): a call"));
    INFO("a microphone that is there goes by its description");
    CHECK(contains(ran.out, "Built-in Audio"));
    CHECK(contains(ran.out, "1 h"));
}

TEST_CASE("as data, the history is what the guard said, the newest first") {
    PrivateBus bus;
    Fake fake(bus);
    const json entries = json::parse(bus.run({"history", "--json"}).out)["entries"];
    REQUIRE(entries.size() == 4);
    CHECK(entries[1]["kind"] == "mute");
    CHECK(entries[1]["end"].is_null());
    CHECK(entries[2]["app_id"] == "org.evil.App");
    CHECK(entries[2]["source"] == "alsa_input.pci");
    CHECK(entries[3]["count"] == 3);
}

TEST_CASE("what is asked for reaches the guard") {
    PrivateBus bus;
    Fake fake(bus);
    CHECK(asked(bus, {}).empty());
    CHECK(asked(bus, {"--app", "org.x", "--source", "mic", "--kind", "warning,block", "--limit", "7"}) ==
          "app=org.x source=mic limit=7 kinds=warning,block");
    INFO("who runs may be called by his name");
    CHECK(asked(bus, {"--app", "evil"}) == "app=org.evil.App");
    const auto before = nowUsec();
    const std::string times = asked(bus, {"--since", "2h", "--until", "now"});
    CHECK(numberBehind(times, "since=") >= before - 7'200'000'000);
    CHECK(numberBehind(times, "since=") <= nowUsec() - 7'200'000'000);
    CHECK(numberBehind(times, "until=") >= before);
    CHECK(numberBehind(asked(bus, {"--since", "yesterday"}), "since=") <
          numberBehind(asked(bus, {"--since", "today"}), "since="));
}

TEST_CASE("what cannot be meant is refused without asking") {
    PrivateBus bus; // with nobody on it
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"--since", "tomorrow"},
                                               {"--since", "today", "--until", "yesterday"},
                                               {"--since", "2099-01-01"},
                                               {"--timeline", "--since", "2099-01-01"},
                                               {"--since", ""},
                                               {"--app", ""},
                                               {"--source", "\xff"},
                                               {"--kind", "music"},
                                               {"--kind", ""},
                                               {"--limit", "0"},
                                               {"--limit", "10001"},
                                               {"--limit", "x"},
                                               {"--timeline", "--json"},
                                               {"--timeline", "--limit", "5"},
                                               {"clean"}}) {
        std::vector<std::string> all = {"history"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        const Ran ran = bus.run(all);
        INFO(arguments.front() << ": " << ran.err);
        CHECK(ran.status == 2);
        CHECK(ran.out.empty());
        CHECK(oneLine(ran.err));
    }
}

TEST_CASE("a picture has its rows, and asks for the mutes whatever the filter") {
    PrivateBus bus;
    Fake fake(bus);
    const Ran ran = bus.run({"history", "--timeline", "--app", "org.evil.App"});
    INFO(ran.out);
    CHECK(ran.status == 0);
    CHECK(ran.err.empty());
    CHECK_FALSE(contains(ran.out, "\x1b"));
    CHECK(contains(ran.out, "\nmuted "));
    CHECK(contains(ran.out, "\nEvil App "));
    CHECK(contains(ran.out, "░"));
    CHECK(contains(ran.out, "█"));
    CHECK(contains(ran.out, "×"));
}

TEST_CASE("history clear says how much was forgotten, and of whom") {
    PrivateBus bus;
    Fake fake(bus);
    // The stand-in says the length of what it was asked, and one.
    CHECK(bus.run({"history", "clear"}).out == "Forgot 1 entry.\n");
    CHECK(bus.run({"history", "clear", "--app", "evil"}).out == "Forgot 17 entries.\n"); // app=org.evil.App
    CHECK(json::parse(bus.run({"history", "clear", "--app", "org.x", "--json"}).out) ==
          json{{"cleared", 10}});
    CHECK(json::parse(bus.run({"history", "clear", "--until", "2026-01-01", "--json"}).out)["cleared"] > 10);
    for (const char* option : {"--since=today", "--kind=mute", "--timeline"}) {
        const Ran ran = bus.run({"history", "clear", option});
        INFO(option);
        CHECK(ran.status == 2);
        CHECK(ran.out.empty());
    }
}

TEST_CASE("without a history the verbs say so, and why it cannot be read") {
    PrivateBus bus;
    {
        Fake fake(bus, {"FAKE_EMPTY_HISTORY=1"});
        CHECK(bus.run({"history"}).out == "Nothing is written down of that.\n");
        CHECK(bus.run({"history", "clear"}).out == "Nothing was written down of that.\n");
        CHECK(contains(bus.run({"history", "--timeline"}).out, "No application has listened."));
    }
    Fake fake(bus, {"FAKE_REFUSE=1"});
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"history"}, {"history", "clear"}, {"history", "--timeline"}}) {
        const Ran ran = bus.run(arguments);
        CHECK(ran.status == 1);
        CHECK(ran.out.empty());
        CHECK(ran.err == "micguardctl: history.db is locked\n");
    }
}
