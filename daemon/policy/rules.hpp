// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which rule decides about an application and a source, and what the others would have said. Pure.
//
// Order, the first difference decides: final rules of vendor and system; the higher priority; the more
// specific match (rule_order.hpp); the stronger layer; the stricter action. Two rules that agree in all of
// these say the same. Where in which file a rule stands decides nothing.
//
// A fact that an application could have made up (Fact::known is false) makes a verdict stricter and never
// looser: a rule that rests on one is heeded only if it is not looser than what the rules that rest on none
// would decide, [policy] default included. So an application cannot talk itself into a microphone, and an
// exception that the user made among claims still holds where nothing stricter is known.
#pragma once

#include "config/settings.hpp"
#include "daemon/model/circumstances.hpp"
#include "daemon/policy/dependence.hpp"
#include "daemon/policy/rule_index.hpp"
#include "daemon/policy/rule_order.hpp"
#include "daemon/policy/shared_text.hpp"
#include "daemon/policy/source_kind.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace micguard {

// "" is the absence of the fact: no pattern matches it, not even *, except that `app = "*"` demands nothing
// at all.
struct Fact {
    std::string value;
    bool known = false; // by the kernel's or the sandbox's word; else the application's own
    bool operator==(const Fact&) const = default;
    auto operator<=>(const Fact&) const = default;
};

// An application, as far as rules can tell it.
struct Subject {
    Fact app, executable, unit, flatpak, snap, process;
    Fact alias;  // what `app` is matched against as well: the executable behind a desktop id, a script's name
    Fact script; // the same of `process`: the script that an interpreter runs
    std::string claims; // never known
    bool operator==(const Subject&) const = default;
    auto operator<=>(const Subject&) const = default;
};

// What else than rules and [policy] default may decide.
enum class DecidedBy { Rules, Answer, AppMute, OwnMute, Store, Ignorance };

struct Decision {
    Ruling ruling = Ruling::Allow;
    std::optional<std::size_t> rule = std::nullopt; // index into Settings::rules; none: [policy] default
    SharedText
        reason; // for people: "denied by /etc/micguard/micguard.toml:12", "allowed by [policy] default"
    DecidedBy by = DecidedBy::Rules;
    bool operator==(const Decision&) const = default;
};

// What a rule says of a pair that it matches, whether or not it decides.
struct Opinion {
    std::size_t rule = 0;
    bool inForce = true;  // its `when` is true now
    bool heeded = true;   // false: rests on claims and would loosen
    bool decides = false; // at most one of them; none: [policy] default
    std::string text; // for people: "would allow; outranked by priority 10 (/etc/micguard/micguard.toml:12)"
    bool operator==(const Opinion&) const = default;
};

// A rule that never decides anything, whatever an application is or claims and whatever the time: `by` always
// wins.
struct Shadowed {
    std::size_t rule = 0, by = 0;
    bool operator==(const Shadowed&) const = default;
};

// The moments at which some rule starts or stops to hold by the clock alone.
struct Boundaries {
    std::set<unsigned> minutes;     // of the day, by the machine's clock
    std::set<std::uint64_t> untils; // µs since the epoch
    bool operator==(const Boundaries&) const = default;
};

// The rules in force, sorted and indexed. What they say of a subject and of a source is remembered, within
// limits; nothing but the time that an answer takes depends on it. A value: copies are independent. Not for
// several threads at once, const or not.
class RuleBook {
    // The rules whose demands on the application are met: by known facts only, or not.
    struct Who {
        Bits known, claimed;
        std::vector<std::uint32_t> words; // of the two, those that are not 0
    };
    // The rules whose demands on the source are met.
    struct Where {
        Bits rules;
        std::vector<std::uint32_t> words;
    };

  public:
    // Bytes, about, for what is remembered; 0: nothing is.
    static constexpr std::size_t defaultMemory = std::size_t{16} << 20;

    explicit RuleBook(const Settings& settings, std::size_t memory = defaultMemory);

    // The rules whose conditions hold in these circumstances: made once, asked for every pair. Of this book
    // only.
    class InForce {
        friend class RuleBook;
        struct Capture {                     // of one pattern of `when.capturing`: who fits it
            unsigned known = 0, claimed = 0; // how many, from 2 on any number
            std::string soleKnown, soleClaimed;
        };
        std::uint64_t now_ = 0;
        unsigned minute_ = 0;
        Bits holds_;   // whoever is asked for
        Bits perhaps_; // depends on whether the one that captures is the one that is asked for
        Bits asking_;  // would hold, if somebody captured
        Bits expired_;
        std::vector<Capture> captures_;
    };
    InForce inForce(const Circumstances& now) const;

    // What there is about an application, and about a source: looked up once, asked for each pair of the two. Of this book only.
    class Asker {
        friend class RuleBook;
        Asker(std::shared_ptr<const Who> who, Fact app)
            : who_(std::move(who))
            , app_(std::move(app)) {}
        std::shared_ptr<const Who> who_;
        Fact app_;
    };
    class Place {
        friend class RuleBook;
        explicit Place(std::shared_ptr<const Where> where)
            : where_(std::move(where)) {}
        std::shared_ptr<const Where> where_;
    };
    Asker asker(const Subject& subject) const { return {who(subject), subject.app}; }
    Place place(const std::string& source, SourceKind kind) const { return Place(where({source, kind})); }

    Decision decide(const Asker& asker, const Place& place, const InForce& now) const;
    // For a single question.
    Decision decide(const Subject& subject, const std::string& source, SourceKind kind,
                    const Circumstances& now) const {
        return decide(asker(subject), place(source, kind), inForce(now));
    }

    // The strictest that any rule says now of anybody on this source, and [policy] default: for whom it is
    // not known who he is, nor whether he is one whom they are about.
    Decision strictest(const Place& place, const InForce& now) const;

    // Whether any rule asks who else captures.
    bool asksWhoCaptures() const { return captureCount_ > 0; }
    // Whether one of those that could be in force now is about it.
    bool hangsOnOthers(const Asker& asker, const InForce& now) const;
    // What `decide` goes by, whoever captures. `now`: of circumstances in which nobody does.
    Dependence dependence(const Asker& asker, const Place& place, const InForce& now) const;
    // The patterns of `when.capturing` that an AppId fits, by numbers of this book's; sorted.
    std::vector<std::uint32_t> fitting(const std::string& appId) const;

    // In the order in which they win. Without rules that are no more.
    std::vector<Opinion> opinions(const Subject& subject, const std::string& source, SourceKind kind,
                                  const Circumstances& now) const;

    // Sound, not complete: what is named here can go without a change, but an unnamed rule may be idle as
    // well. In the order of Settings::rules.
    std::vector<Shadowed> shadowed() const;

    Boundaries boundaries() const;

    // As in Settings::rules.
    const std::vector<Rule>& rules() const { return rules_; }
    // Their indices, that of the rule that wins over all others first.
    const std::vector<std::size_t>& order() const { return order_; }

  private:
    // Numbers in Bits are ranks: 0 is the rule that wins over all others.
    using Rank = std::uint32_t;
    static constexpr std::size_t kindCount = 5;

    struct SubjectHash {
        std::size_t operator()(const Subject& subject) const;
    };
    struct SourceKey {
        std::string name;
        SourceKind kind{};
        bool operator==(const SourceKey&) const = default;
    };
    struct SourceHash {
        std::size_t operator()(const SourceKey& source) const;
    };
    enum class Force { No, Claimed, Known };
    struct Outcome {
        std::optional<Rank> decides;
        Ruling floor{}; // what the rules that rest on nothing claimed say
    };

    Who computeWho(const Subject& subject) const;
    Where computeWhere(const SourceKey& source) const;
    std::shared_ptr<const Who> who(const Subject& subject) const;
    std::shared_ptr<const Where> where(const SourceKey& source) const;

    const Rule& at(Rank rank) const { return rules_[order_[rank]]; }
    RankedRule ranked(Rank rank) const { return {&at(rank), specificities_[rank]}; }
    Force force(Rank rank, const Fact& app, const InForce& now) const;
    Outcome outcome(const Asker& asker, const Place& place, const InForce& now) const;
    bool shadows(Rank wide, Rank narrow, Ruling strictestBehind) const;

    std::vector<Rule> rules_;
    Ruling fallback_;
    std::size_t subjectLimit_ = 0, sourceLimit_ = 0;

    std::vector<std::size_t> order_; // from rank to index
    std::vector<Specificity> specificities_;
    std::vector<SharedText> reasons_; // but for `until`, by rank
    SharedText defaultReason_;
    std::array<PatternIndex, appFactCount> facts_;
    std::array<Bits, appFactCount> indifferent_; // rules that demand nothing of the fact
    PatternIndex sources_;
    Bits anySource_;
    std::array<Bits, kindCount> kinds_;
    std::array<Bits, rulings.size()> atLeast_; // by action: those that are as strict
    Bits always_;
    std::vector<Rank> conditional_;
    PatternIndex captures_;                // numbers are those of the patterns
    std::vector<std::uint32_t> captureOf_; // by rank
    std::size_t captureCount_ = 0;

    mutable std::unordered_map<Subject, std::shared_ptr<const Who>, SubjectHash> subjects_;
    mutable std::unordered_map<SourceKey, std::shared_ptr<const Where>, SourceHash> places_;
};

} // namespace micguard
