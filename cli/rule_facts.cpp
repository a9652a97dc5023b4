// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/rule_facts.hpp"

#include "cli/json_keys.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

using nlohmann::json;

json dictionary(const std::vector<std::pair<std::string, std::string>>& pairs) {
    json object = json::object();
    for (const auto& [key, value] : pairs)
        object[key] = value;
    return object;
}

} // namespace

bool ExplanationFacts::knowsSource(const std::string& wanted) const {
    return std::any_of(verdicts.begin(), verdicts.end(),
                       [&](const VerdictFacts& verdict) { return verdict.source == wanted; });
}

tl::expected<std::vector<RuleFacts>, std::string> rulesFrom(const json& reply) {
    if (!reply.is_array())
        return tl::unexpected(std::string("rules are no list"));
    std::vector<RuleFacts> rules;
    for (const json& entry : reply) {
        RuleFacts rule;
        Keys keys(entry);
        keys("id", rule.id)("match", rule.match)("action", rule.action)("when", rule.when)(
            "priority", rule.priority)("final", rule.final)("until", rule.until)("file", rule.file)(
            "line", rule.line)("warning", rule.warning);
        if (!keys.wrong().empty())
            return tl::unexpected(keys.wrong());
        rules.push_back(std::move(rule));
    }
    return rules;
}

tl::expected<ExplanationFacts, std::string> explanationFrom(const json& reply) {
    ExplanationFacts explanation;
    Keys keys(reply);
    keys("app", explanation.appId)("name", explanation.name)("identity", explanation.identity);
    if (!keys.wrong().empty())
        return tl::unexpected(keys.wrong());
    const auto verdicts = reply.find("verdicts");
    if (verdicts == reply.end() || !verdicts->is_array())
        return tl::unexpected(std::string("verdicts are no list"));
    for (const json& entry : *verdicts) {
        VerdictFacts verdict;
        Keys inside(entry);
        inside("source", verdict.source)("verdict", verdict.verdict)("reason", verdict.reason)("muted",
                                                                                               verdict.muted)(
            "rule", verdict.rule)("file", verdict.file)("line", verdict.line)("others", verdict.others);
        if (!inside.wrong().empty())
            return tl::unexpected(inside.wrong());
        explanation.verdicts.push_back(std::move(verdict));
    }
    return explanation;
}

json toJson(const RuleFacts& rule) {
    return {{"id", rule.id},
            {"match", dictionary(rule.match)},
            {"action", rule.action},
            {"when", dictionary(rule.when)},
            {"priority", rule.priority},
            {"final", rule.final},
            {"until", orNull(rule.until)},
            {"file", orNull(rule.file)},
            {"line", orNull(rule.line)},
            {"warning", orNull(rule.warning)}};
}

json toJson(const ExplanationFacts& explanation) {
    json verdicts = json::array();
    for (const auto& verdict : explanation.verdicts)
        verdicts.push_back({{"source", verdict.source},
                            {"verdict", verdict.verdict},
                            {"reason", verdict.reason},
                            {"muted", orNull(verdict.muted)},
                            {"rule", orNull(verdict.rule)},
                            {"file", orNull(verdict.file)},
                            {"line", orNull(verdict.line)},
                            {"others", verdict.others}});
    return {{"app_id", explanation.appId},
            {"name", orNull(explanation.name)},
            {"identity", orNull(explanation.identity)},
            {"verdicts", std::move(verdicts)}};
}

} // namespace micguard::cli
