// SPDX-License-Identifier: GPL-3.0-or-later
// A clock that a test sets, as the micguardd of a session sees it; nobody else's, and the machine's is left
// alone (moved_clock_model.cpp).
#pragma once

#include "tests/support/session.hpp"

#include <chrono>
#include <filesystem>
#include <string>

namespace micguard::test {

class MovedClock {
  public:
    using Moment = std::chrono::sys_time<std::chrono::milliseconds>;

    explicit MovedClock(Moment now);
    ~MovedClock();
    MovedClock(const MovedClock&) = delete;
    MovedClock& operator=(const MovedClock&) = delete;

    // Has the session's micguardd go by this clock, in a time zone as POSIX writes it. Before the session is
    // made.
    void give(SessionOptions& options, const std::string& zone = "UTC0") const;

    void set(Moment now);
    [[nodiscard]] Moment now() const;

  private:
    std::filesystem::path folder_;
    std::chrono::milliseconds ahead_{};
};

} // namespace micguard::test
