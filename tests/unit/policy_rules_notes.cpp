// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is said to people about rules that never decide.
#include "daemon/policy/rule_notes.hpp"
#include "tests/unit/rule_text.hpp"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

std::string notes(std::string_view rules) {
    return toString(idleRules(rulesOf(rules)));
}

} // namespace

TEST_CASE("an idle rule is warned of at its place, with what wins over it and what can be done") {
    CHECK(notes("deny app=org.* priority=5 \n allow app=org.a") ==
          "t:2:1: warning: this rule never decides: always outranked by priority 5 (t:1); remove it, or give "
          "it a higher "
          "priority\n");
    CHECK(notes("deny app=org.a \n deny app=org.a") ==
          "t:2:1: warning: this rule never decides: it says the same as t:1; remove one of the two\n");
    CHECK(notes("deny app=org.a \n allow app=org.a") ==
          "t:2:1: warning: this rule never decides: always outranked by an equal rule that is stricter "
          "(t:1); remove it\n");
    CHECK(notes("deny app=org.* layer=system final \n allow app=org.a priority=9") ==
          "t:2:1: warning: this rule never decides: always outranked by a final rule (t:1); remove it\n");
}

TEST_CASE("what a stronger layer is there to override is no mistake") {
    CHECK(notes("deny app=org.a layer=system \n allow app=org.a layer=user").empty());
    CHECK(notes("deny app=org.a layer=vendor \n allow app=org.a layer=system").empty());
    CHECK_FALSE(notes("deny app=org.a layer=user \n allow app=org.a layer=user").empty());
}

TEST_CASE("rules that can decide are not warned of") {
    CHECK(notes("deny app=org.a \n allow app=org.b \n ask").empty());
    CHECK(notes("").empty());
}

TEST_CASE("of many idle rules the first are told, and how many more there are") {
    std::string rules = "deny priority=1\n";
    for (int number = 0; number < 50; number++)
        rules += "allow app=org.a" + std::to_string(number) + "\n";
    const auto found = idleRules(rulesOf(rules));
    REQUIRE(found.size() == idleRulesTold + 1);
    CHECK(found.front().line == 2);
    CHECK(found.back().line == 22);
    CHECK(found.back().what == "30 more rules never decide, from here on");
}

TEST_CASE("rules that contradict each other are warned of at the first one's place, with the others and whom "
          "it is about") {
    CHECK(
        toString(contradictoryRules(rulesOf(
            "deny app=org.a \n allow app=org.a capturing=org.b \n deny app=org.b capturing=org.a"))) ==
        "t:2:1: warning: this rule contradicts t:3: with both 'org.a' and 'org.b' there, whichever hears "
        "makes the rules say "
        "that it is otherwise; one of them is kept out then; let one of them hear whatever the other does\n");
    const auto ring = contradictoryRules(
        rulesOf("deny executable=/bin/a capturing=/bin/b \n silence executable=/bin/b capturing=/bin/c \n"
                "deny executable=/bin/c capturing=/bin/?"));
    REQUIRE_FALSE(ring.empty());
    CHECK(ring.front().line == 1);
    CHECK(ring.front().what.find("contradicts t:2") != std::string::npos);
}

TEST_CASE(
    "rules that contradict each other at some time only, or about one microphone only, are found as well") {
    const auto found = [](std::string_view rules) { return contradictoryRules(rulesOf(rules)).size(); };
    CHECK(found("deny app=a \n allow app=a capturing=b hours=22:00-23:00 days=sat \n deny app=b capturing=a "
                "locked=yes") == 1);
    CHECK(found("deny app=a \n allow app=a capturing=b hours=22:00-23:00 \n deny app=b capturing=a "
                "hours=09:00-10:00") == 0);
    CHECK(found("deny app=a \n allow app=a capturing=b source=one \n deny app=b capturing=a") == 1);
    CHECK(found("deny app=a \n allow app=a capturing=b source=one \n deny app=b capturing=a source=two") ==
          0);
}

TEST_CASE("rules by which applications give way to each other are not warned of") {
    const auto found = [](std::string_view rules) { return toString(contradictoryRules(rulesOf(rules))); };
    CHECK(found("") == "");
    CHECK(found("deny capturing=*") == "");
    CHECK(found("deny app=a capturing=b \n deny app=b capturing=a \n silence app=c capturing=*") == "");
    CHECK(found("deny \n allow app=a capturing=b \n allow app=b capturing=a") == "");
    CHECK(found("deny app=a capturing=b \n allow app=b capturing=a priority=1") == "");
    // Outranked, it contradicts nothing.
    CHECK(found("deny app=a priority=5 \n allow app=a capturing=b \n deny app=b capturing=a") == "");
}

TEST_CASE("of many contradictions the first are told, and ten thousand rules are looked through") {
    std::string rules;
    for (int number = 0; number < 5000; number++) {
        const std::string a = "org.a" + std::to_string(number), b = "org.b" + std::to_string(number);
        rules += "allow app=" + a + " capturing=" + b + "\ndeny app=" + b + " capturing=" + a + "\n";
    }
    const auto found = contradictoryRules(rulesOf("default deny\n" + rules + "allow app=org.b*"));
    REQUIRE(found.size() == contradictionsTold + 1);
    CHECK(found.back().what.find("more times rules contradict each other") != std::string::npos);
}
