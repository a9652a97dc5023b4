// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long the main context was ever kept from its next poll: what everybody else had to wait. For doctor and
// tests.
#pragma once

#include <cstdint>

namespace micguard {

struct LoopTimes {
    std::uint64_t longestTurnUsec = 0; // by the clock: also while others had the processor
    std::uint64_t longestWorkUsec = 0; // our thread's own time
};

// From now on, of the default main context. GLib's poll function knows no user data, so the figures are the
// process's.
void watchLoop();
LoopTimes loopTimes();

} // namespace micguard
