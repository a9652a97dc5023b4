// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pipewire/connection.hpp"

#include "daemon/pipewire/decode.hpp"
#include "daemon/pipewire/process.hpp"

#include <glib.h>
#include <pipewire/extensions/protocol-native.h>
#include <pipewire/pipewire.h>
#include <spa/param/param.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace micguard {
namespace {

template <typename... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>; // clang 14 does not deduce it for an aggregate

// A bound object. The hooks are in the server library's lists, so it lives in a unique_ptr.
struct Bound {
    Connection::Callbacks* callbacks = nullptr;
    std::uint32_t id = 0;
    pw_proxy* proxy = nullptr;
    spa_hook proxyHook{};
    spa_hook objectHook{};
    bool knobWatched = false;
    Node node;                 // nodes: as last told
    ProcessFacts process;      // clients
    std::uint32_t serverPid = 0;
    std::vector<Route> routes; // devices
    std::uint32_t routeFlags = 0;

    ~Bound() {
        if (proxy) {
            spa_hook_remove(&objectHook);
            spa_hook_remove(&proxyHook);
            pw_proxy_destroy(proxy);
        }
    }
};

// The library destroys proxies with the connection; then there is nothing left to destroy.
void onProxyDestroyed(void* data) noexcept {
    auto* bound = static_cast<Bound*>(data);
    spa_hook_remove(&bound->objectHook);
    spa_hook_remove(&bound->proxyHook);
    bound->proxy = nullptr;
}

constexpr pw_proxy_events proxyEvents = [] {
    pw_proxy_events events{};
    events.version = PW_VERSION_PROXY_EVENTS;
    events.destroy = onProxyDestroyed;
    return events;
}();

NodeState stateOf(pw_node_state state) {
    switch (state) {
    case PW_NODE_STATE_ERROR:
        return NodeState::Error;
    case PW_NODE_STATE_CREATING:
        return NodeState::Creating;
    case PW_NODE_STATE_SUSPENDED:
        return NodeState::Suspended;
    case PW_NODE_STATE_IDLE:
        return NodeState::Idle;
    case PW_NODE_STATE_RUNNING:
        return NodeState::Running;
    }
    return NodeState::Unknown;
}

void onNodeInfo(void* data, const pw_node_info* info) noexcept {
    auto* bound = static_cast<Bound*>(data);
    if (info->change_mask & PW_NODE_CHANGE_MASK_PROPS && info->props) {
        bound->node = decode::node(bound->id, info->props);
        bound->node.infoKnown = true;
    }
    bound->node.maxInputs = info->max_input_ports;
    bound->node.maxOutputs = info->max_output_ports;
    bound->node.state = stateOf(info->state);
    bound->callbacks->event(event::NodeInfo{bound->node});
}

void onNodeParam(void* data, int, std::uint32_t id, std::uint32_t, std::uint32_t, const spa_pod* param) noexcept {
    auto* bound = static_cast<Bound*>(data);
    if (id != SPA_PARAM_Props)
        return;
    if (const auto reading = decode::knob(param))
        bound->callbacks->event(event::NodeKnob{GlobalId{bound->id}, *reading});
}

constexpr pw_node_events nodeEvents = [] {
    pw_node_events events{};
    events.version = PW_VERSION_NODE_EVENTS;
    events.info = onNodeInfo;
    events.param = onNodeParam;
    return events;
}();

void onDeviceInfo(void* data, const pw_device_info* info) noexcept {
    auto* bound = static_cast<Bound*>(data);
    if (info->change_mask & PW_DEVICE_CHANGE_MASK_PROPS && info->props)
        bound->callbacks->event(event::DeviceSeen{decode::device(bound->id, info->props)});
    if (!(info->change_mask & PW_DEVICE_CHANGE_MASK_PARAMS))
        return;
    // Asked for at every change: a subscription is not served for a device that lives in another process, as
    // the session manager's all do (1.4.2, impl-device.c: the answers come after the listener has gone).
    for (std::uint32_t i = 0; i < info->n_params; i++)
        if (info->params[i].id == SPA_PARAM_Route && info->params[i].flags != bound->routeFlags) {
            bound->routeFlags = info->params[i].flags;
            pw_device_enum_params(reinterpret_cast<pw_device*>(bound->proxy), 0, SPA_PARAM_Route, 0, UINT32_MAX, nullptr);
        }
}

// All active routes, counted from 0.
void onDeviceParam(void* data, int, std::uint32_t id, std::uint32_t index, std::uint32_t,
                   const spa_pod* param) noexcept {
    auto* bound = static_cast<Bound*>(data);
    if (id != SPA_PARAM_Route)
        return;
    if (index == 0)
        bound->routes.clear();
    if (const auto route = decode::route(param))
        bound->routes.push_back(*route);
    bound->callbacks->event(event::RoutesRead{GlobalId{bound->id}, bound->routes});
}

constexpr pw_device_events deviceEvents = [] {
    pw_device_events events{};
    events.version = PW_VERSION_DEVICE_EVENTS;
    events.info = onDeviceInfo;
    events.param = onDeviceParam;
    return events;
}();

Client completeClient(const Bound& bound, const spa_dict* properties) {
    Client client = decode::client(bound.id, properties);
    client.executable = bound.process.executable;
    client.executableTrue = bound.process.executableTrue;
    client.executableWritable = bound.process.executableWritable;
    client.unit = bound.process.unit;
    client.self = client.pid == static_cast<std::uint32_t>(getpid());
    client.inServer = client.pid != 0 && client.pid == bound.serverPid;
    return client;
}

void onClientInfo(void* data, const pw_client_info* info) noexcept {
    auto* bound = static_cast<Bound*>(data);
    if (info->change_mask & PW_CLIENT_CHANGE_MASK_PROPS && info->props)
        bound->callbacks->event(event::ClientSeen{completeClient(*bound, info->props)});
}

constexpr pw_client_events clientEvents = [] {
    pw_client_events events{};
    events.version = PW_VERSION_CLIENT_EVENTS;
    events.info = onClientInfo;
    return events;
}();

// Could be a microphone as far as the registry tells: silenced and read at once. What its full properties
// reveal later is silenced then.
bool mayBeSource(const Node& node) {
    return node.mediaClass.starts_with("Audio/Source") || node.mediaClass == "Audio/Duplex";
}

} // namespace

struct Connection::Impl {
    Callbacks callbacks;
    pw_context* context = nullptr;
    pw_core* core = nullptr;
    pw_registry* registry = nullptr;
    spa_hook coreHook{};
    spa_hook registryHook{};
    std::map<std::uint32_t, std::unique_ptr<Bound>> bound;
    std::deque<std::pair<int, std::uint64_t>> syncs;
    int listSync = -1;
    int bindSync = -1;
    std::uint32_t serverPid = 0;
    bool announced = false;
    bool lostTold = false;

    ~Impl() {
        bound.clear();
        if (registry) {
            spa_hook_remove(&registryHook);
            pw_proxy_destroy(reinterpret_cast<pw_proxy*>(registry));
        }
        if (core) {
            spa_hook_remove(&coreHook);
            pw_core_disconnect(core);
        }
        if (context)
            pw_context_destroy(context);
    }

    void lost(const std::string& why) {
        if (std::exchange(lostTold, true))
            return;
        callbacks.lost(why);
    }

    static void onCoreInfo(void* data, const pw_core_info* info) noexcept {
        auto* self = static_cast<Impl*>(data);
        if (std::exchange(self->announced, true))
            return;
        event::Connected connected;
        if (const char* pid = info->props ? spa_dict_lookup(info->props, PW_KEY_APP_PROCESS_ID) : nullptr)
            connected.serverPid = static_cast<std::uint32_t>(std::strtoul(pid, nullptr, 10));
        self->serverPid = connected.serverPid;
        connected.name = info->name ? info->name : "";
        connected.version = info->version ? info->version : "";
        connected.cookie = std::to_string(info->cookie) + ":" + std::to_string(connected.serverPid);
        self->callbacks.event(connected);
    }

    static void onCoreDone(void* data, std::uint32_t id, int seq) noexcept {
        auto* self = static_cast<Impl*>(data);
        if (id != PW_ID_CORE)
            return;
        if (seq == self->listSync) {
            // Everything that exists is known and bound; what was asked of it is answered before this one.
            self->bindSync = pw_core_sync(self->core, PW_ID_CORE, 0);
            return;
        }
        if (seq == self->bindSync) {
            self->callbacks.event(event::InitialListComplete{});
            return;
        }
        while (!self->syncs.empty()) {
            const auto [waiting, batch] = self->syncs.front();
            if (waiting != seq && std::none_of(self->syncs.begin(), self->syncs.end(),
                                               [&](const auto& entry) { return entry.first == seq; }))
                return;
            self->syncs.pop_front();
            self->callbacks.event(event::Acknowledged{batch});
            if (waiting == seq)
                return;
        }
    }

    static void onCoreError(void* data, std::uint32_t id, int seq, int result, const char* message) noexcept {
        auto* self = static_cast<Impl*>(data);
        if (id == PW_ID_CORE && result == -EPIPE) {
            self->lost(message ? message : "connection closed");
            return;
        }
        // Mostly objects that went while a message to them was under way. What failed shows in the readings.
        pw_log_debug("object %u seq %d: %s (%s)", id, seq, message, std::strerror(-result));
    }

    Bound* bind(std::uint32_t id, const char* type, std::uint32_t version, const void* events) {
        auto* proxy = static_cast<pw_proxy*>(pw_registry_bind(registry, id, type, version, 0));
        if (!proxy)
            return nullptr;
        auto entry = std::make_unique<Bound>();
        entry->callbacks = &callbacks;
        entry->id = id;
        entry->proxy = proxy;
        entry->serverPid = serverPid;
        pw_proxy_add_listener(proxy, &entry->proxyHook, &proxyEvents, entry.get());
        pw_proxy_add_object_listener(proxy, &entry->objectHook, events, entry.get());
        return (bound[id] = std::move(entry)).get();
    }

    void watchKnob(Bound& entry) {
        if (std::exchange(entry.knobWatched, true) || !entry.proxy)
            return;
        std::uint32_t ids[] = {SPA_PARAM_Props};
        pw_node_subscribe_params(reinterpret_cast<pw_node*>(entry.proxy), ids, 1);
    }

    void seeNode(std::uint32_t id, const spa_dict* properties) {
        Bound* entry = bind(id, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, &nodeEvents);
        if (!entry)
            return;
        entry->node = decode::node(id, properties);
        // Asked for first, so that the answer tells what was there before the silence that the event causes.
        if (mayBeSource(entry->node))
            pw_node_enum_params(reinterpret_cast<pw_node*>(entry->proxy), 0, SPA_PARAM_Props, 0, UINT32_MAX, nullptr);
        callbacks.event(event::NodeSeen{entry->node});
        if (mayBeSource(entry->node) || entry->node.mediaClass.empty())
            watchKnob(*entry);
    }

    void seeClient(std::uint32_t id, const spa_dict* properties) {
        Bound* entry = bind(id, PW_TYPE_INTERFACE_Client, PW_VERSION_CLIENT, &clientEvents);
        if (!entry)
            return;
        entry->process = readProcess(decode::client(id, properties).pid);
        callbacks.event(event::ClientSeen{completeClient(*entry, properties)});
    }

    void seeDevice(std::uint32_t id, const spa_dict* properties) {
        Bound* entry = bind(id, PW_TYPE_INTERFACE_Device, PW_VERSION_DEVICE, &deviceEvents);
        if (!entry)
            return;
        callbacks.event(event::DeviceSeen{decode::device(id, properties)});
    }

    static void onGlobal(void* data, std::uint32_t id, std::uint32_t, const char* type, std::uint32_t,
                         const spa_dict* properties) noexcept {
        auto* self = static_cast<Impl*>(data);
        const std::string_view kind = type;
        if (kind == PW_TYPE_INTERFACE_Node)
            self->seeNode(id, properties);
        else if (kind == PW_TYPE_INTERFACE_Client)
            self->seeClient(id, properties);
        else if (kind == PW_TYPE_INTERFACE_Device)
            self->seeDevice(id, properties);
        else if (kind == PW_TYPE_INTERFACE_Port)
            self->callbacks.event(event::PortSeen{decode::port(id, properties)});
        else if (kind == PW_TYPE_INTERFACE_Link)
            self->callbacks.event(event::LinkSeen{decode::link(id, properties)});
    }

    static void onGlobalRemove(void* data, std::uint32_t id) noexcept {
        auto* self = static_cast<Impl*>(data);
        self->bound.erase(id);
        self->callbacks.event(event::Removed{GlobalId{id}});
    }

    pw_proxy* proxyOf(GlobalId id) const {
        const auto it = bound.find(raw(id));
        return it == bound.end() ? nullptr : it->second->proxy;
    }

    void setParam(GlobalId node, std::uint32_t param, const encode::Pod& pod) const {
        if (auto* proxy = proxyOf(node))
            pw_node_set_param(reinterpret_cast<pw_node*>(proxy), param, 0, pod.pod());
    }

    void createLink(const action::CreateLink& link) {
        // Lingering, like the one it stands for: it must outlive us.
        const std::string outNode = std::to_string(raw(link.outputNode)), outPort = std::to_string(raw(link.outputPort)),
                          inNode = std::to_string(raw(link.inputNode)), inPort = std::to_string(raw(link.inputPort));
        const spa_dict_item items[] = {
            {PW_KEY_LINK_OUTPUT_NODE, outNode.c_str()}, {PW_KEY_LINK_OUTPUT_PORT, outPort.c_str()},
            {PW_KEY_LINK_INPUT_NODE, inNode.c_str()},   {PW_KEY_LINK_INPUT_PORT, inPort.c_str()},
            {PW_KEY_OBJECT_LINGER, "true"},
        };
        const spa_dict properties = {0, 5, items};
        auto* proxy = static_cast<pw_proxy*>(
            pw_core_create_object(core, "link-factory", PW_TYPE_INTERFACE_Link, PW_VERSION_LINK, &properties, 0));
        if (proxy)
            pw_proxy_destroy(proxy);
    }
};

std::unique_ptr<Connection> Connection::open(pw_loop* loop, Callbacks callbacks) {
    static constexpr pw_core_events coreEvents = [] {
        pw_core_events events{};
        events.version = PW_VERSION_CORE_EVENTS;
        events.info = Impl::onCoreInfo;
        events.done = Impl::onCoreDone;
        events.error = Impl::onCoreError;
        return events;
    }();
    static constexpr pw_registry_events registryEvents = [] {
        pw_registry_events events{};
        events.version = PW_VERSION_REGISTRY_EVENTS;
        events.global = Impl::onGlobal;
        events.global_remove = Impl::onGlobalRemove;
        return events;
    }();

    auto impl = std::make_unique<Impl>();
    impl->callbacks = std::move(callbacks);
    // No configuration of a client's: no real-time module, no data thread, nothing but the protocol.
    impl->context = pw_context_new(loop, pw_properties_new(PW_KEY_CONFIG_NAME, "null", "context.modules.allow-empty", "true", nullptr), 0);
    if (!impl->context ||
        !pw_context_load_module(impl->context, "libpipewire-module-protocol-native", nullptr, nullptr))
        return nullptr;
    const auto connect = [&](const char* remote) {
        auto* properties =
            pw_properties_new(PW_KEY_APP_NAME, "micguardd", PW_KEY_APP_ID, "org.micguard.MicGuard1",
                              PW_KEY_MEDIA_CATEGORY, "Manager", nullptr);
        if (remote)
            pw_properties_set(properties, PW_KEY_REMOTE_NAME, remote);
        return pw_context_connect(impl->context, properties, 0);
    };
    // The manager socket, so that strict admission never keeps the guard itself waiting.
    if (!std::getenv("PIPEWIRE_REMOTE"))
        impl->core = connect("pipewire-0-manager");
    if (!impl->core)
        impl->core = connect(nullptr);
    if (!impl->core)
        return nullptr;
    pw_core_add_listener(impl->core, &impl->coreHook, &coreEvents, impl.get());
    impl->registry = pw_core_get_registry(impl->core, PW_VERSION_REGISTRY, 0);
    pw_registry_add_listener(impl->registry, &impl->registryHook, &registryEvents, impl.get());
    impl->listSync = pw_core_sync(impl->core, PW_ID_CORE, 0);

    auto connection = std::unique_ptr<Connection>(new Connection);
    connection->impl_ = std::move(impl);
    return connection;
}

Connection::~Connection() = default;

void Connection::perform(const Action& action) {
    std::visit(
        Overloaded{
            [&](const action::SetKnob& a) {
                g_debug("node %u: max-volume %g", raw(a.node), static_cast<double>(a.maxVolume));
                impl_->setParam(a.node, SPA_PARAM_Props, encode::knob(a.maxVolume, a.monitorMute));
                if (const auto it = impl_->bound.find(raw(a.node)); it != impl_->bound.end())
                    impl_->watchKnob(*it->second);
            },
            [&](const action::UpdatePermissions& a) {
                auto* proxy = impl_->proxyOf(a.client);
                if (!proxy)
                    return;
                std::vector<pw_permission> permissions;
                permissions.reserve(a.objects.size());
                for (const auto& [id, value] : a.objects) {
                    g_debug("client %u: permissions %#x on %u", raw(a.client), value, raw(id));
                    permissions.push_back({raw(id), value});
                }
                pw_client_update_permissions(reinterpret_cast<pw_client*>(proxy),
                                             static_cast<std::uint32_t>(permissions.size()), permissions.data());
            },
            [&](const action::Destroy& a) {
                g_debug("object %u: destroyed", raw(a.object));
                pw_registry_destroy(impl_->registry, raw(a.object));
            },
            [&](const action::CreateLink& a) {
                g_debug("link %u -> %u: made again", raw(a.outputPort), raw(a.inputPort));
                impl_->createLink(a);
            },
            [&](const action::SetRouteMute& a) {
                g_debug("device %u: route %u %s", raw(a.device), a.route, a.mute ? "muted" : "unmuted");
                if (auto* proxy = impl_->proxyOf(a.device))
                    pw_device_set_param(reinterpret_cast<pw_device*>(proxy), SPA_PARAM_Route, 0,
                                        encode::routeMute(a.route, a.profileDevice, a.mute).pod());
            },
            [&](const action::SetUserMute& a) {
                g_debug("node %u: user's mute %s", raw(a.node), a.mute ? "set" : "lifted");
                impl_->setParam(a.node, SPA_PARAM_Props, encode::userMute(a.mute));
            },
        },
        action);
}

void Connection::sync(std::uint64_t batch) {
    impl_->syncs.emplace_back(pw_core_sync(impl_->core, PW_ID_CORE, 0), batch);
}

} // namespace micguard
