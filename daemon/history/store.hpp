// SPDX-License-Identifier: GPL-3.0-or-later
//
// The history's file: records in, entries out. Every call may take as long as the disk does; no thread of its own, no clock,
// and nothing in memory but which row belongs to what goes on.
#pragma once

#include "daemon/history/query.hpp"
#include "daemon/history/record.hpp"
#include "daemon/history/report.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace micguard::history {

struct Failure {
    enum class Kind {
        Busy,   // somebody else has locked it, and may let go
        Full,   // no room
        Broken, // damaged, or none of ours: it will not mend
        Other
    };
    Kind kind = Kind::Other;
    std::string text; // what SQLite or the system says
};

template <typename T>
using Done = tl::expected<T, Failure>;

// What is known at start of how the guard before has ended.
struct Before {
    Moment lastAlive = 0;  // 0: nothing
    Moment mutedSince = 0; // of the mute that goes on; 0: none does
};

// Used by one thread at a time.
class Store {
  public:
    // Makes the file (0600) if there is none, and ends what went on in it when the guard before had ended: at the last moment
    // of which anything is known, but not after `now`.
    static Done<Store> open(const std::string& path, const Before& before, Moment now);
    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;
    ~Store();

    // All of them, or after a failure none. One that ends what is not known here is left out.
    Done<void> write(std::span<const Record> records);
    // What goes on has ended at `at`, as far as anybody knows.
    Done<void> endAll(Moment at);
    // Something goes on that ends with the guard: until when the guard was alive is worth knowing.
    bool listening() const;
    Done<void> noteAlive(Moment now);

    // The newest first.
    Done<std::vector<Entry>> entries(const Filter& filter);
    // For the report; what goes on ends at `now`.
    Done<Recorded> recorded(const ReportFilter& filter, Moment now);
    // How many were. Of what is cleared nothing stays in the file.
    Done<std::uint64_t> clear(const ClearFilter& filter);
    // Drops what ended before `oldest` and, as long as it is larger than `mostBytes`, the oldest.
    Done<void> prune(Moment oldest, std::uint64_t mostBytes);
    // Of the file; what is free in it left out.
    Done<std::uint64_t> bytes();

    // False once the file was removed, or another one put in its place.
    bool inPlace() const;

  private:
    struct Parts; // all that knows SQLite
    explicit Store(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

} // namespace micguard::history
