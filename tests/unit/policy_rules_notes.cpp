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
