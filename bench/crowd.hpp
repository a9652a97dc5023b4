// SPDX-License-Identifier: GPL-3.0-or-later
// Many capture streams at once: mg-crowd in a session.
#pragma once

#include "tests/support/session.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

namespace micguard::bench {

using namespace test; // NOLINT(google-build-using-namespace)

struct CrowdSize {
    unsigned streams = 1, sources = 1, connections = 1;
};

// The microphones of a crowd are called mic0, mic1, ...
std::vector<MicSpec> crowdMicrophones(unsigned count);

class Crowd {
  public:
    // Returns when all are streaming; throws if they are not in time.
    Crowd(const PrivateSession& session, const CrowdSize& size);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    [[nodiscard]] std::uint32_t streaming() const;
    // False if they are not when time is up.
    [[nodiscard]] bool waitAll(Milliseconds timeout) const;

  private:
    CrowdSize size_;
    std::filesystem::path path_;
    const std::atomic<std::uint32_t>* count_ = nullptr;
    Process process_;
};

} // namespace micguard::bench
