// SPDX-License-Identifier: GPL-3.0-or-later
//
// Keeps a history whatever becomes of its file: opens it when it is first needed, moves a damaged one aside and begins a new
// one, keeps it within its limits, and leaves none where none is wanted. Used by one thread at a time; may block.
#pragma once

#include "daemon/history/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace micguard::history {

struct Limits {
    bool enabled = true;
    std::uint64_t keepDays = 365; // 0: for ever
    std::uint64_t mostBytes = 50ULL << 20;
    bool operator==(const Limits&) const = default;
};

struct Places {
    std::string file;  // $XDG_STATE_HOME/micguard/history.db
    std::string stamp; // on a memory file system; its time says when the guard was last alive. Empty: none
};

// From `at` on something was left out: what goes on is not known any more.
struct Gap {
    Moment at = 0;
};
using Item = std::variant<Record, Gap>;

// Says in the stamp that the guard lives now. Without `make` only where there is one.
void stampAlive(const std::string& stamp, Moment now, bool make);

class Keeper {
  public:
    Keeper(Places places, Moment mutedSince);

    // What became of a call. `fault`: a sentence for people, "" if all is well.
    struct Outcome {
        bool done = true; // false: worth trying again later
        // Rows of what goes on were left behind; whoever knows what goes on says it again.
        bool beganAnew = false;
        std::string fault;
    };

    // Off: also removes the file, and those that were moved aside.
    Outcome use(const Limits& limits, Moment now);
    Outcome write(const std::vector<Item>& items, Moment now);
    Done<std::vector<Entry>> entries(const Filter& filter, Moment now);
    Done<std::vector<ReportRow>> report(const ReportFilter& filter, Moment now);
    Done<std::uint64_t> clear(const ClearFilter& filter, Moment now);

    // What became of the file while it was read; nothing if it is the one that it was.
    std::optional<Outcome> news();

    // Whether stillAlive() is worth being called.
    bool wantsToBeTold() const { return store_ && store_->listening(); }
    void stillAlive(Moment now);
    // The end in order: the next one need not ask when this one was last alive.
    void close();

    static std::string asideOf(const std::string& file) { return file + ".damaged"; }

  private:
    Done<void> ensure(Moment now);
    Done<void> writeAll(const std::vector<Item>& items);
    void prune(Moment now);
    void moveAside(const std::string& why);
    bool removeAll();
    Outcome outcome(const Done<void>& done);
    Moment lastAlive() const;

    const Places places_;
    Moment mutedSince_;
    Limits limits_;
    std::optional<Store> store_;
    bool openedBefore_ = false, beganAnew_ = false;
    std::string aside_; // what is said of a file that was moved aside
    Moment pruned_ = 0;
};

} // namespace micguard::history
