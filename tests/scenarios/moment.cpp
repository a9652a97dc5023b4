// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/moment.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string_view>

namespace micguard::test {
namespace {

constexpr std::array<std::string_view, 7> days{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::chrono::sys_days dayOf(const std::string& word) {
    using namespace std::chrono;
    constexpr sys_days monday = 2026y / November / 23;
    if (const auto day = std::find(days.begin(), days.end(), word); day != days.end())
        return monday + std::chrono::days(day - days.begin());
    int year = 0;
    unsigned month = 0, day = 0;
    const bool read = std::sscanf(word.c_str(), "%4d-%2u-%2u", &year, &month, &day) == 3;
    const year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
    if (!read || !date.ok())
        throw std::runtime_error("no day: " + word);
    return date;
}

unsigned minuteOf(const std::string& word) {
    unsigned hour = 0, minute = 0;
    if (std::sscanf(word.c_str(), "%2u:%2u", &hour, &minute) != 2 || hour > 23 || minute > 59)
        throw std::runtime_error("no time of day: " + word);
    return hour * 60 + minute;
}

} // namespace

event::TimeCame momentOf(const std::vector<std::string>& words) {
    if (words.size() != 2)
        throw std::runtime_error("a day and a time of day");
    const auto day = dayOf(words[0]);
    const unsigned minute = minuteOf(words[1]);
    const auto moment = std::chrono::sys_time<std::chrono::microseconds>(day) + std::chrono::minutes(minute);
    return {static_cast<std::uint64_t>(moment.time_since_epoch().count()),
            std::chrono::weekday(day).iso_encoding() - 1, minute};
}

} // namespace micguard::test
