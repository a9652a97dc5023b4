// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl toggle: prints what the button is now, "muted" or "unmuted".
#include "cli/ask.hpp"
#include "cli/verbs.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

int verbs::toggle(const Invocation& how, const Terminal&) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto muted = guard->toggle();
    if (!muted)
        return failed(muted.error());
    if (!*muted)
        if (const std::string who = stillMutedBy(*guard); !who.empty())
            complain("the mute is released, but the microphones are " + who);
    return print(how.json ? written({{"muted", *muted}}) + "\n" : *muted ? "muted\n" : "unmuted\n");
}

} // namespace micguard::cli
