// SPDX-License-Identifier: GPL-3.0-or-later
//
// What holds for every set of rules, every application and every moment, tried on many made at random; and
// the indexed book against a plain reading of docs/policy.md. The seed is the run's (--rng-seed).
#include "config/glob.hpp"
#include "tests/unit/rule_text.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

class Dice {
  public:
    explicit Dice(std::uint32_t seed)
        : engine_(seed) {}
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(engine_() % limit); }
    bool chance(std::uint32_t percent) { return below(100) < percent; }
    std::string oneOf(const std::vector<std::string>& words) {
        return words[below(static_cast<std::uint32_t>(words.size()))];
    }
    std::mt19937& engine() { return engine_; }

  private:
    std::mt19937 engine_;
};

const std::vector<std::string> globs{"a", "ab", "b", "*", "a*", "*b", "?b", "[ab]", "ab*", "\\a", "**"};
const std::vector<std::string> names{"a", "ab", "b", "abb", "c"};

Rule randomRule(Dice& dice, std::uint32_t line) {
    Rule rule;
    const auto perhaps = [&](std::optional<std::string>& glob, std::uint32_t percent) {
        if (dice.chance(percent))
            glob = dice.oneOf(globs);
    };
    perhaps(rule.match.app, 40);
    perhaps(rule.match.executable, 30);
    perhaps(rule.match.flatpak, 10);
    perhaps(rule.match.claims, 20);
    perhaps(rule.match.source, 20);
    if (dice.chance(15))
        rule.match.kind = dice.oneOf({"hardware", "bluetooth"});
    if (dice.chance(15))
        rule.when.hours = {static_cast<std::uint16_t>(dice.below(4) * 360),
                           static_cast<std::uint16_t>(dice.below(5) * 360)};
    if (dice.chance(15))
        rule.when.days = static_cast<std::uint8_t>(dice.below(128));
    if (dice.chance(10))
        rule.when.locked = dice.chance(50);
    perhaps(rule.when.capturing, 20);
    if (dice.chance(15))
        rule.until = dice.below(3);
    rule.action = rulings[dice.below(4)];
    rule.priority = dice.chance(30) ? static_cast<std::int32_t>(dice.below(3)) : 0;
    rule.final = dice.chance(15);
    rule.rank = static_cast<LayerRank>(dice.below(4));
    rule.origin = {"t", line};
    return rule;
}

Settings randomRules(Dice& dice, std::uint32_t most = 12) {
    Settings settings;
    settings.policy.fallback = rulings[dice.below(4)];
    for (std::uint32_t count = dice.below(most + 1), line = 1; line <= count; line++)
        settings.rules.push_back(randomRule(dice, line));
    return settings;
}

struct Question {
    Subject subject;
    std::string source;
    SourceKind kind{};
    Circumstances now;
};

Question randomQuestion(Dice& dice) {
    Question question;
    for (Fact* fact : {&question.subject.app, &question.subject.alias, &question.subject.executable,
                       &question.subject.flatpak})
        if (dice.chance(75))
            *fact = {dice.oneOf(names), dice.chance(60)};
    if (dice.chance(50))
        question.subject.claims = dice.oneOf(names);
    question.source = dice.oneOf(names);
    question.kind = dice.chance(50) ? SourceKind::Hardware : SourceKind::Bluetooth;
    question.now = {dice.below(3), dice.below(7), dice.below(1440), dice.chance(50), {}, {}};
    for (const auto& app : names) {
        if (dice.chance(20))
            question.now.capturing.insert(app);
        if (dice.chance(15))
            question.now.claimedCapturing.insert(app);
    }
    return question;
}

Decision decide(const RuleBook& book, const Question& question) {
    return book.decide(question.subject, question.source, question.kind, question.now);
}

// One plain reading of the documentation, without indices, bits and memory.
enum class Match { No, Claimed, Known };

Match matchOf(const Rule& rule, const Question& question) {
    Match match = Match::Known;
    const auto demand = [&](const std::optional<std::string>& glob, const Fact& fact, bool everybodyHasOne,
                            const Fact& second = {}) {
        if (!glob || (everybodyHasOne && glob->find_first_not_of('*') == std::string::npos))
            return;
        Match met = Match::No;
        for (const Fact& one : {fact, second})
            if (!one.value.empty() && globMatches(*glob, one.value))
                met = std::max(met, one.known ? Match::Known : Match::Claimed);
        match = std::min(match, met);
    };
    demand(rule.match.app, question.subject.app, true, question.subject.alias);
    demand(rule.match.executable, question.subject.executable, false);
    demand(rule.match.flatpak, question.subject.flatpak, false);
    demand(rule.match.claims, {question.subject.claims, false}, false);
    demand(rule.match.source, {question.source, true}, true);
    if (rule.match.kind && *rule.match.kind != name(question.kind))
        match = Match::No;
    return match;
}

Match forceOf(const Rule& rule, const Question& question) {
    const auto& now = question.now;
    if (rule.when.locked && *rule.when.locked != now.locked)
        return Match::No;
    // Minute by minute: is there a window of this or of yesterday that has begun and not ended?
    const unsigned from = rule.when.hours ? rule.when.hours->first : 0u,
                   to = rule.when.hours ? rule.when.hours->second : 1440u;
    const unsigned end = to > from ? to : to + 1440;
    bool open = false;
    for (unsigned ago = 0; ago < 2; ago++) {
        const unsigned day = (now.weekday + 7 - ago) % 7, minute = now.minute + ago * 1440;
        open = open || ((rule.when.days >> day & 1) && minute >= from && minute < end);
    }
    if (!open)
        return Match::No;
    if (!rule.when.capturing)
        return Match::Known;
    const auto& own = question.subject.app;
    Match match = Match::No;
    for (const auto& app : now.claimedCapturing)
        if (app != own.value && globMatches(*rule.when.capturing, app))
            match = Match::Claimed;
    for (const auto& app : now.capturing)
        if (globMatches(*rule.when.capturing, app) && (app != own.value || !own.known))
            match = Match::Known;
    return match;
}

std::pair<Ruling, const Rule*> plainly(const Settings& settings, const Question& question) {
    struct Candidate {
        const Rule* rule;
        bool known;
    };
    std::vector<Candidate> candidates;
    for (const auto& rule : settings.rules) {
        const Match match = std::min(matchOf(rule, question), forceOf(rule, question));
        if (match != Match::No && !(rule.until && *rule.until <= question.now.now))
            candidates.push_back({&rule, match == Match::Known});
    }
    std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
        return compare({a.rule, specificity(*a.rule)}, {b.rule, specificity(*b.rule)}).order < 0;
    });
    const auto known =
        std::find_if(candidates.begin(), candidates.end(), [](const auto& one) { return one.known; });
    const Ruling floor = known == candidates.end() ? settings.policy.fallback : known->rule->action;
    for (const auto& candidate : candidates)
        if (candidate.known || candidate.rule->action >= floor)
            return {candidate.rule->action, candidate.rule};
    return {floor, nullptr};
}

Question withoutClaims(Question question) {
    for (Fact* fact : {&question.subject.app, &question.subject.alias, &question.subject.executable,
                       &question.subject.flatpak})
        if (!fact->known)
            fact->value.clear();
    question.subject.claims.clear();
    question.now.claimedCapturing.clear();
    return question;
}

// One assertion for each property, with what went wrong.
template <typename Property>
void inManyBooks(Property property) {
    std::string trouble;
    for (std::uint32_t i = 0; i < 400 && trouble.empty(); i++) {
        Dice dice(Catch::getSeed() + i);
        const auto settings = randomRules(dice);
        const RuleBook book(settings);
        for (int again = 0; again < 25 && trouble.empty(); again++)
            if (const auto question = randomQuestion(dice); !property(dice, settings, book, question))
                trouble = "seed " + std::to_string(Catch::getSeed() + i) + ", question " +
                          std::to_string(again) + ": " + decide(book, question).reason.str();
    }
    INFO(trouble);
    CHECK(trouble.empty());
}

} // namespace

TEST_CASE("property: a rule book decides as a plain reading of the rules does") {
    unsigned byRule = 0, byClaim = 0;
    inManyBooks([&](Dice&, const Settings& settings, const RuleBook& book, const Question& question) {
        const auto decision = decide(book, question);
        const auto [ruling, rule] = plainly(settings, question);
        byRule += rule ? 1 : 0;
        byClaim += rule && matchOf(*rule, question) == Match::Claimed ? 1 : 0;
        if (decision.ruling != ruling || decision.rule.has_value() != (rule != nullptr))
            return false;
        return !rule || compare({rule, specificity(*rule)}, {&settings.rules[*decision.rule],
                                                             specificity(settings.rules[*decision.rule])})
                                .order == 0;
    });
    CHECK(byRule > 1000);
    CHECK(byClaim > 100);
}

TEST_CASE("property: what an application claims never loosens") {
    unsigned stricter = 0;
    inManyBooks([&](Dice&, const Settings&, const RuleBook& book, const Question& question) {
        const auto claiming = decide(book, question).ruling,
                   silent = decide(book, withoutClaims(question)).ruling;
        stricter += claiming > silent ? 1 : 0;
        return claiming >= silent;
    });
    CHECK(stricter > 100);
}

TEST_CASE("property: what is known instead of claimed is not what makes it stricter by itself") {
    // Every rule that is stricter when its facts are known is one that was written: with allow rules only,
    // knowing more never shuts.
    inManyBooks([](Dice&, Settings settings, const RuleBook&, const Question& question) {
        for (auto& rule : settings.rules)
            rule.action = Ruling::Allow;
        auto known = question;
        for (Fact* fact :
             {&known.subject.app, &known.subject.alias, &known.subject.executable, &known.subject.flatpak})
            fact->known = true;
        known.now.capturing.erase(known.subject.app.value); // else it is no other one any more
        auto before = question;
        before.now.capturing = known.now.capturing;
        const RuleBook book(settings);
        return decide(book, known).ruling <= decide(book, before).ruling;
    });
}

TEST_CASE("property: one more deny never loosens, whatever its rank") {
    inManyBooks([](Dice& dice, Settings settings, const RuleBook& book, const Question& question) {
        auto deny = randomRule(dice, 99);
        deny.action = Ruling::Deny;
        settings.rules.push_back(deny);
        return decide(RuleBook(settings), question).ruling >= decide(book, question).ruling;
    });
}

TEST_CASE("property: a deny that outranks everything denies whom it matches") {
    inManyBooks([](Dice& dice, Settings settings, const RuleBook&, const Question& question) {
        auto deny = randomRule(dice, 99);
        deny.action = Ruling::Deny;
        deny.rank = LayerRank::System;
        deny.final = true;
        deny.priority = 100;
        deny.until.reset();
        settings.rules.push_back(deny);
        return std::min(matchOf(deny, question), forceOf(deny, question)) == Match::No ||
               decide(RuleBook(settings), question).ruling == Ruling::Deny;
    });
}

TEST_CASE("property: an allow that goes never grants") {
    inManyBooks([](Dice&, Settings settings, const RuleBook& book, const Question& question) {
        const auto allow = std::find_if(settings.rules.begin(), settings.rules.end(),
                                        [](const Rule& rule) { return rule.action == Ruling::Allow; });
        if (allow == settings.rules.end())
            return true;
        settings.rules.erase(allow);
        return decide(RuleBook(settings), question).ruling >= decide(book, question).ruling;
    });
}

TEST_CASE(
    "property: the order in which rules are written never changes a decision, its reason or an explanation") {
    inManyBooks([](Dice& dice, Settings settings, const RuleBook& book, const Question& question) {
        const auto told = [&](const RuleBook& from) {
            const auto decision = decide(from, question);
            std::string text = decision.reason.str() + "|" + std::string(toString(decision.ruling));
            for (const auto& opinion :
                 from.opinions(question.subject, question.source, question.kind, question.now))
                text += "|" + std::to_string(from.rules()[opinion.rule].origin.line) + opinion.text;
            return text;
        };
        std::shuffle(settings.rules.begin(), settings.rules.end(), dice.engine());
        return told(RuleBook(settings)) == told(book);
    });
}

TEST_CASE("property: what is remembered changes no answer, however little or much it is") {
    for (std::uint32_t i = 0; i < 60; i++) {
        Dice dice(Catch::getSeed() + i);
        const auto settings = randomRules(dice, 100);
        const RuleBook usual(settings), forgetful(settings, 0), small(settings, 4000);
        std::vector<Question> questions;
        for (int count = 0; count < 12; count++)
            questions.push_back(randomQuestion(dice));
        std::string trouble;
        for (int again = 0; again < 60; again++) {
            const auto& question = questions[dice.below(12)];
            const auto expected = decide(forgetful, question);
            if (decide(usual, question) != expected || decide(small, question) != expected)
                trouble += expected.reason.str() + "; ";
            const RuleBook copy(small);
            if (decide(copy, question) != expected)
                trouble += "copied: " + expected.reason.str() + "; ";
        }
        INFO("seed " << Catch::getSeed() + i << ": " << trouble);
        CHECK(trouble.empty());
    }
}

TEST_CASE("property: no user's rule undoes a final one that matches by what is known") {
    unsigned tried = 0;
    inManyBooks([&](Dice& dice, Settings settings, const RuleBook&, const Question& question) {
        auto rule = randomRule(dice, 99);
        rule.rank = dice.chance(50) ? LayerRank::System : LayerRank::Vendor;
        rule.final = true;
        rule.until.reset();
        std::erase_if(settings.rules, [](const Rule& other) { return other.rank != LayerRank::User; });
        for (auto& other : settings.rules)
            other.priority = 1000;
        settings.rules.push_back(rule);
        const auto match = std::min(matchOf(rule, question), forceOf(rule, question));
        const auto ruling = decide(RuleBook(settings), question).ruling;
        tried += match == Match::Known ? 1 : 0;
        return match != Match::Known || ruling == rule.action;
    });
    CHECK(tried > 200);
}

TEST_CASE("property: exactly one opinion decides, and it is the decision") {
    inManyBooks([](Dice&, const Settings&, const RuleBook& book, const Question& question) {
        const auto decision = decide(book, question);
        const auto opinions = book.opinions(question.subject, question.source, question.kind, question.now);
        const auto decides =
            std::count_if(opinions.begin(), opinions.end(), [](const auto& one) { return one.decides; });
        const auto agrees = std::all_of(opinions.begin(), opinions.end(), [&](const auto& one) {
            return !one.text.empty() &&
                   (!one.decides || (one.rule == decision.rule && one.inForce && one.heeded));
        });
        return agrees && decides == (decision.rule ? 1 : 0);
    });
}

TEST_CASE("property: a rule that demands more, or something narrower, is never the less specific one") {
    std::string trouble;
    for (std::uint32_t i = 0; i < 3000; i++) {
        Dice dice(Catch::getSeed() + i);
        const auto wide = randomRule(dice, 1);
        auto narrow = wide;
        const auto narrowTo = [&](std::optional<std::string>& glob) {
            if (!dice.chance(50))
                return;
            if (!glob)
                glob = dice.oneOf(globs);
            else if (const auto other = dice.oneOf(globs); RulePattern(*glob).covers(RulePattern(other)))
                glob = other;
        };
        for (auto* glob : {&narrow.match.app, &narrow.match.executable, &narrow.match.flatpak,
                           &narrow.match.claims, &narrow.match.source, &narrow.when.capturing})
            narrowTo(*glob);
        if (dice.chance(20))
            narrow.when.days = static_cast<std::uint8_t>(narrow.when.days & dice.below(128));
        if (!narrow.when.locked && dice.chance(20))
            narrow.when.locked = true;
        if (!narrow.until && dice.chance(20))
            narrow.until = 5;
        if (specificity(narrow) < specificity(wide))
            trouble += "seed " + std::to_string(Catch::getSeed() + i) + "; ";
    }
    INFO(trouble);
    CHECK(trouble.empty());
}

TEST_CASE("property: a rule that is said never to decide never does, and without it nothing changes") {
    unsigned named = 0;
    std::string trouble;
    for (std::uint32_t i = 0; i < 500 && trouble.empty(); i++) {
        Dice dice(Catch::getSeed() + i);
        const auto settings = randomRules(dice, 30);
        const RuleBook book(settings);
        const auto shadowed = book.shadowed();
        named += static_cast<unsigned>(shadowed.size());
        auto without = settings;
        for (auto one = shadowed.rbegin(); one != shadowed.rend(); ++one)
            without.rules.erase(without.rules.begin() + static_cast<std::ptrdiff_t>(one->rule));
        const RuleBook shorter(without);
        for (int again = 0; again < 200; again++) {
            const auto question = randomQuestion(dice);
            const auto decision = decide(book, question), rest = decide(shorter, question);
            for (const auto& one : shadowed)
                if (decision.rule == one.rule)
                    trouble += decision.reason.str() + " decides though shadowed by " +
                               std::to_string(one.by) + "; ";
            if (rest.ruling != decision.ruling || rest.reason != decision.reason)
                trouble += decision.reason.str() + " became " + rest.reason.str() + "; ";
        }
        if (!trouble.empty())
            trouble += "seed " + std::to_string(Catch::getSeed() + i);
    }
    INFO(trouble);
    CHECK(trouble.empty());
    CHECK(named > 500);
}
