// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which rules are said never to decide. That none is named wrongly is tried at random in
// policy_rules_properties.cpp.
#include "tests/unit/rule_text.hpp"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

// "2 by 1", by line.
std::vector<std::string> shadows(std::string_view rules) {
    const auto settings = rulesOf(rules);
    std::vector<std::string> result;
    for (const auto& one : RuleBook(settings).shadowed())
        result.push_back(std::to_string(settings.rules.at(one.rule).origin.line) + " by " +
                         std::to_string(settings.rules.at(one.by).origin.line));
    return result;
}

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("rules that can decide are not shadowed") {
    CHECK(shadows("deny app=a \n allow app=b").empty());
    CHECK(shadows("deny \n allow app=a").empty()); // the more specific one wins
    CHECK(shadows("deny priority=1 app=a* \n allow app=b*").empty());
    CHECK(shadows("deny priority=1 app=a source=mic \n allow app=a").empty());
    CHECK(shadows("deny priority=1 kind=hardware \n allow kind=bluetooth app=a").empty());
    CHECK(shadows("deny priority=1 flatpak=* \n allow app=a").empty());
    CHECK(shadows("deny priority=1 locked=yes \n allow app=a").empty());
    CHECK(shadows("deny priority=1 capturing=b \n allow capturing=c").empty());
    CHECK(shadows("deny priority=1 until=5 \n deny app=a").empty());
    CHECK(shadows("deny priority=1 until=5 \n deny app=a until=6").empty());
}

TEST_CASE("a rule that always loses is named with the one that always wins") {
    CHECK(shadows("deny priority=1 \n allow app=a") == Lines{"2 by 1"});
    CHECK(shadows("allow app=a \n deny priority=1 app=a*") == Lines{"1 by 2"});
    CHECK(shadows("deny priority=1 app=org.* \n allow app=org.a.* source=mic") == Lines{"2 by 1"});
    CHECK(shadows("deny layer=system final app=a \n allow app=a priority=9") == Lines{"2 by 1"});
    CHECK(shadows("deny app=a layer=user \n allow app=a layer=system") == Lines{"2 by 1"});
    CHECK(shadows("deny app=a \n silence app=a") == Lines{"2 by 1"});
    CHECK(shadows("deny app=a \n deny app=a") == Lines{"2 by 1"});
    CHECK(shadows("deny priority=1 flatpak=* \n allow flatpak=org.a") == Lines{"2 by 1"});
    CHECK(shadows("deny priority=1 kind=hardware \n allow kind=hardware app=a") == Lines{"2 by 1"});
    CHECK(shadows("deny priority=1 locked=yes \n allow locked=yes app=a") == Lines{"2 by 1"});
    CHECK(shadows("deny priority=1 capturing=org.* \n allow capturing=org.b app=a") == Lines{"2 by 1"});
    CHECK(shadows("deny priority=1 until=6 \n allow app=a until=5") == Lines{"2 by 1"});
}

TEST_CASE("hours shadow hours that they contain") {
    const auto both = [](std::string_view wide, std::string_view narrow) {
        return !shadows("deny priority=1 " + std::string(wide) + "\n deny app=a " + std::string(narrow))
                    .empty();
    };
    CHECK(both("hours=09:00-17:00", "hours=10:00-11:00"));
    CHECK(both("hours=09:00-17:00", "hours=09:00-17:00 days=mon"));
    CHECK_FALSE(both("hours=09:00-17:00", "hours=08:00-11:00"));
    CHECK_FALSE(both("hours=09:00-17:00 days=mon", "hours=10:00-11:00"));
    CHECK_FALSE(both("hours=09:00-17:00", ""));
    CHECK(both("hours=22:00-06:00", "hours=23:00-05:00"));
    CHECK(both("hours=22:00-06:00", "hours=01:00-02:00")); // of the night before
    CHECK_FALSE(both("hours=22:00-06:00 days=mon", "hours=01:00-02:00 days=mon"));
    CHECK(both("hours=22:00-06:00 days=mon", "hours=01:00-02:00 days=tue"));
    CHECK(both("days=mon", "days=mon hours=09:00-17:00"));
    CHECK_FALSE(both("days=mon", "days=mon hours=22:00-06:00"));
}

TEST_CASE("a loosening rule that a claim can switch off shadows only what could not decide then either") {
    // Claimed, `allow` is passed over where a known rule or the default is stricter; the deny then decides.
    CHECK(shadows("allow priority=1 app=a* \n deny app=ab \n silence").empty());
    CHECK(shadows("default silence \n allow priority=1 app=a* \n deny app=ab").empty());
    CHECK(shadows("allow priority=1 app=a* \n deny app=ab") == Lines{"2 by 1"}); // nothing stricter behind
    CHECK(shadows("allow priority=1 app=a* \n allow app=ab \n deny") == Lines{"2 by 1"});
    // What demands nothing of the application rests on nothing that it could claim.
    CHECK(shadows("allow priority=1 source=m* \n deny app=ab source=mic \n silence") == Lines{"2 by 1"});
}
