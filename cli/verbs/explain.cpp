// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl explain APP: what an application may hear, and why.
#include "cli/rule_calls.hpp"
#include "cli/snapshot.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

constexpr std::size_t longest = 400; // columns of a sentence

std::string whoItIs(const ExplanationFacts& app) {
    std::string out = shown(app.appId, 300);
    if (!app.name.empty())
        out = shown(app.name, 40) + ", " + out;
    if (app.identity.empty())
        return out + ": does not run; as it would be if it were what it is called";
    if (app.identity == "kernel")
        return out + ": known by its process";
    if (app.identity == "sandbox")
        return out + ": known by its sandbox";
    return out + ": known only by its own word, which loosens nothing";
}

Colour colourOf(const std::string& verdict) {
    return verdict == "allow"                          ? Colour::Red
           : verdict == "deny" || verdict == "silence" ? Colour::Green
                                                       : Colour::Yellow;
}

std::string written(const ExplanationFacts& app, const Terminal& terminal) {
    std::string out = whoItIs(app) + "\n";
    if (app.verdicts.empty())
        out += "There is no microphone.\n";
    for (const VerdictFacts& verdict : app.verdicts) {
        out += "\n" + shown(verdict.source, 200) + ": " +
               terminal.painted(shown(verdict.verdict, 16), colourOf(verdict.verdict)) + ", " +
               shown(verdict.reason, longest) + "\n";
        if (!verdict.muted.empty())
            out += "  nobody hears it now: " + shown(verdict.muted, longest) + "\n";
        for (const std::string& other : verdict.others)
            out += "  " + shown(other, longest) + "\n";
    }
    return out;
}

} // namespace

int verbs::explain(const Invocation& how, const Terminal& terminal) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto app = askExplanation(*guard, how.operands.front());
    if (!app)
        return failed(app.error());
    return print(how.json ? micguard::cli::written(toJson(*app)) + "\n" : written(*app, terminal));
}

} // namespace micguard::cli
