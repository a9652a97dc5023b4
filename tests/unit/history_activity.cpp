// SPDX-License-Identifier: GPL-3.0-or-later
//
// What applications do while muted, from one View to the next.
#include "daemon/history/activity.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::history;

namespace {

struct Follower {
    ActivityWatch watch;
    std::uint64_t next = 1;
    std::vector<Record> records;

    void operator()(const View& view, Moment now) {
        records.clear();
        watch.follow(
            view, now, [this] { return Key{next++}; }, records);
    }
    const ActivityBegan& began(std::size_t index = 0) const {
        return std::get<ActivityBegan>(records.at(index));
    }
    Key ended(std::size_t index = 0) const { return std::get<ActivityEnded>(records.at(index)).key; }
};

constexpr std::uint64_t mic = 1, exempt = 2;

// One application, one stream that runs.
View call() {
    View view;
    view.sources.resize(2);
    view.sources[0].key = mic;
    view.sources[0].name = "builtin";
    view.sources[1].key = exempt;
    view.sources[1].name = "card";
    view.sources[1].guarded = false;
    ApplicationView application;
    application.key = 7;
    application.appId = "org.call";
    application.name = "Call";
    application.identity = "kernel";
    application.streams = {70};
    view.applications = {application};
    StreamView stream;
    stream.key = 70;
    stream.application = 7;
    stream.source = mic;
    stream.asking = true;
    stream.rate = 48000;
    view.streams = {stream};
    return view;
}

View muted(View view, Moment since = 100) {
    view.guard.muted = true;
    view.guard.mutedSince = since;
    return view;
}

View without(View view) {
    view.applications.clear();
    view.streams.clear();
    return view;
}

} // namespace

TEST_CASE("nothing is written down while nothing is muted") {
    Follower follow;
    follow(call(), 50);
    CHECK(follow.records.empty());
}

TEST_CASE("a mute begins what its applications do, and ends it") {
    Follower follow;
    follow(call(), 50);
    follow(muted(call()), 101);
    REQUIRE(follow.records.size() == 1);
    const auto began = follow.began();
    CHECK(began.at == 101);
    CHECK(began.who == Who{"org.call", "Call", "kernel"});
    CHECK(began.source == "builtin");
    CHECK(began.doing == Doing::Asking);
    CHECK(began.muted);
    CHECK_FALSE(began.ownMute);
    CHECK_FALSE(began.levelMeter);
    CHECK(began.rate == 48000);
    follow(muted(call()), 120);
    CHECK(follow.records.empty());
    follow(call(), 200);
    REQUIRE(follow.records.size() == 1);
    CHECK(follow.ended() == began.key);
}

TEST_CASE("what changes ends, and is begun anew under another key") {
    Follower follow;
    follow(muted(call()), 101);
    const Key first = follow.began().key;
    View held = muted(call());
    held.streams[0].asking = false;
    follow(held, 300);
    REQUIRE(follow.records.size() == 2);
    CHECK(follow.ended() == first);
    CHECK(follow.began(1).doing == Doing::Holding);
    CHECK(follow.began(1).rate == 0);
    CHECK(follow.began(1).key != first);
    follow(muted(without(call())), 400);
    REQUIRE(follow.records.size() == 1);
    CHECK(follow.ended() != first);
    follow(muted(without(call())), 500);
    CHECK(follow.records.empty());
}

TEST_CASE("of several streams the liveliest counts; of those that ask, all rates") {
    View view = muted(call());
    view.applications[0].streams = {70, 71, 72};
    view.streams.push_back(view.streams[0]);
    view.streams[1].key = 71;
    view.streams.push_back(view.streams[0]);
    view.streams[2].key = 72;
    view.streams[2].asking = false;
    view.streams[1].assumed = true;
    Follower follow;
    follow(view, 101);
    CHECK(follow.began().doing == Doing::Asking);
    CHECK(follow.began().rate == 96000);
    CHECK_FALSE(follow.began().assumed);
}

TEST_CASE("a level meter is marked, and counts for nothing beside a stream that records") {
    View view = muted(call());
    view.streams[0].levelMeter = true;
    Follower meters;
    meters(view, 101);
    CHECK(meters.began().levelMeter);
    CHECK(meters.began().doing == Doing::Asking);
    view.applications[0].streams.push_back(71);
    view.streams.push_back(view.streams[0]);
    view.streams[1].key = 71;
    view.streams[1].levelMeter = false;
    view.streams[1].asking = false;
    Follower both;
    both(view, 101);
    CHECK_FALSE(both.began().levelMeter);
    CHECK(both.began().doing == Doing::Holding);
}

TEST_CASE("what an exempt microphone gives is no business of a mute") {
    View view = muted(call());
    view.streams[0].source = exempt;
    Follower follow;
    follow(view, 101);
    CHECK(follow.records.empty());
}

TEST_CASE("who has muted himself is followed without a mute of the system's, and over its beginning") {
    View view = call();
    view.applications[0].ownMute = true;
    Follower follow;
    follow(view, 50);
    CHECK(follow.began().ownMute);
    CHECK_FALSE(follow.began().muted);
    follow(muted(view), 100);
    REQUIRE(follow.records.size() == 2);
    CHECK(follow.began(1).ownMute);
    CHECK(follow.began(1).muted);
    follow(view, 150);
    CHECK_FALSE(follow.began(1).muted);
    view.applications[0].ownMute = false;
    follow(view, 200);
    REQUIRE(follow.records.size() == 1);
    follow.ended();
}

TEST_CASE("who changes without end is written down as asking, until the mute is over") {
    Follower follow;
    View asks = muted(call()), holds = asks;
    holds.streams[0].asking = false;
    std::size_t written = 0;
    for (unsigned i = 0; i < 3 * ActivityWatch::mostChanges; ++i) {
        follow(i % 2 ? holds : asks, 101 + i);
        for (const auto& record : follow.records)
            written += std::holds_alternative<ActivityBegan>(record);
    }
    CHECK(written == ActivityWatch::mostChanges);
    // With a stream that is held it would end with the stream, and does so.
    follow(muted(without(call())), 20000);
    REQUIRE(follow.records.size() == 1);
    follow(muted(holds), 20001);
    CHECK(follow.began().doing == Doing::Asking);
    follow(without(call()), 20002);
    follow(muted(holds, 30000), 30000);
    CHECK(follow.began().doing == Doing::Holding);
}

TEST_CASE("the guard's own end ends everything") {
    Follower follow;
    follow(muted(call()), 101);
    const Key key = follow.began().key;
    std::vector<Record> records;
    follow.watch.endAll(900, records);
    REQUIRE(records.size() == 1);
    CHECK(std::get<ActivityEnded>(records[0]).key == key);
    CHECK(std::get<ActivityEnded>(records[0]).at == 900);
}
