// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/history/store.hpp"

#include "daemon/history/schema.hpp"
#include "daemon/history/sqlite.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace micguard::history {
namespace {

namespace fs = std::filesystem;

constexpr int patienceMs = 250; // with whoever else has locked the file
// One that is told again so soon is counted, not written down anew.
constexpr Moment sameBlock = 3'600'000'000;
constexpr const char* aliveKey = "alive";

std::int64_t signedOf(std::uint64_t value) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(value, goesOn - 1));
}
std::uint64_t unsignedOf(std::int64_t value) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}
std::int64_t number(Kind kind) {
    return static_cast<std::int64_t>(kind);
}

// Of activity.state, see schema.cpp.
namespace state {
constexpr std::int64_t asks = 1, mutedBySystem = 2, mutedByItself = 4, assumed = 8;
}

std::int64_t stateOf(const ActivityBegan& activity) {
    return (activity.doing == Doing::Asking ? state::asks : 0) | (activity.muted ? state::mutedBySystem : 0) |
           (activity.ownMute ? state::mutedByItself : 0) | (activity.assumed ? state::assumed : 0);
}

Failure failureOf(const SqlError& error) {
    switch (error.code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {Failure::Kind::Busy, error.text};
    case SQLITE_FULL:
        return {Failure::Kind::Full, error.text};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: // a table is missing, or not as it was made
        return {Failure::Kind::Broken, error.text};
    default:
        return {Failure::Kind::Other, error.text};
    }
}

template <typename Step>
auto guarded(Step step) -> Done<decltype(step())> {
    try {
        if constexpr (std::is_void_v<decltype(step())>) {
            step();
            return {};
        } else {
            return step();
        }
    } catch (const SqlError& error) {
        return tl::unexpected(failureOf(error));
    }
}

[[noreturn]] void failSystem(const std::string& what) {
    throw SqlError{SQLITE_CANTOPEN, what + ": " + std::strerror(errno)};
}

// SQLite would make it for everybody to read; what it puts beside it gets the same mode.
void makeFile(const std::string& path) {
    std::error_code error;
    const fs::path folder = fs::path(path).parent_path();
    if (fs::create_directories(folder, error))
        fs::permissions(folder, fs::perms::owner_all, error);
    const int fd =
        open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd < 0)
        failSystem("cannot open " + path);
    struct stat status {};
    const bool sound = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    if (sound && (status.st_mode & 077) != 0)
        fchmod(fd, 0600);
    close(fd);
    if (!sound)
        throw SqlError{SQLITE_CANTOPEN, path + " is no regular file"};
}

bool leftOpen(const std::string& path) {
    std::error_code error;
    return fs::file_size(path + "-wal", error) > 0 && !error;
}

Database openDatabase(const std::string& path) {
    makeFile(path);
    const bool unclean = leftOpen(path);
    Database database(path);
    sqlite3_busy_timeout(database.get(), patienceMs);
    sqlite3_db_config(database.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    database.run("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;"
                 // Of what is deleted nothing stays, and the file gives its room back.
                 "PRAGMA secure_delete = ON; PRAGMA auto_vacuum = INCREMENTAL;"
                 // On disk at each commit: batches are a quarter of a second apart at least.
                 "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 1048576;"
                 // The kernel keeps pages, too; by itself SQLite would come to hold 2 MiB of them.
                 "PRAGMA cache_size = -128;");
    if (database.text("PRAGMA journal_mode = WAL") != "wal")
        throw SqlError{SQLITE_CANTOPEN, "its journal cannot be made"};
    if (unclean)
        if (const auto fault = database.text("PRAGMA quick_check(1)"); fault != "ok")
            throw SqlError{SQLITE_CORRUPT, fault};
    migrate(database, schemaSteps());
    return database;
}

} // namespace

struct Store::Parts {
    explicit Parts(const std::string& path)
        : database(openDatabase(path)) {}

    // The database first: the others are its.
    Database database;
    Statement addApplication{database,
                             "INSERT OR IGNORE INTO application (app, name, identity) VALUES (?, ?, ?)"};
    Statement findApplication{database,
                              "SELECT id FROM application WHERE app = ? AND name = ? AND identity = ?"};
    Statement addSource{database, "INSERT OR IGNORE INTO source (name) VALUES (?)"};
    Statement findSource{database, "SELECT id FROM source WHERE name = ?"};
    Statement add{database,
                  "INSERT INTO entry (kind, start, end, application, source, meter, count, by, reason) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    Statement finish{database, "UPDATE entry SET end = max(start, ?) WHERE id = ?"};
    Statement findMute{database, "SELECT id FROM entry WHERE kind = ? AND start = ?"};
    Statement goOn{database, "UPDATE entry SET end = ? WHERE id = ?"};
    Statement findBlock{
        database, "SELECT id FROM entry WHERE application = ? AND kind = ? AND source IS ? AND reason = ? "
                  "AND end >= ? ORDER BY start DESC LIMIT 1"};
    Statement countBlock{database, "UPDATE entry SET count = count + 1, end = max(end, ?) WHERE id = ?"};
    Statement findRefusal{
        database, "SELECT id FROM entry INDEXED BY entry_by_end WHERE end >= ? AND end < 9223372036854775807 "
                  "AND kind = ? AND by = ? AND reason = ? ORDER BY start DESC LIMIT 1"};
    Statement addActivity{database,
                          "INSERT INTO activity (start, end, application, source, state, meter, rate) "
                          "VALUES (?, ?, ?, ?, ?, ?, ?)"};
    Statement finishActivity{database, "UPDATE activity SET end = max(start, ?) WHERE id = ?"};
    Statement setFact{database, "INSERT OR REPLACE INTO fact (key, value) VALUES (?, ?)"};

    // Rows of what goes on.
    struct Open {
        std::map<Key, std::int64_t> sessions, others, activities;
    };
    Open open;

    std::int64_t idOf(const Who& who) {
        addApplication.reset().bind(who.appId).bind(who.name).bind(who.identity).run();
        findApplication.reset().bind(who.appId).bind(who.name).bind(who.identity).step();
        const auto id = findApplication.number(0);
        findApplication.reset();
        return id;
    }

    std::optional<std::int64_t> idOf(const std::string& source) {
        if (source.empty())
            return std::nullopt;
        addSource.reset().bind(source).run();
        findSource.reset().bind(source).step();
        const auto id = findSource.number(0);
        findSource.reset();
        return id;
    }

    struct Row {
        Kind kind;
        Moment start;
        std::int64_t end;
        std::optional<std::int64_t> application, source, meter, count;
        const std::string* by = nullptr;
        const std::string* reason = nullptr;
    };

    std::int64_t insert(const Row& row) {
        const auto number = [&](const std::optional<std::int64_t>& value) {
            value ? add.bind(*value) : add.bindNothing();
        };
        const auto text = [&](const std::string* value) { value ? add.bind(*value) : add.bindNothing(); };
        add.reset().bind(history::number(row.kind)).bind(signedOf(row.start)).bind(row.end);
        for (const auto& value : {row.application, row.source, row.meter, row.count})
            number(value);
        text(row.by);
        text(row.reason);
        add.run();
        return database.lastRow();
    }

    static void end(Statement& statement, std::map<Key, std::int64_t>& rows, Key key, Moment at) {
        const auto row = rows.find(key);
        if (row == rows.end())
            return;
        statement.reset().bind(signedOf(at)).bind(row->second).run();
        rows.erase(row);
    }

    void apply(const SessionBegan& began) {
        open.sessions[began.key] = insert(
            {Kind::Session, began.at, goesOn, idOf(began.who), idOf(began.source), began.levelMeter, {}});
    }
    void apply(const SessionEnded& ended) { end(finish, open.sessions, ended.key, ended.at); }

    // A mute outlasts the guard: the next one goes on with the row.
    void apply(const MuteBegan& began) {
        const bool known = findMute.reset().bind(number(Kind::Mute)).bind(signedOf(began.at)).step();
        const auto row = known ? findMute.number(0) : 0;
        findMute.reset();
        if (known)
            goOn.reset().bind(goesOn).bind(row).run();
        open.others[began.key] =
            known ? row : insert({Kind::Mute, began.at, goesOn, {}, {}, {}, {}, &began.by, &began.reason});
    }
    void apply(const MuteEnded& ended) { end(finish, open.others, ended.key, ended.at); }

    void apply(const Blocked& blocked) {
        const auto application = idOf(blocked.who);
        const auto source = idOf(blocked.source);
        findBlock.reset().bind(application).bind(number(Kind::Block));
        source ? findBlock.bind(*source) : findBlock.bindNothing();
        const Moment recent = blocked.at > sameBlock ? blocked.at - sameBlock : 0;
        const bool again = findBlock.bind(blocked.reason).bind(signedOf(recent)).step();
        const auto row = again ? findBlock.number(0) : 0;
        findBlock.reset();
        if (again)
            countBlock.reset().bind(signedOf(blocked.at)).bind(row).run();
        else
            insert({Kind::Block,
                    blocked.at,
                    signedOf(blocked.at),
                    application,
                    source,
                    {},
                    1,
                    nullptr,
                    &blocked.reason});
    }

    void apply(const Answered& answered) {
        insert({Kind::Answer,
                answered.at,
                signedOf(answered.at),
                idOf(answered.who),
                {},
                {},
                {},
                &answered.by,
                &answered.answer});
    }

    // Counted like what is blocked.
    void apply(const Refused& refused) {
        const Moment recent = refused.at > sameBlock ? refused.at - sameBlock : 0;
        findRefusal.reset()
            .bind(signedOf(recent))
            .bind(number(Kind::Refusal))
            .bind(refused.by)
            .bind(refused.reason);
        const bool again = findRefusal.step();
        const auto row = again ? findRefusal.number(0) : 0;
        findRefusal.reset();
        if (again)
            countBlock.reset().bind(signedOf(refused.at)).bind(row).run();
        else
            insert({Kind::Refusal,
                    refused.at,
                    signedOf(refused.at),
                    {},
                    {},
                    {},
                    1,
                    &refused.by,
                    &refused.reason});
    }

    void apply(const WarningBegan& began) {
        open.others[began.key] =
            insert({Kind::Warning, began.at, goesOn, {}, {}, {}, {}, &began.id, &began.text});
    }
    void apply(const WarningEnded& ended) { end(finish, open.others, ended.key, ended.at); }

    void apply(const ActivityBegan& began) {
        const auto application = idOf(began.who);
        const auto source = idOf(began.source);
        addActivity.reset().bind(signedOf(began.at)).bind(goesOn).bind(application);
        source ? addActivity.bind(*source) : addActivity.bindNothing();
        addActivity.bind(stateOf(began))
            .bind(began.levelMeter)
            .bind(static_cast<std::int64_t>(began.rate))
            .run();
        open.activities[began.key] = database.lastRow();
    }
    void apply(const ActivityEnded& ended) { end(finishActivity, open.activities, ended.key, ended.at); }

    void note(const std::string& key, Moment value) { setFact.reset().bind(key).bind(signedOf(value)).run(); }

    // Of the guard before; a mute that goes on is left alone.
    void endLeftOver(const Before& before, Moment now) {
        Transaction transaction(database);
        std::int64_t last = signedOf(before.lastAlive);
        for (const char* sql :
             {"SELECT value FROM fact WHERE key = 'alive'", "SELECT max(start) FROM entry",
              "SELECT max(end) FROM entry WHERE end < 9223372036854775807", "SELECT max(start) FROM activity",
              "SELECT max(end) FROM activity WHERE end < 9223372036854775807"})
            last = std::max(last, database.number(sql));
        last = std::min(last, signedOf(now));
        Statement(database,
                  "UPDATE entry SET end = max(start, ?) WHERE end = ? AND NOT (kind = ? AND start = ?)",
                  false)
            .bind(last)
            .bind(goesOn)
            .bind(number(Kind::Mute))
            .bind(signedOf(before.mutedSince))
            .run();
        endActivities(last);
        transaction.commit();
    }

    void endActivities(std::int64_t at) {
        Statement(database, "UPDATE activity SET end = max(start, ?) WHERE end = ?", false)
            .bind(at)
            .bind(goesOn)
            .run();
    }

    // Names that nothing bears any more.
    void dropUnnamed() {
        database.run("DELETE FROM application WHERE NOT EXISTS (SELECT 1 FROM entry WHERE application = "
                     "application.id) "
                     "AND NOT EXISTS (SELECT 1 FROM activity WHERE application = application.id);"
                     "DELETE FROM source WHERE NOT EXISTS (SELECT 1 FROM entry WHERE source = source.id) "
                     "AND NOT EXISTS (SELECT 1 FROM activity WHERE source = source.id);");
    }

    std::uint64_t bytes() {
        return unsignedOf((database.number("PRAGMA page_count") - database.number("PRAGMA freelist_count")) *
                          database.number("PRAGMA page_size"));
    }

    void giveRoomBack() { Statement(database, "PRAGMA incremental_vacuum", false).run(); }
};

Store::Store(std::unique_ptr<Parts> parts)
    : parts_(std::move(parts)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Done<Store> Store::open(const std::string& path, const Before& before, Moment now) {
    return guarded([&] {
        auto parts = std::make_unique<Parts>(path);
        parts->endLeftOver(before, now);
        return Store(std::move(parts));
    });
}

Done<void> Store::write(std::span<const Record> records) {
    const auto before = parts_->open;
    auto written = guarded([&] {
        Transaction transaction(parts_->database);
        for (const auto& record : records)
            std::visit([&](const auto& one) { parts_->apply(one); }, record);
        transaction.commit();
    });
    if (!written)
        parts_->open = before;
    return written;
}

Done<void> Store::endAll(Moment at) {
    auto ended = guarded([&] {
        Statement(parts_->database, "UPDATE entry SET end = max(start, ?) WHERE end = ?", false)
            .bind(signedOf(at))
            .bind(goesOn)
            .run();
        parts_->endActivities(signedOf(at));
    });
    if (ended)
        parts_->open = {};
    return ended;
}

bool Store::listening() const {
    return !parts_->open.sessions.empty() || !parts_->open.activities.empty();
}

Done<void> Store::noteAlive(Moment now) {
    return guarded([&] { parts_->note(aliveKey, now); });
}

Done<std::vector<Entry>> Store::entries(const Filter& filter) {
    // First which rows, from an index alone; then what is in them.
    std::string where, index = "entry_by_start";
    const auto add = [&](const std::string& condition) {
        where += (where.empty() ? " WHERE " : " AND ") + condition;
    };
    if (filter.since) {
        add("end >= ?1");
        index = "entry_by_end";
    }
    if (filter.until)
        add("start < ?2");
    if (filter.source) {
        add("source IN (SELECT id FROM source WHERE name = ?3)");
        index = "entry_by_source";
    }
    if (filter.app) {
        add("application IN (SELECT id FROM application WHERE app = ?4)");
        index = "entry_by_application";
    }
    if (!filter.kinds.empty()) {
        std::string list;
        for (const Kind kind : filter.kinds)
            list += (list.empty() ? "" : ", ") + std::to_string(number(kind));
        add("kind IN (" + list + ")");
    }
    const std::string sql =
        "SELECT e.kind, e.start, e.end, a.app, a.name, a.identity, s.name, e.meter, e.count, e.by, e.reason "
        "FROM entry AS e LEFT JOIN application AS a ON a.id = e.application "
        "LEFT JOIN source AS s ON s.id = e.source WHERE e.id IN (SELECT id FROM entry INDEXED BY " +
        index + where + " ORDER BY start DESC, id DESC LIMIT ?5) ORDER BY e.start DESC, e.id DESC";
    return guarded([&] {
        std::vector<Entry> entries;
        Statement query(parts_->database, sql, false);
        query.bind(signedOf(filter.since.value_or(0))).bind(signedOf(filter.until.value_or(0)));
        const std::string source = filter.source.value_or(""), app = filter.app.value_or("");
        query.bind(source).bind(app);
        query.bind(static_cast<std::int64_t>(std::min(filter.limit, largestLimit)));
        while (query.step()) {
            Entry entry;
            entry.kind = static_cast<Kind>(query.number(0));
            entry.start = unsignedOf(query.number(1));
            entry.end = query.number(2) == goesOn ? 0 : unsignedOf(query.number(2));
            entry.who = {query.text(3), query.text(4), query.text(5)};
            entry.source = query.text(6);
            entry.levelMeter = query.number(7) != 0;
            entry.count = static_cast<std::uint32_t>(query.number(8));
            entry.by = query.text(9);
            entry.reason = query.text(10);
            entries.push_back(std::move(entry));
        }
        return entries;
    });
}

Done<Recorded> Store::recorded(const ReportFilter& filter, Moment now) {
    const Moment since = filter.since.value_or(0), until = filter.until.value_or(now);
    const std::string app = filter.app.value_or("");
    const std::string ofApp =
        filter.app ? " AND application IN (SELECT id FROM application WHERE app = ?3)" : "";
    const auto endOf = [&](std::int64_t end) { return end == goesOn ? now : unsignedOf(end); };
    const auto ask = [&](const std::string& sql, Moment from) {
        Statement query(parts_->database, sql, false);
        query.bind(signedOf(from)).bind(signedOf(until));
        if (filter.app && sql.find("?3") != std::string::npos)
            query.bind(app);
        return query;
    };
    return guarded([&] {
        Recorded recorded;
        // All three as they were at the same moment.
        Transaction transaction(parts_->database);
        auto mutes = ask(
            "SELECT start, end FROM entry INDEXED BY entry_by_end WHERE end > ?1 AND start < ?2 AND kind = " +
                std::to_string(number(Kind::Mute)) + " ORDER BY start",
            since);
        while (mutes.step())
            recorded.mutes.push_back({unsignedOf(mutes.number(0)), endOf(mutes.number(1))});
        auto sessions = ask(
            "SELECT e.start, e.end, e.meter, a.app, a.name, a.identity FROM entry AS e JOIN application AS a "
            "ON a.id = e.application WHERE e.end > ?1 AND e.start < ?2 AND e.kind = " +
                std::to_string(number(Kind::Session)) + ofApp,
            since > justBefore ? since - justBefore : 0);
        while (sessions.step())
            recorded.sessions.push_back({unsignedOf(sessions.number(0)),
                                         endOf(sessions.number(1)),
                                         {sessions.text(3), sessions.text(4), sessions.text(5)},
                                         sessions.number(2) != 0});
        auto activities =
            ask("SELECT d.start, d.end, d.state, d.meter, d.rate, a.app, a.name, a.identity, s.name FROM "
                "activity AS d "
                "JOIN application AS a ON a.id = d.application LEFT JOIN source AS s ON s.id = d.source "
                "WHERE d.end > ?1 AND d.start < ?2" +
                    ofApp,
                since);
        while (activities.step()) {
            const auto is = [bits = activities.number(2)](std::int64_t one) { return (bits & one) != 0; };
            recorded.activities.push_back({unsignedOf(activities.number(0)),
                                           endOf(activities.number(1)),
                                           {activities.text(5), activities.text(6), activities.text(7)},
                                           activities.text(8),
                                           is(state::asks) ? Doing::Asking : Doing::Holding,
                                           is(state::mutedBySystem),
                                           is(state::mutedByItself),
                                           is(state::assumed),
                                           activities.number(3) != 0,
                                           static_cast<std::uint32_t>(activities.number(4))});
        }
        return recorded;
    });
}

Done<std::uint64_t> Store::clear(const ClearFilter& filter) {
    return guarded([&] {
        Transaction transaction(parts_->database);
        std::string where = "start < ?1";
        if (filter.app)
            where += " AND application IN (SELECT id FROM application WHERE app = ?2)";
        Statement drop(parts_->database, "DELETE FROM entry WHERE " + where, false);
        drop.bind(filter.until ? signedOf(*filter.until) : goesOn);
        if (filter.app)
            drop.bind(*filter.app);
        drop.run();
        const auto cleared = parts_->database.changes();
        // What an application did while muted goes with it, and is no entry.
        Statement activities(parts_->database, "DELETE FROM activity WHERE " + where, false);
        activities.bind(filter.until ? signedOf(*filter.until) : goesOn);
        if (filter.app)
            activities.bind(*filter.app);
        activities.run();
        parts_->dropUnnamed();
        transaction.commit();
        parts_->giveRoomBack();
        // It would be found in the journal still.
        parts_->database.run("PRAGMA wal_checkpoint(TRUNCATE)");
        return cleared;
    });
}

Done<void> Store::prune(Moment oldest, std::uint64_t mostBytes) {
    static constexpr std::array tables = {"entry", "activity"};
    return guarded([&] {
        auto& database = parts_->database;
        Transaction transaction(database);
        bool dropped = false;
        for (const std::string table : tables) {
            Statement old(database, "DELETE FROM " + table + " WHERE end < ?", false);
            old.bind(signedOf(oldest)).run();
            dropped = dropped || database.changes() > 0;
        }
        // Some more at once, so as not to come back with every batch.
        const std::uint64_t enough = parts_->bytes() > mostBytes ? mostBytes - mostBytes / 10 : mostBytes;
        while (parts_->bytes() > enough) {
            std::uint64_t gone = 0;
            for (const std::string table : tables) {
                const auto count = database.number("SELECT count(*) FROM " + table);
                Statement some(database,
                               "DELETE FROM " + table + " WHERE id IN (SELECT id FROM " + table +
                                   " WHERE end < ? ORDER BY end LIMIT ?)",
                               false);
                some.bind(goesOn).bind(count / 10 + 1).run();
                gone += database.changes();
            }
            if (gone == 0)
                break; // what goes on is kept
            dropped = true;
            parts_->dropUnnamed();
        }
        if (dropped)
            parts_->dropUnnamed();
        transaction.commit();
        if (dropped)
            parts_->giveRoomBack();
    });
}

Done<std::uint64_t> Store::bytes() {
    return guarded([&] { return parts_->bytes(); });
}

bool Store::inPlace() const {
    int moved = 0;
    return sqlite3_file_control(parts_->database.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) !=
               SQLITE_OK ||
           moved == 0;
}

} // namespace micguard::history
