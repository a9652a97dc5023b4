// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an application says of itself makes a verdict stricter, never looser; and what is known of it is not
// undone by accident.
#include "tests/unit/rule_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

TEST_CASE("a claim opens nothing that the default keeps shut") {
    for (const char* rule : {"allow app=zoom", "allow claims=zoom", "ask app=zoom", "silence app=zoom",
                             "allow app=z*", "allow app=zoom executable=/bin/zoom"}) {
        INFO(rule);
        CHECK(verdict(rulesOf(std::string("default deny \n") + rule),
                      "app~zoom executable=/bin/zoom claims~zoom") == "deny default");
    }
}

TEST_CASE("known, the same rules open") {
    CHECK(verdict(rulesOf("default deny \n allow app=zoom"), "app=zoom") == "allow 2");
    CHECK(verdict(rulesOf("default deny \n ask app=zoom"), "app=zoom") == "ask 2");
}

TEST_CASE("a claim shuts") {
    CHECK(verdict(rulesOf("deny app=zoom"), "app~zoom") == "deny 1");
    CHECK(verdict(rulesOf("ask claims=zoom"), "claims~zoom") == "ask 1");
    CHECK(verdict(rulesOf("default silence \n deny app=zoom"), "app~zoom") == "deny 2");
}

TEST_CASE(
    "an allow that rests on a claim does not shadow a known deny, though it is no looser than the default") {
    const auto settings = rulesOf("allow claims=zoom priority=10 \n deny executable=/bin/evil");
    CHECK(verdict(settings, "executable=/bin/evil claims~zoom") == "deny 2");
}

TEST_CASE("a claimed rule that would loosen is passed over, and the next known one decides") {
    const auto settings = rulesOf(R"(
        default deny
        allow   claims=zoom          priority=10
        silence executable=/bin/zoom
        allow   executable=/bin/*
    )");
    CHECK(verdict(settings, "executable=/bin/zoom claims~zoom") == "silence 3");
    CHECK(verdict(settings, "executable=/bin/other claims~zoom") ==
          "allow 2"); // loosens nothing: line 4 says the same
}

TEST_CASE("a claimed stricter rule decides where it outranks the known one") {
    const auto settings = rulesOf("deny claims=zoom priority=10 \n allow executable=/bin/zoom");
    CHECK(verdict(settings, "executable=/bin/zoom claims~zoom") == "deny 1");
}

TEST_CASE("a claimed stricter rule does not decide where the known one outranks it") {
    // What is known counts as more specific than a claim: a known exception holds without anybody naming
    // priorities.
    const auto settings = rulesOf("deny claims=zoom \n allow executable=/bin/zo*");
    CHECK(verdict(settings, "executable=/bin/zoom claims~zoom") == "allow 2");
    CHECK(verdict(settings, "executable=/bin/else claims~zoom") == "deny 1");
}

TEST_CASE("a claimed rule between the default and a known allow is heeded where it outranks that") {
    // Looser than the default, but stricter than what would be decided without it.
    const auto settings =
        rulesOf("default deny \n ask claims=recorder priority=10 \n allow executable=/bin/r");
    CHECK(verdict(settings, "executable=/bin/r claims~recorder") == "ask 2");
    CHECK(verdict(settings, "executable=/bin/r") == "allow 3");
    CHECK(verdict(settings, "executable=/bin/x claims~recorder") == "deny default");
}

TEST_CASE("an exception among claims holds where nothing stricter is known") {
    // Of most programs that use PulseAudio's protocol nothing but claims is known.
    const auto settings = rulesOf("deny app=*zoom* \n allow app=us.zoom");
    CHECK(verdict(settings, "app~us.zoom") == "allow 2");
    CHECK(verdict(settings, "app~zoom-clone") == "deny 1");
}

TEST_CASE("the same exception is none where something stricter is known") {
    const auto settings = rulesOf("silence kind=hardware \n deny app=*zoom* \n allow app=us.zoom");
    CHECK(verdict(settings, "app~us.zoom") == "deny 2");
    CHECK(verdict(settings, "app=us.zoom") == "allow 3");
}

TEST_CASE("among claimed rules that are heeded the order is the usual one") {
    CHECK(verdict(rulesOf("ask claims=a priority=10 \n deny app=b"), "app~b claims~a") == "ask 1");
    CHECK(verdict(rulesOf("ask claims=a \n deny app=b"), "app~b claims~a") == "deny 2");
}

TEST_CASE("a known rule is not made a claim by a pattern that demands nothing") {
    const auto settings = rulesOf("default deny \n allow app=* executable=/bin/zoom source=*");
    CHECK(verdict(settings, "app~anything executable=/bin/zoom") == "allow 2");
    CHECK(verdict(settings, "executable=/bin/zoom") == "allow 2");
}

TEST_CASE("to be in some sandbox is a claim like any other") {
    const auto settings = rulesOf("default deny \n allow flatpak=*");
    CHECK(verdict(settings, "flatpak~org.a") == "deny default");
    CHECK(verdict(settings, "flatpak=org.a") == "allow 2");
}

TEST_CASE("a final rule that rests on a claim opens nothing that a user's known rule keeps shut") {
    const auto settings = rulesOf("allow app=zoom layer=system final \n deny executable=/bin/evil");
    CHECK(verdict(settings, "app~zoom executable=/bin/evil") == "deny 2");
    CHECK(verdict(settings, "app=zoom executable=/bin/evil") == "allow 1");
}

TEST_CASE("a final deny that rests on a claim is not undone by a user's known allow") {
    const auto settings =
        rulesOf("deny app=zoom layer=system final \n allow executable=/bin/zoom priority=50");
    CHECK(verdict(settings, "app~zoom executable=/bin/zoom") == "deny 1");
}

TEST_CASE("who captures opens nothing for others by a claimed name") {
    const auto settings = rulesOf("default deny \n allow executable=/bin/obs capturing=us.zoom");
    CHECK(verdict(settings, "app=obs executable=/bin/obs", "capturing=us.zoom") == "allow 2");
    CHECK(verdict(settings, "app=obs executable=/bin/obs", "capturing~us.zoom") == "deny default");
    CHECK(verdict(rulesOf("deny app=obs capturing=us.zoom"), "app=obs", "capturing~us.zoom") == "deny 1");
}

TEST_CASE("nobody evades a rule by the name of the one that captures") {
    // "While another application captures": whether it is another one, the name that it claims does not tell.
    CHECK(verdict(rulesOf("silence capturing=us.zoom"), "app~us.zoom", "capturing=us.zoom") == "silence 1");
    CHECK(verdict(rulesOf("silence capturing=us.zoom"), "app=us.zoom", "capturing=us.zoom") ==
          "allow default");
}

TEST_CASE("a claimed name does not turn what is known to be in force into a claim") {
    // Else the allow would no longer be measured by the ask.
    const auto settings = rulesOf("allow app=us.zoom priority=10 \n ask capturing=us.zoom");
    CHECK(verdict(settings, "app~us.zoom", "capturing=us.zoom") == "ask 2");
    CHECK(verdict(settings, "", "capturing=us.zoom") == "ask 2");
}

TEST_CASE("an endless claim is looked at as far as it matters") {
    const auto settings = rulesOf("deny claims=*a*a*a*a*b");
    CHECK(verdict(settings, "app=x claims~" + std::string(100000, 'a')) == "allow default");
    CHECK(verdict(settings, "app=x claims~" + std::string(1000, 'a') + "b") == "deny 1");
}

TEST_CASE("among very many rules a claim is heeded where it would be among few") {
    const auto many = [](const std::string& rule) {
        std::string text;
        for (int i = 0; i < 70; i++)
            text += rule + "\n";
        return text;
    };
    const std::string silence = "silence app=a priority=8\n", subject = "app=a claims~c";
    INFO("what would loosen is passed over");
    CHECK(verdict(rulesOf(many("ask claims=c priority=9") + silence), subject) == "silence 71");
    INFO("what shuts decides where it wins, the first of them");
    CHECK(verdict(rulesOf(many("deny claims=c priority=9") + silence), subject) == "deny 1");
    CHECK(verdict(rulesOf(many("ask claims=c priority=9") + silence + many("deny claims=c priority=9")),
                  subject) == "deny 72");
    INFO("and not where what is known wins over it");
    CHECK(verdict(rulesOf(many("ask claims=c priority=9") + silence + many("deny claims=c priority=7")),
                  subject) == "silence 71");
}
