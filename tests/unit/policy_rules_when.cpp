// SPDX-License-Identifier: GPL-3.0-or-later
//
// When a rule is in force, and the moments at which that changes.
#include "tests/unit/rule_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

TEST_CASE("hours hold from the first minute until just before the last") {
    const auto settings = rulesOf("deny hours=09:00-17:30");
    CHECK(verdict(settings, "app=a", "08:59") == "allow default");
    CHECK(verdict(settings, "app=a", "09:00") == "deny 1");
    CHECK(verdict(settings, "app=a", "17:29") == "deny 1");
    CHECK(verdict(settings, "app=a", "17:30") == "allow default");
}

TEST_CASE("hours until midnight end with the day") {
    const auto settings = rulesOf("deny days=mon hours=22:00-24:00");
    CHECK(verdict(settings, "app=a", "mon 23:59") == "deny 1");
    CHECK(verdict(settings, "app=a", "tue 00:00") == "allow default");
    CHECK(verdict(rulesOf("deny days=mon hours=22:00-00:00"), "app=a", "mon 23:59") == "deny 1");
    CHECK(verdict(rulesOf("deny days=mon hours=22:00-00:00"), "app=a", "tue 00:00") == "allow default");
}

TEST_CASE("hours over midnight are those of the day on which they began") {
    const auto settings = rulesOf("deny days=sun hours=22:00-06:00");
    CHECK(verdict(settings, "app=a", "sun 05:00") == "allow default"); // that was Saturday's night
    CHECK(verdict(settings, "app=a", "sun 22:00") == "deny 1");
    CHECK(verdict(settings, "app=a", "mon 05:59") == "deny 1");
    CHECK(verdict(settings, "app=a", "mon 06:00") == "allow default");
    CHECK(verdict(settings, "app=a", "mon 22:00") == "allow default");
}

TEST_CASE("hours that begin and end alike are a whole day, from then on") {
    const auto settings = rulesOf("deny days=mon hours=08:00-08:00");
    CHECK(verdict(settings, "app=a", "mon 07:59") == "allow default");
    CHECK(verdict(settings, "app=a", "mon 08:00") == "deny 1");
    CHECK(verdict(settings, "app=a", "tue 07:59") == "deny 1");
    CHECK(verdict(settings, "app=a", "tue 08:00") == "allow default");
}

TEST_CASE("days without hours are whole days") {
    const auto settings = rulesOf("deny days=sat,sun");
    CHECK(verdict(settings, "app=a", "fri 23:59") == "allow default");
    CHECK(verdict(settings, "app=a", "sat 00:00") == "deny 1");
    CHECK(verdict(settings, "app=a", "sun 23:59") == "deny 1");
    CHECK(verdict(settings, "app=a", "mon 00:00") == "allow default");
}

TEST_CASE("all conditions have to hold") {
    const auto settings = rulesOf("deny days=mon hours=09:00-17:00 locked=yes capturing=org.b");
    CHECK(verdict(settings, "app=a", "mon 10:00 locked capturing=org.b") == "deny 1");
    CHECK(verdict(settings, "app=a", "tue 10:00 locked capturing=org.b") == "allow default");
    CHECK(verdict(settings, "app=a", "mon 18:00 locked capturing=org.b") == "allow default");
    CHECK(verdict(settings, "app=a", "mon 10:00 capturing=org.b") == "allow default");
    CHECK(verdict(settings, "app=a", "mon 10:00 locked capturing=org.c") == "allow default");
}

TEST_CASE("a rule for an unlocked session") {
    const auto settings = rulesOf("default deny \n allow app=a locked=no");
    CHECK(verdict(settings, "app=a") == "allow 2");
    CHECK(verdict(settings, "app=a", "locked") == "deny default");
}

TEST_CASE("another application has to capture, not the one that is asked for") {
    const auto settings = rulesOf("deny capturing=org.*");
    CHECK(verdict(settings, "app=org.a") == "allow default");
    CHECK(verdict(settings, "app=org.a", "capturing=org.a") == "allow default");
    CHECK(verdict(settings, "app=org.a", "capturing=org.a capturing=com.b") == "allow default");
    CHECK(verdict(settings, "app=org.a", "capturing=org.a capturing=org.b") == "deny 1");
    CHECK(verdict(settings, "app=org.b", "capturing=org.a capturing=org.b") == "deny 1");
    CHECK(verdict(settings, "app=org.c", "capturing=org.a") == "deny 1");
    CHECK(verdict(settings, "app=org.a", "capturing~org.a") == "allow default");
    CHECK(verdict(settings, "app~org.a", "capturing~org.a") == "allow default");
    CHECK(verdict(settings, "app~org.a", "capturing~org.a capturing~org.b") == "deny 1");
    CHECK(verdict(settings, "app=org.a", "capturing=org.a capturing~org.b") == "deny 1");
}

TEST_CASE("from its end on a rule is no more") {
    const auto settings = rulesOf("deny app=a until=5000000");
    CHECK(verdict(settings, "app=a", "now=4999999") == "deny 1");
    CHECK(verdict(settings, "app=a", "now=5000000") == "allow default");
    const RuleBook book(settings);
    CHECK(book.opinions(subjectOf("app=a"), "mic", SourceKind::Hardware, momentOf("now=4999999")).size() ==
          1);
    CHECK(book.opinions(subjectOf("app=a"), "mic", SourceKind::Hardware, momentOf("now=5000000")).empty());
}

TEST_CASE("a passing permission wins over the lasting refusal, and leaves it behind") {
    const auto settings = rulesOf("deny app=a \n allow app=a until=5000000");
    CHECK(verdict(settings, "app=a", "now=1") == "allow 2");
    CHECK(verdict(settings, "app=a", "now=5000000") == "deny 1");
}

TEST_CASE("the boundaries are all those at which the clock changes something") {
    CHECK(RuleBook(rulesOf("deny app=a locked=yes capturing=b")).boundaries() == Boundaries{});
    const auto boundaries = RuleBook(rulesOf(R"(
        deny hours=09:00-17:30
        deny hours=22:00-24:00 days=mon
        deny hours=09:00-09:00
        deny until=7
        deny until=7 hours=01:00-02:00
    )"))
                                .boundaries();
    CHECK(boundaries.minutes == std::set<unsigned>{0, 60, 120, 540, 1050, 1320});
    CHECK(boundaries.untils == std::set<std::uint64_t>{7});
    CHECK(RuleBook(rulesOf("deny days=mon")).boundaries().minutes == std::set<unsigned>{0});
}

TEST_CASE("between two boundaries no minute of the week changes a decision") {
    const auto settings = rulesOf(R"(
        deny    app=a hours=22:30-06:15 days=fri,sun
        silence app=a days=wed
        ask     app=a hours=08:00-08:00 days=tue
        deny    hours=12:00-24:00 days=mon,sat
    )");
    const RuleBook book(settings);
    const auto boundaries = book.boundaries().minutes;
    std::string before, unannounced;
    unsigned changes = 0;
    for (unsigned minute = 0; minute < 7 * 1440; minute++) {
        Circumstances now;
        now.weekday = minute / 1440;
        now.minute = minute % 1440;
        const auto reason = book.decide(subjectOf("app=a"), "mic", SourceKind::Hardware, now).reason;
        if (minute > 0 && reason != before) {
            changes++;
            if (!boundaries.contains(now.minute))
                unannounced += std::to_string(minute) + " ";
        }
        before = reason;
    }
    CHECK(changes > 8);
    CHECK(unannounced.empty());
}

TEST_CASE("an application of which nothing is known is nobody that a rule could name while it captures") {
    Circumstances nameless;
    nameless.capturing = nameless.claimedCapturing = {""};
    for (const char* rule : {"deny capturing=*", "deny capturing=org.b"}) {
        INFO(rule);
        const RuleBook book(rulesOf(rule));
        CHECK(book.decide(subjectOf("app=a"), "mic", SourceKind::Hardware, nameless).ruling == Ruling::Allow);
        CHECK(book.fitting("").empty());
    }
    CHECK(RuleBook(rulesOf("deny app=a")).fitting("org.b").empty());
    CHECK(RuleBook(rulesOf("deny capturing=org.b")).fitting("org.b").size() == 1);
}

TEST_CASE(
    "on whom it hangs who may hear: not behind what decides already, nor behind an exception by a claim") {
    const auto hangsOn = [](std::string_view rules, std::string_view subject) {
        const RuleBook book(rulesOf(rules));
        const auto dependence =
            book.dependence(book.asker(subjectOf(subject)), book.place("mic", SourceKind::Hardware),
                            book.inForce(Circumstances{}));
        std::vector<std::size_t> lines;
        for (const auto& step : dependence.steps)
            lines.push_back(step.rule + 1);
        return lines;
    };
    using Lines = std::vector<std::size_t>;
    const std::string beside = "deny app=a capturing=org.b priority=5\n";
    CHECK(hangsOn(beside, "app=a") == Lines{1});
    CHECK(hangsOn(beside + "allow app=a priority=6", "app=a").empty());
    CHECK(hangsOn(beside + "deny app=a priority=4", "app=a") == Lines{1});
    INFO("a claim that allows leaves what is known, and stricter, as it is");
    CHECK(hangsOn(beside + "allow claims=c priority=6", "app=a claims~c") == Lines{2, 1});
    INFO("but where nothing stricter is known it is an exception from other claims");
    CHECK(hangsOn(beside + "allow claims=c priority=6", "app~a claims~c").empty());
    CHECK(hangsOn("allow app=a capturing=org.b priority=5\nallow claims=c priority=6", "app=a claims~c")
              .empty());
    CHECK(hangsOn("default deny\n" + beside + "allow claims=c priority=6", "app~a claims~c") == Lines{2, 1});
}
