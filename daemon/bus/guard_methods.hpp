// SPDX-License-Identifier: GPL-3.0-or-later
//
// The methods of the guard's interface: reads their arguments, finds out who calls, hands both to Requests
// and carries the answer back. Decides nothing but what can be seen from the arguments alone.
#pragma once

#include "daemon/bus/bus.hpp"
#include "daemon/bus/callers.hpp"
#include "daemon/bus/doorkeeper.hpp"
#include "daemon/bus/handles.hpp"
#include "daemon/bus/holds.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace micguard {

// Main context only. sd-bus keeps its address. The bus and `requests` must outlive it.
class GuardMethods {
  public:
    GuardMethods(sd_bus* bus, Requests& requests);
    GuardMethods(const GuardMethods&) = delete;
    GuardMethods& operator=(const GuardMethods&) = delete;

    // Methods and signals of the interface; userdata is a GuardObject*.
    static std::vector<sd_bus_vtable> vtable();

    // Negative errno. Before there are objects.
    int attach() { return doorkeeper_.attach(); }

    // From now on calls are dropped: the bus is being closed.
    void close() { closing_ = true; }

    void busLost() { holds_.busLost(); }
    void holdEnded(std::uint64_t number) { holds_.ended(number); }

    // Shared, because what keeps it until the answer is a std::function and has to be copyable.
    using Call = std::shared_ptr<PendingCall>;
    // Serves a call, of any interface, once its sender is identified.
    void take(sd_bus_message* message, std::function<void(const Caller&, const Call&)> serve);

    Requests& requests() { return requests_; }

  private:
    using Serve = void (GuardMethods::*)(const Caller&, const Call&);

    template <Serve serve>
    static int handle(sd_bus_message* message, void* userdata, sd_bus_error* error) noexcept;
    static int handleDiagnostics(sd_bus_message* message, void* userdata, sd_bus_error* error) noexcept;

    void setMuted(const Caller& caller, const Call& call);
    void toggleMuted(const Caller& caller, const Call& call);
    void setMode(const Caller& caller, const Call& call);
    void holdMute(const Caller& caller, const Call& call);
    void holdUnmute(const Caller& caller, const Call& call);
    void release(const Caller& caller, const Call& call);
    void config(const Caller& caller, const Call& call);
    void setConfig(const Caller& caller, const Call& call);
    void reload(const Caller& caller, const Call& call);
    void muteOwnStreams(const Caller& caller, const Call& call);
    void setRule(const Caller& caller, const Call& call);
    void forget(const Caller& caller, const Call& call);
    void rules(const Caller& caller, const Call& call);
    void explain(const Caller& caller, const Call& call);
    void readHistory(const Caller& caller, const Call& call);
    void report(const Caller& caller, const Call& call);
    void clearHistory(const Caller& caller, const Call& call);
    void verify(const Caller& caller, const Call& call);
    void hold(Holds::Kind kind, const Caller& caller, const Call& call);

    Requests& requests_;
    Holds holds_;
    Callers callers_;
    Doorkeeper doorkeeper_;
    bool closing_ = false;
};

} // namespace micguard
