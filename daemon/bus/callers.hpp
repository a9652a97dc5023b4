// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who sent a call: asked from the bus daemon without waiting, remembered until the sender leaves the bus.
#pragma once

#include "daemon/bus/bus.hpp"
#include "daemon/bus/call_limits.hpp"
#include "daemon/bus/handles.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace micguard {

// Main context only. The bus must outlive it.
class Callers {
  public:
    using Then = std::function<void(const Caller&)>;

    // Calls of one sender that may wait for its identity.
    static constexpr std::size_t longestQueue = 64;
    // So many more, if all they want is to mute.
    static constexpr std::size_t furtherMutes = 16;
    // Senders that are remembered. Beyond that, who only mutes is identified for that one call.
    static constexpr std::size_t mostKnown = 4096;

    // `onLeft` is called when a sender that was identified, or was about to be, has left the bus.
    Callers(sd_bus* bus, std::function<void(const std::string& uniqueName)> onLeft);
    ~Callers();
    Callers(const Callers&) = delete;
    Callers& operator=(const Callers&) = delete;

    // Whether a call is served, by how many there were. Its sender begins to be identified, so that all connections of one
    // process are counted together. `news`: called when a process has begun to be refused.
    Admission admit(const std::string& uniqueName, double weight, bool onlyMutes,
                    const std::function<void(const Caller&)>& news);

    // Calls `then` now if the sender is known, else as soon as the bus has answered; per sender in the order
    // of the calls. If the sender leaves first, `then` is destroyed uncalled. False if too much waits for
    // this sender already, or the bus cannot be asked.
    bool identify(const std::string& uniqueName, bool onlyMutes, Then then);

    std::size_t count() const { return entries_.size(); }

  private:
    struct Entry;

    static int onCredentials(sd_bus_message* reply, void* userdata, sd_bus_error*) noexcept;
    static int onWatchSet(sd_bus_message* reply, void* userdata, sd_bus_error*) noexcept;
    static int onNameLost(sd_bus_message* signal, void* userdata, sd_bus_error*) noexcept;
    bool ask(Entry& entry);
    bool makeRoom();
    Entry* meet(const std::string& uniqueName);
    void left(const std::string& uniqueName);

    sd_bus* bus_;
    std::function<void(const std::string&)> onLeft_;
    ProcessTable processes_; // before the entries, which count themselves out of it
    Allowance strangersRefused_{512, 64};
    std::unordered_map<std::string, std::unique_ptr<Entry>> entries_;
};

} // namespace micguard
