// SPDX-License-Identifier: GPL-3.0-or-later
// Rules with hours, with the clock moved over their boundary. The machine's clock is left alone: the guard's
// is a model of one that is set (tests/support/clock).
#include "tests/session/trial.hpp"
#include "tests/support/clock/moved_clock.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

using namespace micguard::test;
using namespace std::chrono_literals;

namespace {

using Moment = MovedClock::Moment;

constexpr Moment at(std::chrono::sys_days day, std::chrono::milliseconds time) {
    return Moment(day) + time;
}

constexpr std::chrono::sys_days monday = std::chrono::year(2026) / 11 / 23;
constexpr const char* berlin = "CET-1CEST,M3.5.0,M10.5.0/3";

std::string ruleOn(const std::string& hours, const std::string& action) {
    return "[[rule]]\nmatch = { executable = \"*/pw-cat\" }\nwhen = { hours = \"" + hours +
           "\" }\naction = \"" + action + "\"\n";
}

// Nobody but whom a rule allows, and one who always may; and we, who would not see the others' streams else.
std::string onlyOn(const std::string& hours) {
    return "[policy]\ndefault = \"deny\"\n[[rule]]\nmatch = { executable = \"*/mg-listen\" }\naction = "
           "\"allow\"\n[[rule]]\nmatch = { executable = \"*/hours-test\" }\naction = \"allow\"\n" +
           ruleOn(hours, "allow");
}

class Desk {
  public:
    explicit Desk(Moment now, const std::string& zone = "UTC0")
        : clock(now)
        , session(guardedBy(clock, zone))
        , guard(session)
        , other(listenTo(session, "tone"))
        , ruled(hear("tone", pwRecordListener(session, {.target = "tone"}))) {}

    // Whether the rules have cut its stream off, as the server says.
    bool isLinked(const GraphObjects& objects) const {
        return std::any_of(objects.begin(), objects.end(), [&](const auto& one) {
            if (one.second.type != "Link")
                return false;
            const auto stream = objects.find(
                static_cast<std::uint32_t>(std::stoul("0" + one.second.property("link.input.node"))));
            return stream != objects.end() && stream->second.property("node.name") == "pw-record";
        });
    }
    bool waitCut() {
        return session.graph().waitFor([this](const GraphObjects& objects) { return !isLinked(objects); });
    }

    // It is cut off, and hears nothing of what is made from here on; the other one goes on.
    void hearsNothing(Tally& tally) {
        INFO("it is cut off");
        REQUIRE(waitCut());
        ruled.counted = ruled.listener->madeIn(1);
        session.setPhase(1);
        INFO("control: the other one goes on");
        REQUIRE(other.listener->waitAudible(1));
        std::vector<Heard> one;
        one.push_back(std::move(ruled));
        listenWhileMuted(one, tally);
        ruled = std::move(one.front());
        session.setPhase(0);
    }
    void hearsAgain() {
        INFO("it hears");
        REQUIRE(ruled.listener->waitAudible(0));
        INFO("control: its link is seen, so that its going is");
        REQUIRE(isLinked(session.graph().objects()));
    }

    MovedClock clock;
    PrivateSession session;
    Guard guard;
    Heard other, ruled;

  private:
    static SessionOptions guardedBy(const MovedClock& clock, const std::string& zone) {
        SessionOptions options = guardedSession({MicKind::tone});
        clock.give(options, zone);
        return options;
    }
};

std::int64_t msSince(std::int64_t then) {
    return (monotonicNsec() - then) / 1'000'000;
}

} // namespace

TEST_CASE("allowed from nine to five: the clock is set over the boundary, and back", "[hours]") {
    Desk desk(at(monday, 12h));
    desk.guard.setRules(onlyOn("09:00-17:00"));
    desk.hearsAgain();
    Tally tally("pw-record × tone × allowed 09:00-17:00, the clock (a model of it) set");
    std::vector<std::int64_t> delays;
    for (unsigned cycle = 0; cycle < scaled(5, 100); cycle++) {
        INFO("cycle " << cycle);
        const std::int64_t then = monotonicNsec();
        desk.clock.set(at(monday, cycle % 2 == 0 ? 17h + 1s : 8h + 59min + 30s));
        REQUIRE(desk.waitCut());
        delays.push_back(msSince(then));
        desk.hearsNothing(tally);
        desk.clock.set(at(monday, 12h));
        desk.hearsAgain();
    }
    std::sort(delays.begin(), delays.end());
    std::printf("      from the clock's setting to the cut: median %lld ms, longest %lld ms\n",
                static_cast<long long>(delays[delays.size() / 2]), static_cast<long long>(delays.back()));
    CHECK(delays[delays.size() / 2] < 1000);
}

TEST_CASE("a rule ends and begins at its minute by the clock alone, not before", "[hours]") {
    Desk desk(at(monday, 12h));
    desk.guard.setRules(onlyOn("09:00-17:00"));
    desk.hearsAgain();
    Tally tally("pw-record × tone × allowed 09:00-17:00, the clock passes the hour");
    for (unsigned cycle = 0; cycle < scaled(2, 20); cycle++) {
        desk.clock.set(at(monday, 16h + 59min + 58s + 500ms));
        REQUIRE(desk.waitCut());
        CHECK(desk.clock.now() >= at(monday, 17h));
        desk.hearsNothing(tally);
        desk.clock.set(at(monday, 8h + 59min + 58s + 500ms));
        desk.hearsAgain();
        CHECK(desk.clock.now() >= at(monday, 9h));
    }
}

// What many rules take to be put in force is time, in which the clock goes on.
TEST_CASE("a rule ends at its minute also when the settings are read as it passes", "[hours]") {
    Desk desk(at(monday, 12h));
    std::string rules = onlyOn("09:00-17:00");
    for (unsigned number = 0; number < 4000; number++)
        rules += "[[rule]]\nmatch = { app = \"org.example.*" + std::to_string(number) +
                 "\" }\naction = \"deny\"\n";
    desk.guard.setRules(rules);
    desk.hearsAgain();
    REQUIRE(desk.guard.tryReload().empty());
    const std::chrono::nanoseconds took(desk.guard.callNsec());
    Tally tally("pw-record × tone × allowed 09:00-17:00, the clock passes the hour while settings are read");
    constexpr int moments = 12;
    for (int moment = 1; moment <= moments; moment++) {
        INFO("the hour comes at " << moment << " of " << moments << " parts of the reading");
        desk.clock.set(at(monday, 16h + 59min + 58s));
        const auto begin = at(monday, 17h) - took * moment / moments;
        while (desk.clock.now() < begin)
            std::this_thread::sleep_for(1ms);
        REQUIRE(desk.guard.tryReload().empty());
        REQUIRE(desk.waitCut());
        CHECK(desk.clock.now() >= at(monday, 17h));
        desk.hearsNothing(tally);
        desk.clock.set(at(monday, 12h));
        desk.hearsAgain();
    }
}

TEST_CASE("daylight saving begins and ends: a rule whose hours the clock jumps into or out of", "[hours]") {
    constexpr std::chrono::sys_days spring = std::chrono::year(2026) / 3 / 29,
                                    autumn = std::chrono::year(2026) / 10 / 25;
    Desk desk(at(spring, 0h), berlin);
    desk.guard.setRules(ruleOn("02:30-03:30", "deny"));
    desk.hearsAgain();
    Tally tally("pw-record × tone × denied 02:30-03:30, the clock jumps at 01:00 UTC");
    // 01:59:59 is followed by 03:00:00.
    desk.clock.set(at(spring, 59min + 58s + 500ms));
    REQUIRE(desk.waitCut());
    CHECK(desk.clock.now() >= at(spring, 1h));
    desk.hearsNothing(tally);
    // 02:59:59 is followed by 02:00:00, and the rule holds once more an hour later.
    desk.clock.set(at(autumn, 59min + 52s));
    desk.hearsNothing(tally);
    desk.hearsAgain();
    CHECK(desk.clock.now() >= at(autumn, 1h));
    desk.clock.set(at(autumn, 1h + 30min));
    desk.hearsNothing(tally);
}
