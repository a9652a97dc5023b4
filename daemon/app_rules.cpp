// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules that callers on the bus make, forget and ask about.
#include "daemon/app.hpp"

#include "config/wording.hpp"
#include "daemon/permitted.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/explain.hpp"
#include "daemon/policy/outrank.hpp"
#include "daemon/policy/questions.hpp"
#include "daemon/policy/why.hpp"
#include "protocol/names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace micguard {
namespace {

// The end of the year 9999: TOML knows no later one.
constexpr std::uint64_t lastMoment = 253'402'300'799ULL * G_USEC_PER_SEC;

RequestError invalid(std::string message) {
    return {"InvalidArgument", std::move(message)};
}

// A rule that keeps the application from a microphone for longer than `rule` would be gone with it.
bool shortens(const Rule& rule, const Rule& old) {
    return rule.until && replaces(rule, old) && old.action != Ruling::Allow && old.until > rule.until;
}

// Writes `rule` with the priority that it needs. `others`: what it has to win over in other files. `mayShorten`: the caller may
// make things looser.
ConfigSource::Change changeTo(Rule rule, std::vector<Rule> others, Trial trial, std::string ownFile,
                              Result<void> mayShorten) {
    ConfigSource::Change change;
    change.make = [rule, others = std::move(others), trial,
                   mayShorten = std::move(mayShorten)](Layer& own) -> std::optional<ConfigRefusal> {
        if (!mayShorten && std::any_of(own.rules.begin(), own.rules.end(),
                                       [&](const Rule& old) { return shortens(rule, old); }))
            return ConfigRefusal{mayShorten.error().name, mayShorten.error().message};
        auto against = others;
        for (const auto& old : own.rules)
            if (!replaces(rule, old) && mayCompete(old, rule, trial))
                against.push_back(old);
        const auto priority = winningPriority(rule, against);
        if (!priority)
            return ConfigRefusal{
                "InvalidConfig",
                fmt::format("a rule that may decide about {} has the highest priority there is",
                            printable(trial.appId))};
        Rule winning = rule;
        winning.priority = *priority;
        if (!remember(own, std::move(winning), trial.now.now))
            return ConfigRefusal{
                "LimitExceeded",
                fmt::format("{} rules are remembered already; forget some of them first", ownRulesLimit)};
        return std::nullopt;
    };
    change.check = [rule, trial, ownFile = std::move(ownFile)](
                       const Configuration& ahead) -> std::optional<ConfigRefusal> {
        const auto& rules = ahead.settings.rules;
        const auto written = std::find_if(rules.begin(), rules.end(), [&](const Rule& other) {
            return other.origin.file == ownFile && other.match == rule.match && other.until == rule.until &&
                   other.when.always();
        });
        if (written == rules.end())
            return ConfigRefusal{"InvalidConfig", "the rule would not be read from " + ownFile};
        const auto objection = objectionTo(*written, RuleBook(ahead.settings), trial);
        if (!objection)
            return std::nullopt;
        return ConfigRefusal{objection->claimed ? "InvalidArgument" : "InvalidConfig", objection->text};
    };
    return change;
}

} // namespace

void App::setRule(const Caller& caller, const std::string& app, const std::string& action,
                  const RuleOptions& options, ReplyVoid reply) {
    if (const auto allowed = mayControl(caller, "make rules"); !allowed)
        return reply(allowed);
    const auto ruling = rulingFromString(action);
    if (!ruling)
        return reply(tl::unexpected(invalid("action is allow, deny, silence or ask, not " + cited(action))));
    // The others may take the place of a deny.
    if (const auto allowed =
            *ruling == Ruling::Deny ? Result<void>{} : mayLoosen(caller, "make rules that deny less");
        !allowed)
        return reply(allowed);
    if (options.until && *options.until <= now())
        return reply(tl::unexpected(
            invalid("until is over already; it wants a moment to come, in microseconds since 1970")));
    if (options.until && *options.until > lastMoment)
        return reply(
            tl::unexpected(invalid("until is after the year 9999; leave it out for a rule that stays")));
    const auto managers = sessionManagers(model_.graph);
    Circumstances circumstances = circumstancesOf(model_, enforcer_.rules(), managers);
    circumstances.now = now();
    const Rule rule = ruleFor(app, options.source, *ruling, 0, options.until);
    Trial trial = trialOf(model_, circumstances, applicantOf(model_, managers, app), options.source);
    std::vector<Rule> others;
    for (const auto& other : configuration_.settings.rules)
        if (other.origin.file != config_.ownFile() && mayCompete(other, rule, trial))
            others.push_back(other);
    config_.change(changeTo(rule, std::move(others), std::move(trial), config_.ownFile(),
                            loosenedNow(caller, "let a rule that denies end sooner")),
                   [this, rule, caller, done = onceInForce(std::move(reply))](const auto& refusal) {
                       if (!refusal)
                           storePermission(rule);
                       else if (refusal->error == "AccessDenied")
                           refused(caller, refusal->message);
                       done(refusal);
                   });
}

void App::forget(const Caller& caller, const std::string& app, ReplyVoid reply) {
    if (const auto allowed = mayLoosen(caller, "forget rules"); !allowed)
        return reply(allowed);
    ConfigSource::Change change;
    const bool stored =
        model_.settings.policy.permissionStore && permissions_.words().contains(nameInStore(app));
    auto answers = answersAbout(model_, app);
    change.make = [app, at = now(),
                   elsewhere = stored || !answers.empty()](Layer& own) -> std::optional<ConfigRefusal> {
        std::erase_if(own.rules, [&](const Rule& rule) { return rule.until && *rule.until <= at; });
        if (micguard::forget(own, app) > 0 || elsewhere)
            return std::nullopt;
        return ConfigRefusal{"NoSuchObject", "nothing is remembered about " + cited(app)};
    };
    config_.change(std::move(change), [this, app, answers = std::move(answers),
                                       done = onceInForce(std::move(reply))](const auto& refusal) {
        if (!refusal) {
            dropPermission(app);
            for (const auto number : answers)
                receive(event::AnswerEnded{number});
        }
        done(refusal);
    });
}

Result<std::vector<RuleView>> App::rules(const Caller& caller) {
    if (auto allowed = mayControl(caller, "see the rules"); !allowed)
        return tl::unexpected(allowed.error());
    return shownRules(enforcer_.rules());
}

Result<Explanation> App::explain(const Caller& caller, const std::string& app) {
    if (auto allowed = mayControl(caller, "see why"); !allowed)
        return tl::unexpected(allowed.error());
    const auto managers = sessionManagers(model_.graph);
    std::string appId;
    if (app.starts_with(names::rootPath)) {
        const auto shown =
            std::find_if(view_.applications.begin(), view_.applications.end(), [&](const auto& view) {
                return app == fmt::format("{}/{}", names::application::folder, view.key);
            });
        if (shown == view_.applications.end())
            return tl::unexpected(RequestError{"NoSuchObject", "there is no application " + cited(app)});
        if (shown->appId.empty())
            return tl::unexpected(RequestError{
                "NoSuchObject", cited(shown->name) + " is a part of the sound server; no rule is about it"});
        appId = shown->appId;
    } else {
        const auto found = findAppId(model_, managers, view_.applications, app);
        if (!found)
            return tl::unexpected(
                RequestError{found.error().several ? "InvalidArgument" : "NoSuchObject", found.error().text});
        appId = *found;
    }
    return micguard::explain(model_, managers, enforcer_.verdicts(), enforcer_.rules(),
                             applicantOf(model_, managers, appId), view_.applications);
}

} // namespace micguard
