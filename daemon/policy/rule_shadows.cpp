// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules that never decide. Says so only where it is certain: whoever reads it is going to delete them.
#include "daemon/policy/rules.hpp"

#include <algorithm>
#include <limits>

namespace micguard {
namespace {

constexpr unsigned minutesPerDay = 24 * 60;

// Whenever `narrow` holds by the clock, `wide` does. As stretches of the week: what reaches beyond Sunday
// comes round.
bool hoursCover(const Rule::When& wide, const Rule::When& narrow) {
    if (!wide.hours && wide.days == 0x7f)
        return true;
    if (wide.hours == narrow.hours)
        return (narrow.days & 0x7f & ~wide.days) == 0;
    struct Span {
        unsigned from, to;
    };
    const auto span = [](const Rule::When& when) {
        if (!when.hours)
            return Span{0, minutesPerDay};
        const unsigned from = when.hours->first, to = when.hours->second;
        return Span{from, from < to ? to : to + minutesPerDay};
    };
    const Span outer = span(wide), inner = span(narrow);
    const auto on = [&](unsigned day) { return (wide.days >> (day % 7) & 1u) != 0; };
    // One window of `wide` around each one of `narrow`: that of the same day or of the day before. Windows
    // that only together reach around one are left out.
    for (unsigned day = 0; day < 7; day++) {
        if ((narrow.days >> day & 1u) == 0)
            continue;
        const bool sameDay = on(day) && outer.from <= inner.from && inner.to <= outer.to;
        const bool dayBefore = on(day + 6) && inner.to + minutesPerDay <= outer.to;
        if (!sameDay && !dayBefore)
            return false;
    }
    return true;
}

} // namespace

// The matches are known to be nested.
bool RuleBook::shadows(Rank wide, Rank narrow, Ruling strictestBehind) const {
    const Rule& outer = at(wide);
    const Rule& inner = at(narrow);
    constexpr auto never = std::numeric_limits<std::uint64_t>::max();
    if (outer.until.value_or(never) < inner.until.value_or(never) || !hoursCover(outer.when, inner.when))
        return false;
    if (outer.when.locked && outer.when.locked != inner.when.locked)
        return false;
    if (outer.when.capturing &&
        (!inner.when.capturing ||
         !RulePattern(*outer.when.capturing).covers(RulePattern(*inner.when.capturing))))
        return false;
    // Resting on claims, the outer one is passed over where it would loosen. The inner one then rests on
    // claims as well and is passed over too, unless it is stricter and what is known demands something in
    // between.
    const auto globs = appGlobs(outer.match);
    const bool alwaysKnown =
        !outer.when.capturing &&
        std::all_of(globs.begin(), globs.end(), [](const auto* glob) { return glob == nullptr; });
    return alwaysKnown || outer.action >= std::min(inner.action, strictestBehind);
}

std::vector<Shadowed> RuleBook::shadowed() const {
    const std::size_t count = rules_.size();
    std::vector<Shadowed> result;
    std::vector<Ruling> strictestBehind(count,
                                        fallback_); // of the rules that a rule wins over, and the default
    for (std::size_t rank = count; rank-- > 1;)
        strictestBehind[rank - 1] = std::max(strictestBehind[rank], at(static_cast<Rank>(rank)).action);

    // One that is shadowed itself need not be tried: what shadows it shadows the other as well.
    Bits candidates(count);
    for (Rank rank = 0; rank < count; rank++) {
        const auto& match = at(rank).match;
        Bits wider = candidates;
        const auto narrowTo = [&](const Bits& indifferent, const PatternIndex& index,
                                  const std::string* glob) {
            Bits covering = indifferent;
            if (glob)
                index.covering(RulePattern(*glob), covering);
            wider &= covering;
        };
        const auto globs = appGlobs(match);
        for (std::size_t fact = 0; fact < appFactCount; fact++)
            narrowTo(indifferent_[fact], facts_[fact], globs[fact]);
        narrowTo(anySource_, sources_, sourceGlob(match));
        bool found = false;
        for (std::size_t at = 0; at < wider.wordCount() && !found; at++)
            found = anyBit(wider.word(at), at, [&](std::size_t outer) {
                const auto& kind = this->at(static_cast<Rank>(outer)).match.kind;
                if ((kind && kind != match.kind) ||
                    !shadows(static_cast<Rank>(outer), rank, strictestBehind[rank]))
                    return false;
                result.push_back({order_[rank], order_[outer]});
                return true;
            });
        if (!found)
            candidates.set(rank);
    }
    std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.rule < b.rule; });
    return result;
}

} // namespace micguard
