// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/outrank.hpp"

#include "config/glob.hpp"
#include "config/rule_reader.hpp"
#include "config/wording.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/rule_words.hpp"

#include <algorithm>
#include <array>
#include <compare>

namespace micguard {
namespace {

// By AppFact; none: whatever it may be.
using Facts = std::array<std::optional<std::string>, appFactCount>;

Facts factsOf(const Subject& subject, bool runs) {
    // Without a path it may be anything, a Flatpak or not.
    const bool open = !runs && subject.executable.value.empty();
    const auto fact = [open](const Fact& said) { return open ? std::nullopt : std::optional(said.value); };
    return {subject.app.value,  fact(subject.executable), std::nullopt, fact(subject.flatpak),
            fact(subject.snap), fact(subject.process),    std::nullopt};
}

bool mayMatch(const Rule::Match& match, const Facts& facts) {
    const auto globs = appGlobs(match);
    for (std::size_t fact = 0; fact < appFactCount; fact++)
        if (globs[fact] && facts[fact] && (facts[fact]->empty() || !globMatches(*globs[fact], *facts[fact])))
            return false;
    return true;
}

bool mayMatchSource(const Rule::Match& match, const Rule& rule, const Trial& trial) {
    if (!rule.match.source)
        return true;
    const auto* glob = sourceGlob(match);
    return std::any_of(trial.sources.begin(), trial.sources.end(), [&](const auto& source) {
        return (!glob || globMatches(*glob, source.first)) &&
               (!match.kind || *match.kind == name(source.second));
    });
}

std::string claimedText(const Trial& trial, const Rule& rule, const Decision& decision) {
    const std::string app = printable(trial.appId);
    return app +
           " is only what the application says of itself, which anybody could say: a rule about that is "
           "heeded where it "
           "makes things stricter, so it stays " +
           decision.reason.str() + ". To " + std::string(toString(rule.action)) +
           " it all the same, name it in micguard.toml by something that is known of it (executable, "
           "flatpak, snap), or change "
           "what decides";
}

} // namespace

Trial trialOf(const Model& model, const Circumstances& now, const Applicant& applicant,
              const std::optional<std::string>& source) {
    Trial trial{applicant.appId, !applicant.clients.empty(), applicant.subjects, {}, now};
    for (const auto& [id, node] : model.graph.nodes)
        if (isSource(model.graph, node) && (!source || node.name == *source))
            trial.sources.emplace_back(node.name, sourceKind(model.graph, node));
    // One that is not there may be of any kind.
    if (trial.sources.empty())
        for (const auto kind : {SourceKind::Hardware, SourceKind::Bluetooth, SourceKind::Virtual,
                                SourceKind::Monitor, SourceKind::Network})
            trial.sources.emplace_back(source.value_or(""), kind);
    return trial;
}

bool mayCompete(const Rule& other, const Rule& rule, const Trial& trial) {
    if (isFinal(other) || (other.until && *other.until <= trial.now.now) ||
        !mayMatchSource(other.match, rule, trial))
        return false;
    return std::any_of(trial.subjects.begin(), trial.subjects.end(), [&](const Subject& subject) {
        const Facts facts = factsOf(subject, trial.runs);
        return mayMatch(other.match, facts);
    });
}

std::optional<std::int32_t> winningPriority(const Rule& rule, const std::vector<Rule>& others) {
    std::int32_t priority = 0;
    const auto specificity = micguard::specificity(rule);
    for (const auto& other : others) {
        Rule level = rule;
        level.priority = other.priority;
        const bool wins =
            std::is_lteq(compare({&level, specificity}, {&other, micguard::specificity(other)}).order);
        priority = std::max(priority, wins ? other.priority : other.priority + 1);
    }
    return priority > priorityLimit ? std::nullopt : std::optional(priority);
}

std::optional<Objection> objectionTo(const Rule& rule, const RuleBook& book, const Trial& trial) {
    const auto inForce = book.inForce(trial.now);
    for (const auto& subject : trial.subjects)
        for (const auto& [name, kind] : trial.sources)
            if (book.decide(book.asker(subject), book.place(name, kind), inForce).ruling == rule.action)
                return std::nullopt;
    const auto& subject = trial.subjects.front();
    const auto& [name, kind] = trial.sources.front();
    const auto decision = book.decide(book.asker(subject), book.place(name, kind), inForce);
    if (decision.rule && isFinal(book.rules()[*decision.rule]))
        return Objection{false, printable(trial.appId) + " is " + decision.reason.str() +
                                    ", a final rule: only whoever looks after this system can change that"};
    for (const auto& opinion : book.opinions(subject, name, kind, trial.now)) {
        const Rule& said = book.rules()[opinion.rule];
        if (!opinion.heeded && said.match == rule.match && said.action == rule.action &&
            said.origin == rule.origin)
            return Objection{true, claimedText(trial, rule, decision)};
    }
    return Objection{false, printable(trial.appId) + " would still be " + decision.reason.str()};
}

} // namespace micguard
