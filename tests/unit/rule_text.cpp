// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/rule_text.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace micguard::test {
namespace {

constexpr std::array<std::string_view, 7> dayNames{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::array layers{LayerRank::BuiltIn, LayerRank::Vendor, LayerRank::System, LayerRank::User};
constexpr std::array<std::string_view, 4> layerNames{"builtin", "vendor", "system", "user"};

[[noreturn]] void unknown(std::string_view word) {
    throw std::invalid_argument("no such word: " + std::string(word));
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream{std::string(text)};
    for (std::string part; std::getline(stream, part, separator);)
        if (!part.empty())
            parts.push_back(part);
    return parts;
}

template <typename Names>
std::size_t indexIn(const Names& names, std::string_view word) {
    const auto found = std::find(names.begin(), names.end(), word);
    if (found == names.end())
        unknown(word);
    return static_cast<std::size_t>(found - names.begin());
}

std::uint16_t minutes(std::string_view text) {
    const auto parts = split(text, ':');
    if (parts.size() != 2)
        unknown(text);
    return static_cast<std::uint16_t>(std::stoi(parts[0]) * 60 + std::stoi(parts[1]));
}

std::uint8_t days(std::string_view text) {
    unsigned bits = 0;
    for (const auto& day : split(text, ','))
        bits |= 1u << indexIn(dayNames, day);
    return static_cast<std::uint8_t>(bits);
}

void readWord(Rule& rule, const std::string& word) {
    const auto equals = word.find('=');
    const std::string key = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    auto& match = rule.match;
    auto& when = rule.when;
    if (key == "app")
        match.app = value;
    else if (key == "executable")
        match.executable = value;
    else if (key == "unit")
        match.unit = value;
    else if (key == "flatpak")
        match.flatpak = value;
    else if (key == "snap")
        match.snap = value;
    else if (key == "process")
        match.process = value;
    else if (key == "claims")
        match.claims = value;
    else if (key == "source")
        match.source = value;
    else if (key == "kind")
        match.kind = value;
    else if (key == "days")
        when.days = days(value);
    else if (key == "hours")
        when.hours = {minutes(split(value, '-').at(0)), minutes(split(value, '-').at(1))};
    else if (key == "locked")
        when.locked = value == "yes";
    else if (key == "capturing")
        when.capturing = value;
    else if (key == "priority")
        rule.priority = std::stoi(value);
    else if (key == "final")
        rule.final = true;
    else if (key == "layer")
        rule.rank = layers.at(indexIn(layerNames, value));
    else if (key == "until")
        rule.until = std::stoull(value);
    else
        unknown(word);
}

Ruling ruling(const std::string& word) {
    const auto ruling = rulingFromString(word);
    if (!ruling)
        unknown(word);
    return *ruling;
}

} // namespace

Settings rulesOf(std::string_view text) {
    Settings settings;
    std::uint32_t line = 0;
    for (auto row : split(text, '\n')) {
        row.resize(std::min(row.size(), row.find('#')));
        const auto words = split(row, ' ');
        if (words.empty())
            continue;
        line++;
        if (words.front() == "default") {
            settings.policy.fallback = ruling(words.at(1));
            continue;
        }
        Rule rule;
        rule.action = ruling(words.front());
        rule.origin = {"t", line};
        std::for_each(words.begin() + 1, words.end(), [&](const auto& word) { readWord(rule, word); });
        settings.rules.push_back(std::move(rule));
    }
    return settings;
}

Subject subjectOf(std::string_view text) {
    Subject subject;
    for (const auto& word : split(text, ' ')) {
        const auto sign = word.find_first_of("=~");
        if (sign == std::string::npos)
            unknown(word);
        const std::string key = word.substr(0, sign), value = word.substr(sign + 1);
        if (key == "claims") {
            subject.claims = value;
            continue;
        }
        const std::array<std::pair<std::string_view, Fact*>, 8> facts{{{"app", &subject.app},
                                                                       {"alias", &subject.alias},
                                                                       {"script", &subject.script},
                                                                       {"executable", &subject.executable},
                                                                       {"unit", &subject.unit},
                                                                       {"flatpak", &subject.flatpak},
                                                                       {"snap", &subject.snap},
                                                                       {"process", &subject.process}}};
        const auto fact =
            std::find_if(facts.begin(), facts.end(), [&](const auto& one) { return one.first == key; });
        if (fact == facts.end())
            unknown(word);
        *fact->second = {value, word[sign] == '='};
    }
    return subject;
}

Circumstances momentOf(std::string_view text) {
    Circumstances moment;
    for (const auto& word : split(text, ' ')) {
        if (word == "locked")
            moment.locked = true;
        else if (word.starts_with("capturing="))
            moment.capturing.insert(word.substr(10));
        else if (word.starts_with("capturing~"))
            moment.claimedCapturing.insert(word.substr(10));
        else if (word.starts_with("now="))
            moment.now = std::stoull(word.substr(4));
        else if (word.find(':') != std::string::npos)
            moment.minute = minutes(word);
        else
            moment.weekday = static_cast<unsigned>(indexIn(dayNames, word));
    }
    return moment;
}

Decision decide(const Settings& settings, std::string_view subject, std::string_view moment) {
    const auto at = subject.find('@');
    std::string source = at == std::string_view::npos ? "mic" : std::string(subject.substr(at + 1));
    SourceKind kind = SourceKind::Hardware;
    if (const auto slash = source.find('/'); slash != std::string::npos) {
        constexpr std::array<std::string_view, 5> kinds{"hardware", "bluetooth", "virtual", "monitor",
                                                        "network"};
        kind = static_cast<SourceKind>(indexIn(kinds, source.substr(slash + 1)));
        source.resize(slash);
    }
    return RuleBook(settings).decide(subjectOf(subject.substr(0, at)), source, kind, momentOf(moment));
}

std::string verdict(const Settings& settings, std::string_view subject, std::string_view moment) {
    const auto decision = decide(settings, subject, moment);
    return std::string(toString(decision.ruling)) + " " +
           (decision.rule ? std::to_string(settings.rules.at(*decision.rule).origin.line) : "default");
}

} // namespace micguard::test
