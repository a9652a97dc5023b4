// SPDX-License-Identifier: GPL-3.0-or-later
//
// The history as the App has it: what happened is handed over and written on a thread of its own, so that a disk that is
// slow, full or hangs delays nobody. Nothing is waited for but, at the end, a moment.
#pragma once

#include "daemon/history/keeper.hpp"
#include "daemon/history/query.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <tl/expected.hpp>

namespace micguard::history {

// Main context only.
class History {
  public:
    // Called on the main context.
    struct Told {
        // What keeps it from being written; "" once nothing does.
        std::function<void(const std::string&)> fault;
        // So many things that happened could not be kept in memory and are in no history.
        std::function<void(std::uint64_t)> lost;
        // Whatever goes on has to be recorded as if it had just begun: it was lost, or the file is a new one.
        std::function<void()> beginAnew;
    };

    // Nothing is opened before use().
    History(Places places, Told told);
    ~History(); // closes, if that was not done, with little patience
    History(const History&) = delete;
    History& operator=(const History&) = delete;

    // Begins, or changes its limits. `mutedSince`: of a mute that goes on as the daemon starts, 0 if none does; only the first
    // counts.
    void use(const Limits& limits, Moment mutedSince);
    // Returns at once. On disk half a second later at most, if the disk plays along.
    void record(std::vector<Record> records);

    // Answers once, after all that was recorded before has been written if it can be; a sentence on failure. At most 64 wait.
    template <typename T>
    using Reply = std::function<void(tl::expected<T, std::string>)>;
    void entries(const Filter& filter, Reply<std::vector<Entry>> then);
    void report(const ReportFilter& filter, Reply<std::vector<ReportRow>> then);
    void clear(const ClearFilter& filter, Reply<std::uint64_t> then);

    // From whoever wakes every few seconds anyway: while somebody listens it notes in memory that the guard lives. Without it the
    // thread wakes for that.
    void tick();
    // Has the rest written and waits for that; false if it took longer.
    bool close(std::chrono::milliseconds patience);

    static constexpr std::size_t mostQueued = 4096;
    static constexpr std::size_t mostWaiting = 64;

  private:
    struct Shared;
    bool ask(std::function<void(Keeper&)> job);
    template <typename T, typename Question>
    void answer(Question question, Reply<T> then);
    static void work(const std::shared_ptr<Shared>& shared, const Places& places, Moment mutedSince);

    const Places places_;
    // The thread may hang in the kernel for good and be left behind; then it must find its things alive.
    std::shared_ptr<Shared> shared_;
    std::thread thread_;
    bool enabled_ = false;
};

} // namespace micguard::history
