// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/rule_words.hpp"

#include "config/wording.hpp"

#include <algorithm>
#include <array>

namespace micguard {
namespace {

constexpr std::array<std::string_view, 7> dayNames{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::uint64_t usPerMinute = 60'000'000;
constexpr std::uint64_t minutesPerDay = std::uint64_t{24} * 60;

std::string clockTime(std::uint64_t minute) {
    const auto two = [](std::uint64_t number) {
        return std::string{static_cast<char>('0' + number / 10 % 10), static_cast<char>('0' + number % 10)};
    };
    return two(minute / 60) + ":" + two(minute % 60);
}

// "mon-fri", "mon, wed, sat-sun"; "no day"
std::string daysText(unsigned days) {
    std::string text;
    for (std::size_t first = 0; first < dayNames.size(); first++) {
        if (!(days >> first & 1u))
            continue;
        auto last = first;
        while (last + 1 < dayNames.size() && (days >> (last + 1) & 1u))
            last++;
        text += (text.empty() ? "" : ", ") + std::string(dayNames[first]);
        if (last > first)
            text += "-" + std::string(dayNames[last]);
        first = last;
    }
    return text.empty() ? "no day" : text;
}

std::string hoursText(const std::pair<std::uint16_t, std::uint16_t>& hours) {
    return clockTime(hours.first) + "-" + clockTime(hours.second);
}

// What is true besides the time.
std::string whileText(const Rule::When& when) {
    std::string text;
    if (when.locked)
        text += *when.locked ? " while the session is locked" : " while the session is not locked";
    if (when.capturing) {
        const bool anybody = when.capturing->find_first_not_of('*') == std::string::npos;
        text += (when.locked ? " and " : " while ") +
                (anybody ? "another application" : cited(*when.capturing)) + " captures";
    }
    return text;
}

std::string_view participle(Ruling ruling) {
    switch (ruling) {
    case Ruling::Allow:
        return "allowed";
    case Ruling::Ask:
        return "held for an answer";
    case Ruling::Silence:
        return "silenced";
    case Ruling::Deny:
        return "denied";
    }
    return "denied";
}

std::string_view thirdPerson(Ruling ruling) {
    switch (ruling) {
    case Ruling::Allow:
        return "allows";
    case Ruling::Ask:
        return "asks";
    case Ruling::Silence:
        return "silences";
    case Ruling::Deny:
        return "denies";
    }
    return "denies";
}

std::string_view layerText(LayerRank rank) {
    switch (rank) {
    case LayerRank::User:
        return "the user's own rule";
    case LayerRank::System:
        return "the system's rule";
    case LayerRank::Vendor:
        return "the vendor's rule";
    case LayerRank::BuiltIn:
        return "the built-in rule";
    }
    return "a stronger layer";
}

// "a.toml:1, a.toml:2 and 3 more"
std::string places(const std::vector<const Rule*>& rules) {
    constexpr std::size_t mostNamed = 4;
    const std::size_t named = std::min(rules.size(), mostNamed);
    std::string text;
    for (std::size_t at = 0; at < named; at++)
        text += (at == 0 ? "" : at + 1 == rules.size() ? " and " : ", ") + place(*rules[at]);
    return rules.size() > named ? text + " and " + std::to_string(rules.size() - named) + " more" : text;
}

} // namespace

std::string place(const Rule& rule) {
    if (rule.origin.file.empty())
        return "a built-in rule";
    return printable(rule.origin.file, 4096) +
           (rule.origin.line ? ":" + std::to_string(rule.origin.line) : "");
}

std::string reasonOf(const Rule& rule) {
    std::string text = std::string(participle(rule.action)) + " by " + place(rule);
    if (rule.when.hours)
        text += " until " + clockTime(rule.when.hours->second);
    else if (rule.when.days != 0x7f)
        text += " on " + daysText(rule.when.days);
    return text + whileText(rule.when);
}

std::string reasonOfDefault(Ruling fallback) {
    return std::string(participle(fallback)) + " by [policy] default";
}

std::string reasonOfContradiction(Ruling ruling, const std::vector<const Rule*>& rules,
                                  const std::string& first) {
    const std::string text = std::string(participle(ruling)) + ": " + places(rules) +
                             (rules.size() > 1 ? " contradict each other" : " contradicts itself");
    return first.empty() ? text : text + ", and " + cited(first) + " was there first";
}

std::string contradicting(const std::vector<const Rule*>& others) {
    return "contradicts " + (others.empty() ? "itself" : places(others));
}

std::string untilOf(const Rule& rule, std::uint64_t now, unsigned minute) {
    if (!rule.until || rule.when.hours)
        return {};
    // Every zone is a whole number of minutes from UTC, so the minutes begin together.
    const std::uint64_t ahead = *rule.until / usPerMinute - now / usPerMinute;
    if (ahead >= minutesPerDay)
        return " for a limited time";
    return " until " + clockTime((minute + ahead) % minutesPerDay);
}

std::string conditionsOf(const Rule& rule) {
    std::string text;
    if (rule.when.hours)
        text += " " + hoursText(*rule.when.hours);
    if (rule.when.days != 0x7f)
        text += " on " + daysText(rule.when.days);
    text += whileText(rule.when);
    return text.empty() ? text : "only" + text;
}

std::vector<std::pair<std::string, std::string>> whenWords(const Rule::When& when) {
    std::vector<std::pair<std::string, std::string>> words;
    if (when.days != 0x7f)
        words.emplace_back("days", daysText(when.days));
    if (when.hours)
        words.emplace_back("hours", hoursText(*when.hours));
    if (when.locked)
        words.emplace_back("locked", *when.locked ? "true" : "false");
    if (when.capturing)
        words.emplace_back("capturing", *when.capturing);
    return words;
}

std::string listed(const std::vector<AppFact>& facts) {
    constexpr std::array<std::string_view, appFactCount> keys{"app",  "executable", "unit",  "flatpak",
                                                              "snap", "process",    "claims"};
    std::string text;
    for (const auto fact : facts)
        text += (text.empty() ? "" : ", ") + std::string(keys[static_cast<std::size_t>(fact)]);
    return text;
}

std::string wouldSay(Ruling ruling) {
    return "would " + std::string(toString(ruling));
}

std::string decidesSaying(Ruling ruling) {
    return std::string(thirdPerson(ruling)) + "; decides";
}

std::string outrankedBy(const Rule& winner, Criterion by) {
    const std::string at = " (" + place(winner) + ")";
    switch (by) {
    case Criterion::Final:
        return "outranked by a final rule" + at;
    case Criterion::Priority:
        return "outranked by priority " + std::to_string(winner.priority) + at;
    case Criterion::Specificity:
        return "outranked by a more specific rule" + at;
    case Criterion::Layer:
        return "outranked by " + std::string(layerText(winner.rank)) + at;
    case Criterion::Strictness:
        return "outranked by an equal rule that is stricter" + at;
    case Criterion::None:
        return "says the same as the rule that decides" + at;
    }
    return "outranked" + at;
}

} // namespace micguard
