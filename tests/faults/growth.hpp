// SPDX-License-Identifier: GPL-3.0-or-later
// Whether what a process costs grows from one round of faults to the next. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace micguard::test {

// In fewer what is filled once is not full by the second third.
inline constexpr std::size_t samplesToJudge = 40;

// How much more there may be, KiB: of what is allocated, and of what the process has from the kernel, which wavers by the holes
// in it. 10 KiB lost in each of fifty rounds are 167 from one third to the next. In the first two hundred rounds the
// history's pages come to be in memory, up to the 128 KiB that it lets SQLite keep: up to 48 in fifty rounds.
inline constexpr std::uint64_t allocatedMore = 72, anonymousMore = 128;
inline constexpr std::uint64_t descriptorsMore = 2;

// The lower quartiles of the middle and of the last third. In the first what is filled once is filled; a quartile, since what
// happens to be there for a moment (clients, a reload) makes single samples larger and none smaller, and a leak makes all larger.
struct Growth {
    std::uint64_t middle = 0, last = 0;
    bool by(std::uint64_t more) const { return last > middle + more; }
};

// Of as many samples as there are; they have to be enough.
Growth growthOf(const std::vector<std::uint64_t>& samples);

} // namespace micguard::test
