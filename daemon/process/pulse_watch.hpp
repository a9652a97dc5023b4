// SPDX-License-Identifier: GPL-3.0-or-later
//
// Looks, on a thread of its own, who is behind the Pulse server's clients, and tells on the main context. One
// look at a time, however often clients come and go.
#pragma once

#include "daemon/loop/errand.hpp"
#include "daemon/process/pulse_peers.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <glib.h>

namespace micguard {

// Main context only.
class PulseWatch {
  public:
    // `generation` as it was asked with. The server is 0 if nothing could be told.
    using Told = std::function<void(std::uint64_t generation, const PulsePeers& peers)>;

    explicit PulseWatch(Told told, std::string socketPath = pulseSocketPath());
    ~PulseWatch(); // waits for the look under way
    PulseWatch(const PulseWatch&) = delete;
    PulseWatch& operator=(const PulseWatch&) = delete;

    // What was asked before and not told yet need not be told any more.
    void look(std::uint64_t generation, std::vector<std::uint32_t> candidates);
    // The same once more, after a while; a longer one each time until look() is called.
    void lookAgain();

  private:
    struct Question {
        std::uint64_t generation = 0;
        std::vector<std::uint32_t> candidates;
    };

    void begin();
    void finish();

    Told told_;
    std::string socketPath_;
    Question question_;
    std::uint64_t asked_ = 0; // the generation of the look under way
    PulsePeers found_;        // the thread's, while it is under way
    std::atomic<bool> ending_{false};
    bool again_ = false;
    guint timer_ = 0, wait_ = 0;
    Errand errand_; // gone before what it works with
};

} // namespace micguard
