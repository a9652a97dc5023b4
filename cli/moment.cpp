// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/moment.hpp"

#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <utility>

namespace micguard::cli {

namespace {

constexpr std::uint64_t second = 1'000'000;
constexpr std::uint64_t longest = 3660ULL * 86'400 * second; // ten years

tl::unexpected<std::string> wrong(std::string_view text, std::string_view what) {
    return tl::unexpected("'" + shown(text, 40) + "' " + std::string(what));
}

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

// Takes exactly so many digits off the front.
std::optional<int> digits(std::string_view& text, std::size_t count) {
    if (text.size() < count)
        return std::nullopt;
    int number = 0;
    for (const char c : text.substr(0, count)) {
        if (!isDigit(c))
            return std::nullopt;
        number = number * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return number;
}

bool takeOne(std::string_view& text, std::string_view any) {
    if (text.empty() || any.find(text.front()) == std::string_view::npos)
        return false;
    text.remove_prefix(1);
    return true;
}

// "18:30" at the front; whether there is such a time of day.
bool timeOfDay(std::string_view& text, std::tm& parts) {
    const auto hour = digits(text, 2);
    const bool colon = takeOne(text, ":");
    const auto minute = digits(text, 2);
    if (!hour || !colon || !minute || *hour > 23 || *minute > 59)
        return false;
    parts.tm_hour = *hour;
    parts.tm_min = *minute;
    parts.tm_sec = 0;
    return true;
}

bool date(std::string_view& text, std::tm& parts) {
    const auto year = digits(text, 4);
    const bool first = takeOne(text, "-");
    const auto month = digits(text, 2);
    const bool then = takeOne(text, "-");
    const auto day = digits(text, 2);
    if (!year || !first || !month || !then || !day || *year < 1970)
        return false;
    parts.tm_year = *year - 1900;
    parts.tm_mon = *month - 1;
    parts.tm_mday = *day;
    return true;
}

// When clocks here show this, in µs since the epoch: never, once, or twice. The earlier first.
struct Moments {
    std::array<std::uint64_t, 2> at{};
    std::size_t count = 0;
};

Moments momentsOf(const std::tm& wanted) {
    Moments moments;
    for (const int summer : {1, 0}) {
        std::tm parts = wanted;
        parts.tm_isdst = summer;
        const std::time_t time = std::mktime(&parts);
        // What does not exist comes out as something else.
        if (time > 0 && parts.tm_mday == wanted.tm_mday && parts.tm_mon == wanted.tm_mon &&
            parts.tm_hour == wanted.tm_hour && parts.tm_min == wanted.tm_min)
            moments.at[moments.count++] = static_cast<std::uint64_t>(time) * second;
    }
    if (moments.count == 2 && moments.at[1] < moments.at[0])
        std::swap(moments.at[0], moments.at[1]);
    return moments;
}

std::optional<std::uint64_t> firstAfter(const Moments& moments, std::uint64_t now) {
    for (std::size_t i = 0; i < moments.count; ++i)
        if (moments.at[i] > now)
            return moments.at[i];
    return std::nullopt;
}

// "1h30m" in µs; nothing if it is none. More than `longest` is not counted any further.
std::optional<std::uint64_t> spanOf(std::string_view text) {
    std::uint64_t total = 0;
    while (!text.empty() && total <= longest) {
        std::uint64_t number = 0;
        const std::size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
        if (length == 0 || length > 9 || length == text.size())
            return std::nullopt;
        for (const char c : text.substr(0, length))
            number = number * 10 + static_cast<std::uint64_t>(c - '0');
        const char unit = text[length];
        const std::uint64_t seconds = unit == 'd'   ? 86'400
                                      : unit == 'h' ? 3'600
                                      : unit == 'm' ? 60
                                      : unit == 's' ? 1
                                                    : 0;
        if (seconds == 0)
            return std::nullopt;
        total += number * seconds * second;
        text.remove_prefix(length + 1);
    }
    return total == 0 ? std::nullopt : std::optional(total);
}

tl::expected<std::uint64_t, std::string> fromNow(std::string_view text, std::uint64_t now) {
    const auto span = spanOf(text.substr(1));
    if (!span)
        return wrong(text, "is no time from now; write it as +2h, +90m or +1h30m (d, h, m, s)");
    if (*span > longest)
        return wrong(text, "is more than ten years from now; leave --until out for a rule that stays");
    return now + *span;
}

tl::expected<std::uint64_t, std::string> nextTimeOfDay(std::string_view text, std::tm parts,
                                                       std::uint64_t now) {
    if (const auto today = firstAfter(momentsOf(parts), now))
        return *today;
    // Noon of that day, for its date: midnight does not exist everywhere.
    std::tm tomorrow = parts;
    tomorrow.tm_mday += 1;
    tomorrow.tm_hour = 12;
    tomorrow.tm_isdst = -1;
    std::mktime(&tomorrow);
    tomorrow.tm_hour = parts.tm_hour;
    tomorrow.tm_min = parts.tm_min;
    if (const auto moment = firstAfter(momentsOf(tomorrow), now))
        return *moment;
    return wrong(text, "does not exist next time: the clocks are put forward over it");
}

// A day's first moment: midnight does not exist everywhere.
std::uint64_t beginningOf(std::tm day) {
    day.tm_hour = day.tm_min = day.tm_sec = 0;
    day.tm_isdst = -1;
    return static_cast<std::uint64_t>(std::mktime(&day)) * second;
}

std::optional<std::uint64_t> lastUpTo(const Moments& moments, std::uint64_t now) {
    for (std::size_t i = moments.count; i > 0; --i)
        if (moments.at[i - 1] <= now)
            return moments.at[i - 1];
    return std::nullopt;
}

} // namespace

tl::expected<std::uint64_t, std::string> momentFrom(std::string_view text, std::uint64_t now) {
    if (text.starts_with('+'))
        return fromNow(text, now);
    const auto seconds = static_cast<std::time_t>(now / second);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    std::string_view rest = text;
    if (timeOfDay(rest, parts) && rest.empty())
        return nextTimeOfDay(text, parts, now);
    rest = text;
    if (!date(rest, parts) || !takeOne(rest, " T") || !timeOfDay(rest, parts) || !rest.empty())
        return wrong(text, "is no time; write it as 18:30, +2h or '2026-12-01 09:00'");
    const Moments moments = momentsOf(parts);
    if (moments.count == 0)
        return wrong(text, "does not exist: there is no such day, or the clocks are put forward over it");
    if (const auto moment = firstAfter(moments, now))
        return *moment;
    return wrong(text, "is over already");
}

tl::expected<std::uint64_t, std::string> pastMomentFrom(std::string_view text, std::uint64_t now) {
    const auto seconds = static_cast<std::time_t>(now / second);
    std::tm today{};
    localtime_r(&seconds, &today);
    if (text == "now")
        return now;
    if (text == "today")
        return beginningOf(today);
    std::tm yesterday = today;
    yesterday.tm_mday -= 1;
    if (text == "yesterday")
        return beginningOf(yesterday);
    if (const auto span = spanOf(text.starts_with('-') ? text.substr(1) : text))
        return now > *span ? now - *span : 0;

    std::string_view rest = text;
    std::tm parts = today;
    if (timeOfDay(rest, parts) && rest.empty()) {
        if (const auto moment = lastUpTo(momentsOf(parts), now))
            return *moment;
        // Noon of that day, for its date.
        yesterday.tm_hour = 12;
        yesterday.tm_isdst = -1;
        std::mktime(&yesterday);
        yesterday.tm_hour = parts.tm_hour;
        yesterday.tm_min = parts.tm_min;
        yesterday.tm_sec = 0;
        if (const auto moment = lastUpTo(momentsOf(yesterday), now))
            return *moment;
        return wrong(text, "did not exist yesterday: the clocks were put forward over it");
    }
    rest = text;
    parts = today;
    if (!date(rest, parts))
        return wrong(text, "is no time; write it as 2h, 18:30, yesterday or '2026-12-01 09:00'");
    parts.tm_hour = 12;
    parts.tm_min = parts.tm_sec = 0;
    const bool dayOnly = rest.empty();
    if (!dayOnly && (!takeOne(rest, " T") || !timeOfDay(rest, parts) || !rest.empty()))
        return wrong(text, "is no time; write it as 2h, 18:30, yesterday or '2026-12-01 09:00'");
    const Moments moments = momentsOf(parts);
    if (moments.count == 0)
        return wrong(text, "does not exist: there is no such day, or the clocks are put forward over it");
    const std::uint64_t moment = dayOnly ? beginningOf(parts) : moments.at[0];
    if (moment > now)
        return wrong(text, "is still to come");
    return moment;
}

} // namespace micguard::cli
