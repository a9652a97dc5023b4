// SPDX-License-Identifier: GPL-3.0-or-later
//
// When the clock passes a time of day: in zones with whole hours, half hours and quarters, with a daylight
// saving of half an hour, and on the days on which that begins and ends.
#include "daemon/clock/boundary.hpp"
#include "tests/unit/rule_text.hpp"

#include <chrono>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

struct ZoneEnd {
    void operator()(GTimeZone* zone) const { g_time_zone_unref(zone); }
};
using Zone = std::unique_ptr<GTimeZone, ZoneEnd>;

Zone zoneOf(const char* name) {
    Zone zone(g_time_zone_new_identifier(name));
    if (!zone)
        throw std::runtime_error(std::string("no zone ") + name);
    return zone;
}

constexpr std::uint64_t usPerMinute = 60'000'000;

// "2026-03-29 00:30", UTC.
std::uint64_t utc(const std::string& text) {
    using namespace std::chrono;
    const auto number = [&](std::size_t at, std::size_t length) {
        return std::stoi(text.substr(at, length));
    };
    const sys_days day = year(number(0, 4)) / month(static_cast<unsigned>(number(5, 2))) /
                         std::chrono::day(static_cast<unsigned>(number(8, 2)));
    return static_cast<std::uint64_t>(duration_cast<minutes>(day.time_since_epoch()).count() +
                                      number(11, 2) * 60 + number(14, 2)) *
           usPerMinute;
}

std::string text(std::uint64_t instant) {
    GDateTime* time = g_date_time_new_from_unix_utc(static_cast<gint64>(instant / 1'000'000));
    gchar* formatted = g_date_time_format(time, "%Y-%m-%d %H:%M");
    std::string result = formatted;
    if (instant % 1'000'000 != 0)
        result += " and " + std::to_string(instant % 1'000'000) + " us";
    g_free(formatted);
    g_date_time_unref(time);
    return result;
}

unsigned at(unsigned hour, unsigned minute) {
    return hour * 60 + minute;
}

std::string next(const char* zone, const std::string& now, std::set<unsigned> minutes,
                 std::set<std::uint64_t> untils = {}) {
    const auto instant = nextBoundary(utc(now), zoneOf(zone).get(), minutes, untils);
    return instant ? text(*instant) : "never";
}

} // namespace

TEST_CASE("nothing passes where nothing is named") {
    CHECK(next("Europe/Berlin", "2026-01-15 12:00", {}) == "never");
}

TEST_CASE("the next time of day, later today or tomorrow") {
    CHECK(next("Europe/Berlin", "2026-01-15 12:00", {at(9, 0), at(17, 30)}) == "2026-01-15 16:30");
    CHECK(next("Europe/Berlin", "2026-01-15 17:00", {at(9, 0), at(17, 30)}) == "2026-01-16 08:00");
    CHECK(next("Europe/Berlin", "2026-07-15 12:00", {at(17, 30)}) == "2026-07-15 15:30");
    CHECK(next("Asia/Kathmandu", "2026-01-15 12:00", {at(0, 0)}) == "2026-01-15 18:15");
    CHECK(next("America/St_Johns", "2026-01-15 12:00", {at(9, 0)}) == "2026-01-15 12:30");
    CHECK(next("Australia/Lord_Howe", "2026-01-15 12:00", {at(0, 0)}) == "2026-01-15 13:00");
}

TEST_CASE("the instant itself has passed, and it is exact to the microsecond") {
    CHECK(next("Europe/Berlin", "2026-01-15 08:00", {at(9, 0)}) == "2026-01-16 08:00");
    const auto zone = zoneOf("Europe/Berlin");
    const auto boundary = utc("2026-01-15 08:00");
    CHECK(nextBoundary(boundary - 1, zone.get(), {at(9, 0)}, {}) == boundary);
    CHECK(nextBoundary(boundary + 1, zone.get(), {at(9, 0)}, {}) == utc("2026-01-16 08:00"));
}

TEST_CASE("an end by date counts as well, whichever comes first") {
    const auto end = utc("2026-01-15 13:00");
    CHECK(next("Europe/Berlin", "2026-01-15 12:00", {}, {end}) == "2026-01-15 13:00");
    CHECK(next("Europe/Berlin", "2026-01-15 12:00", {at(17, 30)}, {end}) == "2026-01-15 13:00");
    CHECK(next("Europe/Berlin", "2026-01-15 13:00", {at(17, 30)}, {end}) == "2026-01-15 16:30");
    CHECK(next("Europe/Berlin", "2026-01-15 13:00", {}, {end}) == "never");
}

TEST_CASE("a time of day that does not come passes when the clock jumps over it") {
    // 02:00 becomes 03:00 (Lord Howe: 02:30).
    CHECK(next("Europe/Berlin", "2026-03-29 00:00", {at(2, 30)}) == "2026-03-29 01:00");
    CHECK(next("America/St_Johns", "2026-03-08 05:00", {at(2, 30)}) == "2026-03-08 05:30");
    CHECK(next("Australia/Lord_Howe", "2026-10-03 15:00", {at(2, 15)}) == "2026-10-03 15:30");
    // Later ones come an hour, or half of one, sooner.
    CHECK(next("Europe/Berlin", "2026-03-29 01:00", {at(9, 0)}) == "2026-03-29 07:00");
    CHECK(next("Australia/Lord_Howe", "2026-10-03 15:30", {at(9, 0)}) == "2026-10-03 22:00");
}

TEST_CASE("a time of day that comes twice passes twice, and the clock's jump back is told") {
    const auto passes = [](const char* zone, const std::string& from, unsigned minute, int count) {
        std::vector<std::string> result;
        for (auto now = utc(from); count > 0; count--) {
            now = nextBoundary(now, zoneOf(zone).get(), {minute}, {}).value();
            result.push_back(text(now));
        }
        return result;
    };
    using Instants = std::vector<std::string>;
    // 03:00 becomes 02:00; 02:00 becomes 01:00; 02:00 becomes 01:30.
    CHECK(passes("Europe/Berlin", "2026-10-24 23:00", at(2, 30), 4) ==
          Instants{"2026-10-25 00:30", "2026-10-25 01:00", "2026-10-25 01:30", "2026-10-26 01:30"});
    CHECK(passes("America/St_Johns", "2026-11-01 03:00", at(1, 30), 3) ==
          Instants{"2026-11-01 04:00", "2026-11-01 04:30", "2026-11-01 05:00"});
    CHECK(passes("Australia/Lord_Howe", "2026-04-04 14:00", at(1, 45), 3) ==
          Instants{"2026-04-04 14:45", "2026-04-04 15:00", "2026-04-04 15:15"});
}

TEST_CASE("the local time is what the C library's neighbours say it is") {
    std::mt19937 random(Catch::getSeed());
    std::string trouble;
    for (const char* name :
         {"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"}) {
        const auto zone = zoneOf(name);
        for (int i = 0; i < 500; i++) {
            const std::uint64_t now =
                utc("2024-01-01 00:00") + random() % (4 * 366 * 1440) * usPerMinute + random() % usPerMinute;
            GDateTime* universal = g_date_time_new_from_unix_utc(static_cast<gint64>(now / 1'000'000));
            GDateTime* local = g_date_time_to_timezone(universal, zone.get());
            const LocalTime expected{
                now, static_cast<unsigned>(g_date_time_get_day_of_week(local) - 1),
                static_cast<unsigned>(g_date_time_get_hour(local) * 60 + g_date_time_get_minute(local))};
            if (localTime(now, zone.get()) != expected)
                trouble += std::string(name) + " " + text(now) + "; ";
            g_date_time_unref(local);
            g_date_time_unref(universal);
        }
    }
    INFO(trouble);
    CHECK(trouble.empty());
}

TEST_CASE("property: no rule starts or ends unannounced, on any day, in any zone") {
    struct Days {
        const char* zone;
        const char* from; // three days around a change, or around none
    };
    constexpr std::uint64_t length = 3 * 1440;
    std::mt19937 random(Catch::getSeed());
    for (const auto& days :
         {Days{"Europe/Berlin", "2026-03-28 00:00"}, Days{"Europe/Berlin", "2026-10-24 00:00"},
          Days{"America/St_Johns", "2026-03-07 00:00"}, Days{"America/St_Johns", "2026-10-31 00:00"},
          Days{"Australia/Lord_Howe", "2026-04-03 00:00"}, Days{"Australia/Lord_Howe", "2026-10-02 00:00"},
          Days{"Asia/Kathmandu", "2026-06-01 00:00"}}) {
        const auto zone = zoneOf(days.zone);
        for (int again = 0; again < 15; again++) {
            Settings settings;
            for (int count = 0; count < 3; count++) {
                Rule rule;
                rule.action = rulings[random() % 4];
                // Most around the hours in which clocks are changed.
                const auto minute = [&] {
                    return static_cast<std::uint16_t>(random() % (random() % 3 ? 210 : 1440));
                };
                if (random() % 4)
                    rule.when.hours = {minute(), minute()};
                rule.when.days = static_cast<std::uint8_t>(random() % 128);
                if (random() % 3 == 0)
                    rule.until = utc(days.from) + random() % length * usPerMinute;
                settings.rules.push_back(rule);
            }
            const RuleBook book(settings);
            const auto boundaries = book.boundaries();
            const auto begin = utc(days.from);
            const auto decided = [&](std::uint64_t instant) {
                const auto local = localTime(instant, zone.get());
                return book
                    .decide({}, "mic", SourceKind::Hardware,
                            Circumstances{local.now, local.weekday, local.minute, false, {}, {}})
                    .rule;
            };
            auto next = nextBoundary(begin, zone.get(), boundaries.minutes, boundaries.untils);
            auto before = decided(begin);
            std::string unannounced;
            std::size_t wakings = 0;
            for (std::uint64_t minute = 1; minute < length; minute++) {
                const auto instant = begin + minute * usPerMinute;
                const auto rule = decided(instant);
                const bool announced = next && *next <= instant;
                if (rule != before && !announced)
                    unannounced += text(instant) + "; ";
                for (; next && *next <= instant; wakings++)
                    next = nextBoundary(*next, zone.get(), boundaries.minutes, boundaries.untils);
                before = rule;
            }
            INFO(days.zone << " " << days.from << ": " << unannounced);
            CHECK(unannounced.empty());
            // Nor for nothing: each time of day once a day, a jump, a time that comes twice, and each end.
            CHECK(wakings <=
                  3 * boundaries.minutes.size() + 1 + boundaries.minutes.size() + boundaries.untils.size());
        }
    }
}
