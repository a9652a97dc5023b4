// SPDX-License-Identifier: GPL-3.0-or-later
//
// See toml_writer.hpp.
#include "config/toml_writer.hpp"

#include "config/keys.hpp"
#include "config/wording.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace micguard {

namespace {

constexpr std::array dayNames = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

template <typename... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, arguments...);
    return text.data();
}

// Everything that toml++ reads has four digits for its year, and so does what it is given here: later times
// are cut to the last that can be written.
std::string moment(std::uint64_t microseconds) {
    constexpr std::uint64_t last = 253402300799; // 9999-12-31T23:59:59Z
    const std::uint64_t seconds = std::min(microseconds / 1'000'000, last);
    const auto time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    auto text = formatted("%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1,
                          parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    if (const auto fraction = static_cast<unsigned>(microseconds % 1'000'000);
        fraction != 0 && seconds < last)
        text += formatted(".%06u", fraction);
    return text + "Z";
}

std::string clock(unsigned minutes) {
    return formatted("%02u:%02u", minutes / 60, minutes % 60);
}

class InlineTable {
  public:
    void add(std::string_view key, const std::string& value) {
        text_ += text_.empty() ? "{ " : ", ";
        text_.append(key).append(" = ").append(value);
    }
    void add(std::string_view key, const std::optional<std::string>& value) {
        if (value)
            add(key, tomlQuoted(*value));
    }
    const std::string& text() {
        if (!text_.empty() && !text_.ends_with('}'))
            text_ += " }";
        return text_;
    }

  private:
    std::string text_;
};

std::string matchOf(const Rule::Match& match) {
    InlineTable table;
    for (const auto& [key, member] : matchKeys)
        table.add(key, match.*member);
    return table.text();
}

std::string whenOf(const Rule::When& when) {
    InlineTable table;
    if (when.days != 0x7f) {
        std::string days;
        for (std::size_t day = 0; day < dayNames.size(); ++day)
            if ((when.days >> day & 1U) != 0)
                days += (days.empty() ? "" : ", ") + tomlQuoted(dayNames[day]);
        table.add("days", "[" + days + "]");
    }
    if (when.hours)
        table.add("hours", tomlQuoted(clock(when.hours->first) + "-" +
                                      clock(when.hours->second == 0 ? 1440U : when.hours->second)));
    if (when.locked)
        table.add("locked", std::string(*when.locked ? "true" : "false"));
    table.add("capturing", when.capturing);
    return table.text();
}

// Of the keys whose value `valueOf` knows, table by table.
template <typename ValueOf, typename NoteOf>
std::string tables(ValueOf valueOf, NoteOf noteOf) {
    std::string out;
    std::string_view open;
    for (const auto& key : settingKeys()) {
        const auto value = valueOf(key);
        if (!value)
            continue;
        if (key.table != open)
            out.append(out.empty() ? "[" : "\n[").append(key.table).append("]\n");
        open = key.table;
        out.append(key.name).append(" = ").append(toToml(*value)).append(noteOf(key)).append("\n");
    }
    return out;
}

} // namespace

std::string tomlQuoted(std::string_view text) {
    std::string out = "\"";
    while (!text.empty()) {
        const auto character = firstCharacter(text);
        const auto length = std::max<std::size_t>(character.length, 1);
        if (text.front() == '"' || text.front() == '\\')
            out.append("\\").append(text.substr(0, 1));
        else if (character.length != 0 && !mayBeShown(character.code))
            out += formatted("\\u%04x", static_cast<unsigned>(character.code));
        else
            out += text.substr(0, length);
        text.remove_prefix(length);
    }
    return out + "\"";
}

std::string toToml(const SettingValue& value) {
    if (const auto* flag = std::get_if<bool>(&value))
        return *flag ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&value))
        return std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value))
        return tomlQuoted(*text);
    const auto& list = std::get<std::vector<std::string>>(value);
    if (list.empty())
        return "[]";
    std::string out = "[";
    for (const auto& entry : list)
        out += "\n  " + tomlQuoted(entry) + ",";
    return out + "\n]";
}

namespace {

std::string ruleWith(const Rule& rule, const std::string& note) {
    std::string out = "[[rule]]" + note + "\n";
    if (const auto match = matchOf(rule.match); !match.empty())
        out += "match = " + match + "\n";
    if (const auto when = whenOf(rule.when); !when.empty())
        out += "when = " + when + "\n";
    out += "action = " + tomlQuoted(toString(rule.action)) + "\n";
    if (rule.priority != 0)
        out += "priority = " + std::to_string(rule.priority) + "\n";
    if (rule.final)
        out += "final = true\n";
    if (rule.until)
        out += "until = " + moment(*rule.until) + "\n";
    return out;
}

std::string noNote(const SettingKey&) {
    return {};
}

} // namespace

std::string toToml(const Rule& rule) {
    return ruleWith(rule, "");
}

std::string toToml(const Layer& layer) {
    std::string out = tables(
        [&](const SettingKey& key) -> std::optional<SettingValue> {
            const auto said = layer.said.find(key.dotted());
            return said == layer.said.end() ? std::nullopt : std::optional(said->second.value);
        },
        noNote);
    for (const auto& rule : layer.rules)
        out += (out.empty() ? "" : "\n") + toToml(rule);
    return out;
}

std::string toToml(const Settings& settings) {
    std::string out = tables([&](const SettingKey& key) { return key.take(settings); }, noNote);
    for (const auto& rule : settings.rules)
        out += "\n" + toToml(rule);
    return out;
}

std::string toAnnotatedToml(const Configuration& configuration) {
    const auto noteOf = [&](const SettingKey& key) {
        const auto origin = configuration.origins.find(key.dotted());
        const auto final = configuration.finals.find(key.dotted());
        return " # " + (origin == configuration.origins.end() ? "built-in" : toString(origin->second)) +
               (final == configuration.finals.end() ? "" : ", final by " + toString(final->second));
    };
    std::string out = tables([&](const SettingKey& key) { return key.take(configuration.settings); }, noteOf);
    for (const auto& rule : configuration.settings.rules)
        out += "\n" + ruleWith(rule, " # " + toString(rule.origin));
    return out;
}

} // namespace micguard
