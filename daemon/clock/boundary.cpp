// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/clock/boundary.hpp"

#include <algorithm>

namespace micguard {
namespace {

constexpr std::int64_t usPerSecond = 1'000'000, secondsPerDay = 86'400;

struct Offset {
    gint interval; // of the zone's history; -1 where it has none
    std::int64_t seconds;
};

Offset offsetAt(GTimeZone* zone, std::int64_t second) {
    const gint interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, second);
    return {interval, interval < 0 ? 0 : g_time_zone_get_offset(zone, interval)};
}

// The first second in (from, to] that has another offset than `from`. GLib tells the intervals between
// changes only by number; the numbers rise.
std::optional<std::int64_t> nextJump(GTimeZone* zone, std::int64_t from, std::int64_t to) {
    const auto offset = offsetAt(zone, from).seconds;
    while (from < to) {
        const gint interval = offsetAt(zone, from).interval;
        if (offsetAt(zone, to).interval == interval)
            return std::nullopt;
        std::int64_t same = from, other = to;
        while (other - same > 1) {
            const std::int64_t middle = same + (other - same) / 2;
            (offsetAt(zone, middle).interval == interval ? same : other) = middle;
        }
        if (offsetAt(zone, other).seconds != offset)
            return other;
        from = other; // only the name of the time changed
    }
    return std::nullopt;
}

} // namespace

LocalTime localTime(std::uint64_t now, GTimeZone* zone) {
    const auto second = static_cast<std::int64_t>(now) / usPerSecond;
    const std::int64_t local = second + offsetAt(zone, second).seconds;
    const std::int64_t day = (local >= 0 ? local : local - (secondsPerDay - 1)) / secondsPerDay;
    // The epoch was a Thursday.
    return {now, static_cast<unsigned>(((day + 3) % 7 + 7) % 7),
            static_cast<unsigned>((local - day * secondsPerDay) / 60)};
}

std::optional<std::uint64_t> nextBoundary(std::uint64_t now, GTimeZone* zone,
                                          const std::set<unsigned>& minutes,
                                          const std::set<std::uint64_t>& untils) {
    std::optional<std::uint64_t> next;
    if (const auto until = untils.upper_bound(now); until != untils.end())
        next = *until;
    if (minutes.empty())
        return next;
    constexpr std::int64_t usPerDay = secondsPerDay * usPerSecond;
    const auto instant = static_cast<std::int64_t>(now);
    const std::int64_t second = instant / usPerSecond;
    const std::int64_t ofDay =
        ((instant + offsetAt(zone, second).seconds * usPerSecond) % usPerDay + usPerDay) % usPerDay;
    std::int64_t ahead = usPerDay;
    for (const unsigned minute : minutes) {
        const std::int64_t until = static_cast<std::int64_t>(minute) * 60 * usPerSecond - ofDay;
        ahead = std::min(ahead, until > 0 ? until : until + usPerDay);
    }
    std::int64_t passes = instant + ahead;
    if (const auto jump = nextJump(zone, second, passes / usPerSecond))
        passes = std::min(passes, *jump * usPerSecond);
    const auto at = static_cast<std::uint64_t>(passes);
    return next ? std::min(*next, at) : at;
}

} // namespace micguard
