// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long the main context was ever kept from its next poll: what everybody else had to wait. For doctor and
// tests.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace micguard {

struct LoopTimes {
    std::uint64_t longestTurnUsec = 0; // by the clock: also while others had the processor
    std::uint64_t longestWorkUsec = 0; // our thread's own time
    // Of all turns, how many took less than 1, 2, 4, 8 … µs of our thread's own time, and not less than half of
    // that. The longest alone says little: a virtual machine now and then charges 20 ms for a line that does nothing.
    std::array<std::uint64_t, 32> turnsByWork{};
};

// "<128:17 <256:3"
std::string turnsText(const LoopTimes& times);

// From now on, of the default main context. GLib's poll function knows no user data, so the figures are the
// process's.
void watchLoop();
LoopTimes loopTimes();

} // namespace micguard
