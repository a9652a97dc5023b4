// SPDX-License-Identifier: GPL-3.0-or-later
//
// A command that runs while a hold is in effect. The hold's descriptor stays in this process: were it
// inherited, a daemonised grandchild would keep the microphones muted for ever.
#pragma once

#include "cli/arguments.hpp"

namespace micguard::cli {

enum class Hold { Mute, Unmute };

// Takes the hold, runs how.operands, and returns the command's own exit status: 128 + N if signal N ended it,
// 126 or 127 if it could not be run. Without the hold nothing is run. Signals sent to us by other processes
// go on to the command; those of the terminal reach it anyway, as it is in the same process group.
int runHeld(Hold kind, const Invocation& how);

} // namespace micguard::cli
