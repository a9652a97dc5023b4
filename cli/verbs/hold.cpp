// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl hold: muted while a command runs.
#include "cli/held_command.hpp"
#include "cli/verbs.hpp"

namespace micguard::cli {

int verbs::hold(const Invocation& how, const Terminal&) {
    return runHeld(Hold::Mute, how);
}

} // namespace micguard::cli
