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

enum class SpanFault { None, NoSpan, TooLong };

// "1h30m", in µs.
std::pair<std::uint64_t, SpanFault> span(std::string_view rest) {
    constexpr auto noSpan = std::pair{std::uint64_t{0}, SpanFault::NoSpan};
    std::uint64_t total = 0;
    while (!rest.empty()) {
        std::uint64_t number = 0;
        const std::size_t length = std::min(rest.find_first_not_of("0123456789"), rest.size());
        if (length == 0 || length > 9 || length == rest.size())
            return noSpan;
        for (const char c : rest.substr(0, length))
            number = number * 10 + static_cast<std::uint64_t>(c - '0');
        const char unit = rest[length];
        const std::uint64_t seconds = unit == 'd'   ? 86'400
                                      : unit == 'h' ? 3'600
                                      : unit == 'm' ? 60
                                      : unit == 's' ? 1
                                                    : 0;
        if (seconds == 0)
            return noSpan;
        total += number * seconds * second;
        rest.remove_prefix(length + 1);
        if (total > longest)
            return {0, SpanFault::TooLong};
    }
    return total == 0 ? noSpan : std::pair{total, SpanFault::None};
}

tl::expected<std::uint64_t, std::string> fromNow(std::string_view text, std::uint64_t now) {
    const auto [after, fault] = span(text.substr(1));
    if (fault == SpanFault::NoSpan)
        return wrong(text, "is no time from now; write it as +2h, +90m or +1h30m (d, h, m, s)");
    if (fault == SpanFault::TooLong)
        return wrong(text, "is more than ten years from now; leave --until out for a rule that stays");
    return now + after;
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

namespace {

std::tm localTime(std::uint64_t at) {
    const auto seconds = static_cast<std::time_t>(at / second);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    return parts;
}

// The day of `at`, or one so many days before it, when it began. By noon, for midnight does not exist everywhere.
std::tm dayBefore(std::uint64_t at, int days) {
    std::tm parts = localTime(at);
    parts.tm_mday -= days;
    parts.tm_hour = 12;
    parts.tm_min = parts.tm_sec = 0;
    parts.tm_isdst = -1;
    std::mktime(&parts);
    parts.tm_hour = 0;
    return parts;
}

// Or the first moment after it that does.
std::uint64_t beginOf(std::tm day) {
    for (; day.tm_hour < 3; ++day.tm_hour)
        if (const Moments moments = momentsOf(day); moments.count > 0)
            return moments.at[0];
    return 0;
}

std::optional<std::uint64_t> lastBefore(const Moments& moments, std::uint64_t now) {
    std::optional<std::uint64_t> last;
    for (std::size_t i = 0; i < moments.count; ++i)
        if (moments.at[i] <= now)
            last = moments.at[i];
    return last;
}

} // namespace

tl::expected<std::uint64_t, std::string> pastMomentFrom(std::string_view text, std::uint64_t now) {
    if (text == "now")
        return now;
    if (text == "today" || text == "yesterday")
        return beginOf(dayBefore(now, text == "today" ? 0 : 1));
    if (const auto [before, fault] = span(text.starts_with('-') ? text.substr(1) : text);
        fault == SpanFault::None)
        return now > before ? now - before : 0;
    std::tm parts = localTime(now);
    std::string_view rest = text;
    if (timeOfDay(rest, parts) && rest.empty()) {
        for (const int days : {0, 1}) {
            std::tm day = dayBefore(now, days);
            day.tm_hour = parts.tm_hour;
            day.tm_min = parts.tm_min;
            if (const auto moment = lastBefore(momentsOf(day), now))
                return *moment;
        }
        return wrong(text, "did not exist last time: the clocks were put forward over it");
    }
    constexpr std::string_view howTo =
        "is no time; write it as today, yesterday, 14:30, 2h, 7d, 2026-12-01 or '2026-12-01 09:00'";
    rest = text;
    parts = localTime(now);
    if (!date(rest, parts))
        return wrong(text, howTo);
    const bool whole = rest.empty();
    if (!whole && (!takeOne(rest, " T") || !timeOfDay(rest, parts) || !rest.empty()))
        return wrong(text, howTo);
    if (whole) {
        parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
        // A day that does not exist comes out as another one.
        std::tm noon = parts;
        noon.tm_hour = 12;
        noon.tm_isdst = -1;
        if (std::mktime(&noon) > 0 && noon.tm_mday == parts.tm_mday && noon.tm_mon == parts.tm_mon)
            return beginOf(parts);
    } else if (const Moments moments = momentsOf(parts); moments.count > 0) {
        return moments.at[0];
    }
    return wrong(text, "does not exist: there is no such day, or the clocks are put forward over it");
}

} // namespace micguard::cli
