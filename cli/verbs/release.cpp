// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl release: the guard gives everything back and ends. Never starts one in order to end it.
#include "cli/guard.hpp"
#include "cli/verbs.hpp"

namespace micguard::cli {

int verbs::release(const Invocation&, const Terminal&) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto done = guard->release();
    return done ? raw(Exit::Ok) : failed(done.error());
}

} // namespace micguard::cli
