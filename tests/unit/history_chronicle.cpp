// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is told between one View and the next.
#include "daemon/history/chronicle.hpp"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::history;

namespace {

ApplicationView application(std::uint64_t key, const std::string& id) {
    ApplicationView view;
    view.key = key;
    view.appId = id;
    view.name = "The " + id;
    view.identity = "kernel";
    return view;
}

StreamView stream(std::uint64_t key, std::uint64_t of, std::uint64_t source, const std::string& state) {
    StreamView view;
    view.key = key;
    view.application = of;
    view.source = source;
    view.state = state;
    return view;
}

// Two applications and two microphones; nobody listens.
View quiet() {
    View view;
    view.applications = {application(1, "zoom"), application(2, "obs")};
    for (const std::uint64_t key : {std::uint64_t{10}, std::uint64_t{11}}) {
        SourceView source;
        source.key = key;
        source.name = key == 10 ? "internal" : "headset";
        view.sources.push_back(source);
    }
    return view;
}

View muted(View view, Moment since, const std::string& by, const std::string& reason) {
    view.guard.muted = true;
    view.guard.mutedSince = since;
    view.guard.holds = {{"user", by, reason}};
    return view;
}

template <typename T>
std::vector<T> only(const std::vector<Record>& records) {
    std::vector<T> found;
    for (const auto& record : records)
        if (const auto* one = std::get_if<T>(&record))
            found.push_back(*one);
    return found;
}

} // namespace

TEST_CASE("a session is a pair of application and microphone, however many streams it has") {
    Chronicle chronicle;
    CHECK(chronicle.follow(quiet(), 1).empty());
    View view = quiet();
    view.streams = {stream(5, 1, 10, "capturing"), stream(6, 1, 10, "silenced"),
                    stream(7, 1, 11, "capturing"), stream(8, 2, 10, "idle"),
                    stream(9, 2, 0, "capturing"),  stream(4, 2, 11, "denied")};
    const auto began = only<SessionBegan>(chronicle.follow(view, 2));
    REQUIRE(began.size() == 2);
    CHECK(began[0].who == Who{"zoom", "The zoom", "kernel"});
    CHECK(began[0].source == "internal");
    CHECK(began[1].source == "headset");
    CHECK(began[0].at == 2);
    CHECK_FALSE(began[0].levelMeter);
    CHECK(began[0].key != began[1].key);
    CHECK(chronicle.follow(view, 3).empty());

    view.streams.erase(view.streams.begin()); // the other one is silenced, and goes on
    CHECK(chronicle.follow(view, 4).empty());
    view.streams.erase(view.streams.begin());
    const auto records = chronicle.follow(view, 5);
    REQUIRE(records.size() == 1);
    CHECK(std::get<SessionEnded>(records[0]).key == began[0].key);
    CHECK(std::get<SessionEnded>(records[0]).at == 5);
}

TEST_CASE("a stream that moves to another microphone ends there before it begins here") {
    Chronicle chronicle;
    View view = quiet();
    view.streams = {stream(5, 1, 10, "capturing")};
    const auto began = only<SessionBegan>(chronicle.follow(view, 1));
    view.streams = {stream(5, 1, 11, "capturing")};
    const auto records = chronicle.follow(view, 2);
    REQUIRE(records.size() == 2);
    CHECK(std::get<SessionEnded>(records[0]).key == began.at(0).key);
    CHECK(std::get<SessionBegan>(records[1]).source == "headset");
}

TEST_CASE("a level meter is a session of its own, marked as one") {
    Chronicle chronicle;
    View view = quiet();
    view.streams = {stream(5, 1, 10, "capturing"), stream(6, 1, 10, "capturing")};
    view.streams[1].levelMeter = true;
    const auto began = only<SessionBegan>(chronicle.follow(view, 1));
    REQUIRE(began.size() == 2);
    CHECK(began[0].levelMeter != began[1].levelMeter);
}

TEST_CASE("a mute is one from the first who wants it to the last, with who and why") {
    Chronicle chronicle;
    const auto began = only<MuteBegan>(chronicle.follow(muted(quiet(), 7, "panel (pid 3)", "a call"), 9));
    REQUIRE(began.size() == 1);
    CHECK(began[0].at == 7);
    CHECK(began[0].by == "panel (pid 3)");
    CHECK(began[0].reason == "a call");
    CHECK(chronicle.follow(muted(quiet(), 7, "somebody else", ""), 10).empty());
    const auto ended = only<MuteEnded>(chronicle.follow(quiet(), 11));
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].key == began[0].key);
    CHECK(ended[0].at == 11);
}

TEST_CASE("muted anew between two looks is another mute") {
    Chronicle chronicle;
    chronicle.follow(muted(quiet(), 7, "a", ""), 8);
    const auto records = chronicle.follow(muted(quiet(), 20, "b", ""), 21);
    CHECK(only<MuteEnded>(records).size() == 1);
    CHECK(only<MuteBegan>(records).at(0).by == "b");
}

TEST_CASE("a warning is told once, however its text changes, and again when it comes back") {
    Chronicle chronicle;
    View view = quiet();
    view.guard.warnings = {{"config", "line 1"}};
    CHECK(only<WarningBegan>(chronicle.follow(view, 1)).at(0).text == "line 1");
    view.guard.warnings[0].text = "line 2";
    CHECK(chronicle.follow(view, 2).empty());
    CHECK(only<WarningEnded>(chronicle.follow(quiet(), 3)).size() == 1);
    CHECK(only<WarningBegan>(chronicle.follow(view, 4)).at(0).text == "line 2");
}

TEST_CASE("at the end everything ends but the mute, which the next guard goes on with") {
    Chronicle chronicle;
    View view = muted(quiet(), 7, "a", "");
    view.guard.warnings = {{"config", "line 1"}};
    view.streams = {stream(5, 1, 10, "silenced")};
    chronicle.follow(view, 8);
    const auto records = chronicle.endAll(9);
    CHECK(records.size() == 2);
    CHECK(only<SessionEnded>(records).at(0).at == 9);
    CHECK(only<WarningEnded>(records).at(0).at == 9);
}

TEST_CASE("after something was lost, all that goes on is told as if it had begun") {
    Chronicle chronicle;
    View view = muted(quiet(), 7, "a", "");
    view.streams = {stream(5, 1, 10, "silenced")};
    const auto before = only<SessionBegan>(chronicle.follow(view, 8));
    chronicle.forget();
    const auto records = chronicle.follow(view, 9);
    CHECK(only<MuteBegan>(records).at(0).at == 7);
    CHECK(only<SessionBegan>(records).at(0).key != before.at(0).key);
}

TEST_CASE("what an application calls itself is cut, between two characters") {
    View view = quiet();
    view.applications[0].name = std::string(1023, 'x') + "\u00e9";
    CHECK(whoIs(view.applications[0]).name == std::string(1023, 'x'));
    view.applications[0].name = std::string(1022, 'x') + "\u00e9";
    CHECK(whoIs(view.applications[0]).name == view.applications[0].name);
}
