// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every call on its way in, reads of properties too: before anything of it is kept it is counted, and
// measured.
#pragma once

#include "daemon/bus/callers.hpp"
#include "daemon/bus/handles.hpp"

namespace micguard {

// SetMuted(true) or HoldMute: calls that can only make anything stricter.
bool onlyMutes(sd_bus_message* call);

// Main context only. sd-bus keeps its address. All three must outlive it.
class Doorkeeper {
  public:
    Doorkeeper(sd_bus* bus, Callers& callers, Requests& requests)
        : bus_(bus)
        , callers_(callers)
        , requests_(requests) {}
    Doorkeeper(const Doorkeeper&) = delete;
    Doorkeeper& operator=(const Doorkeeper&) = delete;

    // Before there are objects. Negative errno.
    int attach();

  private:
    static int onMessage(sd_bus_message* message, void* userdata, sd_bus_error* error) noexcept;
    Admission judge(sd_bus_message* call, const char* sender, bool mutes) const;

    sd_bus* bus_;
    Callers& callers_;
    Requests& requests_;
    Slot filter_;
};

} // namespace micguard
