// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl mute: returns once the promise holds. Says nothing when all is well.
#include "cli/guard.hpp"
#include "cli/verbs.hpp"

namespace micguard::cli {

int verbs::mute(const Invocation&, const Terminal&) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto done = guard->mute();
    return done ? raw(Exit::Ok) : failed(done.error());
}

} // namespace micguard::cli
