// SPDX-License-Identifier: GPL-3.0-or-later
//
// The machine's clock as rules read it, and when next it passes one of the times that they name. Functions of
// their arguments: what time it is comes in.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include <glib.h>

namespace micguard {

struct LocalTime {
    std::uint64_t now = 0; // µs since the epoch
    unsigned weekday = 0;  // 0 is Monday
    unsigned minute = 0;   // since midnight
    bool operator==(const LocalTime&) const = default;
};

LocalTime localTime(std::uint64_t now, GTimeZone* zone);

// The first instant after `now` (µs since the epoch, both) at which a clock in `zone` shows the beginning of
// one of `minutes` (of the day), or jumps, or one of `untils` is reached. None: never.
//
// A jump is one of them because it can lie over a time of day that does not come (then its rules start or end
// at the jump) and can bring back one that has passed (then what had ended holds once more).
std::optional<std::uint64_t> nextBoundary(std::uint64_t now, GTimeZone* zone,
                                          const std::set<unsigned>& minutes,
                                          const std::set<std::uint64_t>& untils);

} // namespace micguard
