// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/rule_notes.hpp"

#include "config/wording.hpp"
#include "daemon/policy/rule_contradictions.hpp"
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

bool standsBefore(const Rule* a, const Rule* b) {
    return std::tie(a->origin.file, a->origin.line) < std::tie(b->origin.file, b->origin.line);
}

Diagnostic noteOn(const Contradicting& contradiction, const Settings& settings) {
    std::vector<const Rule*> rules;
    for (const auto index : contradiction.rules)
        rules.push_back(&settings.rules[index]);
    std::sort(rules.begin(), rules.end(), standsBefore);
    const Rule& first = *rules.front();
    Diagnostic note{first.origin.file, first.origin.line, 1, {}, {}, Severity::Warning};
    rules.erase(rules.begin());
    note.what = "this rule " + contradicting(rules) + ": with both " + cited(contradiction.app) + " and " +
                cited(contradiction.other) +
                " there, whichever hears makes the rules say that it is otherwise";
    note.mend = "one of them is kept out then; let one of them hear whatever the other does";
    return note;
}

} // namespace

Diagnostics contradictoryRules(const Settings& settings) {
    const RuleBook book(settings);
    const auto found = contradictions(book, momentsOf(book));
    Diagnostics notes;
    for (const auto& one : found)
        if (notes.size() < contradictionsTold)
            notes.push_back(noteOn(one, settings));
    std::sort(notes.begin(), notes.end(), [](const Diagnostic& a, const Diagnostic& b) {
        return std::tie(a.file, a.line, a.what) < std::tie(b.file, b.line, b.what);
    });
    if (found.size() > contradictionsTold)
        notes.push_back(
            {notes.back().file, notes.back().line, 1,
             std::to_string(found.size() - contradictionsTold) + " more times rules contradict each other",
             "mend those above first", Severity::Warning});
    return notes;
}

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
