// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/rule_notes.hpp"

#include "daemon/policy/rule_words.hpp"
#include "daemon/policy/rules.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace micguard {
namespace {

Diagnostic noteOn(const Rule& idle, const Rule& winner) {
    const Criterion by = compare({&winner, specificity(winner)}, {&idle, specificity(idle)}).by;
    Diagnostic note{idle.origin.file, idle.origin.line, 1, {}, {}, Severity::Warning};
    note.what = "this rule never decides: " + (by == Criterion::None ? "it says the same as " + place(winner)
                                                                     : "always " + outrankedBy(winner, by));
    note.mend = by == Criterion::None                            ? "remove one of the two"
                : isFinal(winner) || by == Criterion::Strictness ? "remove it"
                                                                 : "remove it, or give it a higher priority";
    return note;
}

} // namespace

Diagnostics idleRules(const Settings& settings) {
    const RuleBook book(settings, 0);
    std::vector<std::pair<const Rule*, const Rule*>> found; // idle, winner
    for (const auto& one : book.shadowed())
        if (const auto& [idle, winner] = std::tie(settings.rules[one.rule], settings.rules[one.by]);
            idle.rank >= winner.rank || isFinal(winner))
            found.emplace_back(&idle, &winner);
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        const Origin &first = a.first->origin, &second = b.first->origin;
        return std::tie(first.file, first.line) < std::tie(second.file, second.line);
    });
    Diagnostics notes;
    for (const auto& [idle, winner] : found) {
        if (notes.size() == idleRulesTold) {
            notes.push_back(
                {idle->origin.file, idle->origin.line, 1,
                 std::to_string(found.size() - idleRulesTold) + " more rules never decide, from here on",
                 "mend those above first", Severity::Warning});
            break;
        }
        notes.push_back(noteOn(*idle, *winner));
    }
    return notes;
}

} // namespace micguard
