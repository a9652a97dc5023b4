// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl is-muted: the exit status is the answer. 0 only if the guard vouches for the mute: a script
// that goes on to say something private must not be told "yes" too early.
#include "cli/ask.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

int verbs::isMuted(const Invocation& how, const Terminal&) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto facts = askGuard(*guard);
    if (!facts)
        return failed(facts.error());
    const Exit code = !facts->muted ? Exit::No : facts->guaranteed() ? Exit::Ok : Exit::NotGuaranteed;
    if (code == Exit::NotGuaranteed)
        complain("a mute is wanted, but the guard does not vouch for it: its state is " +
                 shown(facts->state));
    if (!how.json)
        return raw(code);
    return print(
        written({{"muted", facts->muted}, {"guaranteed", facts->guaranteed()}, {"state", facts->state}}) +
            "\n",
        code);
}

} // namespace micguard::cli
