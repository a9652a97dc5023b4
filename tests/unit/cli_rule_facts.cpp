// SPDX-License-Identifier: GPL-3.0-or-later
//
// The shape of --json is a promise: these compare whole documents, so that no key changes unnoticed.
#include "cli/rule_facts.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace micguard::cli;
using nlohmann::json;

namespace {

const json ruleReply = json::parse(R"json([
  {"id": "/m.toml:3", "match": {"app": "org.*", "source": "mic"}, "action": "deny", "when": {"hours": "09:00-17:00"},
   "priority": -5, "final": true, "until": 0, "file": "/m.toml", "line": 3, "warning": "", "later": 1},
  {"id": "a built-in rule", "match": {}, "action": "allow", "when": {}, "priority": 0, "final": false, "until": 7,
   "file": "", "line": 0, "warning": "idle"}])json");

const json explainReply = json::parse(R"json({
  "app": "/usr/bin/call", "name": "Call", "identity": "kernel", "later": [],
  "verdicts": [{"source": "mic", "verdict": "deny", "reason": "denied by /m.toml:3", "muted": "muted", "rule": "/m.toml:3",
                "file": "/m.toml", "line": 3, "others": ["a", "b"]},
               {"source": "line", "verdict": "allow", "reason": "allowed by [policy] default", "muted": "", "rule": "",
                "file": "", "line": 0, "others": []}]})json");

} // namespace

TEST_CASE("rules as data") {
    const auto rules = rulesFrom(ruleReply);
    REQUIRE(rules);
    REQUIRE(rules->size() == 2);
    CHECK(toJson(rules->front()) == json::parse(R"json({
      "id": "/m.toml:3", "match": {"app": "org.*", "source": "mic"}, "action": "deny", "when": {"hours": "09:00-17:00"},
      "priority": -5, "final": true, "until": null, "file": "/m.toml", "line": 3, "warning": null})json"));
    CHECK(toJson(rules->back()) == json::parse(R"json({
      "id": "a built-in rule", "match": {}, "action": "allow", "when": {}, "priority": 0, "final": false, "until": 7,
      "file": null, "line": null, "warning": "idle"})json"));
}

TEST_CASE("an explanation as data") {
    const auto explanation = explanationFrom(explainReply);
    REQUIRE(explanation);
    CHECK(explanation->knowsSource("line"));
    CHECK_FALSE(explanation->knowsSource("lin"));
    CHECK(toJson(*explanation) == json::parse(R"json({
      "app_id": "/usr/bin/call", "name": "Call", "identity": "kernel",
      "verdicts": [{"source": "mic", "verdict": "deny", "reason": "denied by /m.toml:3", "muted": "muted",
                    "rule": "/m.toml:3", "file": "/m.toml", "line": 3, "others": ["a", "b"]},
                   {"source": "line", "verdict": "allow", "reason": "allowed by [policy] default", "muted": null,
                    "rule": null, "file": null, "line": null, "others": []}]})json"));
}

TEST_CASE("an answer that makes no sense is refused by the key that is wrong") {
    for (const auto& [key, value] : ruleReply[0].items()) {
        if (key == "later")
            continue;
        json missing = ruleReply;
        missing[0].erase(key);
        CHECK(rulesFrom(missing).error() == key + " is missing");
        json other = ruleReply;
        other[0][key] = json::array({1.5});
        CHECK(rulesFrom(other).error() == key + " is of another type");
    }
    CHECK_FALSE(rulesFrom(json::object()));
    CHECK_FALSE(rulesFrom(json::array({1})));
    for (const char* key : {"app", "name", "identity", "verdicts"}) {
        json missing = explainReply;
        missing.erase(key);
        CHECK_FALSE(explanationFrom(missing));
    }
    json other = explainReply;
    other["verdicts"][1]["others"] = json::array({1});
    CHECK(explanationFrom(other).error() == "others is of another type");
    CHECK_FALSE(explanationFrom(json("text")));
}
