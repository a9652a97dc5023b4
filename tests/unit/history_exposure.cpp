// SPDX-License-Identifier: GPL-3.0-or-later
//
// What applications did while muted, written down and read back for the report; over a guard that was killed, and forgotten
// with the rest.
#include "daemon/history/keeper.hpp"
#include "daemon/history/schema.hpp"
#include "tests/unit/history_values.hpp"

#include <algorithm>

using namespace micguard::history;
using namespace micguard::history::test;

namespace {

ActivityBegan activity(std::uint64_t key, Moment at, const std::string& app, Doing doing = Doing::Asking) {
    ActivityBegan began;
    began.key = Key{key};
    began.at = at;
    began.who = who(app);
    began.source = "mic";
    began.doing = doing;
    began.muted = true;
    began.rate = doing == Doing::Asking ? 48000 : 0;
    return began;
}

Recorded recorded(Store& store, const ReportFilter& filter = {}, Moment now = noon + day) {
    auto found = store.recorded(filter, now);
    if (!found)
        FAIL(found.error().text);
    return std::move(*found);
}

} // namespace

TEST_CASE("what was done while muted comes back as it was") {
    TestFolder folder;
    Store store = opened(folder / "history.db");
    ActivityBegan own = activity(3, noon + 20, "zoom", Doing::Holding);
    own.source.clear();
    own.muted = false;
    own.ownMute = own.assumed = own.levelMeter = true;
    write(store,
          {session(1, noon - 10, "webex"), MuteBegan{Key{9}, noon, "me", ""}, activity(2, noon, "webex"), own,
           ActivityEnded{Key{2}, noon + 50}, MuteEnded{Key{9}, noon + 60}});
    const Recorded found = recorded(store, {}, noon + 100);
    REQUIRE(found.mutes.size() == 1);
    CHECK(found.mutes[0].start == noon);
    CHECK(found.mutes[0].end == noon + 60);
    REQUIRE(found.sessions.size() == 1);
    CHECK(found.sessions[0].who == who("webex"));
    CHECK(found.sessions[0].end == noon + 100);
    REQUIRE(found.activities.size() == 2);
    const auto& asked = found.activities[found.activities[0].who == who("webex") ? 0 : 1];
    const auto& held = found.activities[found.activities[0].who == who("webex") ? 1 : 0];
    CHECK(asked.start == noon);
    CHECK(asked.end == noon + 50);
    CHECK(asked.source == "mic");
    CHECK(asked.doing == Doing::Asking);
    CHECK(asked.muted);
    CHECK_FALSE(asked.ownMute);
    CHECK_FALSE(asked.assumed);
    CHECK_FALSE(asked.levelMeter);
    CHECK(asked.rate == 48000);
    CHECK(held.who == who("zoom"));
    CHECK(held.end == noon + 100); // goes on
    CHECK(held.source.empty());
    CHECK(held.doing == Doing::Holding);
    CHECK_FALSE(held.muted);
    CHECK(held.ownMute);
    CHECK(held.assumed);
    CHECK(held.levelMeter);
    // The history itself does not show it.
    CHECK(entries(store).size() == 2);
}

TEST_CASE("the report asks for a time and an application, and for who was there just before") {
    TestFolder folder;
    Store store = opened(folder / "history.db");
    write(store,
          {session(1, noon, "webex"), SessionEnded{Key{1}, noon + 1}, MuteBegan{Key{2}, noon + 10, "me", ""},
           activity(3, noon + 10, "webex"), activity(4, noon + 10, "zoom"), ActivityEnded{Key{3}, noon + 20},
           ActivityEnded{Key{4}, noon + 20}, MuteEnded{Key{2}, noon + 30}});
    CHECK(recorded(store, {noon + 20, noon + 40, {}}).activities.empty());
    CHECK(recorded(store, {noon + 20, noon + 40, {}}).mutes.size() == 1);
    CHECK(recorded(store, {noon + 20, noon + 40, {}}).sessions.size() == 1);
    CHECK(recorded(store, {noon + 30, noon + 40, {}}).mutes.empty());
    CHECK(recorded(store, {noon, noon + 10, {}}).activities.empty());
    CHECK(recorded(store, {noon + 19, noon + 40, {}}).activities.size() == 2);
    const auto one = recorded(store, {{}, {}, "zoom"});
    CHECK(one.activities.size() == 1);
    CHECK(one.sessions.empty());
    CHECK(one.mutes.size() == 1);
    CHECK(recorded(store, {noon + justBefore + 1, {}, {}}).sessions.empty());
}

TEST_CASE("what went on when the guard was killed ended when it was last alive") {
    TestFolder folder;
    {
        Store store = opened(folder / "history.db");
        write(store, {activity(1, noon, "webex")});
        CHECK(store.listening());
        REQUIRE(store.noteAlive(noon + 5 * second));
    }
    Store store = opened(folder / "history.db", {}, noon + hour);
    CHECK_FALSE(store.listening());
    const auto found = recorded(store);
    REQUIRE(found.activities.size() == 1);
    CHECK(found.activities[0].end == noon + 5 * second);
    // The end of one that is not known any more is left out.
    write(store, {ActivityEnded{Key{1}, noon + hour}});
    CHECK(recorded(store).activities[0].end == noon + 5 * second);
}

TEST_CASE("after a gap what went on has ended") {
    TestFolder folder;
    Store store = opened(folder / "history.db");
    write(store, {activity(1, noon, "webex")});
    REQUIRE(store.endAll(noon + second));
    write(store, {ActivityEnded{Key{1}, noon + hour}});
    CHECK(recorded(store).activities.at(0).end == noon + second);
}

TEST_CASE("what an application did is forgotten with its entries, and so is its name") {
    TestFolder folder;
    Store store = opened(folder / "history.db");
    write(store,
          {session(1, noon, "webex"), SessionEnded{Key{1}, noon + 1}, activity(2, noon, "webex"),
           ActivityEnded{Key{2}, noon + 1}, activity(3, noon, "secret"), ActivityEnded{Key{3}, noon + 1}});
    CHECK(*store.clear({.app = "secret", .until = {}}) == 0);
    CHECK(recorded(store).activities.size() == 1);
    CHECK(contents(folder / "history.db").find("secret") == std::string::npos);
    CHECK(*store.clear({}) == 1);
    CHECK(recorded(store).activities.empty());
    CHECK(contents(folder / "history.db").find("webex") == std::string::npos);
}

TEST_CASE("what is too old goes, and what is too much") {
    TestFolder folder;
    Store store = opened(folder / "history.db");
    std::vector<Record> records;
    for (std::uint64_t i = 1; i <= 20000; ++i) {
        records.emplace_back(activity(i, noon + i * second, "webex"));
        records.emplace_back(ActivityEnded{Key{i}, noon + i * second + 1});
    }
    write(store, records);
    REQUIRE(store.prune(noon + 10000 * second, ~0ULL));
    CHECK(recorded(store, {}, noon + 2 * day).activities.size() == 10001);
    const auto bytes = *store.bytes();
    REQUIRE(store.prune(0, bytes / 2));
    CHECK(*store.bytes() <= bytes / 2);
    const auto left = recorded(store, {}, noon + 2 * day).activities;
    CHECK(left.size() > 1000);
    // The newest stay.
    CHECK(std::any_of(left.begin(), left.end(),
                      [](const auto& one) { return one.start == noon + 20000 * second; }));
}

TEST_CASE("a history from before the report has an empty one, and goes on") {
    TestFolder folder;
    {
        folder.write("history.db", "");
        Database database(folder / "history.db");
        migrate(database, schemaSteps().first(2));
    }
    Store store = opened(folder / "history.db");
    CHECK(recorded(store).activities.empty());
    write(store, {activity(1, noon, "webex")});
    CHECK(recorded(store).activities.size() == 1);
}

TEST_CASE("the keeper's report is that of what was written, up to the moment of asking") {
    TestFolder folder;
    Keeper keeper({folder / "history.db", ""}, 0);
    REQUIRE(keeper.use({}, noon).done);
    REQUIRE(
        keeper.write({Record{MuteBegan{Key{1}, noon, "me", ""}}, Record{activity(2, noon, "webex")}}, noon)
            .done);
    const auto rows = keeper.report({}, noon + 10 * second);
    REQUIRE(rows);
    REQUIRE(rows->size() == 1);
    CHECK(rows->front().judged == Class::Continuous);
    CHECK(rows->front().askedUsec == 10 * second);
    // Nothing is known of what is to come.
    CHECK(keeper.report({{}, noon + day, {}}, noon + 10 * second)->front().askedUsec == 10 * second);
    REQUIRE(keeper.use({.enabled = false}, noon).done);
    CHECK(keeper.report({}, noon + 10 * second)->empty());
}
