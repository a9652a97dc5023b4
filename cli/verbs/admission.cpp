// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl admission: shows or chooses whether new clients of PipeWire wait for the guard's word. What is
// shown is in force; what was chosen is a setting, and comes into force with PipeWire's next start.
#include "cli/ask.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"

#include <string_view>

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

// "" if the guard does not say so.
std::string warningOf(const GuardFacts& facts, std::string_view id) {
    for (const WarningFacts& warning : facts.warnings)
        if (warning.id == id)
            return shown(warning.text, 400);
    return {};
}

} // namespace

int verbs::admission(const Invocation& how, const Terminal&) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const bool choose = !how.operands.empty();
    if (choose)
        if (const auto done = guard->setConfig("admission.mode", how.operands.front()); !done)
            return failed(done.error());
    const auto facts = askGuard(*guard);
    if (!facts)
        return failed(facts.error());
    if (const std::string fault = warningOf(*facts, "admission-link"); choose && !fault.empty())
        return failed({Exit::No, fault});
    const std::string restart = warningOf(*facts, "admission-restart");
    if (how.json)
        return print(written({{"admission", facts->admission}, {"restart", !restart.empty()}}) + "\n");
    std::string out = choose ? "" : shown(facts->admission) + "\n";
    if (!restart.empty())
        out += restart + ": systemctl --user restart pipewire.service\n";
    return print(out);
}

} // namespace micguard::cli
