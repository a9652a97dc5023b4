// SPDX-License-Identifier: GPL-3.0-or-later
//
// Looks for who goes around PipeWire, on a thread, when there is reason to: at start, at a mute, when
// somebody opens or closes a sound card, when a sandboxed client comes, when one that was found ends. Tells
// on the main context.
#pragma once

#include "daemon/bypass/device_folder.hpp"
#include "daemon/bypass/look.hpp"
#include "daemon/loop/errand.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <glib.h>

namespace micguard {

// Main context only. Its address is held by the main loop.
class BypassWatch {
  public:
    using Told = std::function<void(const Bypasses& found)>; // whenever it is other than before

    explicit BypassWatch(Told told, BypassPlaces places = {});
    ~BypassWatch(); // does not wait for a look under way: that may be waiting for a driver
    BypassWatch(const BypassWatch&) = delete;
    BypassWatch& operator=(const BypassWatch&) = delete;

    // Why nobody can be seen opening a sound card; "" if it can.
    std::string start();
    // At everything, every process included.
    void look();
    // These are the sandboxed processes that are clients of PipeWire.
    void setSandboxed(std::set<std::uint32_t> pids);

    // Looks begun, for tests.
    std::uint64_t looks() const { return looks_; }

  private:
    void noticed();
    void lookSoon();
    void begin();
    void finish(Bypasses found);
    void wait(guint milliseconds);
    void watchEnds();

    Told told_;
    BypassPlaces places_;
    DeviceFolder devices_;
    std::set<std::uint32_t> sandboxed_;
    bool everyProcess_ = false, again_ = false;
    std::size_t lookedAfter_; // how often, since something was noticed
    gint64 began_ = 0;        // the last look, monotonic µs; 0: none yet
    Bypasses found_;
    Errand errand_; // the look under way
    guint timer_ = 0;
    std::vector<guint> ends_; // processes' descriptors
    std::uint64_t looks_ = 0;
};

} // namespace micguard
