// SPDX-License-Identifier: GPL-3.0-or-later
// What the proof may say, by what was heard: pure.
#include "proof/options.hpp"
#include "proof/verdict.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <limits>
#include <vector>

using namespace micguard::proof;

namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t cycle = 21 * ms;
const std::vector<float> sound{0.1F, -0.2F, 0.3F}, zeros(3, 0.0F), level(3, 0.25F);

Figures lively() {
    return {
        .samples = 48000, .audible = 40000, .lively = 40, .peak = 0.3F, .firstAudible = 1, .lastAudible = 2};
}

Evidence heard() {
    Evidence evidence;
    evidence.live = evidence.after = lively();
    evidence.muted = {.samples = 96000};
    evidence.seen = evidence.present = true;
    return evidence;
}

Circumstances during(Mute mute) {
    return {.mute = mute, .text = "why", .lostNsec = 1000 * ms};
}

// And here at once.
Cycle began(std::int64_t nsec, std::int64_t length = cycle) {
    return {.began = nsec, .length = length, .arrived = nsec};
}

} // namespace

TEST_CASE("a buffer counts for the part in which its cycle began and it arrived, and for none in between",
          "[proof]") {
    Course course;
    const auto at = [&course](std::int64_t began, std::int64_t arrived) {
        return course.partOf({.began = began * ms, .length = cycle, .arrived = arrived * ms});
    };
    CHECK_FALSE(at(5, 5));
    course.begin(Part::Live, 10 * ms);
    CHECK_FALSE(at(10, 11));
    CHECK(at(11, 11) == Part::Live);
    course.end(Part::Live, 100 * ms);
    CHECK(at(100, 100) == Part::Live);
    CHECK_FALSE(at(100, 101));
    CHECK_FALSE(at(101, 101));
    course.begin(Part::Muted, 110 * ms);
    CHECK_FALSE(at(105, 115));
    CHECK(at(111, 111) == Part::Muted);
    CHECK(at(111, 190) == Part::Muted);
    course.end(Part::Muted, 200 * ms);
    course.begin(Part::After, 200 * ms);
    CHECK(at(199, 200) == Part::Muted);
    INFO("the mute is lifted while a server that is late still works at it");
    CHECK_FALSE(at(199, 201));
    CHECK(at(201, 201) == Part::After);
}

TEST_CASE("noise is alive, zeros, a constant level and a click are not", "[proof]") {
    Course course;
    course.begin(Part::Live, 0);
    Meter noise(course), silent(course), constant(course), click(course);
    for (std::int64_t i = 1; i <= 10; ++i) {
        noise.feed(sound, began(i * cycle));
        silent.feed(zeros, began(i * cycle));
        constant.feed(level, began(i * cycle));
        click.feed(i == 5 ? sound : zeros, began(i * cycle));
    }
    CHECK(noise.figures(Part::Live).alive());
    CHECK(noise.figures(Part::Live).peak == 0.3F);
    CHECK(noise.figures(Part::Live).firstAudible == cycle);
    CHECK_FALSE(silent.figures(Part::Live).alive());
    CHECK(silent.figures(Part::Live).audible == 0);
    CHECK_FALSE(constant.figures(Part::Live).alive());
    CHECK(constant.figures(Part::Live).audible == 30);
    CHECK_FALSE(click.figures(Part::Live).alive());
    CHECK(click.figures(Part::Live).samples == 30);
}

TEST_CASE("the first instant after the reply is residue, the next is a leak", "[proof]") {
    for (const std::int64_t length : {2 * ms, cycle, 171 * ms}) {
        Course course;
        course.begin(Part::Muted, 1000 * ms);
        const std::int64_t settled = 1000 * ms + std::max(Meter::settlingNsec, length);
        Meter meter(course);
        meter.feed(sound, began(1000 * ms + 1, length));
        meter.feed(sound, began(settled - 1, length));
        CHECK(meter.figures(Part::Muted).residue == 6);
        CHECK(meter.figures(Part::Muted).audible == 0);
        meter.feed(zeros, began(settled, length));
        CHECK(meter.figures(Part::Muted).audible == 0);
        meter.feed(sound, began(settled, length));
        CHECK(meter.figures(Part::Muted).audible == 3);
        CHECK(meter.figures(Part::Muted).firstAudible == settled);
    }
}

TEST_CASE("what is no number counts as heard", "[proof]") {
    Course course;
    course.begin(Part::Muted, 0);
    Meter meter(course);
    const std::vector<float> broken{std::numeric_limits<float>::quiet_NaN()};
    meter.feed(broken, began(1000 * ms));
    CHECK(meter.figures(Part::Muted).audible == 1);
    Evidence evidence = heard();
    evidence.muted = meter.figures(Part::Muted);
    CHECK(judge(evidence, during(Mute::Held)).word == Word::Leak);
}

TEST_CASE("held only if it was heard before and after, and nothing in between", "[proof]") {
    CHECK(judge(heard(), during(Mute::Held)).word == Word::Held);
    Evidence cut = heard();
    cut.muted = {};
    CHECK(judge(cut, during(Mute::Held)).word == Word::Held);

    Evidence deaf = heard();
    deaf.live = {.samples = 48000};
    CHECK(judge(deaf, during(Mute::Held)).word == Word::Inconclusive);
    Evidence died = heard();
    died.after = {.samples = 48000};
    CHECK(judge(died, during(Mute::Held)).word == Word::Inconclusive);
    Evidence gone = heard();
    gone.present = false;
    CHECK(judge(gone, during(Mute::Held)).word == Word::Inconclusive);
    Evidence late = heard();
    late.late = true;
    CHECK(judge(late, during(Mute::Held)).word == Word::Inconclusive);
}

TEST_CASE("one sample while muted is a leak, whatever else was heard or not", "[proof]") {
    for (Evidence evidence : {heard(), Evidence{}}) {
        evidence.muted.audible = 1;
        evidence.muted.peak = 0.001F;
        evidence.muted.firstAudible = 900 * ms;
        const Verdict verdict = judge(evidence, during(Mute::Held));
        CHECK(verdict.word == Word::Leak);
        CHECK(verdict.peak > 0);
        evidence.late = true;
        CHECK(judge(evidence, during(Mute::Held)).word == Word::Leak);
    }
}

TEST_CASE("what comes when the hold was lost may be the end of the mute", "[proof]") {
    Evidence evidence = heard();
    CHECK(judge(evidence, during(Mute::Lost)).word == Word::Inconclusive);
    evidence.muted.audible = 1;
    evidence.muted.firstAudible = 900 * ms; // 100 ms before it was noticed
    CHECK(judge(evidence, during(Mute::Lost)).word == Word::Inconclusive);
    evidence.muted.firstAudible = 500 * ms;
    CHECK(judge(evidence, during(Mute::Lost)).word == Word::Leak);
}

TEST_CASE("without a mute, alive is a leak; muted before, any sample is", "[proof]") {
    Evidence evidence = heard();
    for (const Mute mute : {Mute::Absent, Mute::Unanswered}) {
        CHECK(judge(evidence, during(mute)).word == Word::Leak);
        Evidence constant = heard();
        constant.live = {.samples = 100, .audible = 100, .lively = 0, .peak = 0.25F};
        CHECK(judge(constant, during(mute)).word == Word::Inconclusive);
    }
    CHECK(judge(evidence, during(Mute::Refused)).word == Word::Inconclusive);
    evidence.live = {.samples = 48000};
    CHECK(judge(evidence, during(Mute::Already)).word == Word::Inconclusive);
    evidence.live.audible = 1;
    CHECK(judge(evidence, during(Mute::Already)).word == Word::Leak);
    INFO("unless that mute was over before us: then nobody can say which");
    Circumstances ended = during(Mute::Already);
    ended.endedMeanwhile = true;
    CHECK(judge(evidence, ended).word == Word::Inconclusive);
    CHECK(judge(evidence, ended).why.find("run this again") != std::string::npos);
    CHECK(statusOf({judge(evidence, ended)}, ended) == 6);
}

TEST_CASE("exempt is no leak, and Bluetooth that was not opened is not proven", "[proof]") {
    Evidence evidence = heard();
    evidence.muted.audible = 5;
    evidence.guarded = false;
    CHECK(judge(evidence, during(Mute::Held)).word == Word::Exempt);
    Evidence beyond = heard();
    beyond.crowded = true;
    CHECK(judge(beyond, during(Mute::Held)).word == Word::Inconclusive);
    Evidence headset;
    headset.skipped = true;
    CHECK(judge(headset, during(Mute::Held)).word == Word::Inconclusive);
}

TEST_CASE("the whole is held only if all of it is, and nothing proves nothing", "[proof]") {
    const Verdict held{Word::Held, ""}, leak{Word::Leak, ""}, open{Word::Inconclusive, ""},
        exempt{Word::Exempt, ""};
    const Circumstances fine = during(Mute::Held), nobody = during(Mute::Absent);
    CHECK(statusOf({held, held}, fine) == 0);
    CHECK(statusOf({held, exempt}, fine) == 0);
    CHECK(statusOf({held, open}, fine) == 6);
    CHECK(statusOf({held, open, leak}, fine) == 1);
    CHECK(statusOf({exempt}, fine) == 6);
    CHECK(statusOf({}, fine) == 6);
    CHECK(statusOf({leak}, nobody) == 1);
    CHECK(statusOf({open}, nobody) == 3);
    CHECK(statusOf({}, nobody) == 3);
}

TEST_CASE("options are read, and refused with a reason", "[proof]") {
    const char* const words[] = {"--seconds", "5", "--source", "a", "--source", "b", "--tone"};
    const auto options = parse(words);
    REQUIRE(options);
    CHECK(options->seconds == 5);
    CHECK(options->sources == std::vector<std::string>{"a", "b"});
    CHECK(options->tone);
    CHECK_FALSE(options->bluetooth);
    for (const char* bad : {"0", "61", "-1", "x", "1s", ""}) {
        const char* const wrong[] = {"--seconds", bad};
        INFO(bad);
        CHECK_FALSE(parse(wrong));
    }
    const char* const unknown[] = {"--loud"};
    const char* const lacking[] = {"--source"};
    CHECK_FALSE(parse(unknown));
    CHECK_FALSE(parse(lacking));
}
