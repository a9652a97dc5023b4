// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/bus/rule_messages.hpp"

#include "daemon/bus/dictionary.hpp"
#include "daemon/bus/text.hpp"

#include <fmt/format.h>

namespace micguard {

namespace {

int append(sd_bus_message* message, const RuleView& rule) {
    Entries entries(message);
    entries.text("id", rule.id);
    entries.words("match", rule.match);
    entries.text("action", rule.action);
    entries.words("when", rule.when);
    entries.number("priority", 'i', rule.priority);
    entries.flag("final", rule.final);
    entries.number("until", 't', rule.until);
    entries.text("file", rule.file);
    entries.number("line", 'u', rule.line);
    entries.text("warning", rule.warning);
    return entries.end();
}

int append(sd_bus_message* message, const VerdictView& verdict) {
    Entries entries(message);
    entries.text("source", verdict.source);
    entries.text("verdict", verdict.verdict);
    entries.text("reason", verdict.reason);
    entries.text("muted", verdict.muted);
    entries.text("rule", verdict.rule);
    entries.text("file", verdict.file);
    entries.number("line", 'u', verdict.line);
    entries.texts("others", verdict.others);
    return entries.end();
}

Result<void> readOption(sd_bus_message* message, const std::string& key, RuleOptions& options) {
    const char* wanted = key == "source" ? "s" : key == "until" ? "t" : nullptr;
    if (!wanted)
        return tl::unexpected(
            invalid(fmt::format("there is no option {}; there are source and until", busText(key, 60))));
    if (const auto type = typeOf(message); type != wanted)
        return tl::unexpected(invalid(
            fmt::format("option {} is of type {}, wants {}", key, type,
                        key == "source" ? "s, the name of a source"
                                        : "t, the microseconds since 1970 until which the rule holds")));
    sd_bus_message_enter_container(message, 'v', wanted);
    if (key == "until") {
        sd_bus_message_read_basic(message, 't', &options.until.emplace());
    } else {
        const char* source = "";
        sd_bus_message_read_basic(message, 's', &source);
        if (auto fault = nameFault(source, "option source"))
            return tl::unexpected(std::move(*fault));
        options.source = source;
    }
    sd_bus_message_exit_container(message);
    return {};
}

} // namespace

std::optional<RequestError> nameFault(const std::string& name, const char* what) {
    if (name.empty())
        return invalid(fmt::format("{} is empty; leave out what is not meant", what));
    if (!isPrintable(name, longestText))
        return invalid(
            fmt::format("{} is no name: at most {} bytes, without control characters", what, longestText));
    return std::nullopt;
}

Result<RuleOptions> readRuleOptions(sd_bus_message* message) {
    RuleOptions options;
    sd_bus_message_enter_container(message, 'a', "{sv}");
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        const char* key = "";
        sd_bus_message_read_basic(message, 's', &key);
        if (auto read = readOption(message, key, options); !read)
            return tl::unexpected(read.error());
        sd_bus_message_exit_container(message);
    }
    return options;
}

int appendRules(sd_bus_message* message, std::span<const RuleView> rules) {
    int result = 0;
    for (const auto& rule : rules)
        if (result >= 0)
            result = append(message, rule);
    return result;
}

int appendExplanation(sd_bus_message* message, const Explanation& explanation) {
    Entries entries(message);
    entries.text("app", explanation.appId);
    entries.text("name", explanation.name);
    entries.text("identity", explanation.identity);
    entries.list("verdicts", "aa{sv}", explanation.verdicts,
                 [message](const VerdictView& verdict) { return append(message, verdict); });
    return entries.end();
}

} // namespace micguard
