// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/history/store.hpp"

#include "daemon/history/schema.hpp"
#include "daemon/history/sqlite.hpp"

#include <algorithm>
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
std::uint64_t unsignedOf(std::int64_t value) { return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)); }
std::int64_t number(Kind kind) { return static_cast<std::int64_t>(kind); }

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
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
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
                 "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 1048576;");
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
    Statement addApplication{database, "INSERT OR IGNORE INTO application (app, name, identity) VALUES (?, ?, ?)"};
    Statement findApplication{database, "SELECT id FROM application WHERE app = ? AND name = ? AND identity = ?"};
    Statement addSource{database, "INSERT OR IGNORE INTO source (name) VALUES (?)"};
    Statement findSource{database, "SELECT id FROM source WHERE name = ?"};
    Statement add{database, "INSERT INTO entry (kind, start, end, application, source, meter, count, by, reason) "
                            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    Statement finish{database, "UPDATE entry SET end = max(start, ?) WHERE id = ?"};
    Statement findMute{database, "SELECT id FROM entry WHERE kind = ? AND start = ?"};
    Statement goOn{database, "UPDATE entry SET end = ? WHERE id = ?"};
    Statement findBlock{database, "SELECT id FROM entry WHERE application = ? AND kind = ? AND source IS ? AND reason = ? "
                                  "AND end >= ? ORDER BY start DESC LIMIT 1"};
    Statement countBlock{database, "UPDATE entry SET count = count + 1, end = max(end, ?) WHERE id = ?"};
    Statement setFact{database, "INSERT OR REPLACE INTO fact (key, value) VALUES (?, ?)"};

    // Rows of what goes on.
    std::map<Key, std::int64_t> sessions, others;

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
        const auto number = [&](const std::optional<std::int64_t>& value) { value ? add.bind(*value) : add.bindNothing(); };
        const auto text = [&](const std::string* value) { value ? add.bind(*value) : add.bindNothing(); };
        add.reset().bind(history::number(row.kind)).bind(signedOf(row.start)).bind(row.end);
        for (const auto& value : {row.application, row.source, row.meter, row.count})
            number(value);
        text(row.by);
        text(row.reason);
        add.run();
        return database.lastRow();
    }

    void end(std::map<Key, std::int64_t>& open, Key key, Moment at) {
        const auto row = open.find(key);
        if (row == open.end())
            return;
        finish.reset().bind(signedOf(at)).bind(row->second).run();
        open.erase(row);
    }

    void apply(const SessionBegan& began) {
        sessions[began.key] = insert({Kind::Session, began.at, goesOn, idOf(began.who), idOf(began.source), began.levelMeter, {}});
    }
    void apply(const SessionEnded& ended) { end(sessions, ended.key, ended.at); }

    // A mute outlasts the guard: the next one goes on with the row.
    void apply(const MuteBegan& began) {
        const bool known = findMute.reset().bind(number(Kind::Mute)).bind(signedOf(began.at)).step();
        const auto row = known ? findMute.number(0) : 0;
        findMute.reset();
        if (known)
            goOn.reset().bind(goesOn).bind(row).run();
        others[began.key] = known ? row : insert({Kind::Mute, began.at, goesOn, {}, {}, {}, {}, &began.by, &began.reason});
    }
    void apply(const MuteEnded& ended) { end(others, ended.key, ended.at); }

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
            insert({Kind::Block, blocked.at, signedOf(blocked.at), application, source, {}, 1, nullptr, &blocked.reason});
    }

    void apply(const Answered& answered) {
        insert({Kind::Answer, answered.at, signedOf(answered.at), idOf(answered.who), {}, {}, {}, &answered.by, &answered.answer});
    }

    void apply(const WarningBegan& began) {
        others[began.key] = insert({Kind::Warning, began.at, goesOn, {}, {}, {}, {}, &began.id, &began.text});
    }
    void apply(const WarningEnded& ended) { end(others, ended.key, ended.at); }

    void apply(const ActivityBegan&) {}
    void apply(const ActivityEnded&) {}

    void note(const std::string& key, Moment value) { setFact.reset().bind(key).bind(signedOf(value)).run(); }

    // Of the guard before; a mute that goes on is left alone.
    void endLeftOver(const Before& before, Moment now) {
        Transaction transaction(database);
        std::int64_t last = signedOf(before.lastAlive);
        for (const char* sql : {"SELECT value FROM fact WHERE key = 'alive'", "SELECT max(start) FROM entry",
                                "SELECT max(end) FROM entry WHERE end < 9223372036854775807"})
            last = std::max(last, database.number(sql));
        last = std::min(last, signedOf(now));
        Statement(database, "UPDATE entry SET end = max(start, ?) WHERE end = ? AND NOT (kind = ? AND start = ?)", false)
            .bind(last)
            .bind(goesOn)
            .bind(number(Kind::Mute))
            .bind(signedOf(before.mutedSince))
            .run();
        transaction.commit();
    }

    // Names that no entry bears any more.
    void dropUnnamed() {
        database.run("DELETE FROM application WHERE NOT EXISTS (SELECT 1 FROM entry WHERE application = application.id);"
                     "DELETE FROM source WHERE NOT EXISTS (SELECT 1 FROM entry WHERE source = source.id);");
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
    const auto sessions = parts_->sessions, others = parts_->others;
    auto written = guarded([&] {
        Transaction transaction(parts_->database);
        for (const auto& record : records)
            std::visit([&](const auto& one) { parts_->apply(one); }, record);
        transaction.commit();
    });
    if (!written) {
        parts_->sessions = sessions;
        parts_->others = others;
    }
    return written;
}

Done<void> Store::endAll(Moment at) {
    auto ended = guarded([&] {
        Statement(parts_->database, "UPDATE entry SET end = max(start, ?) WHERE end = ?", false)
            .bind(signedOf(at))
            .bind(goesOn)
            .run();
    });
    if (ended) {
        parts_->sessions.clear();
        parts_->others.clear();
    }
    return ended;
}

bool Store::listening() const { return !parts_->sessions.empty(); }

Done<void> Store::noteAlive(Moment now) {
    return guarded([&] { parts_->note(aliveKey, now); });
}

Done<std::vector<Entry>> Store::entries(const Filter& filter) {
    // First which rows, from an index alone; then what is in them.
    std::string where, index = "entry_by_start";
    const auto add = [&](const std::string& condition) { where += (where.empty() ? " WHERE " : " AND ") + condition; };
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
    const std::string sql = "SELECT e.kind, e.start, e.end, a.app, a.name, a.identity, s.name, e.meter, e.count, e.by, e.reason "
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
        parts_->dropUnnamed();
        transaction.commit();
        parts_->giveRoomBack();
        // It would be found in the journal still.
        parts_->database.run("PRAGMA wal_checkpoint(TRUNCATE)");
        return cleared;
    });
}

Done<void> Store::prune(Moment oldest, std::uint64_t mostBytes) {
    return guarded([&] {
        auto& database = parts_->database;
        Transaction transaction(database);
        Statement old(database, "DELETE FROM entry WHERE end < ?", false);
        old.bind(signedOf(oldest)).run();
        bool dropped = database.changes() > 0;
        // Some more at once, so as not to come back with every batch.
        const std::uint64_t enough = parts_->bytes() > mostBytes ? mostBytes - mostBytes / 10 : mostBytes;
        while (parts_->bytes() > enough) {
            const auto count = database.number("SELECT count(*) FROM entry");
            Statement some(database, "DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE end < ? ORDER BY end LIMIT ?)", false);
            some.bind(goesOn).bind(count / 10 + 1).run();
            if (database.changes() == 0)
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
    return sqlite3_file_control(parts_->database.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || moved == 0;
}

} // namespace micguard::history
