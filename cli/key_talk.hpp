// SPDX-License-Identifier: GPL-3.0-or-later
//
// Push-to-talk by a key of the compositor's: one command when it is pressed, one when it is let go.
#pragma once

#include <string>

namespace micguard::cli {

// Live until somebody calls releaseKey(), a signal comes, or the guard ends it. Returns the exit status: Ok also if the
// key was let go before this got so far, or is held by another such process.
int holdKey(const std::string& reason);

// Ends the hold of the press before, whether or not that has come up yet. Returns once its process is gone.
int releaseKey();

} // namespace micguard::cli
