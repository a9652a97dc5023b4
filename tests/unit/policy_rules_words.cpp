// SPDX-License-Identifier: GPL-3.0-or-later
//
// What people are told: why this was decided, and what every other rule would have said.
#include "daemon/policy/rule_words.hpp"
#include "tests/unit/rule_text.hpp"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

std::string reason(std::string_view rules, std::string_view moment = "") {
    return decide(rulesOf(rules), "app=a", moment).reason;
}

// "line: text", in the order in which they win.
std::vector<std::string> texts(const Settings& settings, std::string_view subject,
                               std::string_view moment = "") {
    std::vector<std::string> result;
    for (const auto& opinion :
         RuleBook(settings).opinions(subjectOf(subject), "mic", SourceKind::Hardware, momentOf(moment)))
        result.push_back(std::to_string(settings.rules.at(opinion.rule).origin.line) + ": " + opinion.text);
    return result;
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("a reason says what was decided and where that is written") {
    CHECK(reason("deny") == "denied by t:1");
    CHECK(reason("silence") == "silenced by t:1");
    CHECK(reason("ask") == "held for an answer by t:1");
    CHECK(reason("allow") == "allowed by t:1");
    CHECK(reason("") == "allowed by [policy] default");
    CHECK(reason("default silence") == "silenced by [policy] default");
    Settings builtIn = rulesOf("deny");
    builtIn.rules[0].origin = {};
    CHECK(decide(builtIn, "app=a").reason == "denied by a built-in rule");
}

TEST_CASE("a reason says how long it lasts") {
    CHECK(reason("deny hours=09:00-17:30 days=mon,tue", "mon 10:00") == "denied by t:1 until 17:30");
    CHECK(reason("deny hours=22:00-06:00", "23:00") == "denied by t:1 until 06:00");
    CHECK(reason("deny days=mon,tue,wed,sat", "mon") == "denied by t:1 on mon-wed, sat");
    CHECK(reason("deny locked=yes", "locked") == "denied by t:1 while the session is locked");
    CHECK(reason("deny locked=no capturing=org.b", "capturing=org.b") ==
          "denied by t:1 while the session is not locked and 'org.b' captures");
    CHECK(reason("deny capturing=*", "capturing=org.b") ==
          "denied by t:1 while another application captures");
}

TEST_CASE("a passing rule's end is told as a time of day where that is one") {
    // 10:05:30, until an hour and a half later; over midnight; more than a day.
    CHECK(reason("allow until=5430000000", "10:05 now=30000000") == "allowed by t:1 until 11:35");
    CHECK(reason("allow until=5430000000", "23:00 now=30000000") == "allowed by t:1 until 00:30");
    CHECK(reason("allow until=86460000000", "23:00 now=30000000") == "allowed by t:1 for a limited time");
}

TEST_CASE("a reason can be printed, whatever the file is called") {
    Settings settings = rulesOf("deny");
    settings.rules[0].origin = {"/etc/\x1b[2J\n.toml", 3};
    const std::string text = decide(settings, "app=a").reason;
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\n') == std::string::npos);
}

TEST_CASE("every rule that matches is explained, in the order in which they win") {
    const auto settings = rulesOf(R"(
        deny    app=a priority=10
        allow   app=a
        silence app=*
        allow   app=a hours=09:00-17:30 days=mon priority=20
        deny    app=b
    )");
    CHECK(texts(settings, "app=a", "tue 10:00") == Texts{"4: would allow; not now: only 09:00-17:30 on mon",
                                                         "1: denies; decides",
                                                         "2: would allow; outranked by priority 10 (t:1)",
                                                         "3: would silence; outranked by priority 10 (t:1)"});
}

TEST_CASE("by what a rule is outranked") {
    CHECK(texts(rulesOf("deny layer=system final \n allow app=a"), "app=a")[1] ==
          "2: would allow; outranked by a final rule (t:1)");
    CHECK(texts(rulesOf("deny app=a \n allow"), "app=a")[1] ==
          "2: would allow; outranked by a more specific rule (t:1)");
    CHECK(texts(rulesOf("deny \n allow layer=system"), "app=a")[1] ==
          "2: would allow; outranked by the user's own rule (t:1)");
    CHECK(texts(rulesOf("deny layer=vendor \n allow layer=builtin"), "app=a")[1] ==
          "2: would allow; outranked by the vendor's rule (t:1)");
    CHECK(texts(rulesOf("deny \n allow"), "app=a")[1] ==
          "2: would allow; outranked by an equal rule that is stricter (t:1)");
    CHECK(texts(rulesOf("deny \n deny"), "app=a")[1] ==
          "2: would deny; says the same as the rule that decides (t:1)");
}

TEST_CASE("a rule that is not heeded says which claims it rests on") {
    CHECK(texts(rulesOf("default deny \n allow app=a claims=b executable=/c"),
                "app~a executable=/c claims~b") ==
          Texts{"2: would allow; not heeded: rests on what the application says of itself (app, claims) and "
                "would loosen"});
    CHECK(texts(rulesOf("default deny \n allow app=a capturing=b"), "app=a", "capturing~b") ==
          Texts{"2: would allow; not heeded: rests on what an application that captures says of itself and "
                "would loosen"});
}

TEST_CASE("an opinion's flags agree with the decision") {
    const auto settings = rulesOf("silence app=a \n allow claims=c priority=5 \n deny locked=yes priority=7");
    const RuleBook book(settings);
    const auto opinions =
        book.opinions(subjectOf("app=a claims~c"), "mic", SourceKind::Hardware, momentOf(""));
    REQUIRE(opinions.size() == 3);
    CHECK((!opinions[0].inForce && opinions[0].heeded && !opinions[0].decides));
    CHECK((opinions[1].inForce && !opinions[1].heeded && !opinions[1].decides));
    CHECK((opinions[2].inForce && opinions[2].heeded && opinions[2].decides));
}

TEST_CASE("a rule of a file without lines is named by its file, and one without an end has none told") {
    Settings settings = rulesOf("deny");
    settings.rules[0].origin = {"/etc/micguard/micguard.toml", 0};
    CHECK(decide(settings, "app=a").reason == "denied by /etc/micguard/micguard.toml");
    CHECK(untilOf(settings.rules[0], 0, 0).empty());
}

TEST_CASE("a contradiction names the rules, and who was there first if anybody was") {
    const auto rules = rulesOf("deny app=a \n ask app=b").rules;
    CHECK(reasonOfContradiction(Ruling::Deny, {&rules[0], &rules[1]}, "/usr/bin/b") ==
          "denied: t:1 and t:2 contradict each other, and '/usr/bin/b' was there first");
    CHECK(reasonOfContradiction(Ruling::Silence, {&rules[1]}, "") == "silenced: t:2 contradicts itself");
    CHECK(contradicting({&rules[1]}) == "contradicts t:2");
    CHECK(contradicting({}) == "contradicts itself");
}
