// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/moment.hpp"

#include <cstdlib>
#include <ctime>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace micguard::cli;

namespace {

// In a zone for as long as it lives.
class Zone {
  public:
    explicit Zone(const char* name) {
        setenv("TZ", name, 1);
        tzset();
    }
    ~Zone() {
        unsetenv("TZ");
        tzset();
    }
};

std::uint64_t utc(int year, int month, int day, int hour, int minute) {
    std::tm parts{};
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    parts.tm_mday = day;
    parts.tm_hour = hour;
    parts.tm_min = minute;
    return static_cast<std::uint64_t>(timegm(&parts)) * 1'000'000;
}

std::uint64_t moment(std::string_view text, std::uint64_t now) {
    const auto moment = momentFrom(text, now);
    INFO(text << (moment ? "" : ": " + moment.error()));
    REQUIRE(moment);
    return *moment;
}

std::string fault(std::string_view text, std::uint64_t now) {
    const auto moment = momentFrom(text, now);
    INFO(text);
    REQUIRE_FALSE(moment);
    CHECK(moment.error().find('\n') == std::string::npos);
    return moment.error();
}

// As files say it: the tests do not depend on a zone database.
constexpr const char* berlin = "CET-1CEST,M3.5.0,M10.5.0/3";

} // namespace

TEST_CASE("so long from now") {
    constexpr std::uint64_t now = 1'700'000'000'123'456;
    CHECK(moment("+2h", now) == now + 7'200'000'000);
    CHECK(moment("+90m", now) == now + 5'400'000'000);
    CHECK(moment("+1h30m", now) == now + 5'400'000'000);
    CHECK(moment("+1d1s", now) == now + 86'401'000'000);
    for (const char* text : {"+", "+2", "+h", "+2x", "+2h3", "+0m", "+-2h", "+ 2h", "+1.5h", "+9999999999s"})
        CHECK(fault(text, now).find("is no time from now; write it as +2h") != std::string::npos);
    CHECK(fault("+99999d", now).find("more than ten years") != std::string::npos);
}

TEST_CASE("a time of day is the next one") {
    const Zone zone(berlin);
    const auto now = utc(2026, 11, 25, 17, 0); // 18:00 there
    CHECK(moment("18:30", now) == utc(2026, 11, 25, 17, 30));
    CHECK(moment("18:00", now) == utc(2026, 11, 26, 17, 0));
    CHECK(moment("00:00", now) == utc(2026, 11, 25, 23, 0));
    CHECK(moment("00:05", utc(2026, 12, 31, 22, 59)) == utc(2026, 12, 31, 23, 5));
}

TEST_CASE("a date and a time, with a blank or a T") {
    const Zone zone(berlin);
    const auto now = utc(2026, 11, 25, 17, 0);
    CHECK(moment("2026-12-01 09:00", now) == utc(2026, 12, 1, 8, 0));
    CHECK(moment("2027-07-01T09:00", now) == utc(2027, 7, 1, 7, 0));
    CHECK(fault("2026-11-25 17:59", now) == "'2026-11-25 17:59' is over already");
    CHECK(fault("2026-02-31 09:00", utc(2026, 1, 1, 0, 0)).find("there is no such day") != std::string::npos);
    CHECK(fault("2026-13-01 09:00", now).find("there is no such day") != std::string::npos);
}

TEST_CASE("clocks that are put forward and back") {
    const Zone zone(berlin);
    // From 02:00 to 03:00 on 29 March 2026, from 03:00 to 02:00 on 25 October.
    CHECK(fault("2026-03-29 02:30", utc(2026, 3, 28, 0, 0)).find("the clocks are put forward") !=
          std::string::npos);
    CHECK(fault("02:30", utc(2026, 3, 28, 12, 0)).find("the clocks are put forward") != std::string::npos);
    CHECK(moment("03:30", utc(2026, 3, 29, 0, 30)) == utc(2026, 3, 29, 1, 30));
    CHECK(moment("2026-10-25 02:30", utc(2026, 10, 24, 0, 0)) == utc(2026, 10, 25, 0, 30));
    CHECK(moment("02:30", utc(2026, 10, 25, 0, 40)) == utc(2026, 10, 25, 1, 30)); // the second of the two
    CHECK(moment("02:30", utc(2026, 10, 25, 1, 40)) == utc(2026, 10, 26, 1, 30));
    CHECK(moment("12:00", utc(2026, 10, 24, 20, 0)) == utc(2026, 10, 25, 11, 0));
}

TEST_CASE("what is no time is said, and what to write") {
    constexpr std::uint64_t now = 1'700'000'000'000'000;
    for (const char* text : {"", "25:00", "18:60", "8:30", "18:30 ", "18", "tomorrow", "2026-12-01",
                             "2026-12-01 9:00", "2026/12/01 09:00", "1969-12-01 09:00", "18:30:00", "-2h"})
        CHECK(fault(text, now).find("is no time; write it as 18:30, +2h or '2026-12-01 09:00'") !=
              std::string::npos);
    CHECK(fault("\x1b[2J", now).find('\x1b') == std::string::npos);
}

TEST_CASE("moments of before, as people write them") {
    const Zone zone(berlin);
    const std::uint64_t now = utc(2026, 11, 27, 17, 30); // 18:30 there
    const auto past = [&](std::string_view text) {
        const auto moment = pastMomentFrom(text, now);
        INFO(text << (moment ? "" : ": " + moment.error()));
        REQUIRE(moment);
        return *moment;
    };
    CHECK(past("now") == now);
    CHECK(past("today") == utc(2026, 11, 26, 23, 0));
    CHECK(past("yesterday") == utc(2026, 11, 25, 23, 0));
    CHECK(past("2h") == utc(2026, 11, 27, 15, 30));
    CHECK(past("-1h30m") == utc(2026, 11, 27, 16, 0));
    CHECK(past("7d") == utc(2026, 11, 20, 17, 30));
    CHECK(past("18:29") == utc(2026, 11, 27, 17, 29));
    CHECK(past("18:31") == utc(2026, 11, 26, 17, 31)); // yesterday's
    CHECK(past("2026-11-01") == utc(2026, 10, 31, 23, 0));
    CHECK(past("2026-07-01") == utc(2026, 6, 30, 22, 0)); // summer time
    CHECK(past("2026-11-01 12:00") == utc(2026, 11, 1, 11, 0));
    CHECK(past("2027-01-01") == utc(2026, 12, 31, 23, 0)); // nothing is known of then
    for (const char* text : {"", "tomorrow", "2", "h", "25:00", "2026-02-30", "2026-13-01",
                             "2026-03-29 02:30", "2026-11-01 25:00", "0h"}) {
        INFO(text);
        const auto moment = pastMomentFrom(text, now);
        REQUIRE_FALSE(moment);
        CHECK(moment.error().find('\n') == std::string::npos);
    }
}

TEST_CASE("yesterday began a day ago also where the clocks were put forward between") {
    const Zone zone(berlin);
    // 2026-03-29, 12:00 in summer time; that day has 23 hours.
    CHECK(*pastMomentFrom("today", utc(2026, 3, 29, 10, 0)) == utc(2026, 3, 28, 23, 0));
    CHECK(*pastMomentFrom("yesterday", utc(2026, 3, 30, 10, 0)) == utc(2026, 3, 28, 23, 0));
}
