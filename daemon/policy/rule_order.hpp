// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which of two rules wins where both match, and by what. Knows nothing of applications and sources, only of
// rules: the order is fixed once the rules are. docs/policy.md tells it to users; keep the two alike. Pure.
#pragma once

#include "config/rule.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace micguard {

// What tells applications apart, in the order of Rule::Match. The last is never known.
enum class AppFact : std::size_t { App, Executable, Unit, Flatpak, Snap, Process, Claims };
constexpr std::size_t appFactCount = 7;

// The glob that a rule gives for each, nullptr where it gives none. "*" for `app` (or `source`) is none:
// every application has an AppId, every source a name, so such a glob demands nothing and rests on nothing.
// For the others it is a demand, because not everybody is a Flatpak.
std::array<const std::string*, appFactCount> appGlobs(const Rule::Match& match);
const std::string* sourceGlob(const Rule::Match& match);

// How narrowly a rule says whom it means. Compared field by field, the greater is the more specific. A rule
// that demands something more, or something narrower, is never the less specific one.
struct Specificity {
    std::uint32_t literalFacts = 0; // of the application, spelled out
    std::uint32_t globFacts = 0;    // of the application, as patterns
    std::uint32_t claims = 0;       // 2 spelled out, 1 a pattern; behind whatever can be known
    std::uint32_t source = 0;       // 2 spelled out, 1 a pattern
    std::uint32_t kind = 0;
    std::uint32_t fixed = 0;      // characters that the patterns spell out
    std::uint32_t single = 0;     // characters that they demand, whichever these are
    std::uint32_t conditions = 0; // of `when`
    std::uint32_t capturing = 0;  // 2 spelled out, 1 a pattern
    std::uint32_t capturingFixed = 0;
    std::uint32_t capturingSingle = 0;
    std::uint32_t idle = 0;  // minutes of the week in which it says nothing
    std::uint64_t ended = 0; // the sooner its `until`, the greater; 0: none
    auto operator<=>(const Specificity&) const = default;
};

Specificity specificity(const Rule& rule);

// Nobody but the system's or the vendor's administrator can put his word beyond the others'.
constexpr bool isFinal(const Rule& rule) {
    return rule.final && rule.rank != LayerRank::User;
}

enum class Criterion { Final, Priority, Specificity, Layer, Strictness, None };

// By what `a` wins over `b`, or `b` over `a`; None: they say the same.
struct Comparison {
    std::strong_ordering order = std::strong_ordering::equal; // less: `a` wins
    Criterion by = Criterion::None;
};

struct RankedRule {
    const Rule* rule = nullptr;
    Specificity specificity;
};

Comparison compare(const RankedRule& a, const RankedRule& b);

// A total order for rules among which nothing above decides: only so that the one that is named does not
// depend on the order of files.
bool namedBefore(const Rule& a, const Rule& b);

} // namespace micguard
