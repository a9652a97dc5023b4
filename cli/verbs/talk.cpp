// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl talk: live while a command runs (push-to-talk for scripts).
#include "cli/held_command.hpp"
#include "cli/verbs.hpp"

namespace micguard::cli {

int verbs::talk(const Invocation& how, const Terminal&) {
    return runHeld(Hold::Unmute, how);
}

} // namespace micguard::cli
