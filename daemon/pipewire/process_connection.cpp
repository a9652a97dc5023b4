// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pipewire/process_connection.hpp"

#include "daemon/pipewire/default_source.hpp"
#include "daemon/pipewire/link_request.hpp"
#include "daemon/pipewire/proxy.hpp"
#include "daemon/pipewire/routes.hpp"

#include <pipewire/extensions/metadata.h>
#include <spa/node/command.h>
#include <spa/param/param.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace micguard {
namespace {

struct Object {
    Object(ProcessConnection::Callbacks& callbacksOfOwner, GlobalId number, pw_proxy* bound,
           const void* events)
        : callbacks(callbacksOfOwner)
        , id(number)
        , proxy(bound, events, this) {}

    ProcessConnection::Callbacks& callbacks;
    GlobalId id;
    RouteReader routes;
    bool enumerating = false; // asked for its routes, and not all of them have come yet
    bool askAgain = false;    // they have changed since
    Proxy proxy;
};

// What is read of nodes is read on the main connection.
constexpr pw_node_events nodeEvents{.version = PW_VERSION_NODE_EVENTS};

void onDeviceParam(void* data, int, std::uint32_t id, std::uint32_t index, std::uint32_t,
                   const spa_pod* param) noexcept {
    auto* object = static_cast<Object*>(data);
    if (id == SPA_PARAM_Route)
        object->callbacks.routes(object->id, object->routes.take(index, param));
}

constexpr pw_device_events deviceEvents = [] {
    pw_device_events events{};
    events.version = PW_VERSION_DEVICE_EVENTS;
    events.param = onDeviceParam;
    return events;
}();

struct Target {
    GlobalId id;
    Serial serial;
    const char* type;
    std::uint32_t version;
    const void* events;
};

Target targetOf(const Node& node) {
    return {node.id, node.serial, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, &nodeEvents};
}

Target targetOf(const Device& device) {
    return {device.id, device.serial, PW_TYPE_INTERFACE_Device, PW_VERSION_DEVICE, &deviceEvents};
}

struct Task {
    std::optional<Target> target;
    std::function<void(const Proxy*)> send;
};

} // namespace

struct ProcessConnection::Impl {
    Callbacks callbacks;
    pw_core* core = nullptr;
    pw_registry* registry = nullptr;
    spa_hook coreHook{};
    spa_hook registryHook{};
    spa_hook clientHook{};
    std::optional<GlobalId> client;
    std::map<GlobalId, Serial> announced;
    std::map<GlobalId, std::unique_ptr<Object>> objects;
    std::deque<Task> waiting;
    std::deque<std::pair<int, std::function<void()>>> syncs;
    std::function<void(const Event&)> tellDefaultSource;
    std::unique_ptr<DefaultSource> defaultSource;
    bool lostTold = false;

    ~Impl() {
        defaultSource.reset();
        objects.clear();
        if (registry) {
            spa_hook_remove(&registryHook);
            pw_proxy_destroy(reinterpret_cast<pw_proxy*>(registry));
        }
        if (core) {
            spa_hook_remove(&clientHook);
            spa_hook_remove(&coreHook);
            pw_core_disconnect(core);
        }
    }

    static void onClientInfo(void* data, const pw_client_info* info) noexcept {
        static_cast<Impl*>(data)->client = GlobalId{info->id};
    }

    static void onCoreDone(void* data, std::uint32_t id, int seq) noexcept {
        auto* self = static_cast<Impl*>(data);
        if (id != PW_ID_CORE)
            return;
        // Answered in order, each of them.
        if (self->syncs.empty() || self->syncs.front().first != seq)
            return;
        const auto answered = std::move(self->syncs.front().second);
        self->syncs.pop_front();
        answered();
    }

    static void onCoreError(void* data, std::uint32_t id, int, int result, const char*) noexcept {
        auto* self = static_cast<Impl*>(data);
        if (id == PW_ID_CORE && result == -EPIPE && !std::exchange(self->lostTold, true))
            self->callbacks.lost();
    }

    static void onGlobal(void* data, std::uint32_t id, std::uint32_t, const char* type, std::uint32_t,
                         const spa_dict* properties) noexcept {
        auto* self = static_cast<Impl*>(data);
        const std::string_view kind = type;
        if (kind == PW_TYPE_INTERFACE_Node)
            self->announced[GlobalId{id}] = decode::node(id, properties).serial;
        else if (kind == PW_TYPE_INTERFACE_Device)
            self->announced[GlobalId{id}] = decode::device(id, properties).serial;
        else if (kind == PW_TYPE_INTERFACE_Metadata && self->tellDefaultSource &&
                 isDefaultMetadata(properties))
            return self->bindDefaultSource(id);
        else
            return;
        self->sendWhatCanBe();
    }

    static void onGlobalRemove(void* data, std::uint32_t id) noexcept {
        auto* self = static_cast<Impl*>(data);
        self->announced.erase(GlobalId{id});
        self->objects.erase(GlobalId{id});
        if (self->defaultSource && self->defaultSource->id() == id) {
            self->defaultSource.reset();
            self->tellDefaultSource(event::DefaultSource{""});
        }
    }

    void bindDefaultSource(std::uint32_t id) {
        auto* proxy = pw_registry_bind(registry, id, PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA, 0);
        defaultSource = DefaultSource::bind(static_cast<pw_proxy*>(proxy), id, tellDefaultSource);
    }

    const Proxy* bind(const Target& target) {
        auto& object = objects[target.id];
        if (!object) {
            auto* proxy = static_cast<pw_proxy*>(
                pw_registry_bind(registry, raw(target.id), target.type, target.version, 0));
            if (!proxy)
                return nullptr;
            object = std::make_unique<Object>(callbacks, target.id, proxy, target.events);
        }
        return object->proxy.get() ? &object->proxy : nullptr;
    }

    // A number that the server has not yet told us of cannot be bound: it takes what we ask for by the state
    // of things that we have seen (PipeWire 1.4.2, context.c, global_is_stale()).
    void sendWhatCanBe() {
        for (; !waiting.empty(); waiting.pop_front()) {
            const Task& task = waiting.front();
            if (!task.target) {
                task.send(nullptr);
                continue;
            }
            const auto seen = announced.find(task.target->id);
            if (seen == announced.end() || seen->second < task.target->serial)
                return;
            if (seen->second != task.target->serial)
                continue;
            if (const Proxy* proxy = bind(*task.target))
                task.send(proxy);
        }
    }

    void whenAnswered(std::function<void()> then) {
        syncs.emplace_back(pw_core_sync(core, PW_ID_CORE, 0), std::move(then));
    }

    // One question at a time: a device that changes all the time, and whose process reads nothing, must not fill our buffers.
    void enumerate(GlobalId device) {
        const auto it = objects.find(device);
        if (it == objects.end() || !it->second->proxy.get())
            return;
        Object& object = *it->second;
        object.callbacks.reading(device, true);
        object.askAgain = object.enumerating;
        if (std::exchange(object.enumerating, true))
            return;
        pw_device_enum_params(object.proxy.device(), 0, SPA_PARAM_Route, 0, UINT32_MAX, nullptr);
        whenAnswered([this, device, serial = announced[device]] {
            const auto asked = objects.find(device);
            if (asked == objects.end() || announced[device] != serial)
                return;
            asked->second->enumerating = false;
            if (std::exchange(asked->second->askAgain, false))
                enumerate(device);
            else
                asked->second->callbacks.reading(device, false);
        });
    }

    void send(std::optional<Target> target, std::function<void(const Proxy*)> how) {
        waiting.push_back({target, std::move(how)});
        sendWhatCanBe();
    }
};

std::unique_ptr<ProcessConnection> ProcessConnection::open(pw_context* context, pw_properties* properties) {
    static constexpr pw_core_events coreEvents = [] {
        pw_core_events events{};
        events.version = PW_VERSION_CORE_EVENTS;
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
    static constexpr pw_client_events clientEvents = [] {
        pw_client_events events{};
        events.version = PW_VERSION_CLIENT_EVENTS;
        events.info = Impl::onClientInfo;
        return events;
    }();
    auto impl = std::make_unique<Impl>();
    impl->core = pw_context_connect(context, properties, 0);
    if (!impl->core)
        return nullptr;
    pw_core_add_listener(impl->core, &impl->coreHook, &coreEvents, impl.get());
    pw_client_add_listener(pw_core_get_client(impl->core), &impl->clientHook, &clientEvents, impl.get());
    impl->registry = pw_core_get_registry(impl->core, PW_VERSION_REGISTRY, 0);
    pw_registry_add_listener(impl->registry, &impl->registryHook, &registryEvents, impl.get());
    auto connection = std::unique_ptr<ProcessConnection>(new ProcessConnection);
    connection->impl_ = std::move(impl);
    return connection;
}

ProcessConnection::~ProcessConnection() = default;

void ProcessConnection::serve(Callbacks callbacks) {
    impl_->callbacks = std::move(callbacks);
}

void ProcessConnection::setParam(const Node& node, std::uint32_t param, encode::Pod pod) {
    impl_->send(targetOf(node), [param, pod = std::move(pod)](const Proxy* proxy) {
        pw_node_set_param(proxy->node(), param, 0, pod.pod());
    });
}

void ProcessConnection::setParam(const Device& device, std::uint32_t param, encode::Pod pod) {
    impl_->send(targetOf(device), [param, pod = std::move(pod)](const Proxy* proxy) {
        pw_device_set_param(proxy->device(), param, 0, pod.pod());
    });
}

void ProcessConnection::suspend(const Node& node) {
    impl_->send(targetOf(node), [](const Proxy* proxy) {
        const spa_command command = SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Suspend);
        pw_node_send_command(proxy->node(), &command);
    });
}

void ProcessConnection::destroy(GlobalId object) {
    impl_->send(std::nullopt, [impl = impl_.get(), object](const Proxy*) {
        pw_registry_destroy(impl->registry, raw(object));
    });
}

void ProcessConnection::createLink(const action::CreateLink& link) {
    impl_->send(std::nullopt, [impl = impl_.get(), link](const Proxy*) {
        if (pw_proxy* proxy = askForLink(impl->core, link))
            pw_proxy_destroy(proxy);
    });
}

void ProcessConnection::enumerateRoutes(const Device& device) {
    impl_->send(targetOf(device),
                [impl = impl_.get(), id = device.id](const Proxy*) { impl->enumerate(id); });
}

void ProcessConnection::watchDefaultSource(std::function<void(const Event&)> tell) {
    impl_->tellDefaultSource = std::move(tell);
}

bool ProcessConnection::isReading() const {
    return std::any_of(impl_->objects.begin(), impl_->objects.end(),
                       [](const auto& entry) { return entry.second && entry.second->enumerating; });
}

std::optional<GlobalId> ProcessConnection::client() const {
    return impl_->client;
}

void ProcessConnection::sync(std::uint64_t batch) {
    impl_->send(std::nullopt, [impl = impl_.get(), batch](const Proxy*) {
        impl->whenAnswered([impl, batch] { impl->callbacks.answered(batch); });
    });
}

void ProcessConnection::forget(GlobalId object) {
    std::erase_if(impl_->waiting, [&](const Task& task) { return task.target && task.target->id == object; });
    impl_->objects.erase(object);
    impl_->sendWhatCanBe();
}

} // namespace micguard
