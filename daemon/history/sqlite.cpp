// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/history/sqlite.hpp"

namespace micguard::history {

Database::Database(const std::string& path) {
    sqlite3* raw = nullptr;
    // Not SQLITE_OPEN_NOFOLLOW: that would mind a link anywhere in the path, and there are homes that lie behind one.
    const int code = sqlite3_open_v2(
        path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nullptr);
    handle_.reset(raw);
    if (code != SQLITE_OK)
        fail(code);
    sqlite3_extended_result_codes(raw, 0);
}

void Database::fail(int code) const {
    throw SqlError{code & 0xff, handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code)};
}

void Database::run(const std::string& sql) {
    if (const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
        code != SQLITE_OK)
        fail(code);
}

std::int64_t Database::number(const std::string& sql) {
    Statement statement(*this, sql, false);
    return statement.step() ? statement.number(0) : 0;
}

std::string Database::text(const std::string& sql) {
    Statement statement(*this, sql, false);
    return statement.step() ? statement.text(0) : "";
}

Statement::Statement(Database& database, const std::string& sql, bool longLived)
    : database_(&database) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v3(database.get(), sql.c_str(), static_cast<int>(sql.size()),
                                        longLived ? SQLITE_PREPARE_PERSISTENT : 0, &raw, nullptr);
    handle_.reset(raw);
    if (code != SQLITE_OK)
        database.fail(code);
}

Statement& Statement::bind(std::int64_t value) {
    if (const int code = sqlite3_bind_int64(handle_.get(), next_++, value); code != SQLITE_OK)
        database_->fail(code);
    return *this;
}

Statement& Statement::bind(const std::string& value) {
    const int code =
        sqlite3_bind_text64(handle_.get(), next_++, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
    if (code != SQLITE_OK)
        database_->fail(code);
    return *this;
}

Statement& Statement::bindNothing() {
    if (const int code = sqlite3_bind_null(handle_.get(), next_++); code != SQLITE_OK)
        database_->fail(code);
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        database_->fail(code);
    return false;
}

Statement& Statement::reset() {
    sqlite3_reset(handle_.get()); // repeats what step() has said already
    sqlite3_clear_bindings(handle_.get());
    next_ = 1;
    return *this;
}

std::string Statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
    return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column)))
                 : std::string();
}

} // namespace micguard::history
