// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which rule decides about an application and a source, and what the others would have said. Pure.
//
// Order, the first difference decides: final rules of vendor and system; the higher priority; the more specific match;
// the stronger layer; the stricter action. Two rules that agree in all of these say the same.
//
// A fact that an application could have made up (Fact::known is false) makes a verdict stricter and never looser
// than [policy] default.
#pragma once

#include "config/settings.hpp"
#include "daemon/policy/classify.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace micguard {

struct Fact {
    std::string value;
    bool known = false; // by the kernel's or the sandbox's word; else the application's own
    bool operator==(const Fact&) const = default;
    auto operator<=>(const Fact&) const = default;
};

// An application, as far as rules can tell it.
struct Subject {
    Fact app, executable, unit, flatpak, snap, process;
    std::string claims; // never known
    bool operator==(const Subject&) const = default;
    auto operator<=>(const Subject&) const = default;
};

// What rules with conditions depend on.
struct Circumstances {
    std::uint64_t now = 0;    // µs since the epoch, for Rule::until
    unsigned weekday = 0;     // 0 is Monday
    unsigned minute = 0;      // since midnight
    bool locked = false;      // the session
    std::set<std::string> capturing; // AppIds
    bool operator==(const Circumstances&) const = default;
};

struct Decision {
    Ruling ruling = Ruling::Allow;
    std::optional<std::size_t> rule = std::nullopt; // index into Settings::rules; none: [policy] default
    std::string reason; // for people: "denied by /etc/micguard/micguard.toml:12", "allowed by [policy] default"
    bool operator==(const Decision&) const = default;
};

// What a rule says of a pair that it matches, whether or not it decides.
struct Opinion {
    std::size_t rule = 0;
    bool inForce = true;  // its `when` is true now
    bool heeded = true;   // false: rests on claims and would loosen
};

// The rules in force, sorted and remembered per subject; thousands of rules cost a look-up once they have been seen.
class RuleBook {
  public:
    explicit RuleBook(const Settings& settings);

    Decision decide(const Subject& subject, const std::string& source, SourceKind kind, const Circumstances& now) const;
    // In the order in which they win.
    std::vector<Opinion> opinions(const Subject& subject, const std::string& source, SourceKind kind,
                                  const Circumstances& now) const;
    const std::vector<Rule>& rules() const;
};

} // namespace micguard
