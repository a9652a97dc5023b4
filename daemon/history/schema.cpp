// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/history/schema.hpp"

#include <array>
#include <string>

namespace micguard::history {
namespace {

constexpr std::int64_t applicationId = 0x6d696367; // "micg"

// Never change a step that was released: add one. (Nothing has been released yet.)
constexpr std::array steps = {
    // 1. Times are µs since the epoch; entry.kind is enum Kind. What a kind has no use for is NULL.
    R"sql(
CREATE TABLE fact (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE application (
    id INTEGER PRIMARY KEY, app TEXT NOT NULL, name TEXT NOT NULL, identity TEXT NOT NULL,
    UNIQUE (app, name, identity));
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    application INTEGER REFERENCES application,
    source INTEGER REFERENCES source,
    meter INTEGER,
    count INTEGER,
    by TEXT,
    reason TEXT);
CREATE INDEX entry_by_start ON entry (start, kind);
CREATE INDEX entry_by_end ON entry (end, start, kind);
)sql",
    // 2. For one application's history, and to see whether an application is still named at all.
    R"sql(
CREATE INDEX entry_by_application ON entry (application, start, end, kind) WHERE application IS NOT NULL;
CREATE INDEX entry_by_source ON entry (source) WHERE source IS NOT NULL;
)sql",
    // 3. What applications did while muted, for the report. state: 1 asks (else it holds), 2 muted by the system, 4 by itself,
    // 8 assumed.
    R"sql(
CREATE TABLE activity (
    id INTEGER PRIMARY KEY,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    application INTEGER NOT NULL REFERENCES application,
    source INTEGER REFERENCES source,
    state INTEGER NOT NULL,
    meter INTEGER NOT NULL,
    rate INTEGER NOT NULL);
CREATE INDEX activity_by_end ON activity (end, start);
CREATE INDEX activity_by_application ON activity (application, end);
CREATE INDEX activity_by_source ON activity (source) WHERE source IS NOT NULL;
)sql",
};

} // namespace

std::span<const char* const> schemaSteps() {
    return steps;
}

void migrate(Database& database, std::span<const char* const> all) {
    const auto version = static_cast<std::size_t>(database.number("PRAGMA user_version"));
    const auto owner = database.number("PRAGMA application_id");
    const bool empty = version == 0 && database.number("SELECT count(*) FROM sqlite_schema") == 0;
    if (!empty && owner != applicationId)
        throw SqlError{SQLITE_NOTADB, "it is not micguard's history"};
    if (version > all.size())
        throw SqlError{SQLITE_NOTADB, "it was written by a newer version of micguard"};
    if (version == all.size())
        return;
    Transaction transaction(database);
    for (std::size_t step = version; step < all.size(); ++step)
        database.run(all[step]);
    database.run("PRAGMA application_id = " + std::to_string(applicationId));
    database.run("PRAGMA user_version = " + std::to_string(all.size()));
    transaction.commit();
}

} // namespace micguard::history
