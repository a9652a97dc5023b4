// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl rules: all of them, in the order in which they win.
#include "cli/rule_calls.hpp"
#include "cli/snapshot.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"

#include <vector>

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

using Words = std::vector<std::pair<std::string, std::string>>;

bool isAboutSource(const std::string& key) {
    return key == "source" || key == "kind";
}

std::string joined(const Words& words, std::string_view nothing, const auto& taken) {
    std::string out;
    for (const auto& [key, value] : words)
        if (taken(key))
            out += (out.empty() ? "" : ", ") + shown(key, 20) + "=" + shown(value, 100);
    return out.empty() ? std::string(nothing) : out;
}

std::string condition(const RuleFacts& rule, std::uint64_t now) {
    const bool lasting = rule.until == 0;
    std::string out = joined(rule.when, lasting ? "always" : "", [](const std::string&) { return true; });
    if (!lasting)
        out += (out.empty() ? "until " : ", until ") + clockTime(rule.until, now);
    return out;
}

std::string placeOf(const RuleFacts& rule) {
    return rule.file.empty() ? "built-in" : shown(rule.file, 300) + ":" + std::to_string(rule.line);
}

std::string written(const std::vector<RuleFacts>& rules, const Terminal& terminal) {
    if (rules.empty())
        return "There are no rules.\n";
    const std::uint64_t now = nowInMicroseconds();
    Table table({"ACTION", "APPLICATION", "MICROPHONE", "WHEN", "PRIORITY", "WHERE"});
    std::string warnings;
    for (const RuleFacts& rule : rules) {
        table.add({{shown(rule.action, 16)},
                   {joined(rule.match, "every", [](const std::string& key) { return !isAboutSource(key); })},
                   {joined(rule.match, "every", isAboutSource)},
                   {condition(rule, now)},
                   {(rule.final ? "final " : "") + std::to_string(rule.priority)},
                   {placeOf(rule), Colour::None, Keep::End}});
        if (!rule.warning.empty())
            warnings += "warning: " + shown(rule.id, 300) + " " + shown(rule.warning, 400) + "\n";
    }
    return table.written(terminal) + warnings;
}

} // namespace

int verbs::rules(const Invocation& how, const Terminal& terminal) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto rules = askRules(*guard);
    if (!rules)
        return failed(rules.error());
    if (!how.json)
        return print(written(*rules, terminal));
    nlohmann::json list = nlohmann::json::array();
    for (const RuleFacts& rule : *rules)
        list.push_back(toJson(rule));
    return print(micguard::cli::written({{"rules", std::move(list)}}) + "\n");
}

} // namespace micguard::cli
