// SPDX-License-Identifier: GPL-3.0-or-later
//
// See rule_reader.hpp. Pure: no clock, no time zone.
#include "config/rule_reader.hpp"

#include "config/glob.hpp"
#include "config/keys.hpp"
#include "config/layers.hpp"

#include <array>
#include <limits>

namespace micguard {

namespace {

constexpr std::size_t patternLimit = 1024; // executables' paths are long

constexpr std::array otherMatchKeys = {
    Synonym{"application", "app"}, Synonym{"app_id", "app"},     Synonym{"appid", "app"},
    Synonym{"id", "app"},          Synonym{"exe", "executable"}, Synonym{"path", "executable"},
    Synonym{"binary", "process"},  Synonym{"comm", "process"},   Synonym{"name", "claims"},
    Synonym{"scope", "unit"},      Synonym{"service", "unit"},   Synonym{"microphone", "source"},
    Synonym{"mic", "source"},      Synonym{"device", "source"},  Synonym{"node", "source"},
};

constexpr std::array<std::string_view, 5> kinds = {"hardware", "bluetooth", "virtual", "monitor", "network"};
constexpr std::array otherKinds = {Synonym{"bt", "bluetooth"}, Synonym{"usb", "hardware"},
                                   Synonym{"internal", "hardware"}, Synonym{"software", "virtual"}};

constexpr std::array<std::string_view, 7> days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::array otherDays = {
    Synonym{"monday", "mon"},   Synonym{"tuesday", "tue"}, Synonym{"wednesday", "wed"},
    Synonym{"thursday", "thu"}, Synonym{"friday", "fri"},  Synonym{"saturday", "sat"},
    Synonym{"sunday", "sun"},   Synonym{"tues", "tue"},    Synonym{"thur", "thu"},
    Synonym{"thurs", "thu"},
};

const std::vector<std::string_view> ruleKeys = {"match", "when", "action", "priority", "final", "until"};
constexpr std::array otherRuleKeys = {Synonym{"verdict", "action"}, Synonym{"condition", "when"},
                                      Synonym{"expires", "until"}, Synonym{"matches", "match"},
                                      Synonym{"prio", "priority"}};
const std::vector<std::string_view> whenKeys = {"days", "hours", "locked", "capturing"};
constexpr std::array otherWhenKeys = {Synonym{"weekdays", "days"}, Synonym{"day", "days"},
                                      Synonym{"time", "hours"}, Synonym{"lock", "locked"},
                                      Synonym{"captures", "capturing"}};

template <typename Names>
std::vector<std::string_view> namesOf(const Names& names) {
    std::vector<std::string_view> out;
    for (const auto& name : names)
        if constexpr (std::is_same_v<std::decay_t<decltype(name)>, MatchKey>)
            out.push_back(name.name);
        else
            out.push_back(name);
    return out;
}

const std::string* wantText(const std::string& name, const Item& item, std::string_view example,
                            Faults& faults) {
    if (item.kind == Item::Kind::Text)
        return &item.text;
    faults.at(item, name + " is " + std::string(article(item)) + ", wants a string",
              "write \"" + std::string(example) + "\"");
    return nullptr;
}

std::optional<bool> wantFlag(const std::string& name, const Item& item, Faults& faults) {
    if (item.kind == Item::Kind::Flag)
        return item.flag;
    faults.at(item, name + " is " + std::string(article(item)) + ", wants a boolean",
              "write true or false, without quotes");
    return std::nullopt;
}

bool wantTable(const std::string& name, const Item& item, std::string_view example, Faults& faults) {
    if (item.kind == Item::Kind::Table)
        return true;
    faults.at(item, name + " is " + std::string(article(item)) + ", wants a table",
              "write " + std::string(example));
    return false;
}

bool isLiteral(std::string_view pattern) {
    return pattern.find_first_of("*?[\\") == std::string_view::npos;
}

// Sure that no name matches both. Two patterns with wildcards are given the benefit of the doubt.
bool exclude(const std::optional<std::string>& a, const std::optional<std::string>& b) {
    if (!a || !b)
        return false;
    return (isLiteral(*a) && !globMatches(*b, *a)) || (isLiteral(*b) && !globMatches(*a, *b));
}

void readMatch(const Item& table, Rule::Match& match, Faults& faults) {
    for (const auto& item : table.children) {
        const std::string_view key = item.key;
        const auto known = std::find_if(matchKeys.begin(), matchKeys.end(),
                                        [&](const MatchKey& k) { return k.name == key; });
        if (known == matchKeys.end()) {
            const bool elsewhere = std::find(whenKeys.begin(), whenKeys.end(), key) != whenKeys.end();
            faults.atKey(item, "unknown key " + cited(key) + " in a rule's match",
                         elsewhere ? "it belongs into the rule's when"
                                   : instead(key, namesOf(matchKeys), "keys", otherMatchKeys));
            continue;
        }
        const std::string name = "match." + item.key;
        if (item.kind == Item::Kind::List) {
            faults.at(item, name + " is " + std::string(article(item)) + ", wants a string",
                      "write a rule for each, or a pattern with *");
            continue;
        }
        const auto* text = wantText(name, item, known->name == "kind" ? "bluetooth" : "…", faults);
        if (text == nullptr)
            continue;
        const auto fault = known->name == "kind" ? wordFault(name, *text, namesOf(kinds), otherKinds)
                                                 : patternFault(*text, patternLimit);
        if (fault)
            faults.at(item, fault->what, fault->mend);
        else
            match.*known->member = *text;
    }
}

void readDays(const Item& list, Rule::When& when, Faults& faults) {
    if (list.kind != Item::Kind::List) {
        faults.at(list, "when.days is " + std::string(article(list)) + ", wants a list of strings",
                  list.kind == Item::Kind::Text ? "put it in brackets: [\"mon\"]"
                                                : "write [\"mon\", \"tue\"]");
        return;
    }
    when.days = 0;
    for (const auto& entry : list.children) {
        if (entry.kind != Item::Kind::Text) {
            faults.at(entry, "an entry of when.days is " + std::string(article(entry)) + ", wants a string",
                      "days are " + listed(namesOf(days), "and"));
            continue;
        }
        const auto day = std::find(days.begin(), days.end(), entry.text);
        if (day == days.end()) {
            const auto guess = meant(entry.text, namesOf(days), otherDays);
            faults.at(entry, cited(entry.text) + " is no day of the week",
                      guess ? "did you mean \"" + std::string(*guess) + "\"?"
                            : "days are " + listed(namesOf(days), "and"));
            continue;
        }
        when.days = static_cast<std::uint8_t>(when.days | (1U << (day - days.begin())));
    }
    if (list.children.empty())
        faults.warn(list, "a rule on no day never holds", "name the days, or leave days out");
}

struct ClockTime {
    std::optional<std::uint16_t> minutes; // since midnight; 1440 for 24:00
    bool form = false;                    // it is two numbers with a colon
};

// "9:00", "09:00"
ClockTime readClock(std::string_view text) {
    const auto number = [](std::string_view digits) {
        unsigned value = 0;
        for (const char digit : digits)
            value = value * 10 + static_cast<unsigned>(digit - '0');
        return value;
    };
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon < 1 || colon > 2 || text.size() != colon + 3 ||
        text.find_first_not_of("0123456789:") != std::string_view::npos || text.rfind(':') != colon)
        return {};
    const unsigned hour = number(text.substr(0, colon)), minute = number(text.substr(colon + 1));
    if (minute > 59 || hour * 60 + minute > 1440)
        return {std::nullopt, true};
    return {static_cast<std::uint16_t>(hour * 60 + minute), true};
}

std::string_view trimmed(std::string_view text) {
    const auto start = text.find_first_not_of(' ');
    if (start == std::string_view::npos)
        return {};
    return text.substr(start, text.find_last_not_of(' ') - start + 1);
}

void readHours(const Item& item, Rule::When& when, Faults& faults) {
    constexpr std::string_view example = "09:00-17:30";
    const auto* text = wantText("when.hours", item, example, faults);
    if (text == nullptr)
        return;
    const auto dash = text->find('-');
    const auto first = trimmed(std::string_view(*text).substr(0, dash));
    const auto second = dash == std::string::npos ? "" : trimmed(std::string_view(*text).substr(dash + 1));
    const auto from = readClock(first), to = readClock(second);
    if (!from.form || !to.form) {
        faults.at(item, "when.hours cannot be " + cited(*text), "write \"" + std::string(example) + "\"");
        return;
    }
    for (const auto& [clock, said] : {std::pair{from, first}, std::pair{to, second}})
        if (!clock.minutes) {
            faults.at(item, std::string(said) + " is no time of day", "hours go from 00:00 to 24:00");
            return;
        }
    if (*from.minutes == 1440) {
        faults.at(item, "hours cannot begin at 24:00", "write 00:00, and name the next day in days");
        return;
    }
    if (*from.minutes == *to.minutes) {
        faults.at(item,
                  "from " + std::string(first) + " to " + std::string(second) + " is no time, or a whole day",
                  "for a whole day leave hours out");
        return;
    }
    // Until 24:00 is until just before the next day's 00:00.
    when.hours = {*from.minutes, static_cast<std::uint16_t>(*to.minutes % 1440)};
}

void readWhen(const Item& table, Rule::When& when, Faults& faults) {
    for (const auto& item : table.children) {
        if (item.key == "days") {
            readDays(item, when, faults);
        } else if (item.key == "hours") {
            readHours(item, when, faults);
        } else if (item.key == "locked") {
            when.locked = wantFlag("when.locked", item, faults);
        } else if (item.key == "capturing") {
            const auto* text = wantText("when.capturing", item, "com.obsproject.Studio", faults);
            if (text == nullptr)
                continue;
            if (const auto fault = patternFault(*text, patternLimit))
                faults.at(item, fault->what, fault->mend);
            else
                when.capturing = *text;
        } else {
            const auto known = namesOf(matchKeys);
            const bool elsewhere = std::find(known.begin(), known.end(), item.key) != known.end();
            faults.atKey(item, "unknown key " + cited(item.key) + " in a rule's when",
                         elsewhere ? "it belongs into the rule's match"
                                   : instead(item.key, whenKeys, "keys", otherWhenKeys));
        }
    }
}

void readUntil(const Item& item, Rule& rule, Faults& faults) {
    constexpr std::string_view example = "2026-11-25T18:00:00Z";
    if (item.kind == Item::Kind::LocalTime)
        return faults.at(item, "until has no time with an offset, so nobody knows which moment it is",
                         "write " + std::string(example) + ", or +01:00 for the Z");
    if (item.kind != Item::Kind::Moment)
        return faults.at(item, "until is " + std::string(article(item)) + ", wants a date and time",
                         "write " + std::string(example) +
                             (item.kind == Item::Kind::Text ? ", without quotes" : ""));
    rule.until = item.moment > 0 ? static_cast<std::uint64_t>(item.moment) : 1;
}

void readFinal(const Item& item, LayerRank rank, Rule& rule, Faults& faults) {
    const auto flag = wantFlag("final", item, faults);
    if (!flag)
        return;
    if (*flag && rank == LayerRank::User)
        return faults.at(item, "a user's file cannot make a rule final",
                         "remove this, or have the rule put into the system's configuration");
    rule.final = *flag;
}

// What the rule asks for and no application can be.
void warnOfContradictions(const Item& item, const Rule& rule, Faults& faults) {
    const auto& match = rule.match;
    const auto never = [&](const std::string& why, const std::string& mend) {
        faults.warn(item, "this rule can never match: " + why, mend);
    };
    if (match.flatpak && match.snap)
        never("no application is a Flatpak and a Snap", "write a rule for each");
    else if (exclude(match.app, match.flatpak))
        never("of a Flatpak, app is the Flatpak's id", "keep one of the two");
    else if (exclude(match.app, match.snap))
        never("of a Snap, app is the Snap's id", "keep one of the two");
    if (match.executable && match.executable->find_first_of("/*?[\\") != 0)
        never("executable is a whole path", "begin it with a /; for the name alone there is process");
    if (match.process && match.process->find('/') != std::string::npos)
        never("process is a name without its folder", "for the whole path there is executable");
    if (match.unit && isLiteral(*match.unit) && !match.unit->ends_with(".service") &&
        !match.unit->ends_with(".scope"))
        never("the unit's name ends in .service or .scope", "write the whole name, or a * at its end");
    if (match.app && rule.when.capturing && isLiteral(*match.app) && *match.app == *rule.when.capturing)
        never("it holds while another application captures, and names the same one",
              "name the other in when.capturing");
}

std::optional<Rule> readRule(const Item& table, LayerRank rank, Faults& faults) {
    const auto before = faults.count();
    Rule rule;
    rule.rank = rank;
    rule.origin = {faults.file(), table.line};
    bool decided = false;
    for (const auto& item : table.children) {
        if (item.key == "match") {
            if (wantTable("match", item, "match = { app = \"…\" }", faults))
                readMatch(item, rule.match, faults);
        } else if (item.key == "when") {
            if (wantTable("when", item, "when = { locked = true }", faults))
                readWhen(item, rule.when, faults);
        } else if (item.key == "action") {
            decided = true;
            if (const auto* text = wantText("action", item, "deny", faults)) {
                if (const auto ruling = rulingFromString(*text))
                    rule.action = *ruling;
                else if (const auto fault =
                             wordFault("action", *text,
                                       namesOf(std::array{toString(Ruling::Allow), toString(Ruling::Ask),
                                                          toString(Ruling::Silence), toString(Ruling::Deny)}),
                                       rulingSynonyms))
                    faults.at(item, fault->what, fault->mend);
            }
        } else if (item.key == "priority") {
            if (item.kind != Item::Kind::Integer)
                faults.at(item, "priority is " + std::string(article(item)) + ", wants an integer",
                          "write a number, as in priority = 10");
            else if (item.integer < -priorityLimit || item.integer > priorityLimit)
                faults.at(item, "priority " + std::to_string(item.integer) + " is out of bounds",
                          "it goes from -" + std::to_string(priorityLimit) + " to " +
                              std::to_string(priorityLimit));
            else
                rule.priority = static_cast<std::int32_t>(item.integer);
        } else if (item.key == "final") {
            readFinal(item, rank, rule, faults);
        } else if (item.key == "until") {
            readUntil(item, rule, faults);
        } else {
            const std::string_view key = item.key;
            const auto known = namesOf(matchKeys);
            const auto has = [&](const auto& names) {
                return std::find(names.begin(), names.end(), key) != names.end();
            };
            faults.atKey(item, "unknown key " + cited(key) + " in a rule",
                         has(known)      ? "write match = { " + item.key + " = … }"
                         : has(whenKeys) ? "write when = { " + item.key + " = … }"
                                         : instead(key, ruleKeys, "keys", otherRuleKeys));
        }
    }
    if (!decided)
        faults.at(table, "a rule without an action",
                  "write action = \"allow\", \"ask\", \"silence\" or \"deny\"");
    if (faults.count() != before)
        return std::nullopt;
    warnOfContradictions(table, rule, faults);
    return rule;
}

} // namespace

std::span<const std::string_view> sourceKinds() {
    return kinds;
}

std::string instead(std::string_view text, const std::vector<std::string_view>& known, std::string_view kind,
                    std::span<const Synonym> synonyms) {
    const auto guess = meant(text, known, synonyms);
    return (guess ? "did you mean '" + std::string(*guess) + "'? The " : std::string("the ")) +
           std::string(kind) + " known here: " + listed(known, "and");
}

std::vector<Rule> readRules(const Item& list, LayerRank rank, Faults& faults) {
    std::vector<Rule> rules;
    if (list.kind != Item::Kind::List) {
        faults.atKey(list, "'rule' is " + std::string(article(list)) + ", wants an array of tables",
                     list.kind == Item::Kind::Table
                         ? "write [[rule]], in double brackets, above each rule"
                         : "write [[rule]] on a line of its own, and the rule below");
        return rules;
    }
    if (list.children.size() > rulesLimit) {
        faults.at(list.children[rulesLimit], std::to_string(list.children.size()) + " rules are too many",
                  "at most " + std::to_string(rulesLimit) +
                      " are possible; a pattern with * stands for many");
        return rules;
    }
    rules.reserve(list.children.size());
    for (const auto& item : list.children) {
        if (faults.full())
            break;
        if (!wantTable("an entry of rule", item, "[[rule]] on a line of its own, and the rule below", faults))
            continue;
        if (auto rule = readRule(item, rank, faults))
            rules.push_back(std::move(*rule));
    }
    return rules;
}

} // namespace micguard
