// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which of several known rules decides: criterion by criterion, each against the next weaker one.
#include "tests/unit/rule_text.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

TEST_CASE("without a rule that matches the default decides") {
    CHECK(verdict(rulesOf(""), "app=a") == "allow default");
    CHECK(verdict(rulesOf("default deny"), "app=a") == "deny default");
    CHECK(verdict(rulesOf("deny app=b"), "app=a") == "allow default");
}

TEST_CASE("all facts that are given have to match") {
    const auto settings = rulesOf("deny app=a executable=/bin/* kind=hardware source=mic*");
    CHECK(verdict(settings, "app=a executable=/bin/x @mic1") == "deny 1");
    CHECK(verdict(settings, "app=b executable=/bin/x @mic1") == "allow default");
    CHECK(verdict(settings, "app=a executable=/opt/x @mic1") == "allow default");
    CHECK(verdict(settings, "app=a @mic1") == "allow default");
    CHECK(verdict(settings, "app=a executable=/bin/x @other") == "allow default");
    CHECK(verdict(settings, "app=a executable=/bin/x @mic1/bluetooth") == "allow default");
}

TEST_CASE("each fact is matched against its own pattern") {
    for (const char* fact : {"app", "executable", "unit", "flatpak", "snap", "process"}) {
        INFO(fact);
        const auto settings = rulesOf(std::string("deny ") + fact + "=x?z");
        for (const char* other : {"app", "executable", "unit", "flatpak", "snap", "process"})
            CHECK(verdict(settings, std::string(other) + "=xyz") ==
                  (std::string(fact) == other ? "deny 1" : "allow default"));
    }
}

TEST_CASE("every application is meant by a rule for all, one that nothing is known of too") {
    CHECK(verdict(rulesOf("deny"), "") == "deny 1");
    CHECK(verdict(rulesOf("deny app=*"), "") == "deny 1");
    CHECK(verdict(rulesOf("deny app=* source=*"), "@") == "deny 1");
}

TEST_CASE("a rule for all Flatpaks is none for everybody") {
    const auto settings = rulesOf("deny flatpak=*");
    CHECK(verdict(settings, "app=a flatpak=org.a") == "deny 1");
    CHECK(verdict(settings, "app=a executable=/usr/bin/a") == "allow default");
}

TEST_CASE("an escaped star is no star") {
    const auto settings = rulesOf(R"(deny app=a\*b)");
    CHECK(verdict(settings, "app=a*b") == "deny 1");
    CHECK(verdict(settings, "app=axb") == "allow default");
}

TEST_CASE("a final rule of system or vendor wins over any priority") {
    CHECK(verdict(rulesOf("deny layer=system final \n allow app=a priority=99"), "app=a") == "deny 1");
    CHECK(verdict(rulesOf("allow layer=vendor final \n deny app=a priority=99"), "app=a") == "allow 1");
    CHECK(verdict(rulesOf("deny layer=system \n allow app=a priority=99"), "app=a") == "allow 2");
}

TEST_CASE("a user's rule is not final, whatever it says") {
    CHECK(verdict(rulesOf("allow final app=a \n deny layer=system priority=1"), "app=a") == "deny 2");
    CHECK(verdict(rulesOf("allow final app=a \n deny layer=system final"), "app=a") == "deny 2");
}

TEST_CASE("a final rule outside its conditions leaves the word to others") {
    const auto settings = rulesOf("deny layer=system final locked=yes \n allow app=a");
    CHECK(verdict(settings, "app=a", "locked") == "deny 1");
    CHECK(verdict(settings, "app=a") == "allow 2");
}

TEST_CASE("among final rules priority, specificity and layer decide") {
    CHECK(verdict(rulesOf("deny layer=system final \n allow layer=vendor final priority=1"), "app=a") ==
          "allow 2");
    CHECK(verdict(rulesOf("deny layer=system final \n allow layer=vendor final app=a"), "app=a") ==
          "allow 2");
    CHECK(verdict(rulesOf("allow layer=system final \n deny layer=vendor final"), "app=a") == "allow 1");
}

TEST_CASE("the higher priority wins over the more specific match") {
    CHECK(verdict(rulesOf("deny app=a executable=/a \n allow priority=1"), "app=a executable=/a") ==
          "allow 2");
    CHECK(verdict(rulesOf("allow app=a \n deny priority=-1 app=a executable=/a"), "app=a executable=/a") ==
          "allow 1");
}

TEST_CASE("the more specific match wins over the stronger layer") {
    CHECK(verdict(rulesOf("allow app=a layer=vendor \n deny app=* layer=user"), "app=a") == "allow 1");
}

TEST_CASE("the stronger layer wins over the stricter action") {
    CHECK(verdict(rulesOf("deny app=a layer=builtin \n silence app=a layer=vendor"), "app=a") == "silence 2");
    CHECK(verdict(rulesOf("silence app=a layer=vendor \n ask app=a layer=system"), "app=a") == "ask 2");
    CHECK(verdict(rulesOf("ask app=a layer=system \n allow app=a layer=user"), "app=a") == "allow 2");
}

TEST_CASE("among equals the strictest action wins, wherever it stands") {
    CHECK(verdict(rulesOf("allow app=a \n ask app=a \n silence app=a \n deny app=a"), "app=a") == "deny 4");
    CHECK(verdict(rulesOf("silence app=a \n ask app=a \n allow app=a"), "app=a") == "silence 1");
}

TEST_CASE("which rule is the more specific one") {
    struct Case {
        const char* specific;
        const char* general;
    };
    const std::string subject =
        "app=org.a.App executable=/usr/bin/a unit=app-a.scope flatpak=org.a.App process=a claims~A @mic1";
    const std::vector<Case> cases{
        {"app=org.a.App", ""},
        {"app=org.a.App", "app=org.a.*"},   // spelled out over a pattern
        {"app=org.a.*", "app=org.*"},       // more of it spelled out
        {"app=org.a.A?p", "app=org.a.A*p"}, // the same, but demanding a character
        {"app=org.a.A[op]p", "app=org.a.A*p"},
        {"app=org.a.App executable=/usr/bin/a", "app=org.a.App"},
        {"app=org.a.App executable=/usr/*", "app=org.a.App"},
        {"app=org.a.App", "app=org.* executable=/usr/bin/* flatpak=org.a.*"},
        {"app=org.* executable=/usr/*", "app=org.a.*"}, // two facts over one
        {"process=a", "executable=/usr/bin/*"},
        {"flatpak=*", ""},
        {"executable=/usr/bin/*", "claims=A source=mic1"}, // what can be known over what is only claimed
        {"claims=A", "source=mic1 kind=hardware"},         // who listens over what he listens to
        {"claims=A", "claims=*"},
        {"app=org.a.App source=mic*", "app=org.a.App"},
        {"app=org.a.App source=mic1", "app=org.a.App source=mic*"},
        {"source=mic*", "kind=hardware"},
        {"kind=hardware", "locked=no"}, // whom and what over when
        {"app=org.a.App kind=hardware", "app=org.a.App hours=00:00-01:00 days=mon locked=no"},
        {"app=org.a.App locked=no", "app=org.a.App"},
        {"app=org.a.App locked=no hours=00:00-12:00",
         "app=org.a.App hours=00:00-01:00"},        // two conditions over one
        {"hours=00:00-01:00", "hours=00:00-12:00"}, // the shorter time
        {"days=mon", "days=mon,tue"},
        {"capturing=org.b", "capturing=org.*"},
        {"capturing=org.*", "capturing=*"},
        {"app=org.a.App until=9000000", "app=org.a.App"}, // a passing word over the lasting one
        {"app=org.a.App until=8000000", "app=org.a.App until=9000000"},
    };
    for (const auto& one : cases) {
        INFO(one.specific << " over " << one.general);
        // With the action that strictness would not choose. A claim alone opens nothing, see
        // policy_rules_claims.cpp.
        if (std::string_view(one.specific).find("claims") == std::string_view::npos)
            CHECK(verdict(rulesOf(std::string("deny ") + one.general + "\n allow " + one.specific), subject,
                          "mon 00:30 capturing=org.b") == "allow 2");
        CHECK(specificity(rulesOf(std::string("deny ") + one.specific).rules[0]) >
              specificity(rulesOf(std::string("deny ") + one.general).rules[0]));
    }
}

TEST_CASE("how long names are says nothing where they are spelled out") {
    const auto path = rulesOf("deny executable=/usr/lib/a/b/c/d").rules[0];
    const auto name = rulesOf("deny app=a").rules[0];
    CHECK(specificity(path) == specificity(name));
}

TEST_CASE("however many microphones there are, and whatever they are called, rules say the same of each") {
    const auto settings = rulesOf("deny source=mic1*\nask source=*long priority=1");
    const std::string longName = std::string(10'000, 'x') + "long";
    for (const std::size_t memory : {std::size_t{1}, RuleBook::defaultMemory}) {
        const RuleBook book(settings, memory);
        const auto ruling = [&](const std::string& source) {
            return book.decide(subjectOf("app=a"), source, SourceKind::Hardware, Circumstances{}).ruling;
        };
        for (int round = 0; round < 2; round++) {
            for (int number = 0; number < 600; number++) {
                const std::string name = "mic" + std::to_string(number);
                if (ruling(name) != (name.starts_with("mic1") ? Ruling::Deny : Ruling::Allow))
                    FAIL(name);
            }
            CHECK(ruling(longName) == Ruling::Ask);
        }
    }
}
