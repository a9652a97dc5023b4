// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl unmute: releases the user's mute. Others may go on muting; that is said, and is no failure.
#include "cli/ask.hpp"
#include "cli/verbs.hpp"

namespace micguard::cli {

int verbs::unmute(const Invocation&, const Terminal&) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    if (const auto done = guard->unmute(); !done)
        return failed(done.error());
    if (const std::string who = stillMutedBy(*guard); !who.empty())
        complain("the mute is released, but the microphones are " + who);
    return raw(Exit::Ok);
}

} // namespace micguard::cli
