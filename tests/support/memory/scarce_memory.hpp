// SPDX-License-Identifier: GPL-3.0-or-later
// Memory that runs out at a moment that a test chooses, for the micguardd of a session and for nobody else
// (scarce_memory_model.cpp).
#pragma once

#include "tests/support/session.hpp"

#include <cstdint>
#include <filesystem>

namespace micguard::test {

class ScarceMemory {
  public:
    ScarceMemory(); // there is plenty
    ~ScarceMemory();
    ScarceMemory(const ScarceMemory&) = delete;
    ScarceMemory& operator=(const ScarceMemory&) = delete;

    // Before the session is made. A sanitized micguardd has an allocator of its own, which is not reached.
    void give(SessionOptions& options) const;

    void runOutAfter(std::uint64_t allocations);
    void plenty();

  private:
    void write(std::int64_t left) const;

    std::filesystem::path file_;
};

} // namespace micguard::test
