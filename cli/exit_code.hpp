// SPDX-License-Identifier: GPL-3.0-or-later
//
// What micguardctl's exit status says. Scripts rely on these numbers: they are documented in micguardctl(1)
// and never change their meaning.
#pragma once

namespace micguard::cli {

enum class Exit : int {
    Ok = 0,
    No = 1,    // is-muted: not muted; else: the guard refused, doctor found a fault, verify heard something
    Usage = 2, // unknown verb, option or operand
    NotRunning = 3, // nobody owns the bus name, and the verb does not start the guard (or starting failed)
    Failed = 4, // no session bus, no answer in time, one that makes no sense, or our output cannot be written
    NotGuaranteed = 5, // is-muted: the mute is wanted, but the guard cannot vouch for it (yet)
    Inconclusive = 6,  // verify: nothing was heard that should not be, but not all is proven
    CannotRun = 126,   // hold, talk: the command is there but cannot be run
    NotFound = 127     // hold, talk: there is no such command
};

constexpr int raw(Exit code) {
    return static_cast<int>(code);
}

} // namespace micguard::cli
