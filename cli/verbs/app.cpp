// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl app: mutes one application by itself, or lifts that.
#include "cli/ask.hpp"
#include "cli/verbs.hpp"

namespace micguard::cli {

int verbs::app(const Invocation& how, const Terminal&) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const bool muted = how.operands[0] == "mute";
    const auto application = askApplication(*guard, how.operands[1]);
    if (!application)
        return failed(application.error());
    if (const auto done = guard->setApplicationMuted(application->path, muted); !done)
        return failed(done.error());
    return raw(Exit::Ok);
}

} // namespace micguard::cli
