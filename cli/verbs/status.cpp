// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl status: the guard's own properties, one round trip.
#include "cli/ask.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

std::string line(const Terminal& terminal, std::string_view name, std::string_view text,
                 Colour colour = Colour::None) {
    return padded(name, 12) + terminal.painted(text, colour) + "\n";
}

std::string written(const GuardFacts& facts, const Terminal& terminal) {
    const std::uint64_t now = nowInMicroseconds();
    const Colour colour = colourOfState(facts.state);
    std::string state = terminal.painted(shown(facts.state), colour);
    if (facts.state == "degraded")
        state += facts.muted ? " (muted, but not vouched for)" : " (not muted)";
    if (facts.mutedSince != 0)
        state += " since " + clockTime(facts.mutedSince, now) +
                 (now > facts.mutedSince ? " (" + duration(now - facts.mutedSince) + ")" : "");
    std::string out = line(terminal, "State", state);
    out += line(terminal, "Mode", shown(facts.mode));
    out += facts.connected
               ? line(terminal, "Connected", "yes")
               : line(terminal, "Connected", "no (to PipeWire; a mute is in force the moment it appears)",
                      Colour::Yellow);
    out += line(terminal, "Capturing",
                std::to_string(facts.capturing) + (facts.capturing == 1 ? " application" : " applications"));
    out += line(terminal, "Admission", shown(facts.admission));
    for (const HoldFacts& hold : facts.holds)
        out += line(terminal, "Hold", wordsFor(hold));
    for (const WarningFacts& warning : facts.warnings)
        out += line(terminal, "Warning", shown(warning.text, 400), Colour::Yellow);
    return out;
}

} // namespace

int verbs::status(const Invocation& how, const Terminal& terminal) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto facts = askGuard(*guard);
    if (!facts)
        return failed(facts.error());
    return print(how.json ? micguard::cli::written(toJson(*facts)) + "\n" : written(*facts, terminal));
}

} // namespace micguard::cli
