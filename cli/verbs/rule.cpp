// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl allow|deny|silence|ask APP: a rule about one application. The verb's name is the rule's action.
#include "cli/moment.hpp"
#include "cli/rule_calls.hpp"
#include "cli/snapshot.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

std::string said(const Invocation& how, const ExplanationFacts& app, const std::optional<std::string>& source,
                 std::uint64_t until, std::uint64_t now) {
    std::string out(how.verb->name);
    out += " " + shown(app.appId, 300);
    if (!app.name.empty())
        out += " (" + shown(app.name, 40) + ")";
    out += source ? " on " + shown(*source, 200) : " on every microphone";
    if (until != 0)
        out += " until " + clockTime(until, now);
    return out + "\n";
}

} // namespace

int verbs::rule(const Invocation& how, const Terminal&) {
    const std::uint64_t now = nowInMicroseconds();
    std::uint64_t until = 0;
    if (const auto text = how.option("--until")) {
        const auto moment = momentFrom(*text, now);
        if (!moment) {
            complain("--until " + moment.error());
            return raw(Exit::Usage);
        }
        until = *moment;
    }
    const auto source = how.option("--source");
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    // Who is meant by a name is the guard's business.
    const auto app = askExplanation(*guard, how.operands.front());
    if (!app)
        return failed(app.error());
    if (const auto done = setRule(*guard, app->appId, std::string(how.verb->name), source, until); !done)
        return failed(done.error());
    // A path and a sandbox's id are what they are; a desktop entry may start something else than what then runs.
    if (app->identity.empty() && app->appId.find_first_of("/.") == std::string::npos)
        complain(shown(app->appId, 300) +
                 " does not run now; once it does, micguardctl explain tells whether this is about it");
    if (source && !app->knowsSource(*source))
        complain("there is no microphone '" + shown(*source, 200) +
                 "' at the moment (see micguardctl sources)");
    if (how.json)
        return print(written({{"app_id", app->appId},
                              {"action", how.verb->name},
                              {"source", source ? nlohmann::json(*source) : nlohmann::json(nullptr)},
                              {"until", until ? nlohmann::json(until) : nlohmann::json(nullptr)}}) +
                     "\n");
    return print(said(how, *app, source, until, now));
}

} // namespace micguard::cli
