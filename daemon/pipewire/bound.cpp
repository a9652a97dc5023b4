// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pipewire/bound.hpp"

#include "daemon/pipewire/decode.hpp"

#include <glib.h>

#include <spa/param/param.h>

#include <unistd.h>

namespace micguard {
namespace {

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

} // namespace

void Bound::onNodeInfo(void* data, const pw_node_info* info) noexcept {
    auto* self = static_cast<Bound*>(data);
    if (info->change_mask & PW_NODE_CHANGE_MASK_PROPS && info->props) {
        self->node_ = decode::node(self->id_, info->props);
        self->node_.infoKnown = true;
    }
    self->node_.maxInputs = info->max_input_ports;
    self->node_.maxOutputs = info->max_output_ports;
    self->node_.state = stateOf(info->state);
    // Whatever class it has (a telephone's music is a Stream/Output/Audio): nobody else would open it.
    if (self->node_.bornSilent)
        self->watchKnob();
    self->callbacks_.event(event::NodeInfo{self->node_});
}

void Bound::onNodeParam(void* data, int, std::uint32_t id, std::uint32_t, std::uint32_t,
                        const spa_pod* param) noexcept {
    auto* self = static_cast<Bound*>(data);
    if (id != SPA_PARAM_Props)
        return;
    const auto reading = decode::knob(param);
    if (reading)
        g_debug("node %u reads: max-volume %g, monitor-mute %d, mute %d", self->id_,
                static_cast<double>(reading->maxVolume), reading->monitorMute, reading->mute);
    if (reading)
        self->callbacks_.event(
            event::NodeKnob{GlobalId{self->id_}, *reading, static_cast<std::uint64_t>(g_get_real_time())});
}

void Bound::onDeviceInfo(void* data, const pw_device_info* info) noexcept {
    auto* self = static_cast<Bound*>(data);
    if (info->change_mask & PW_DEVICE_CHANGE_MASK_PROPS && info->props)
        self->callbacks_.event(event::DeviceSeen{decode::device(self->id_, info->props)});
    if (!(info->change_mask & PW_DEVICE_CHANGE_MASK_PARAMS))
        return;
    // Asked for at every change: a subscription is not served for a device that lives in another process, as
    // the session manager's all do (1.4.2, impl-device.c: the answers come after the listener has gone).
    for (std::uint32_t i = 0; i < info->n_params; i++)
        if (info->params[i].id == SPA_PARAM_Route && info->params[i].flags != self->routeFlags_) {
            self->routeFlags_ = info->params[i].flags;
            self->callbacks_.routesChanged(self->device_);
        }
}

void Bound::onDeviceParam(void* data, int, std::uint32_t id, std::uint32_t index, std::uint32_t,
                          const spa_pod* param) noexcept {
    auto* self = static_cast<Bound*>(data);
    if (id == SPA_PARAM_Route)
        self->callbacks_.event(event::RoutesRead{GlobalId{self->id_}, self->routes_.take(index, param)});
}

void Bound::onClientInfo(void* data, const pw_client_info* info) noexcept {
    auto* self = static_cast<Bound*>(data);
    if (!(info->change_mask & PW_CLIENT_CHANGE_MASK_PROPS) || !info->props)
        return;
    self->client_ = decode::client(self->id_, info->props);
    self->client_.infoKnown = true;
    self->callbacks_.event(event::ClientSeen{self->withFacts()});
}

void Bound::onClientPermissions(void* data, std::uint32_t index, std::uint32_t count,
                                const pw_permission* permissions) noexcept {
    auto* self = static_cast<Bound*>(data);
    if (index != 0 || count == 0)
        return;
    // The first is its default; the second is the core's, if that one has any of its own.
    const std::uint32_t any = permissions[0].permissions;
    const bool own =
        count > 1 && permissions[1].id == PW_ID_CORE && permissions[1].permissions != PW_PERM_INVALID;
    self->callbacks_.event(
        event::ClientGranted{GlobalId{self->id_}, {any, own ? permissions[1].permissions : any}});
}

std::unique_ptr<Bound> Bound::node(pw_proxy* proxy, const Node& node, const BoundCallbacks& callbacks) {
    static constexpr pw_node_events nodeEvents = [] {
        pw_node_events events{};
        events.version = PW_VERSION_NODE_EVENTS;
        events.info = onNodeInfo;
        events.param = onNodeParam;
        return events;
    }();
    std::unique_ptr<Bound> bound(new Bound(proxy, raw(node.id), &nodeEvents, callbacks));
    bound->node_ = node;
    return bound;
}

std::unique_ptr<Bound> Bound::device(pw_proxy* proxy, const Device& device, const BoundCallbacks& callbacks) {
    static constexpr pw_device_events deviceEvents = [] {
        pw_device_events events{};
        events.version = PW_VERSION_DEVICE_EVENTS;
        events.info = onDeviceInfo;
        events.param = onDeviceParam;
        return events;
    }();
    std::unique_ptr<Bound> bound(new Bound(proxy, raw(device.id), &deviceEvents, callbacks));
    bound->device_ = device;
    return bound;
}

std::unique_ptr<Bound> Bound::client(pw_proxy* proxy, std::uint32_t id, std::uint32_t pid,
                                     const std::string& securityLabel, const BoundCallbacks& callbacks) {
    static constexpr pw_client_events clientEvents = [] {
        pw_client_events events{};
        events.version = PW_VERSION_CLIENT_EVENTS;
        events.info = onClientInfo;
        events.permissions = onClientPermissions;
        return events;
    }();
    std::unique_ptr<Bound> bound(new Bound(proxy, id, &clientEvents, callbacks));
    bound->securityLabel_ = securityLabel;
    bound->process_ = readProcess(pid, "/proc", securityLabel);
    return bound;
}

Client Bound::completeClient(const spa_dict* properties) {
    client_ = decode::client(id_, properties);
    return withFacts();
}

void Bound::readAgain() {
    process_ = readProcess(client_.pid, "/proc", securityLabel_);
    if (!process_.unread)
        callbacks_.event(event::ClientSeen{withFacts()});
}

Client Bound::withFacts() const {
    Client client = client_;
    client.infoKnown = client.infoKnown && !process_.unread;
    client.executable = process_.executable;
    client.executableTrue = process_.executableTrue;
    client.executableWritable = process_.executableWritable;
    client.unit = process_.unit;
    client.unitKnown = process_.unitKnown;
    client.sandbox = process_.sandbox;
    client.sandboxId = process_.sandboxId;
    client.script = process_.script;
    client.self = client.pid == static_cast<std::uint32_t>(getpid());
    client.inServer = client.pid != 0 && client.pid == callbacks_.serverPid;
    return client;
}

void Bound::watchKnob() {
    if (knobWatched_ || !proxy_.get())
        return;
    knobWatched_ = true;
    std::uint32_t ids[] = {SPA_PARAM_Props};
    pw_node_subscribe_params(proxy_.node(), ids, 1);
}

void Bound::askGranted() const {
    pw_client_get_permissions(proxy_.client(), 0, 2);
}

void Bound::enumerateRoutes() const {
    pw_device_enum_params(proxy_.device(), 0, SPA_PARAM_Route, 0, UINT32_MAX, nullptr);
}

} // namespace micguard
