// SPDX-License-Identifier: GPL-3.0-or-later
//
// The history's file: what was written is found, what is to be forgotten is gone, and files of before are
// read.
#include "daemon/history/schema.hpp"
#include "daemon/history/sqlite.hpp"
#include "tests/unit/history_values.hpp"

#include <algorithm>

#include <sys/stat.h>

using namespace micguard::history;
using namespace micguard::history::test;

TEST_CASE("everything that is recorded comes back, the newest first") {
    TestFolder folder;
    Store store = opened(folder / "deep/er/history.db");
    write(store, {session(1, noon, "zoom"), SessionBegan{Key{2}, noon + 1, who("mixer"), "mic", true},
                  MuteBegan{Key{3}, noon + 2, "panel (pid 3)", "a call"},
                  Blocked{noon + 3, who("zoom"), "mic", "muted"},
                  Answered{noon + 4, who("game"), "panel", "denied run"},
                  WarningBegan{Key{4}, noon + 5, "config", "line 1"}, SessionEnded{Key{1}, noon + 10},
                  MuteEnded{Key{3}, noon + 11}});
    const auto found = entries(store);
    REQUIRE(found.size() == 6);
    CHECK(found[0] == Entry{Kind::Warning, noon + 5, 0, {}, "", false, 0, "config", "line 1"});
    CHECK(found[1] ==
          Entry{Kind::Answer, noon + 4, noon + 4, who("game"), "", false, 0, "panel", "denied run"});
    CHECK(found[2] == Entry{Kind::Block, noon + 3, noon + 3, who("zoom"), "mic", false, 1, "", "muted"});
    CHECK(found[3] == Entry{Kind::Mute, noon + 2, noon + 11, {}, "", false, 0, "panel (pid 3)", "a call"});
    CHECK(found[4] == Entry{Kind::Session, noon + 1, 0, who("mixer"), "mic", true, 0, "", ""});
    CHECK(found[5] == Entry{Kind::Session, noon, noon + 10, who("zoom"), "mic", false, 0, "", ""});
}

TEST_CASE("a home that lies behind a link is a home") {
    TestFolder folder;
    fs::create_directories(folder / "var/home");
    fs::create_symlink("var/home", folder / "home");
    Store store = opened(folder / "home/me/history.db");
    write(store, {session(1, noon, "zoom")});
    CHECK(entries(store).size() == 1);
    CHECK(store.inPlace());
    CHECK(fs::exists(folder / "var/home/me/history.db"));
}

TEST_CASE("memory does not grow with what was written") {
    TestFolder folder;
    Store store = opened(folder / "history.db");
    std::uint64_t key = 0;
    const auto writeMany = [&](int batches) {
        for (int batch = 0; batch < batches; batch++) {
            std::vector<Record> records;
            for (int one = 0; one < 200; one++) {
                key++;
                records.emplace_back(session(key, noon + key * second, "app" + std::to_string(key % 7)));
                records.emplace_back(SessionEnded{Key{key}, noon + key * second + 1});
            }
            write(store, records);
        }
        return sqlite3_memory_used();
    };
    const auto few = writeMany(5), many = writeMany(40);
    INFO(few << " bytes with a thousand sessions, " << many << " with nine thousand");
    REQUIRE(few > 0);
    REQUIRE(fs::file_size(folder / "history.db") > 500'000);
    CHECK(many < few + (64 << 10));
}

TEST_CASE("nobody else may read the file, nor what lies beside it") {
    TestFolder folder;
    folder.write("history.db", "");
    ::chmod((folder / "history.db").c_str(), 0644);
    Store store = opened(folder / "history.db");
    write(store, {session(1, noon, "zoom")});
    for (const char* ending : {"", "-wal", "-shm"}) {
        struct stat status {};
        INFO(ending);
        REQUIRE(::stat((folder / "history.db" + ending).c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
    }
}

TEST_CASE("filters choose by time, application, microphone and kind, and all of them at once") {
    TestFolder folder;
    Store store = opened(folder / "history.db");
    write(store, {session(1, noon, "zoom"), SessionEnded{Key{1}, noon + hour},
                  session(2, noon + 2 * hour, "zoom", "headset"), SessionEnded{Key{2}, noon + 3 * hour},
                  session(3, noon + 4 * hour, "obs"), MuteBegan{Key{4}, noon + 5 * hour, "me", ""}});
    const auto starts = [&](const Filter& filter) {
        std::vector<Moment> found;
        for (const auto& entry : entries(store, filter))
            found.push_back((entry.start - noon) / hour);
        return found;
    };
    using Hours = std::vector<Moment>;
    CHECK(starts({}) == Hours{5, 4, 2, 0});
    CHECK(starts({.since = noon + hour / 2}) == Hours{5, 4, 2, 0}); // it went on then
    CHECK(starts({.since = noon + hour + 1}) == Hours{5, 4, 2});
    CHECK(starts({.since = noon + 9 * hour}) == Hours{5, 4}); // they go on
    CHECK(starts({.until = noon + 4 * hour}) == Hours{2, 0});
    CHECK(starts({.since = noon + 2 * hour, .until = noon + 3 * hour}) == Hours{2});
    CHECK(starts({.app = "zoom"}) == Hours{2, 0});
    CHECK(starts({.app = "zo"}).empty());
    CHECK(starts({.source = "headset"}) == Hours{2});
    CHECK(starts({.app = "zoom", .source = "mic"}) == Hours{0});
    CHECK(starts({.kinds = {Kind::Mute}}) == Hours{5});
    CHECK(starts({.kinds = {Kind::Mute, Kind::Session}}) == Hours{5, 4, 2, 0});
    CHECK(starts({.limit = 2}) == Hours{5, 4});
    CHECK(starts({.since = noon + 2 * hour,
                  .app = "zoom",
                  .source = "headset",
                  .kinds = {Kind::Session},
                  .limit = 5}) == Hours{2});
}

TEST_CASE("what is blocked again soon is counted, and not by another reason or much later") {
    TestFolder folder;
    Store store = opened(folder / "history.db");
    for (const Moment at : {noon, noon + hour / 2, noon + hour})
        write(store, {Blocked{at, who("zoom"), "mic", "a rule"}});
    write(store,
          {Blocked{noon + hour, who("zoom"), "mic", "muted"}, Blocked{noon + hour, who("zoom"), "", "a rule"},
           Blocked{noon + hour, who("obs"), "mic", "a rule"}});
    CHECK(entries(store).size() == 4);
    const auto counted = entries(store, {.until = noon + 1});
    REQUIRE(counted.size() == 1);
    CHECK(counted[0].count == 3);
    CHECK(counted[0].start == noon);
    CHECK(counted[0].end == noon + hour);
    write(store, {Blocked{noon + 3 * hour, who("zoom"), "mic", "a rule"}});
    CHECK(entries(store, {.since = noon + 2 * hour}).at(0).count == 1);
}

TEST_CASE("what went on when the guard was killed ended when it was last known to live") {
    TestFolder folder;
    const auto path = folder / "history.db";
    {
        Store store = opened(path);
        write(store, {session(1, noon, "zoom"), WarningBegan{Key{2}, noon + second, "config", ""}});
    }
    SECTION("as the stamp says") {
        Store store = opened(path, {.lastAlive = noon + hour}, noon + day);
        CHECK(entries(store).at(1).end == noon + hour);
    }
    SECTION("as the file says, which was told less often") {
        (void)opened(path, {.lastAlive = noon + hour}, noon + day).noteAlive(noon + 2 * hour);
        Store before = opened(path, {}, noon + day);
        write(before, {session(3, noon + 90 * second, "obs")});
        Store store = opened(path, {}, noon + day);
        CHECK(entries(store, {.app = "obs"}).at(0).end == noon + 2 * hour);
    }
    SECTION("or with the last thing that is written of") {
        Store store = opened(path, {}, noon + day);
        CHECK(entries(store).at(1).end == noon + second);
    }
    SECTION("but not in the future, nor before it began") {
        Store store = opened(path, {.lastAlive = noon + 2 * day}, noon - hour);
        CHECK(entries(store).at(1).end == noon);
    }
}

TEST_CASE("a mute that outlasts the guard goes on with its row, and ends if the next guard is not muted") {
    TestFolder folder;
    const auto path = folder / "history.db";
    {
        Store store = opened(path);
        write(store, {MuteBegan{Key{1}, noon, "panel", "a call"}});
    }
    SECTION("muted still") {
        Store store = opened(path, {.mutedSince = noon}, noon + day);
        CHECK(entries(store).at(0).end == 0);
        write(store,
              {MuteBegan{Key{1}, noon, "", "muted before the last start"}, MuteEnded{Key{1}, noon + hour}});
        REQUIRE(entries(store).size() == 1);
        CHECK(entries(store)[0].by == "panel");
        CHECK(entries(store)[0].end == noon + hour);
    }
    SECTION("muted anew") {
        Store store = opened(path, {.lastAlive = noon + hour, .mutedSince = noon + day}, noon + day);
        CHECK(entries(store).at(0).end == noon + hour);
    }
}

TEST_CASE("a batch that fails leaves nothing behind, and goes through as a whole the next time") {
    TestFolder folder;
    const auto path = folder / "history.db";
    Store store = opened(path);
    write(store, {session(1, noon, "zoom")});
    Database other(path);
    other.run("BEGIN IMMEDIATE");
    const std::vector<Record> batch = {SessionEnded{Key{1}, noon + hour}, session(2, noon + hour, "obs")};
    const auto failed = store.write(batch);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().kind == Failure::Kind::Busy);
    CHECK(entries(store).size() == 1);
    other.run("ROLLBACK");
    write(store, batch);
    CHECK(entries(store, {.app = "zoom"}).at(0).end == noon + hour);
    CHECK(entries(store, {.app = "obs"}).at(0).end == 0);
}

TEST_CASE("of what is cleared nothing stays in the files") {
    TestFolder folder;
    const auto path = folder / "history.db";
    const auto mentions = [&](const std::string& name) {
        return contents(path).find(name) != std::string::npos ||
               contents(path + "-wal").find(name) != std::string::npos;
    };
    Store store = opened(path);
    for (std::uint64_t i = 0; i < 200; ++i)
        write(store,
              {session(2 * i + 1, noon + i * second, "com.example.Secret", "mic"),
               SessionEnded{Key{2 * i + 1}, noon + i * second},
               Blocked{noon + i * 2 * hour, who("com.example.Other"), "mic", "for a reason of its own"}});
    REQUIRE(mentions("com.example.Secret"));
    CHECK(*store.clear({.app = "com.example.Secret"}) == 200);
    CHECK_FALSE(mentions("com.example.Secret"));
    CHECK(mentions("com.example.Other"));
    CHECK(entries(store).size() == 200);
    SECTION("up to a moment") {
        CHECK(*store.clear({.until = noon + 20 * hour}) == 10);
        CHECK(entries(store).size() == 190);
    }
    SECTION("everything") {
        CHECK(*store.clear({}) == 190 + 10);
        CHECK(entries(store).empty());
        CHECK_FALSE(mentions("com.example"));
        CHECK_FALSE(mentions("reason of its own"));
    }
}

TEST_CASE("what goes on and is cleared does not come back when it ends") {
    TestFolder folder;
    Store store = opened(folder / "history.db");
    write(store, {session(1, noon, "zoom")});
    CHECK(*store.clear({}) == 1);
    write(store, {SessionEnded{Key{1}, noon + hour}});
    CHECK(entries(store).empty());
}

TEST_CASE("what is old is forgotten, and what goes on is not") {
    TestFolder folder;
    Store store = opened(folder / "history.db");
    write(store, {session(1, noon, "zoom"), session(2, noon, "obs"), SessionEnded{Key{2}, noon + hour},
                  session(3, noon + day, "obs")});
    REQUIRE(store.prune(noon + 2 * hour, 1U << 30));
    const auto left = entries(store);
    REQUIRE(left.size() == 2);
    CHECK(left[0].who.appId == "obs");
    CHECK(left[1].who.appId == "zoom");
}

TEST_CASE("a file that grows beyond its size loses the oldest, and gives the room back") {
    TestFolder folder;
    const auto path = folder / "history.db";
    Store store = opened(path);
    std::vector<Record> batch;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        batch.emplace_back(session(i + 1, noon + i * second, "app" + std::to_string(i % 10)));
        batch.emplace_back(SessionEnded{Key{i + 1}, noon + i * second + second / 2});
    }
    write(store, batch);
    const auto before = *store.bytes();
    REQUIRE(before > 500'000);
    REQUIRE(store.prune(0, before / 2));
    CHECK(*store.bytes() <= before / 2);
    const auto left = entries(store, {.limit = largestLimit});
    CHECK(left.size() > 5000);
    CHECK(left.front().start == noon + 19'999 * second);
    { Store closed = std::move(store); }
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK(static_cast<std::uint64_t>(status.st_size) <= before / 2 + 65'536);
}

TEST_CASE("a file of schema version 1 is brought up to date with all that is in it") {
    TestFolder folder;
    const auto path = folder / "history.db";
    folder.write("history.db", "");
    {
        Database old(path);
        old.run(contents(std::string(HISTORY_FIXTURES) + "/history_schema_1.sql"));
        REQUIRE(old.number("PRAGMA user_version") == 1);
    }
    Store store = opened(path, {.lastAlive = 5000}, noon);
    const auto found = entries(store);
    REQUIRE(found.size() == 3);
    CHECK(found[2] == Entry{Kind::Session,
                            1000,
                            2000,
                            {"us.zoom.Zoom", "Zoom", "sandbox"},
                            "alsa_input.usb",
                            false,
                            0,
                            "",
                            ""});
    CHECK(found[1] == Entry{Kind::Mute, 1500, 1800, {}, "", false, 0, "panel (pid 3)", "a call"});
    CHECK(found[0].end == 5000);
    CHECK(entries(store, {.app = "us.zoom.Zoom"}).size() == 2);
    CHECK(entries(store, {.source = "alsa_input.usb"}).size() == 2);
    Database now(path);
    CHECK(now.number("PRAGMA user_version") == static_cast<std::int64_t>(schemaSteps().size()));
    CHECK(now.text("PRAGMA integrity_check") == "ok");
}

TEST_CASE("a migration that fails changes nothing") {
    TestFolder folder;
    const auto path = folder / "history.db";
    {
        Store store = opened(path);
        write(store, {session(1, noon, "zoom")});
    }
    Database database(path);
    const auto version = database.number("PRAGMA user_version");
    std::vector<const char*> steps(schemaSteps().begin(), schemaSteps().end());
    steps.push_back("ALTER TABLE entry ADD COLUMN more TEXT; INSERT INTO no_such_table VALUES (1);");
    CHECK_THROWS_AS(migrate(database, steps), SqlError);
    CHECK(database.number("PRAGMA user_version") == version);
    CHECK(database.number("SELECT count(*) FROM pragma_table_info('entry') WHERE name = 'more'") == 0);
    CHECK(database.number("SELECT count(*) FROM entry") == 1);
}

TEST_CASE("a file that is none of ours, or of a newer version, is told apart from one that is locked") {
    TestFolder folder;
    const auto path = folder / "history.db";
    const auto kindOf = [&] {
        const auto store = Store::open(path, {}, noon);
        REQUIRE_FALSE(store);
        return store.error().kind;
    };
    SECTION("somebody else's database") {
        folder.write("history.db", "");
        Database(path).run("CREATE TABLE mine (x)");
        CHECK(kindOf() == Failure::Kind::Broken);
        CHECK(Database(path).number("SELECT count(*) FROM sqlite_schema") == 1);
    }
    SECTION("newer") {
        { Store store = opened(path); }
        Database(path).run("PRAGMA user_version = 1000");
        CHECK(kindOf() == Failure::Kind::Broken);
    }
    SECTION("locked") {
        { Store store = opened(path); }
        Database other(path);
        other.run("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE fact SET value = 1");
        CHECK(kindOf() == Failure::Kind::Busy);
    }
    SECTION("a link to somewhere else is not followed") {
        folder.write("precious", "text");
        fs::create_symlink(folder / "precious", path);
        CHECK(kindOf() == Failure::Kind::Other);
        CHECK(contents(folder / "precious") == "text");
    }
}

TEST_CASE("a hundred thousand sessions: a small file, and a week of them costs what a week costs") {
    TestFolder folder;
    constexpr std::uint64_t sessions = 100'000;
    constexpr Moment year = 365 * day;
    const auto fill = [](Store& store, Moment from, std::uint64_t count, Moment apart) {
        std::vector<Record> batch;
        for (std::uint64_t i = 0; i < count; ++i) {
            const Moment at = from + i * apart;
            batch.emplace_back(SessionBegan{
                Key{i + 1}, at, who("com.example.Application" + std::to_string(i % 40)),
                "alsa_input.usb-Vendor_Product_" + std::to_string(i % 5) + "-00.analog-stereo", i % 7 == 0});
            batch.emplace_back(SessionEnded{Key{i + 1}, at + apart / 2});
        }
        write(store, batch);
    };
    Store large = opened(folder / "large.db"), small = opened(folder / "small.db");
    fill(large, noon - year, sessions, year / sessions);
    fill(small, noon - 7 * day, sessions * 7 / 365, year / sessions);
    CHECK(*large.bytes() < 50ULL << 20);
    const Filter week{.since = noon - 7 * day, .limit = largestLimit};
    const auto quickest = [&](Store& store) {
        std::int64_t best = INT64_MAX;
        for (int i = 0; i < 15; ++i) {
            const auto before = g_get_monotonic_time();
            CHECK(entries(store, week).size() > 1900);
            best = std::min<std::int64_t>(best, g_get_monotonic_time() - before);
        }
        return best;
    };
    const auto ofLarge = quickest(large), ofSmall = quickest(small);
    std::printf(
        "# 100,000 sessions: %.1f MiB; the last week of them in %.1f ms, alone in its file in %.1f ms\n",
        static_cast<double>(*large.bytes()) / 1048576, static_cast<double>(ofLarge) / 1000,
        static_cast<double>(ofSmall) / 1000);
    CHECK(ofLarge < 4 * ofSmall); // a walk through all of them takes 50 times as long
}

TEST_CASE("a caller that is refused again soon is counted, whatever was written down in between") {
    TestFolder folder;
    Store store = opened(folder / "history.db");
    for (const Moment at : {noon, noon + hour / 2, noon + hour})
        write(store,
              {Refused{at, "/usr/bin/busctl", "cannot unmute"}, Blocked{at, who("zoom"), "mic", "muted"}});
    write(store, {Refused{noon + hour, "/usr/bin/busctl", "cannot forget rules"},
                  Refused{noon + hour, "org.example.App", "cannot unmute"}});
    const auto refusals = entries(store, {.kinds = {Kind::Refusal}});
    CHECK(refusals.size() == 3);
    CHECK(refusals.back() ==
          Entry{Kind::Refusal, noon, noon + hour, {}, "", false, 3, "/usr/bin/busctl", "cannot unmute"});
    write(store, {Refused{noon + 3 * hour, "/usr/bin/busctl", "cannot unmute"}});
    CHECK(entries(store, {.kinds = {Kind::Refusal}}).size() == 4);
}
