// SPDX-License-Identifier: GPL-3.0-or-later
//
// The history as the command line reads it, and the picture of it.
#include "cli/history_facts.hpp"
#include "cli/moment.hpp"
#include "cli/text.hpp"
#include "cli/timeline.hpp"

#include <cstdlib>
#include <ctime>
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace micguard::cli;
using nlohmann::json;

namespace {

// 2026-11-27 18:00, in UTC.
constexpr std::uint64_t now = 1'795'802'400'000'000;
constexpr std::uint64_t hour = 3'600'000'000;
constexpr Span lastDay{now - 24 * hour, now};

class Utc {
  public:
    Utc() {
        setenv("TZ", "UTC", 1);
        tzset();
    }
    ~Utc() {
        unsetenv("TZ");
        tzset();
    }
};

EntryFacts entry(const std::string& kind, const std::string& app, std::uint64_t start, std::uint64_t end) {
    EntryFacts one;
    one.kind = kind;
    one.appId = app;
    one.name = app;
    one.start = start;
    one.end = end;
    return one;
}

std::vector<std::string> drawn(const std::vector<EntryFacts>& entries, std::size_t columns,
                               const Span& span = lastDay) {
    const Utc utc;
    std::istringstream text(timeline(entries, span, now, {false, columns}));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    return lines;
}

// The cells of the row that begins so.
std::string row(const std::vector<std::string>& lines, const std::string& name) {
    for (const auto& line : lines)
        if (line.starts_with(name))
            return line;
    return "";
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size()))
        found++;
    return found;
}

std::size_t bars(const std::string& text) {
    std::size_t found = 0;
    for (const char* bar : {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"})
        found += count(text, bar);
    return found;
}

} // namespace

TEST_CASE("entries are read by their keys, and written with what means something for their kind") {
    const auto entries = entriesFrom(json::parse(
        R"([{"kind":"session","start":5,"end":0,"app":"zoom","name":"Zoom","identity":"kernel","source":"mic","level-meter":true,"later":1},
            {"kind":"mute","start":4,"end":6,"by":"panel","reason":""},
            {"kind":"block","start":3,"end":4,"app":"zoom","name":"Zoom","identity":"kernel","source":"","count":3,"reason":"a rule"},
            {"kind":"warning","start":2,"end":0,"id":"config","reason":"line 1"},
            {"kind":"music","start":1,"end":1}])"));
    REQUIRE(entries);
    REQUIRE(entries->size() == 5);
    CHECK(toJson((*entries)[0]) ==
          json::parse(
              R"({"kind":"session","start":5,"end":null,"app_id":"zoom","name":"Zoom","identity":"kernel",
        "source":"mic","level_meter":true})"));
    CHECK(toJson((*entries)[1]) ==
          json::parse(R"({"kind":"mute","start":4,"end":6,"by":"panel","reason":null})"));
    CHECK(toJson((*entries)[2]) ==
          json::parse(R"({"kind":"block","start":3,"end":4,"app_id":"zoom","name":"Zoom","identity":"kernel",
        "source":null,"count":3,"reason":"a rule"})"));
    CHECK(toJson((*entries)[3]) ==
          json::parse(R"({"kind":"warning","start":2,"end":null,"id":"config","reason":"line 1"})"));
    CHECK_FALSE(entriesFrom(json::parse(R"([{"start":5,"end":0}])")));
    CHECK(entriesFrom(json::parse(R"([{"kind":"mute","start":"5","end":0}])")).error() ==
          "start is of another type");
}

TEST_CASE("a picture has a row for each application and one for the mutes, and fits its terminal") {
    std::vector<EntryFacts> entries = {entry("session", "Zoom", now - 2 * hour, 0),
                                       entry("session", "Firefox", now - 20 * hour, now - 19 * hour),
                                       entry("session", "Gone", now - 40 * hour, now - 30 * hour)};
    for (const std::size_t columns : {40U, 60U, 80U, 132U, 200U}) {
        INFO(columns);
        const auto lines = drawn(entries, columns);
        for (std::size_t i = 0; i + 1 < lines.size(); ++i) { // the legend may be wrapped by the terminal
            INFO(lines[i]);
            CHECK(displayWidth(lines[i]) <= columns);
        }
        CHECK_FALSE(row(lines, "muted").empty());
        CHECK(count(row(lines, "Zoom"), "█") > 1);
        CHECK(bars(row(lines, "Firefox")) > 0);
        CHECK(row(lines, "Gone").empty());
    }
    const auto lines = drawn(entries, 80);
    CHECK(row(lines, "Zoom").find("2 h") != std::string::npos);
    CHECK(row(lines, "Zoom").ends_with("2 h"));
    INFO("who heard more stands above");
    CHECK(lines[2].starts_with("Zoom"));
    CHECK(lines[3].starts_with("Firefox"));
}

TEST_CASE("what was muted is told apart from what was heard, to the cell and in the figures") {
    const std::vector<EntryFacts> entries = {entry("session", "Zoom", now - 12 * hour, now - 6 * hour),
                                             entry("mute", "", now - 9 * hour, now - 3 * hour)};
    const auto lines = drawn(entries, 80);
    const std::string zoom = row(lines, "Zoom"), muted = row(lines, "muted");
    // 80 columns have cells of about half an hour here.
    const auto heard = count(zoom, "█"), silent = count(zoom, "░");
    CHECK(heard >= 4);
    CHECK(silent >= 4);
    CHECK(std::max(heard, silent) - std::min(heard, silent) <= 2);
    CHECK(zoom.find("█") < zoom.find("░"));
    CHECK(count(zoom, "3 h") == 2);
    CHECK(muted.ends_with("6 h"));
}

TEST_CASE("what took an instant is seen, and who asked in vain") {
    std::vector<EntryFacts> entries = {
        entry("session", "Recorder", now - 5 * hour, now - 5 * hour + 3'000'000),
        entry("session", "Blink", now - 4 * hour, now - 4 * hour),
        entry("block", "Spy", now - 3 * hour, now - 3 * hour)};
    entries.push_back(entry("session", "Mixer", now - 6 * hour, 0));
    entries.back().levelMeter = true;
    const auto lines = drawn(entries, 80);
    CHECK(count(row(lines, "Recorder"), "▁") == 1);
    CHECK(count(row(lines, "Blink"), "▁") == 1);
    CHECK(count(row(lines, "Spy"), "×") == 1);
    INFO("level meters come last");
    CHECK(lines[5].starts_with("Mixer (level met"));
}

TEST_CASE("two streams at once do not listen twice, and the present ends what goes on") {
    const auto lines = drawn(
        {entry("session", "Zoom", now - 3 * hour, 0), entry("session", "Zoom", now - 2 * hour, now - hour)},
        80);
    CHECK(row(lines, "Zoom").ends_with("3 h"));
    CHECK(lines.size() == 4);
}

TEST_CASE("the hours stand where they are") {
    const auto lines = drawn({entry("session", "Zoom", now - 6 * hour, now - 6 * hour + 60'000'000)}, 120);
    const auto noon = lines[0].find("12:00");
    REQUIRE(noon != std::string::npos);
    const std::string zoom = row(lines, "Zoom");
    CHECK(displayWidth(zoom.substr(0, zoom.find("▁"))) == noon);
}

TEST_CASE("nobody listened: the picture says so") {
    const auto lines = drawn({}, 80);
    CHECK(lines[2] == "No application has listened.");
}

TEST_CASE("colour is an addition: without it the picture is the same") {
    const Utc utc;
    const std::vector<EntryFacts> entries = {entry("session", "Zoom", now - 2 * hour, 0),
                                             entry("mute", "", now - hour, 0)};
    const std::string plain = timeline(entries, lastDay, now, {false, 80});
    std::string coloured = timeline(entries, lastDay, now, {true, 80});
    CHECK(coloured.find("\x1b[31m") != std::string::npos);
    for (auto at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b'))
        coloured.erase(at, coloured.find('m', at) - at + 1);
    CHECK(coloured == plain);
}

TEST_CASE("what an application calls itself cannot draw in the picture") {
    const auto lines = drawn({entry("session", "\x1b[2J\n███", now - 2 * hour, 0)}, 80);
    CHECK(lines.size() == 4);
    for (const auto& line : lines)
        CHECK(line.find('\x1b') == std::string::npos);
}
