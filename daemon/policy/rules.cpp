// SPDX-License-Identifier: GPL-3.0-or-later
//
// What depends on the rules alone is done once; what they say of a subject and of a source is a set of bits
// each, and so is what is in force now: a decision is the lowest bit that is in all three.
#include "daemon/policy/rules.hpp"

#include "daemon/policy/rule_words.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>

namespace micguard {
namespace {

// An application may call itself anything at any length; matching takes pattern times name steps.
constexpr std::size_t longestClaim = 1024;
// Names beyond this are looked up each time rather than kept.
constexpr std::size_t longestKept = 4096;
constexpr std::uint32_t noCapture = static_cast<std::uint32_t>(-1);

struct FactView {
    std::string_view value;
    bool known = false;
};

// All that a rule's word for a fact may match. "" is nothing.
using FactViews = std::array<FactView, 2>;

std::array<FactViews, appFactCount> factsOf(const Subject& subject) {
    const auto view = [](const Fact& fact) {
        const std::string_view value = fact.value;
        return FactView{fact.known ? value : value.substr(0, longestClaim), fact.known};
    };
    const FactView none{};
    return {{{view(subject.app), view(subject.alias)},
             {view(subject.executable), none},
             {view(subject.unit), none},
             {view(subject.flatpak), none},
             {view(subject.snap), none},
             {view(subject.process), view(subject.script)},
             {FactView{std::string_view(subject.claims).substr(0, longestClaim), false}, none}}};
}

std::size_t lengthOf(const Subject& subject) {
    return subject.app.value.size() + subject.alias.value.size() + subject.executable.value.size() +
           subject.unit.value.size() + subject.flatpak.value.size() + subject.snap.value.size() +
           subject.process.value.size() + subject.script.value.size() + subject.claims.size();
}

std::size_t mixed(std::size_t seed, std::size_t more) {
    return (seed ^ (more + 0x9e3779b97f4a7c15u + (seed << 6) + (seed >> 2)));
}

bool hoursHold(const Rule::When& when, unsigned weekday, unsigned minute) {
    const auto on = [&](unsigned day) { return (when.days >> (day % 7) & 1u) != 0; };
    if (!when.hours)
        return on(weekday);
    const auto [from, to] = *when.hours;
    if (from < to)
        return on(weekday) && minute >= from && minute < to;
    return (on(weekday) && minute >= from) || (on(weekday + 6) && minute < to);
}

} // namespace

std::size_t RuleBook::SubjectHash::operator()(const Subject& subject) const {
    const std::hash<std::string_view> hash;
    std::size_t seed = hash(subject.claims);
    for (const Fact* fact : {&subject.app, &subject.executable, &subject.unit, &subject.flatpak,
                             &subject.snap, &subject.process, &subject.alias, &subject.script})
        seed = mixed(seed, hash(fact->value) + (fact->known ? 1 : 0));
    return seed;
}

std::size_t RuleBook::SourceHash::operator()(const SourceKey& source) const {
    return mixed(std::hash<std::string_view>{}(source.name), static_cast<std::size_t>(source.kind));
}

RuleBook::RuleBook(const Settings& settings, std::size_t memory)
    : rules_(settings.rules)
    , fallback_(settings.policy.fallback)
    , order_(rules_.size())
    , defaultReason_(reasonOfDefault(fallback_))
    , anySource_(rules_.size())
    , always_(rules_.size())
    , captureOf_(rules_.size(), noCapture) {
    const std::size_t count = rules_.size();
    const std::size_t bitsBytes = count / 8 + 64; // and half as much for the list of words
    subjectLimit_ = std::min<std::size_t>(memory / (3 * bitsBytes + 1024), 4096);
    sourceLimit_ = std::min<std::size_t>(memory / (2 * bitsBytes + 256), 256);

    std::vector<Specificity> unsorted;
    unsorted.reserve(count);
    for (const auto& rule : rules_)
        unsorted.push_back(specificity(rule));
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
        const auto comparison = compare({&rules_[a], unsorted[a]}, {&rules_[b], unsorted[b]});
        return std::is_neq(comparison.order) ? std::is_lt(comparison.order)
                                             : namedBefore(rules_[a], rules_[b]);
    });

    indifferent_.fill(Bits(count));
    kinds_.fill(Bits(count));
    atLeast_.fill(Bits(count));
    std::unordered_map<std::string, std::uint32_t> captureNumbers;
    for (Rank rank = 0; rank < count; rank++) {
        const Rule& rule = at(rank);
        specificities_.push_back(unsorted[order_[rank]]);
        reasons_.push_back(reasonOf(rule));
        const auto globs = appGlobs(rule.match);
        for (std::size_t fact = 0; fact < appFactCount; fact++) {
            if (globs[fact])
                facts_[fact].add(RulePattern(*globs[fact]), rank);
            else
                indifferent_[fact].set(rank);
        }
        if (const auto* source = sourceGlob(rule.match))
            sources_.add(RulePattern(*source), rank);
        else
            anySource_.set(rank);
        for (std::size_t kind = 0; kind < kindCount; kind++)
            if (!rule.match.kind || *rule.match.kind == name(static_cast<SourceKind>(kind)))
                kinds_[kind].set(rank);
        for (const Ruling ruling : rulings)
            if (rule.action >= ruling)
                atLeast_[static_cast<std::size_t>(ruling)].set(rank);
        if (rule.when.always() && !rule.until)
            always_.set(rank);
        else
            conditional_.push_back(rank);
        if (rule.when.capturing) {
            const auto [number, isNew] = captureNumbers.try_emplace(
                *rule.when.capturing, static_cast<std::uint32_t>(captureNumbers.size()));
            captureOf_[rank] = number->second;
            if (isNew)
                captures_.add(RulePattern(*rule.when.capturing), number->second);
        }
    }
    captureCount_ = captureNumbers.size();
}

RuleBook::Who RuleBook::computeWho(const Subject& subject) const {
    const auto facts = factsOf(subject);
    const std::size_t count = rules_.size();
    Who who{Bits(count), Bits(count), {}}; // `claimed`: by whatever is known or claimed, at first
    for (std::size_t fact = 0; fact < appFactCount; fact++) {
        Bits known = indifferent_[fact], any = indifferent_[fact];
        for (const auto& view : facts[fact]) {
            if (view.value.empty())
                continue;
            facts_[fact].match(view.value, any);
            if (view.known)
                facts_[fact].match(view.value, known);
        }
        if (fact == 0) {
            who.known = std::move(known);
            who.claimed = std::move(any);
        } else {
            who.known &= known;
            who.claimed &= any;
        }
    }
    who.words = who.claimed.occupied();
    who.claimed.without(who.known);
    return who;
}

RuleBook::Where RuleBook::computeWhere(const SourceKey& source) const {
    Bits where = anySource_;
    if (!source.name.empty())
        sources_.match(source.name, where);
    where &= kinds_[static_cast<std::size_t>(source.kind)];
    return {where, where.occupied()};
}

// Full, everything goes: what has to be kept comes back at once, and nothing that is gone for good stays.
std::shared_ptr<const RuleBook::Who> RuleBook::who(const Subject& subject) const {
    if (const auto found = subjects_.find(subject); found != subjects_.end())
        return found->second;
    auto who = std::make_shared<const Who>(computeWho(subject));
    if (subjectLimit_ == 0 || lengthOf(subject) > longestKept)
        return who;
    if (subjects_.size() >= subjectLimit_)
        subjects_.clear();
    return subjects_.emplace(subject, std::move(who)).first->second;
}

std::shared_ptr<const RuleBook::Where> RuleBook::where(const SourceKey& source) const {
    if (const auto found = places_.find(source); found != places_.end())
        return found->second;
    auto where = std::make_shared<const Where>(computeWhere(source));
    if (sourceLimit_ == 0 || source.name.size() > longestKept)
        return where;
    if (places_.size() >= sourceLimit_)
        places_.clear();
    return places_.emplace(source, std::move(where)).first->second;
}

RuleBook::InForce RuleBook::inForce(const Circumstances& now) const {
    InForce result;
    result.now_ = now.now;
    result.minute_ = now.minute;
    result.holds_ = always_;
    result.perhaps_ = Bits(rules_.size());
    result.asking_ = Bits(rules_.size());
    result.expired_ = Bits(rules_.size());
    result.captures_.resize(captureCount_);
    const auto count = [&](const std::set<std::string>& capturing, auto add) {
        for (const auto& app : capturing) {
            Bits fitting(captureCount_);
            if (captureCount_ > 0 && !app.empty())
                captures_.match(app, fitting);
            for (std::size_t at = 0; at < fitting.wordCount(); at++)
                anyBit(fitting.word(at), at, [&](std::size_t number) {
                    add(result.captures_[number], app);
                    return false;
                });
        }
    };
    count(now.capturing, [](InForce::Capture& capture, const std::string& app) {
        if (capture.known++ == 0)
            capture.soleKnown = app;
    });
    count(now.claimedCapturing, [](InForce::Capture& capture, const std::string& app) {
        if (capture.claimed++ == 0)
            capture.soleClaimed = app;
    });
    for (const Rank rank : conditional_) {
        const Rule& rule = at(rank);
        if (rule.until && *rule.until <= now.now) {
            result.expired_.set(rank);
            continue;
        }
        if (!hoursHold(rule.when, now.weekday, now.minute) ||
            (rule.when.locked && *rule.when.locked != now.locked))
            continue;
        if (rule.when.capturing)
            result.asking_.set(rank);
        if (!rule.when.capturing || result.captures_[captureOf_[rank]].known > 1)
            result.holds_.set(rank);
        else if (const auto& capture = result.captures_[captureOf_[rank]];
                 capture.known + capture.claimed > 0)
            result.perhaps_.set(rank);
    }
    return result;
}

// Another application has to capture, not this one. One whose AppId is only claimed counts as another than
// those that are known: what is known to be in force must not depend on what it says, in either direction.
RuleBook::Force RuleBook::force(Rank rank, const Fact& app, const InForce& now) const {
    if (now.holds_.has(rank))
        return Force::Known;
    if (!now.perhaps_.has(rank))
        return Force::No;
    const auto& capture = now.captures_[captureOf_[rank]];
    if (capture.known == 1 && (capture.soleKnown != app.value || !app.known))
        return Force::Known;
    return capture.claimed > 1 || (capture.claimed == 1 && capture.soleClaimed != app.value) ? Force::Claimed
                                                                                             : Force::No;
}

RuleBook::Outcome RuleBook::outcome(const Asker& asker, const Place& place, const InForce& now) const {
    const Who& who = *asker.who_;
    const Where& where = *place.where_;
    struct Word {
        std::uint64_t known, claimed;
    };
    const auto rulesIn = [&](std::size_t at) {
        const std::uint64_t here = where.rules.word(at), holds = here & now.holds_.word(at);
        Word word{holds & who.known.word(at), holds & who.claimed.word(at)};
        const std::uint64_t open = here & (who.known.word(at) | who.claimed.word(at)) & now.perhaps_.word(at);
        anyBit(open, at, [&](std::size_t rank) {
            const auto force = this->force(static_cast<Rank>(rank), asker.app_, now);
            const std::uint64_t bit = std::uint64_t{1} << (rank % 64);
            if (force == Force::Known)
                (who.known.has(rank) ? word.known : word.claimed) |= bit;
            else if (force == Force::Claimed)
                word.claimed |= bit;
            return false;
        });
        return word;
    };
    // Most applications and many sources are spoken of by few rules.
    const auto& words = who.words.size() < where.words.size() ? who.words : where.words;
    Outcome outcome{std::nullopt, fallback_};
    std::optional<std::size_t> claimedFrom; // in `words`
    std::size_t beyond = words.size();
    std::uint64_t ahead = ~std::uint64_t{0}; // in the last word: those that win over the known one
    for (std::size_t i = 0; i < beyond; i++) {
        const Word word = rulesIn(words[i]);
        if (word.claimed != 0 && !claimedFrom)
            claimedFrom = i;
        if (word.known == 0)
            continue;
        const auto first = static_cast<std::size_t>(std::countr_zero(word.known));
        outcome.decides = static_cast<Rank>(std::size_t{words[i]} * 64 + first);
        outcome.floor = at(*outcome.decides).action;
        ahead = (std::uint64_t{1} << first) - 1;
        beyond = i + 1;
    }
    if (!claimedFrom)
        return outcome;
    const Bits& strict = atLeast_[static_cast<std::size_t>(outcome.floor)];
    for (std::size_t i = *claimedFrom; i < beyond; i++) {
        const std::uint64_t heeded =
            rulesIn(words[i]).claimed & strict.word(words[i]) & (i + 1 == beyond ? ahead : ~std::uint64_t{0});
        if (heeded != 0) {
            outcome.decides = static_cast<Rank>(std::size_t{words[i]} * 64 +
                                                static_cast<std::size_t>(std::countr_zero(heeded)));
            break;
        }
    }
    return outcome;
}

Decision RuleBook::decide(const Asker& asker, const Place& place, const InForce& now) const {
    const auto decides = outcome(asker, place, now).decides;
    if (!decides)
        return {fallback_, std::nullopt, defaultReason_};
    const Rule& rule = at(*decides);
    const SharedText& reason = reasons_[*decides];
    return {rule.action, order_[*decides],
            rule.until ? SharedText(reason.str() + untilOf(rule, now.now_, now.minute_)) : reason};
}

Decision RuleBook::strictest(const Place& place, const InForce& now) const {
    const Where& here = *place.where_;
    Ruling ruling = fallback_;
    std::optional<Rank> rule;
    for (const std::size_t at : here.words)
        anyBit(here.rules.word(at) & (now.holds_.word(at) | now.perhaps_.word(at)), at,
               [&](std::size_t rank) {
                   if (const auto action = this->at(static_cast<Rank>(rank)).action; action > ruling) {
                       ruling = action;
                       rule = static_cast<Rank>(rank);
                   }
                   return ruling == Ruling::Deny;
               });
    if (!rule)
        return {ruling, std::nullopt, defaultReason_};
    return {ruling, order_[*rule], reasons_[*rule]};
}

bool RuleBook::hangsOnOthers(const Asker& asker, const InForce& now) const {
    if (captureCount_ == 0)
        return false;
    const Who& matching = *asker.who_;
    return std::any_of(matching.words.begin(), matching.words.end(), [&](std::size_t at) {
        return ((matching.known.word(at) | matching.claimed.word(at)) & now.asking_.word(at)) != 0;
    });
}

Dependence RuleBook::dependence(const Asker& asker, const Place& place, const InForce& now) const {
    const Who& matching = *asker.who_;
    const Where& here = *place.where_;
    Dependence result;
    result.otherwise = fallback_;
    auto& steps = result.steps;
    std::optional<std::size_t> exception;
    const auto add = [&](std::size_t rank) {
        const Rule& rule = at(static_cast<Rank>(rank));
        const bool known = matching.known.has(rank), asking = now.asking_.has(rank);
        if (known && !asking) {
            result.otherwise = rule.action;
            return true;
        }
        if (!known && !asking && rule.action == Ruling::Allow && !exception)
            exception = steps.size();
        steps.push_back(
            {asking ? std::optional(captureOf_[rank]) : std::nullopt, !known, rule.action, order_[rank]});
        return false;
    };
    for (const std::size_t at : matching.words)
        if (anyBit(here.rules.word(at) & (matching.known.word(at) | matching.claimed.word(at)) &
                       (now.holds_.word(at) | now.asking_.word(at)),
                   at, add))
            break;
    // What rests on a claim and allows is heeded where nothing stricter is known, and then nothing behind it is.
    if (exception && result.otherwise == Ruling::Allow) {
        const auto from = steps.begin() + static_cast<std::ptrdiff_t>(*exception);
        if (std::all_of(from, steps.end(),
                        [](const auto& step) { return step.claimed || step.action == Ruling::Allow; }))
            steps.erase(from, steps.end());
    }
    return result;
}

std::vector<std::uint32_t> RuleBook::fitting(const std::string& appId) const {
    std::vector<std::uint32_t> numbers;
    if (captureCount_ == 0 || appId.empty())
        return numbers;
    Bits found(captureCount_);
    captures_.match(appId, found);
    for (std::size_t at = 0; at < found.wordCount(); at++)
        anyBit(found.word(at), at, [&](std::size_t number) {
            numbers.push_back(static_cast<std::uint32_t>(number));
            return false;
        });
    return numbers;
}

std::vector<Opinion> RuleBook::opinions(const Subject& subject, const std::string& source, SourceKind kind,
                                        const Circumstances& circumstances) const {
    const auto now = inForce(circumstances);
    const auto facts = factsOf(subject);
    const Asker asker = this->asker(subject);
    const Place place = this->place(source, kind);
    const Who& matching = *asker.who_;
    const Where& here = *place.where_;
    const auto outcome = this->outcome(asker, place, now);

    const auto claimsIn = [&](Rank rank) {
        std::vector<AppFact> claimed;
        const auto globs = appGlobs(at(rank).match);
        for (std::size_t fact = 0; fact < appFactCount; fact++)
            if (globs[fact] &&
                std::none_of(facts[fact].begin(), facts[fact].end(), [&](const FactView& view) {
                    return view.known && !view.value.empty() && RulePattern(*globs[fact]).matches(view.value);
                }))
                claimed.push_back(static_cast<AppFact>(fact));
        return claimed;
    };
    std::vector<Opinion> opinions;
    const auto add = [&](Rank rank) {
        const Rule& rule = at(rank);
        const auto force = this->force(rank, subject.app, now);
        const auto claims = claimsIn(rank);
        Opinion opinion;
        opinion.rule = order_[rank];
        opinion.inForce = force != Force::No;
        opinion.heeded = (claims.empty() && force != Force::Claimed) || rule.action >= outcome.floor;
        opinion.decides = outcome.decides == rank;
        if (opinion.decides)
            opinion.text = decidesSaying(rule.action);
        else if (!opinion.inForce)
            opinion.text = wouldSay(rule.action) + "; not now: " + conditionsOf(rule);
        else if (!opinion.heeded && !claims.empty())
            opinion.text = wouldSay(rule.action) +
                           "; not heeded: rests on what the application says of itself (" + listed(claims) +
                           ") and would loosen";
        else if (!opinion.heeded)
            opinion.text =
                wouldSay(rule.action) +
                "; not heeded: rests on what an application that captures says of itself and would loosen";
        else
            opinion.text =
                wouldSay(rule.action) + "; " +
                outrankedBy(at(*outcome.decides), compare(ranked(*outcome.decides), ranked(rank)).by);
        opinions.push_back(std::move(opinion));
        return false;
    };
    for (const std::size_t at : here.words)
        anyBit(here.rules.word(at) & (matching.known.word(at) | matching.claimed.word(at)) &
                   ~now.expired_.word(at),
               at, [&](std::size_t rank) { return add(static_cast<Rank>(rank)); });
    return opinions;
}

Boundaries RuleBook::boundaries() const {
    constexpr unsigned minutesPerDay = 24 * 60;
    Boundaries boundaries;
    for (const auto& rule : rules_) {
        if (rule.until)
            boundaries.untils.insert(*rule.until);
        if (rule.when.hours) {
            boundaries.minutes.insert(rule.when.hours->first % minutesPerDay);
            boundaries.minutes.insert(rule.when.hours->second % minutesPerDay);
        } else if (rule.when.days != 0x7f) {
            boundaries.minutes.insert(0);
        }
    }
    return boundaries;
}

} // namespace micguard
