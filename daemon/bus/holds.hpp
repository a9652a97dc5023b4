// SPDX-License-Identifier: GPL-3.0-or-later
//
// The descriptors of HoldMute and HoldUnmute: who has how many, and when one is closed.
#pragma once

#include "daemon/bus/bus.hpp"
#include "daemon/bus/handles.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <glib.h>

namespace micguard {

class HoldRequest;

// A hold is one end of a pipe here, the other one at the caller's. Main context only. `requests` must outlive
// it. Destroying it closes every pipe, which its holder sees, and calls dropHold for none: what becomes of
// holds when the guard itself goes is not the bus's to decide.
class Holds {
  public:
    enum class Kind { Mute, Unmute };

    static constexpr std::size_t mostPerProcess = 16;
    static constexpr std::size_t most = 256;

    explicit Holds(Requests& requests);
    ~Holds();
    Holds(const Holds&) = delete;
    Holds& operator=(const Holds&) = delete;

    // A place within the limits for a hold that is about to be asked for, or LimitExceeded.
    // Shared, because the reply function that keeps it is a std::function and has to be copyable.
    Result<std::shared_ptr<HoldRequest>> reserve(Kind kind, const Caller& caller,
                                                 std::shared_ptr<PendingCall> call);

    // The sender has left the bus: its holds to unmute end, and what it was asking for ends as soon as it is given.
    void ownerLeft(const std::string& uniqueName);

    // The bus itself is gone, and nobody can tell who still lives. What keeps microphones open ends; what
    // keeps them shut goes on until its descriptor is closed.
    void busLost();

    // The hold ended by itself: its holder is told by closing the pipe.
    void ended(std::uint64_t number);

    std::size_t count() const { return open_.size(); }

  private:
    friend class HoldRequest;
    struct Hold;

    void granted(HoldRequest& request, std::uint64_t number);
    void drop(std::uint64_t number);
    void leave(const std::function<bool(const std::string& owner)>& gone);
    static gboolean onClosed(gint fd, GIOCondition condition, gpointer userdata) noexcept;

    Requests& requests_;
    std::map<std::uint64_t, std::unique_ptr<Hold>> open_;
    std::set<HoldRequest*> requested_;
};

// One that was asked for and is not decided. Counts against the limits until it is destroyed.
class HoldRequest {
  public:
    ~HoldRequest();
    HoldRequest(const HoldRequest&) = delete;
    HoldRequest& operator=(const HoldRequest&) = delete;

    void decided(const Result<std::uint64_t>& number);

  private:
    friend class Holds;
    HoldRequest(Holds& holds, Holds::Kind kind, const Caller& caller, std::shared_ptr<PendingCall> call);

    Holds* holds_; // null once they are gone
    Holds::Kind kind_;
    std::string owner_;
    std::uint32_t pid_;
    bool ownerLeft_ = false;
    std::shared_ptr<PendingCall> call_;
};

} // namespace micguard
