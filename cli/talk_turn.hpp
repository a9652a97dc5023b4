// SPDX-License-Identifier: GPL-3.0-or-later
//
// What `talk --hold` (a key was pressed) and `talk --release` (it was let go) know of one another: two programs that a
// compositor starts one after the other, and that may come up in any order. So it is not the order in which they run that
// counts, but that in which they were started, as the kernel keeps it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace micguard::cli {

// In the kernel's ticks since boot. 0: unknown.
using Ticks = std::uint64_t;

struct TalkRecord {
    Ticks released = 0; // presses that began up to then are over
    std::uint32_t pid = 0;
    Ticks started = 0; // of the process that holds, or held last
    Ticks began = 0;   // of its press
    bool operator==(const TalkRecord&) const = default;
};

// Text that makes no sense is an empty record.
TalkRecord talkRecordFrom(std::string_view text);
std::string written(const TalkRecord& record);

enum class Press {
    Begins,
    Over, // it was let go already; in the same tick as well, for a tap must not latch open
    Held  // it is a key's repetition, or another key
};
Press pressed(const TalkRecord& record, Ticks began, bool holderLives);

// Whether the one that holds is to end by a release that began then. It stays if its press is a later one.
bool ends(const TalkRecord& record, Ticks began);

// When the command that became this process was started: a shell or a script may stand between it and the compositor, and
// starts it when it gets to it. So it is the oldest ancestor that is not more than a second older than its child.
Ticks commandBegan(std::uint32_t pid, const std::string& procRoot = "/proc");

// 0 if there is no such process.
Ticks processStarted(std::uint32_t pid, const std::string& procRoot = "/proc");

// The record in $XDG_RUNTIME_DIR, for this process alone as long as this lives.
class TalkTurn {
  public:
    static tl::expected<TalkTurn, std::string> take();
    ~TalkTurn();
    TalkTurn(TalkTurn&& other) noexcept;
    TalkTurn& operator=(TalkTurn&&) = delete;

    TalkRecord read() const;
    tl::expected<void, std::string> write(const TalkRecord& record) const;

  private:
    explicit TalkTurn(int fd)
        : fd_(fd) {}
    int fd_;
};

} // namespace micguard::cli
