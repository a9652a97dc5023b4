// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is asked of the user's systemd by a guard that goes, and by what its unit runs after it.
#pragma once

namespace micguard {

// Is the unit of this very process being stopped, so that nobody comes after it? False while it is about to be started
// again, and if systemd does not answer. Blocks for at most two seconds: not for the running guard.
bool unitIsBeingStopped();

// Is it being stopped only to be started again? False if systemd does not answer. Blocks as long.
bool unitIsBeingRestarted();

// False if systemd does not answer or refuses. Blocks as long as the other.
bool startUnit(const char* unit);

} // namespace micguard
