// SPDX-License-Identifier: GPL-3.0-or-later
//
// The exposure report's classes and figures, at their edges (docs/report.md).
#include "daemon/history/report.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>

using namespace micguard::history;

namespace {

constexpr Moment second = 1'000'000;
constexpr Moment base = 1'000'000 * second;

Moment at(double seconds) {
    return base + static_cast<Moment>(std::llround(seconds * 1e6));
}

// Times in seconds from `base` on.
struct Tape {
    Recorded recorded;

    Tape& mute(double start, double end) {
        recorded.mutes.push_back({at(start), at(end)});
        return *this;
    }
    Tape& session(const std::string& app, double start, double end, bool meter = false) {
        recorded.sessions.push_back({at(start), at(end), {app, app, "kernel"}, meter});
        return *this;
    }
    Tape& does(const std::string& app, Doing doing, double start, double end) {
        recorded.activities.push_back({at(start),
                                       at(end),
                                       {app, app, "kernel"},
                                       "builtin",
                                       doing,
                                       true,
                                       false,
                                       false,
                                       false,
                                       doing == Doing::Asking ? 48000U : 0U});
        return *this;
    }
    Tape& asks(const std::string& app, double start, double end) {
        return does(app, Doing::Asking, start, end);
    }
    Tape& holds(const std::string& app, double start, double end) {
        return does(app, Doing::Holding, start, end);
    }
    ActivitySpan& last() { return recorded.activities.back(); }

    std::vector<ReportRow> rows(double since = -10000, double until = 100000) const {
        return report(recorded, at(since), at(until));
    }
};

ReportRow only(const Tape& tape) {
    const auto rows = tape.rows();
    REQUIRE(rows.size() == 1);
    return rows.front();
}

// One mute of 60 s.
Class judged(const Tape& tape) {
    return only(tape).judged;
}

Tape minute() {
    return Tape{}.mute(0, 60);
}

} // namespace

TEST_CASE("runs through: continuous, with every sample counted") {
    const auto row = only(minute().session("webex", -5, 70).asks("webex", 0, 60));
    CHECK(row.judged == Class::Continuous);
    CHECK(row.app == "webex");
    CHECK(row.mutes == 1);
    CHECK(row.mutedUsec == 60 * second);
    CHECK(row.askedUsec == 60 * second);
    CHECK(row.heldUsec == 0);
    CHECK(row.samples == 60 * 48000);
    CHECK(row.wakeups == 0);
    CHECK(row.sources == std::vector<std::string>{"builtin"});
    CHECK(row.counts == std::array<std::uint32_t, 4>{1, 0, 0, 0});
    REQUIRE(row.stretches.size() == 1);
    CHECK(row.stretches[0].start == at(0));
    REQUIRE(row.periods.size() == 1);
    CHECK(row.periods[0].judged == Class::Continuous);
}

TEST_CASE("open and paused: held") {
    const auto row = only(minute().session("zoom", -5, 0).holds("zoom", 0, 60));
    CHECK(row.judged == Class::Held);
    CHECK(row.askedUsec == 0);
    CHECK(row.heldUsec == 60 * second);
    CHECK(row.samples == 0);
}

TEST_CASE("a stream that ends 300 ms after the mute has begun: released") {
    const auto row = only(minute().session("whereby", -5, 0.3).asks("whereby", 0, 0.3));
    CHECK(row.judged == Class::Released);
    CHECK(row.askedUsec == 300'000);
    CHECK(row.samples == 14400);
    CHECK(row.mutedUsec == 60 * second);
}

TEST_CASE("paused 300 ms after the mute has begun: held") {
    CHECK(judged(minute().session("zoom", -5, 0.3).asks("zoom", 0, 0.3).holds("zoom", 0.3, 60)) ==
          Class::Held);
}

TEST_CASE("closed before the mute, a moment ago: released; longer ago: not listed") {
    const double justBeforeSeconds = static_cast<double>(justBefore) / 1e6;
    CHECK(judged(minute().session("whereby", -20, -1)) == Class::Released);
    CHECK(judged(minute().session("whereby", -2000, -justBeforeSeconds)) == Class::Released);
    CHECK(minute().session("whereby", -2000, -justBeforeSeconds - 0.001).rows().empty());
    // A long session before a short one still counts.
    CHECK(judged(minute().session("whereby", -2000, -1).session("whereby", -1900, -1800)) == Class::Released);
}

TEST_CASE("an application that never had a stream is not listed, nor is one that came after the mute") {
    CHECK(minute().rows().empty());
    CHECK(minute().session("later", 61, 70).rows().empty());
    CHECK(Tape{}.session("zoom", 0, 10).rows().empty());
}

TEST_CASE("wakes now and then: periodic, and how often") {
    Tape tape = minute().session("teams", -5, 0);
    tape.holds("teams", 0, 10);
    for (int i = 1; i < 6; ++i)
        tape.asks("teams", i * 10, i * 10 + 2).holds("teams", i * 10 + 2, i * 10 + 10);
    const auto row = only(tape);
    CHECK(row.judged == Class::Periodic);
    CHECK(row.wakeups == 5);
    CHECK(row.askedUsec == 10 * second);
    CHECK(row.heldUsec == 50 * second);
}

TEST_CASE("opens it anew now and then: periodic as well; once suffices") {
    CHECK(judged(minute().session("teams", -5, 0).asks("teams", 20, 21).asks("teams", 40, 41)) ==
          Class::Periodic);
    CHECK(judged(minute().session("teams", -5, 0).asks("teams", 20, 21)) == Class::Periodic);
}

TEST_CASE("a restart in between stays continuous") {
    const auto row = only(minute().session("webex", -5, 60).asks("webex", 0, 20).asks("webex", 35, 60));
    CHECK(row.judged == Class::Continuous);
    CHECK(row.wakeups == 1);
    CHECK(row.askedUsec == 45 * second);
}

TEST_CASE("continuous from four fifths on, whatever it does in between") {
    const auto tape = [](double pause) {
        Tape all = minute().session("webex", -5, 60);
        // What is judged begins a second after the mute: 59 s.
        all.asks("webex", 0, 20).holds("webex", 20, 20 + pause / 2);
        all.asks("webex", 20 + pause / 2, 40).holds("webex", 40, 40 + pause / 2);
        return all.asks("webex", 40 + pause / 2, 60);
    };
    CHECK(judged(tape(11.8)) == Class::Continuous);
    CHECK(judged(tape(11.9)) == Class::Periodic);
    CHECK(only(tape(11.9)).wakeups == 2);
}

TEST_CASE("who stops: by what he did for the greater part") {
    // Judged are 59 s: half of them end at 30.5.
    CHECK(judged(minute().session("a", -5, 60).asks("a", 0, 30.5)) == Class::Continuous);
    CHECK(judged(minute().session("a", -5, 60).asks("a", 0, 30.4)) == Class::Released);
    CHECK(judged(minute().session("a", -5, 60).asks("a", 0, 30.4).holds("a", 30.4, 60)) == Class::Held);
    CHECK(judged(minute().session("a", -5, 60).holds("a", 0, 31)) == Class::Held);
    CHECK(judged(minute().session("a", -5, 60).holds("a", 0, 30)) == Class::Released);
}

TEST_CASE("who joins in the midst of a mute is judged from there on") {
    const auto row = only(minute().asks("webex", 50, 60));
    CHECK(row.judged == Class::Continuous);
    CHECK(row.wakeups == 1);
    CHECK(judged(minute().holds("zoom", 50, 60)) == Class::Held);
    // One that had captured before has come back.
    CHECK(judged(minute().session("webex", -5, 0).asks("webex", 50, 60)) == Class::Periodic);
}

TEST_CASE("too short to tell: the figures count, the class does not") {
    for (const double length : {0.2, 0.9, 1.9}) {
        const auto row = only(Tape{}.mute(0, length).session("webex", -5, 9).asks("webex", 0, length));
        CHECK(row.judged == Class::Unjudged);
        CHECK(toString(row.judged).empty());
        CHECK(row.mutes == 1);
        CHECK(row.askedUsec == static_cast<std::uint64_t>(length * 1e6));
        CHECK(row.periods[0].judged == Class::Unjudged);
    }
    CHECK(judged(Tape{}.mute(0, 2).session("webex", -5, 9).asks("webex", 0, 2)) == Class::Continuous);
}

TEST_CASE("over several mutes the class of most of the time, and how often each") {
    Tape tape = Tape{}.mute(0, 10).mute(100, 110).mute(200, 290);
    tape.session("zoom", -5, 300).asks("zoom", 0, 10).asks("zoom", 100, 110).holds("zoom", 200, 290);
    const auto row = only(tape);
    CHECK(row.judged == Class::Held);
    CHECK(row.counts == std::array<std::uint32_t, 4>{2, 0, 1, 0});
    CHECK(row.mutes == 3);
    CHECK(row.periods.size() == 3);
}

TEST_CASE("of two classes with the same time the more telling one") {
    Tape tape = Tape{}.mute(0, 10).mute(100, 110);
    CHECK(judged(tape.session("a", -5, 200).holds("a", 0, 10).asks("a", 100, 110)) == Class::Continuous);
}

TEST_CASE("two processes of one identity are one row: the liveliest counts") {
    Tape tape = minute().session("browser", -5, 60);
    tape.holds("browser", 0, 60).asks("browser", 10, 40).asks("browser", 30, 60).asks("browser", 0, 10);
    const auto row = only(tape);
    CHECK(row.judged == Class::Continuous);
    CHECK(row.askedUsec == 60 * second);
    CHECK(row.heldUsec == 0);
    CHECK(row.samples == 70 * 48000);
    CHECK(row.wakeups == 0);
    REQUIRE(row.stretches.size() == 1);
}

TEST_CASE("who only claims to be it has a row of his own") {
    Tape tape = minute().session("zoom", -5, 60).holds("zoom", 0, 60).asks("zoom", 0, 60);
    tape.last().who.identity = "claimed";
    const auto rows = tape.rows();
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].judged == Class::Continuous);
    CHECK(rows[0].identity == "claimed");
    CHECK(rows[1].judged == Class::Held);
    CHECK(rows[1].identity == "kernel");
}

TEST_CASE("what a client said of itself before it was known makes no row, unless it goes on to say so") {
    const auto claims = [](double until) {
        Tape tape = minute().asks("pacat", 10, until);
        tape.last().who.identity = "claimed";
        return tape.asks("/usr/bin/pacat", until, 60).rows();
    };
    const auto passing = claims(10.9);
    REQUIRE(passing.size() == 1);
    CHECK(passing[0].app == "/usr/bin/pacat");
    CHECK(claims(11).size() == 2);
}

TEST_CASE("a level meter is marked and comes last; having had one before is no reason to be listed") {
    Tape tape = minute().session("mixer", -5, 60, true).asks("mixer", 0, 60);
    tape.last().levelMeter = true;
    tape.session("zoom", -5, 0).holds("zoom", 0, 60);
    const auto rows = tape.rows();
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].app == "zoom");
    CHECK_FALSE(rows[0].levelMeter);
    CHECK(rows[1].levelMeter);
    CHECK(minute().session("mixer", -5, -1, true).rows().empty());
}

TEST_CASE("what is assumed is counted as such") {
    Tape tape = minute().session("webex", -5, 0).asks("webex", 0, 60);
    tape.last().assumed = true;
    const auto row = only(tape);
    CHECK(row.judged == Class::Continuous);
    CHECK(row.assumedUsec == 60 * second);
    CHECK(row.stretches[0].assumed);
}

TEST_CASE("where it had muted itself, that is what it is asked about") {
    Tape tape = minute().session("call", -5, 60).asks("call", 0, 60);
    tape.asks("call", 100, 130);
    tape.last().muted = false;
    tape.last().ownMute = true;
    const auto row = only(tape);
    CHECK(row.askedUsec == 60 * second);
    CHECK(row.ownMutedUsec == 30 * second);
    CHECK(row.ownAskedUsec == 30 * second);
    CHECK(row.ownJudged == Class::Continuous);

    Tape alone;
    alone.session("call", -5, 0).asks("call", 0, 0.4).holds("call", 0.4, 60);
    for (auto& span : alone.recorded.activities) {
        span.muted = false;
        span.ownMute = true;
    }
    const auto own = only(alone);
    CHECK(own.mutes == 0);
    CHECK(own.judged == Class::Unjudged);
    CHECK(own.ownJudged == Class::Held);
    CHECK(own.ownAskedUsec == 400'000);
    CHECK(own.ownMutedUsec == 60 * second);
}

TEST_CASE("what is asked about is cut at its ends") {
    const Tape tape = minute().session("webex", -5, 60).asks("webex", 0, 60);
    const auto rows = tape.rows(30, 40);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].mutedUsec == 10 * second);
    CHECK(rows[0].askedUsec == 10 * second);
    CHECK(rows[0].periods[0].start == at(30));
    CHECK(rows[0].judged == Class::Continuous);
    CHECK(tape.rows(60, 90).empty());
    CHECK(tape.rows(-90, 0).empty());
}

TEST_CASE("a mute that the next one overlaps is counted once") {
    Tape tape = Tape{}.mute(0, 60).mute(50, 70);
    const auto row = only(tape.session("webex", -5, 80).asks("webex", 0, 70));
    CHECK(row.mutedUsec == 70 * second);
    CHECK(row.askedUsec == 70 * second);
}

TEST_CASE("of a great many stretches the newest are told, and all are counted") {
    Tape tape = Tape{}.mute(0, 10000).session("teams", -5, 0);
    for (int i = 1; i < 5000; ++i)
        tape.asks("teams", i * 2, i * 2 + 0.5);
    const auto row = only(tape);
    CHECK(row.wakeups == 4999);
    CHECK(row.judged == Class::Periodic);
    CHECK(row.stretches.size() == mostStretches);
    CHECK(row.stretches.back().start == at(9998));
}
