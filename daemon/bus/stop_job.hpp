// SPDX-License-Identifier: GPL-3.0-or-later
//
// One question to the user's systemd, for what a unit runs after its main process has ended.
#pragma once

namespace micguard {

// Is the unit of this very process being stopped, so that nobody comes after it? False while it is about to be started
// again, and if systemd does not answer. Blocks for at most two seconds: not for the running guard.
bool unitIsBeingStopped();

} // namespace micguard
