// SPDX-License-Identifier: GPL-3.0-or-later
//
// SQLite's handles with an owner. Only for files of this folder: nobody else includes its header.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <sqlite3.h>

namespace micguard::history {

// Thrown and caught within this folder only: between a statement that fails and the Store's function that tells of it no frame
// is C's.
struct SqlError {
    int code = SQLITE_ERROR; // primary
    std::string text;
};

class Database {
  public:
    explicit Database(const std::string& path); // has to exist
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    Database(Database&&) = default;
    Database& operator=(Database&&) = default;

    sqlite3* get() const { return handle_.get(); }
    void run(const std::string& sql);
    std::int64_t number(const std::string& sql); // of the first column of the first row, 0 without one
    std::string text(const std::string& sql);
    std::int64_t lastRow() const { return sqlite3_last_insert_rowid(handle_.get()); }
    std::uint64_t changes() const { return static_cast<std::uint64_t>(sqlite3_changes64(handle_.get())); }
    [[noreturn]] void fail(int code) const;

  private:
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement; its parameters are bound in order, from the first one on, after reset().
class Statement {
  public:
    Statement(Database& database, const std::string& sql, bool longLived = true);

    Statement& bind(std::int64_t value);
    Statement& bind(const std::string& value); // has to live until the next reset()
    Statement& bindNothing();
    bool step(); // true: there is a row
    void run() { // to its end
        while (step()) {
        }
    }
    Statement& reset();

    std::int64_t number(int column) const { return sqlite3_column_int64(handle_.get(), column); }
    std::string text(int column) const;

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
    };
    Database* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
    int next_ = 1;
};

// Undone by its destructor unless it was committed.
class Transaction {
  public:
    explicit Transaction(Database& database)
        : database_(database) {
        database_.run("BEGIN IMMEDIATE");
    }
    ~Transaction() {
        if (open_)
            sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit() {
        database_.run("COMMIT");
        open_ = false;
    }

  private:
    Database& database_;
    bool open_ = true;
};

} // namespace micguard::history
