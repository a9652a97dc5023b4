// SPDX-License-Identifier: GPL-3.0-or-later
//
// A connection of its own for what another client's process has to carry out, being the one in which a node,
// a device or metadata is. The server reads nothing more from a connection that asked such a process, until it
// has answered (PipeWire 1.4.2: impl-node.c, node_set_param(); impl-device.c, device_enum_params() and
// device_set_param(); metadata.c, global_bind(): binding is asking; pw_impl_client_set_busy()). So a process
// that does not answer keeps this one waiting, and no other.
//
// Main context only. The server library has its address: it neither moves nor is destroyed from its own
// callbacks.
#pragma once

#include "daemon/model/event.hpp"
#include "daemon/pipewire/decode.hpp"
#include "daemon/policy/action.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

struct pw_context;
struct pw_properties;

namespace micguard {

class ProcessConnection {
  public:
    struct Callbacks {
        std::function<void(std::uint64_t batch)> answered = [](std::uint64_t) {};
        std::function<void(GlobalId device, const std::vector<Route>&)> routes =
            [](GlobalId, const std::vector<Route>&) {};
        // A device's routes have changed and are asked for; and all of them have been told.
        std::function<void(GlobalId device, bool begins)> reading = [](GlobalId, bool) {};
        std::function<void()> lost = [] {}; // once; destroy it later, not now
    };

    // nullptr if the server cannot be reached. The context must outlive it. `properties` are taken.
    static std::unique_ptr<ProcessConnection> open(pw_context* context, pw_properties* properties);
    ~ProcessConnection();
    ProcessConnection(const ProcessConnection&) = delete;
    ProcessConnection& operator=(const ProcessConnection&) = delete;

    void serve(Callbacks callbacks);

    // Sent in the order of the calls, each as soon as the server has told this connection of the object. The
    // serial says that the number is still that object's; else it is dropped.
    void setParam(const Node& node, std::uint32_t param, encode::Pod pod);
    void setParam(const Device& device, std::uint32_t param, encode::Pod pod);
    void suspend(const Node& node);
    void destroy(GlobalId object);
    void createLink(const action::CreateLink& link); // one that lingers
    void enumerateRoutes(const Device& device);
    // From the next "default" metadata on that the server tells this connection of; so at once after open().
    void watchDefaultSource(std::function<void(const Event&)> tell);
    // Routes that were asked for have not all come yet.
    bool isReading() const;
    void sync(std::uint64_t batch);
    // The server's Client object for this connection, once it is known.
    std::optional<GlobalId> client() const;
    // It is gone: what was still to be sent to it is dropped.
    void forget(GlobalId object);

  private:
    ProcessConnection() = default;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace micguard
