// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl talk: live while a command runs, or while a key is held (push-to-talk).
#include "cli/held_command.hpp"
#include "cli/key_talk.hpp"
#include "cli/verbs.hpp"

namespace micguard::cli {

int verbs::talk(const Invocation& how, const Terminal&) {
    const bool hold = how.option("--hold").has_value(), release = how.option("--release").has_value();
    if (!hold && !release)
        return runHeld(Hold::Unmute, how);
    return hold ? holdKey(how.option("--reason").value_or("push-to-talk")) : releaseKey();
}

} // namespace micguard::cli
