// SPDX-License-Identifier: GPL-3.0-or-later
//
// A moment to come, as people write it: 18:30, +1h30m, "2026-12-01 09:00"; and one that was: yesterday, 2h. By the machine's
// time zone, changes of its clocks included.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace micguard::cli {

// µs since the epoch, later than `now`. A time of day is the next one. Of two that are called the same, where
// clocks are put back, it is the first that is still to come. Error: what is wrong and what to write, fit for
// a terminal.
tl::expected<std::uint64_t, std::string> momentFrom(std::string_view text, std::uint64_t now);

// One that was, or the present one: "now"; "today" and "yesterday" are when they began; 14:30 was the last time that it was so
// late; 2h, 90m, 7d is so long ago; a date is when that day began, with a time of day that one. µs since the epoch.
tl::expected<std::uint64_t, std::string> pastMomentFrom(std::string_view text, std::uint64_t now);

} // namespace micguard::cli
