// SPDX-License-Identifier: GPL-3.0-or-later
//
// An object of the server as the main connection has it bound: its events become the model's. What would ask
// another process is not asked here (process_connection.hpp).
#pragma once

#include "daemon/model/event.hpp"
#include "daemon/pipewire/proxy.hpp"
#include "daemon/pipewire/routes.hpp"
#include "daemon/process/process.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace micguard {

// What bound objects have in common, owned by their connection.
struct BoundCallbacks {
    std::function<void(const Event&)> event;
    std::function<void(const Device&)> routesChanged; // of a device: they have to be asked for
    std::uint32_t serverPid = 0;
};

// Its address is in the library's lists: neither copied nor moved.
class Bound {
  public:
    static std::unique_ptr<Bound> node(pw_proxy* proxy, const Node& node, const BoundCallbacks& callbacks);
    static std::unique_ptr<Bound> device(pw_proxy* proxy, const Device& device,
                                         const BoundCallbacks& callbacks);
    static std::unique_ptr<Bound> client(pw_proxy* proxy, std::uint32_t id, std::uint32_t pid,
                                         const std::string& securityLabel, const BoundCallbacks& callbacks);
    Bound(const Bound&) = delete;
    Bound& operator=(const Bound&) = delete;

    const Proxy& proxy() const { return proxy_; }
    const Node& node() const { return node_; }       // as last told
    const Device& device() const { return device_; } // as first told
    // What the registry or the server's info says of a client, with what the kernel says.
    Client completeClient(const spa_dict* properties);
    // What the kernel says of it could not be read, for want of a descriptor or memory. Until then it is not taken for described.
    bool isUnread() const { return process_.unread; }
    // Tries once more; an event if it could be read.
    void readAgain();
    // From now on every change of a node's Props becomes an event. Once is enough.
    void watchKnob();
    // What a client has been granted so far becomes an event.
    void askGranted() const;
    // Of a device that is in the server.
    void enumerateRoutes() const;

  private:
    Bound(pw_proxy* proxy, std::uint32_t id, const void* events, const BoundCallbacks& callbacks)
        : callbacks_(callbacks)
        , id_(id)
        , proxy_(proxy, events, this) {}

    Client withFacts() const;
    static void onNodeInfo(void* data, const pw_node_info* info) noexcept;
    static void onNodeParam(void* data, int, std::uint32_t id, std::uint32_t, std::uint32_t,
                            const spa_pod* param) noexcept;
    static void onDeviceInfo(void* data, const pw_device_info* info) noexcept;
    static void onDeviceParam(void* data, int, std::uint32_t id, std::uint32_t index, std::uint32_t,
                              const spa_pod* param) noexcept;
    static void onClientInfo(void* data, const pw_client_info* info) noexcept;
    static void onClientPermissions(void* data, std::uint32_t index, std::uint32_t count,
                                    const pw_permission* permissions) noexcept;

    const BoundCallbacks& callbacks_;
    std::uint32_t id_;
    bool knobWatched_ = false;
    std::uint32_t routeFlags_ = 0;
    Node node_;
    Device device_;
    Client client_; // without what the kernel says
    std::string securityLabel_;
    ProcessFacts process_;
    RouteReader routes_;
    Proxy proxy_;
};

} // namespace micguard
