// SPDX-License-Identifier: GPL-3.0-or-later
//
// The report as data and as a page: the shapes are promises, and what applications call themselves is text in both.
#include "cli/report_facts.hpp"
#include "cli/report_page.hpp"
#include "cli/report_picture.hpp"
#include "cli/report_words.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace micguard::cli;
using nlohmann::json;

namespace {

const json reply = json::parse(R"json([
  {"app": "/opt/Webex/bin/CiscoCollabHost", "name": "Webex", "identity": "kernel", "class": "continuous",
   "classes": {"continuous": 2, "held": 1}, "mutes": 3, "muted-usec": 90000000, "asked-usec": 60500000, "held-usec": 30000000,
   "assumed-usec": 1, "samples": 2904000, "wakeups": 1, "level-meter": false, "sources": ["builtin", "usb; two"],
   "own-mute-class": "continuous", "own-muted-usec": 7000000, "own-mute-asked-usec": 6999999,
   "periods": [[1000000000, 1030000000, "continuous"], [1100000000, 1160000000, ""]],
   "stretches": [[1000000000, 1030000000, "asking", false], [1100000000, 1130500000, "holding", true]], "later": 1},
  {"app": "claims", "name": "", "identity": "claimed", "class": "", "classes": {}, "mutes": 1, "muted-usec": 900000,
   "asked-usec": 0, "held-usec": 0, "assumed-usec": 0, "samples": 0, "wakeups": 0, "level-meter": true, "sources": [],
   "periods": [], "stretches": []}])json");

ExposureReport example() {
    auto rows = exposuresFrom(reply);
    REQUIRE(rows);
    return {500'000'000, 2'000'000'000, *rows};
}

// As RFC 4180 has it.
std::vector<std::vector<std::string>> readCsv(const std::string& text) {
    std::vector<std::vector<std::string>> rows(1, {""});
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string& field = rows.back().back();
        if (quoted && text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"')
            field += text[++i];
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && text[i] == ',')
            rows.back().emplace_back();
        else if (!quoted && text[i] == '\n')
            rows.push_back({""});
        else
            field += text[i];
    }
    rows.pop_back();
    return rows;
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size())
        found++;
    return found;
}

// Of the page's own words, which have none of it.
bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("the report as data") {
    CHECK(toJson(example()) == json::parse(R"json({"since": 500000000, "until": 2000000000, "rows": [
      {"app_id": "/opt/Webex/bin/CiscoCollabHost", "name": "Webex", "identity": "kernel", "class": "continuous",
       "classes": {"continuous": 2, "held": 1}, "mutes": 3, "muted_usec": 90000000, "asked_usec": 60500000,
       "held_usec": 30000000, "assumed_usec": 1, "samples": 2904000, "wakeups": 1, "level_meter": false,
       "sources": ["builtin", "usb; two"],
       "own_mute": {"class": "continuous", "muted_usec": 7000000, "asked_usec": 6999999},
       "periods": [{"start": 1000000000, "end": 1030000000, "class": "continuous"},
                   {"start": 1100000000, "end": 1160000000, "class": null}],
       "stretches": [{"start": 1000000000, "end": 1030000000, "doing": "asking", "assumed": false},
                     {"start": 1100000000, "end": 1130500000, "doing": "holding", "assumed": true}]},
      {"app_id": "claims", "name": null, "identity": "claimed", "class": null, "classes": {}, "mutes": 1,
       "muted_usec": 900000, "asked_usec": 0, "held_usec": 0, "assumed_usec": 0, "samples": 0, "wakeups": 0,
       "level_meter": true, "sources": [], "own_mute": null, "periods": [], "stretches": []}]})json"));
}

TEST_CASE("a report that makes no sense is refused with what is wrong in it") {
    const auto without = [](const char* key, const json& instead = nullptr) {
        json changed = reply;
        if (instead.is_null())
            changed[0].erase(key);
        else
            changed[0][key] = instead;
        const auto rows = exposuresFrom(changed);
        return rows ? std::string("taken") : rows.error();
    };
    CHECK(without("app") == "app is missing");
    CHECK(without("samples", "many") == "samples is of another type");
    CHECK(without("classes", json{{"held", -1}}) == "classes is missing or of another type");
    CHECK(without("periods", json::parse("[[1, 2]]")) == "periods is missing or of another type");
    CHECK(without("stretches") == "stretches is missing or of another type");
    CHECK(without("own-mute-class", 3) == "own-mute-class is of another type");
    CHECK(exposuresFrom(json::object()).error() == "the report is no list");
    CHECK_FALSE(exposuresFrom(json::parse("[3]")));
}

TEST_CASE("as a table for spreadsheets, and read back") {
    const auto rows = readCsv(toCsv(example()));
    REQUIRE(rows.size() == 3);
    CHECK(rows[0] == std::vector<std::string>{"app_id",
                                              "name",
                                              "identity",
                                              "class",
                                              "mutes",
                                              "mutes_continuous",
                                              "mutes_periodic",
                                              "mutes_held",
                                              "mutes_released",
                                              "muted_seconds",
                                              "asked_seconds",
                                              "held_seconds",
                                              "assumed_seconds",
                                              "samples",
                                              "wakeups",
                                              "level_meter",
                                              "sources",
                                              "own_mute_class",
                                              "own_muted_seconds",
                                              "own_mute_asked_seconds"});
    CHECK(rows[1] == std::vector<std::string>{"/opt/Webex/bin/CiscoCollabHost",
                                              "Webex",
                                              "kernel",
                                              "continuous",
                                              "3",
                                              "2",
                                              "0",
                                              "1",
                                              "0",
                                              "90.000000",
                                              "60.500000",
                                              "30.000000",
                                              "0.000001",
                                              "2904000",
                                              "1",
                                              "no",
                                              "builtin; usb; two",
                                              "continuous",
                                              "7.000000",
                                              "6.999999"});
    CHECK(rows[2] == std::vector<std::string>{
                         "claims",   "",         "claimed",  "",  "1", "0",   "0", "0", "0", "0.900000",
                         "0.000000", "0.000000", "0.000000", "0", "0", "yes", "",  "",  "",  ""});
}

TEST_CASE("no name makes another field, another line or a formula") {
    ExposureReport report = example();
    report.rows[0].name = "a,\"b\"\nc\r\x1b[2Jd";
    report.rows[1].name = "=HYPERLINK(\"http://evil.example\")";
    const auto rows = readCsv(toCsv(report));
    REQUIRE(rows.size() == 3);
    CHECK(rows[1].size() == 20);
    CHECK(rows[1][1].starts_with("a,\"b\" c"));
    CHECK_FALSE(contains(rows[1][1], "\x1b"));
    CHECK(rows[2][1] == "'=HYPERLINK(\"http://evil.example\")");
}

TEST_CASE("whatever an application calls itself is text on the page") {
    const std::string plain = toPage(example());
    ExposureReport report = example();
    for (auto* text :
         {&report.rows[0].name, &report.rows[0].appId, &report.rows[0].judged, &report.rows[0].sources[0],
          &report.rows[0].ownJudged, &report.rows[0].identity, &report.rows[0].stretches[0].doing})
        *text = "<script>alert(1)</script>\" onload='x' &amp; \xe2\x80\xae\x01\xff";
    const std::string page = toPage(report);
    CHECK(contains(page, "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;amp;"));
    for (const char* mark : {"<script", "</script", "onload='", "\xe2\x80\xae", "\x01", "\xff"}) {
        INFO(mark);
        CHECK_FALSE(contains(page, mark));
    }
    for (const char* mark : {"<svg", "<rect", "<td", "<th", "class=\"", "<title>"}) {
        INFO(mark);
        // As many elements as before, but for what an unknown class and doing change.
        CHECK(count(page, mark) <= count(plain, mark) + 2);
    }
}

TEST_CASE("the page stands by itself, and has neither scripts nor anything from elsewhere") {
    const std::string page = toPage(example());
    CHECK(page.starts_with("<!doctype html>"));
    for (const char* bad :
         {"<script", "http:", "https:", " src=", " href=", "url(", "@import", "<link", "<iframe"}) {
        INFO(bad);
        CHECK_FALSE(contains(page, bad));
    }
    CHECK(contains(page, "Content-Security-Policy"));
    CHECK(contains(page, "prefers-color-scheme:dark"));
    CHECK(contains(page, "name=\"viewport\""));
    // Headers are headers, and the picture is told in words.
    CHECK(count(page, "scope=\"col\"") == 8);
    CHECK(count(page, "scope=\"row\"") == 2);
    CHECK(count(page, "role=\"img\"") == 2);
    CHECK(contains(page, "<title>Webex: continuous. Asked for samples for 1 min 1 s and held a paused stream "
                         "for 30 s of 1 min 30 s "
                         "muted; woke 1 time.</title>"));
    CHECK(contains(page, "level meter"));
    CHECK(contains(page, "known only by its own word"));
}

TEST_CASE("without any application the page says so, and still what it can know") {
    const std::string page = toPage({500'000'000, 2'000'000'000, {}});
    CHECK(contains(page, "No application had a stream"));
    CHECK_FALSE(contains(page, "<table"));
    CHECK(contains(page, "does not see that the system holds the mute"));
}

TEST_CASE(
    "mutes are as wide as they are long, none too narrow to be seen, and the newest if there are many") {
    std::vector<Exposure> rows(1);
    for (std::uint64_t i = 0; i < 20; ++i)
        rows[0].periods.push_back({i * 1000, i * 1000 + (i == 19 ? 900U : 1U), "held"});
    const ExposurePicture timeline(rows);
    CHECK(timeline.of() == 20);
    REQUIRE(timeline.mutes().size() == ExposurePicture::mostMutes);
    CHECK(timeline.mutes().front().start == 8000);
    double right = 0;
    for (const auto& mute : timeline.mutes()) {
        CHECK(mute.left >= right);
        CHECK(mute.width > 8);
        right = mute.left + mute.width;
    }
    CHECK(right > 999);
    CHECK(right < 1001);
    CHECK(timeline.mutes().back().width > 500);
    CHECK(ExposurePicture({}).mutes().empty());
}

TEST_CASE("times and numbers for people") {
    CHECK(timeSpent(0) == "0 s");
    CHECK(timeSpent(1) == "< 0.1 s");
    CHECK(timeSpent(300'000) == "0.3 s");
    CHECK(timeSpent(2'000'000) == "2 s");
    CHECK(timeSpent(9'960'000) == "10 s");
    CHECK(timeSpent(59'700'000) == "1 min");
    CHECK(timeSpent(185'000'000) == "3 min 5 s");
    CHECK(timeSpent(7'500'000'000) == "2 h 5 min");
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1234567) == "1\u202f234\u202f567");
    const auto rows = *exposuresFrom(reply);
    CHECK(howMany(rows[0]) == "2 of 3");
    CHECK(howMany(rows[1]).empty());
}
