// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long the main context was ever kept from its next poll: what everybody else had to wait. For doctor and
// tests.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace micguard {

// How many took less than 1, 2, 4, 8 … µs, and not less than half of that. The longest alone says little: a virtual machine now
// and then charges 20 ms for a line that does nothing.
using TurnCounts = std::array<std::uint64_t, 32>;

struct LoopTimes {
    std::uint64_t longestTurnUsec = 0; // by the clock: also while others had the processor
    std::uint64_t longestWorkUsec = 0; // our thread's own time
    // By the clock, less what our thread waited for a processor: its work and what it slept in calls that block. What a
    // hypervisor takes away for itself is in it, and the whole turn where the kernel does not tell (no CONFIG_SCHED_INFO).
    std::uint64_t longestAwayUsec = 0;
    TurnCounts turnsByWork{};
    TurnCounts turnsByAway{}; // turns of less than a millisecond by the clock alone
};

// "<128:17 <256:3"
std::string turnsText(const TurnCounts& counts);

// From now on, of the default main context, which the calling thread is to run. GLib's poll function knows no user data, so the
// figures are the process's.
void watchLoop();
LoopTimes loopTimes();

} // namespace micguard
