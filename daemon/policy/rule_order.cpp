// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/rule_order.hpp"

#include "daemon/policy/rule_pattern.hpp"

#include <bit>
#include <limits>
#include <tuple>

namespace micguard {
namespace {

constexpr std::uint32_t minutesPerDay = 24 * 60;

const std::string* demanding(const std::optional<std::string>& glob) {
    return glob && !RulePattern(*glob).everything ? &*glob : nullptr;
}

const std::string* given(const std::optional<std::string>& glob) {
    return glob ? &*glob : nullptr;
}

std::uint32_t minutesPerWeek(const Rule::When& when) {
    std::uint32_t length = minutesPerDay;
    if (when.hours) {
        const std::uint32_t from = when.hours->first, to = when.hours->second;
        length = from < to ? to - from : minutesPerDay - from + to;
    }
    return static_cast<std::uint32_t>(std::popcount(static_cast<unsigned>(when.days & 0x7f))) * length;
}

auto everything(const Rule& rule) {
    const auto& match = rule.match;
    const auto& when = rule.when;
    return std::tie(rule.origin.file, rule.origin.line, match.app, match.executable, match.unit,
                    match.flatpak, match.snap, match.process, match.claims, match.source, match.kind,
                    when.days, when.hours, when.locked, when.capturing, rule.final, rule.until);
}

} // namespace

std::array<const std::string*, appFactCount> appGlobs(const Rule::Match& match) {
    return {demanding(match.app), given(match.executable), given(match.unit),  given(match.flatpak),
            given(match.snap),    given(match.process),    given(match.claims)};
}

const std::string* sourceGlob(const Rule::Match& match) {
    return demanding(match.source);
}

Specificity specificity(const Rule& rule) {
    Specificity result;
    const auto count = [&](const std::string& glob, std::uint32_t& literals, std::uint32_t& globs,
                           std::uint32_t literalWorth) {
        const RulePattern pattern(glob);
        if (pattern.literal) {
            // Names that are spelled out are equal where both match; how long they are says nothing.
            literals += literalWorth;
            return;
        }
        globs++;
        result.fixed += pattern.fixed;
        result.single += pattern.single;
    };
    const auto globs = appGlobs(rule.match);
    for (std::size_t fact = 0; fact < appFactCount; fact++) {
        if (!globs[fact])
            continue;
        if (fact == static_cast<std::size_t>(AppFact::Claims))
            count(*globs[fact], result.claims, result.claims, 2);
        else
            count(*globs[fact], result.literalFacts, result.globFacts, 1);
    }
    if (const auto* source = sourceGlob(rule.match))
        count(*source, result.source, result.source, 2);
    result.kind = rule.match.kind ? 1 : 0;
    const auto& when = rule.when;
    result.conditions = (when.days != 0x7f ? 1u : 0u) + (when.hours ? 1u : 0u) + (when.locked ? 1u : 0u) +
                        (when.capturing ? 1u : 0u);
    if (when.capturing) {
        const RulePattern pattern(*when.capturing);
        result.capturing = pattern.literal ? 2 : 1;
        if (!pattern.literal) {
            result.capturingFixed = pattern.fixed;
            result.capturingSingle = pattern.single;
        }
    }
    result.idle = 7 * minutesPerDay - minutesPerWeek(when);
    if (rule.until)
        result.ended = std::numeric_limits<std::uint64_t>::max() - *rule.until;
    return result;
}

Comparison compare(const RankedRule& a, const RankedRule& b) {
    const auto byGreater = [](const auto& left, const auto& right, Criterion by) {
        return Comparison{right <=> left, by};
    };
    for (const auto& comparison : {
             byGreater(isFinal(*a.rule), isFinal(*b.rule), Criterion::Final),
             byGreater(a.rule->priority, b.rule->priority, Criterion::Priority),
             byGreater(a.specificity, b.specificity, Criterion::Specificity),
             byGreater(a.rule->rank, b.rule->rank, Criterion::Layer),
             byGreater(a.rule->action, b.rule->action, Criterion::Strictness),
         })
        if (std::is_neq(comparison.order))
            return comparison;
    return {};
}

bool namedBefore(const Rule& a, const Rule& b) {
    return everything(a) < everything(b);
}

} // namespace micguard
