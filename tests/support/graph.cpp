// SPDX-License-Identifier: GPL-3.0-or-later
// The tests' PipeWire connection: a registry mirror behind a mutex, and object creation.
#include "tests/support/graph.hpp"

#include <pipewire/pipewire.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <stdexcept>

namespace micguard::test {

std::string GraphObject::property(const std::string& key) const {
    const auto found = properties.find(key);
    return found != properties.end() ? found->second : std::string();
}

namespace {

void mergeProperties(PropertyMap& into, const spa_dict* dict) {
    if (dict == nullptr)
        return;
    const spa_dict_item* item = nullptr;
    spa_dict_for_each(item, dict) {
        if (item->value != nullptr)
            into[item->key] = item->value;
        else
            into.erase(item->key);
    }
}

pw_properties* toProperties(const PropertyMap& map) {
    pw_properties* result = pw_properties_new(nullptr, nullptr);
    for (const auto& [key, value] : map)
        pw_properties_set(result, key.c_str(), value.c_str());
    return result;
}

std::uint32_t numberOf(const GraphObject& object, const std::string& key) {
    return static_cast<std::uint32_t>(std::strtoul(object.property(key).c_str(), nullptr, 10));
}

const GraphObject* findNode(const GraphObjects& objects, const std::string& name) {
    for (const auto& [id, object] : objects)
        if (object.type == "Node" && object.property("node.name") == name)
            return &object;
    return nullptr;
}

std::vector<GraphObject> portsOf(const GraphObjects& objects, std::uint32_t node,
                                 const std::string& direction) {
    std::vector<GraphObject> result;
    for (const auto& [id, object] : objects)
        if (object.type == "Port" && object.property("node.id") == std::to_string(node) &&
            object.property("port.direction") == direction)
            result.push_back(object);
    return result;
}

class LoopLock {
  public:
    explicit LoopLock(pw_thread_loop* loop)
        : loop_(loop) {
        pw_thread_loop_lock(loop_);
    }
    ~LoopLock() { pw_thread_loop_unlock(loop_); }
    LoopLock(const LoopLock&) = delete;

  private:
    pw_thread_loop* loop_;
};

} // namespace

struct Graph::Impl {
    struct Bound {
        Impl* owner = nullptr;
        std::uint32_t id = 0;
        pw_proxy* proxy = nullptr;
        spa_hook proxyHook{};
        spa_hook objectHook{};
    };
    struct Created {
        Impl* owner = nullptr;
        pw_proxy* proxy = nullptr;
        spa_hook hook{};
        std::optional<std::uint32_t> id;
        std::string error;
        bool gone = false;
    };

    mutable std::mutex mutex;
    mutable std::condition_variable changed;
    GraphObjects objects; // under mutex
    std::set<std::pair<std::string, std::string>>
        linked;               // pairs of nodes of whose link we were told; under mutex
    bool alive = false;       // under mutex
    mutable int lastSync = 0; // sequence asked for; touched under the loop's lock
    int doneSync = 0;         // under mutex
    std::map<std::uint32_t, std::unique_ptr<Bound>> bound; // loop thread, or under the loop's lock
    std::vector<std::unique_ptr<Created>> created;         // under the loop's lock
    std::set<std::pair<std::string, std::string>>
        kept; // pairs of nodes to be kept linked; under the loop's lock
    std::set<std::pair<std::uint32_t, std::uint32_t>>
        asked; // pairs of ports that we have asked to be linked; likewise

    pw_thread_loop* loop = nullptr;
    pw_context* context = nullptr;
    pw_core* core = nullptr;
    pw_registry* registry = nullptr;
    spa_hook coreHook{};
    spa_hook registryHook{};

    void note(const std::function<void()>& change) {
        {
            const std::lock_guard lock(mutex);
            change();
        }
        changed.notify_all();
    }

    static void onGlobal(void* data, uint32_t id, uint32_t, const char* type, uint32_t,
                         const spa_dict* props) noexcept;
    static void onInfo(Bound& bound, const spa_dict* props, const char* state) noexcept;
    void bind(std::uint32_t id, const char* type);
    void mend(); // on the loop's thread or under its lock

    static const pw_core_events kCoreEvents;
    static const pw_registry_events kRegistryEvents;
    static const pw_node_events kNodeEvents;
    static const pw_client_events kClientEvents;
    static const pw_proxy_events kCreatedEvents;
    static const pw_proxy_events kBoundEvents;
};

void Graph::Impl::onInfo(Bound& bound, const spa_dict* props, const char* state) noexcept {
    Impl& self = *bound.owner;
    self.note([&] {
        const auto found = self.objects.find(bound.id);
        if (found == self.objects.end())
            return;
        mergeProperties(found->second.properties, props);
        if (state != nullptr)
            found->second.state = state;
    });
}

const pw_node_events Graph::Impl::kNodeEvents = {
    .version = PW_VERSION_NODE_EVENTS,
    .info =
        [](void* data, const pw_node_info* info) noexcept {
            onInfo(*static_cast<Bound*>(data), info->props, pw_node_state_as_string(info->state));
        },
    .param = nullptr,
};

const pw_client_events Graph::Impl::kClientEvents = {
    .version = PW_VERSION_CLIENT_EVENTS,
    .info =
        [](void* data, const pw_client_info* info) noexcept {
            onInfo(*static_cast<Bound*>(data), info->props, nullptr);
        },
    .permissions = nullptr,
};

const pw_proxy_events Graph::Impl::kBoundEvents = {
    .version = PW_VERSION_PROXY_EVENTS,
    .destroy =
        [](void* data) noexcept {
            auto* self = static_cast<Bound*>(data);
            spa_hook_remove(&self->objectHook);
            spa_hook_remove(&self->proxyHook);
            self->owner->bound.erase(self->id);
        },
    .removed = [](void* data) noexcept { pw_proxy_destroy(static_cast<Bound*>(data)->proxy); },
};

const pw_proxy_events Graph::Impl::kCreatedEvents = {
    .version = PW_VERSION_PROXY_EVENTS,
    .destroy =
        [](void* data) noexcept {
            auto* self = static_cast<Created*>(data);
            spa_hook_remove(&self->hook);
            self->owner->note([self] { self->gone = true; });
            self->proxy = nullptr;
        },
    .bound =
        [](void* data, uint32_t id) noexcept {
            auto* self = static_cast<Created*>(data);
            self->owner->note([self, id] { self->id = id; });
        },
    .removed = [](void* data) noexcept { pw_proxy_destroy(static_cast<Created*>(data)->proxy); },
    .error =
        [](void* data, int, int, const char* message) noexcept {
            auto* self = static_cast<Created*>(data);
            self->owner->note(
                [self, message] { self->error = message != nullptr ? message : "unknown error"; });
        },
};

void Graph::Impl::bind(std::uint32_t id, const char* type) {
    // An id that is told of again: used anew before the end of its former object, whose hooks are still in its lists, was told, or
    // hidden from us and shown again.
    if (const auto former = bound.find(id); former != bound.end())
        pw_proxy_destroy(former->second->proxy);
    auto entry = std::make_unique<Bound>();
    entry->owner = this;
    entry->id = id;
    const bool isNode = std::string(type) == PW_TYPE_INTERFACE_Node;
    entry->proxy = static_cast<pw_proxy*>(
        pw_registry_bind(registry, id, type, isNode ? PW_VERSION_NODE : PW_VERSION_CLIENT, 0));
    if (entry->proxy == nullptr)
        return;
    pw_proxy_add_listener(entry->proxy, &entry->proxyHook, &kBoundEvents, entry.get());
    if (isNode)
        pw_node_add_listener(reinterpret_cast<pw_node*>(entry->proxy), &entry->objectHook, &kNodeEvents,
                             entry.get());
    else
        pw_client_add_listener(reinterpret_cast<pw_client*>(entry->proxy), &entry->objectHook, &kClientEvents,
                               entry.get());
    bound[id] = std::move(entry);
}

void Graph::Impl::mend() {
    const std::lock_guard lock(mutex);
    for (const auto& [outputNode, inputNode] : kept) {
        const GraphObject* from = findNode(objects, outputNode);
        const GraphObject* to = findNode(objects, inputNode);
        if (from == nullptr || to == nullptr)
            continue;
        const auto outputs = portsOf(objects, from->id, "out");
        const auto inputs = portsOf(objects, to->id, "in");
        for (std::size_t i = 0; i < inputs.size() && !outputs.empty(); ++i) {
            const std::uint32_t output = outputs[std::min(i, outputs.size() - 1)].id;
            if (!asked.emplace(output, inputs[i].id).second)
                continue;
            pw_properties* properties = toProperties({{"link.output.port", std::to_string(output)},
                                                      {"link.input.port", std::to_string(inputs[i].id)},
                                                      {"object.linger", "true"}});
            auto* proxy = static_cast<pw_proxy*>(pw_core_create_object(
                core, "link-factory", PW_TYPE_INTERFACE_Link, PW_VERSION_LINK, &properties->dict, 0));
            pw_properties_free(properties);
            // The link is watched through the registry, and lingers; nothing is left to do with its proxy.
            if (proxy != nullptr)
                pw_proxy_destroy(proxy);
        }
    }
}

void Graph::Impl::onGlobal(void* data, uint32_t id, uint32_t, const char* type, uint32_t,
                           const spa_dict* props) noexcept {
    auto& self = *static_cast<Impl*>(data);
    const std::string full(type);
    GraphObject object;
    object.id = id;
    object.type = full.substr(full.rfind(':') + 1);
    mergeProperties(object.properties, props);
    self.note([&] {
        self.objects[id] = object;
        if (object.type != "Link")
            return;
        const auto from = self.objects.find(numberOf(object, "link.output.node")),
                   to = self.objects.find(numberOf(object, "link.input.node"));
        if (from != self.objects.end() && to != self.objects.end())
            self.linked.emplace(from->second.property("node.name"), to->second.property("node.name"));
    });
    if (object.type == "Node" || object.type == "Client")
        self.bind(id, type);
    if (object.type == "Port")
        self.mend();
}

const pw_registry_events Graph::Impl::kRegistryEvents = {
    .version = PW_VERSION_REGISTRY_EVENTS,
    .global = &Graph::Impl::onGlobal,
    .global_remove =
        [](void* data, uint32_t id) noexcept {
            auto& self = *static_cast<Impl*>(data);
            self.note([&] { self.objects.erase(id); });
            if (!self.kept.empty()) {
                std::erase_if(self.asked,
                              [id](const auto& pair) { return pair.first == id || pair.second == id; });
                self.mend();
            }
        },
};

const pw_core_events Graph::Impl::kCoreEvents = {
    .version = PW_VERSION_CORE_EVENTS,
    .done =
        [](void* data, uint32_t id, int seq) noexcept {
            auto& self = *static_cast<Impl*>(data);
            if (id == PW_ID_CORE)
                self.note([&] { self.doneSync = seq; });
        },
    .error =
        [](void* data, uint32_t id, int, int result, const char*) noexcept {
            auto& self = *static_cast<Impl*>(data);
            if (id == PW_ID_CORE && result == -EPIPE)
                self.note([&] {
                    self.alive = false;
                    self.objects.clear();
                });
        },
};

Graph::Graph(const std::string& socket, const PropertyMap& clientProperties)
    : impl_(std::make_unique<Impl>()) {
    pw_init(nullptr, nullptr);
    impl_->loop = pw_thread_loop_new("mg-test-graph", nullptr);
    impl_->context =
        pw_context_new(pw_thread_loop_get_loop(impl_->loop), toProperties({{"module.rt", "false"}}), 0);
    PropertyMap properties = clientProperties;
    properties["remote.name"] = socket;
    properties.emplace("application.name", "micguard test support");
    impl_->core = pw_context_connect(impl_->context, toProperties(properties), 0);
    if (impl_->core == nullptr) {
        const std::string reason = std::string("cannot connect to ") + socket + ": " + std::strerror(errno);
        pw_context_destroy(impl_->context);
        pw_thread_loop_destroy(impl_->loop);
        pw_deinit();
        throw std::runtime_error(reason);
    }
    impl_->alive = true;
    pw_core_add_listener(impl_->core, &impl_->coreHook, &Impl::kCoreEvents, impl_.get());
    impl_->registry = pw_core_get_registry(impl_->core, PW_VERSION_REGISTRY, 0);
    pw_registry_add_listener(impl_->registry, &impl_->registryHook, &Impl::kRegistryEvents, impl_.get());
    pw_thread_loop_start(impl_->loop);
    sync();
}

Graph::~Graph() {
    pw_thread_loop_stop(impl_->loop);
    // Destroying the core destroys every proxy, whose destroy events tidy up the lists.
    spa_hook_remove(&impl_->registryHook);
    pw_proxy_destroy(reinterpret_cast<pw_proxy*>(impl_->registry));
    spa_hook_remove(&impl_->coreHook);
    pw_core_disconnect(impl_->core);
    pw_context_destroy(impl_->context);
    pw_thread_loop_destroy(impl_->loop);
    pw_deinit();
}

bool Graph::connected() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->alive;
}

GraphObjects Graph::objects() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->objects;
}

bool Graph::waitFor(const std::function<bool(const GraphObjects&)>& predicate, Milliseconds timeout) const {
    std::unique_lock lock(impl_->mutex);
    bool holds = false;
    impl_->changed.wait_for(lock, timeout,
                            [&] { return (holds = predicate(impl_->objects)) || !impl_->alive; });
    return holds;
}

void Graph::sync() const {
    int sequence = 0;
    {
        const LoopLock lock(impl_->loop);
        sequence = pw_core_sync(impl_->core, PW_ID_CORE, impl_->lastSync++);
    }
    std::unique_lock lock(impl_->mutex);
    // Sequence numbers wrap; their difference does not mind.
    const bool done = impl_->changed.wait_for(
        lock, kPatience, [&] { return impl_->doneSync - sequence >= 0 || !impl_->alive; });
    if (!done || !impl_->alive)
        throw std::runtime_error("the PipeWire server does not answer");
}

std::optional<GraphObject> Graph::node(const std::string& name) const {
    const std::lock_guard lock(impl_->mutex);
    const GraphObject* found = findNode(impl_->objects, name);
    return found != nullptr ? std::optional(*found) : std::nullopt;
}

GraphObject Graph::waitForNode(const std::string& name, Milliseconds timeout) const {
    std::optional<GraphObject> result;
    const bool there = waitFor(
        [&](const GraphObjects& objects) {
            const GraphObject* found = findNode(objects, name);
            if (found != nullptr)
                result = *found;
            return found != nullptr;
        },
        timeout);
    if (!there)
        throw std::runtime_error("node " + name + " did not appear");
    return *result;
}

bool Graph::waitForNoNode(const std::string& name, Milliseconds timeout) const {
    return waitFor([&](const GraphObjects& objects) { return findNode(objects, name) == nullptr; }, timeout);
}

std::uint32_t Graph::create(const std::string& factory, const char* type, const PropertyMap& properties) {
    Impl::Created* entry = nullptr;
    pw_properties* sent = toProperties(properties);
    {
        const LoopLock lock(impl_->loop);
        auto fresh = std::make_unique<Impl::Created>();
        fresh->owner = impl_.get();
        fresh->proxy = static_cast<pw_proxy*>(
            pw_core_create_object(impl_->core, factory.c_str(), type, PW_VERSION_NODE, &sent->dict, 0));
        if (fresh->proxy != nullptr) {
            pw_proxy_add_listener(fresh->proxy, &fresh->hook, &Impl::kCreatedEvents, fresh.get());
            entry = fresh.get();
            impl_->created.push_back(std::move(fresh));
        }
    }
    pw_properties_free(sent);
    if (entry == nullptr)
        throw std::runtime_error("cannot send create-object for " + factory);
    std::unique_lock lock(impl_->mutex);
    impl_->changed.wait_for(lock, kPatience, [&] {
        return !impl_->alive || entry->gone || !entry->error.empty() ||
               (entry->id && impl_->objects.contains(*entry->id));
    });
    if (entry->id && impl_->objects.contains(*entry->id))
        return *entry->id;
    throw std::runtime_error("factory " + factory + ": " +
                             (entry->error.empty() ? "no answer" : entry->error));
}

void Graph::destroy(std::uint32_t id) {
    {
        const LoopLock lock(impl_->loop);
        pw_registry_destroy(impl_->registry, id);
    }
    sync();
}

std::vector<std::uint32_t> Graph::link(const std::string& outputNode, const std::string& inputNode,
                                       Milliseconds timeout) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
    const bool ready = waitFor(
        [&](const GraphObjects& objects) {
            const GraphObject* from = findNode(objects, outputNode);
            const GraphObject* to = findNode(objects, inputNode);
            if (from == nullptr || to == nullptr)
                return false;
            const auto outputs = portsOf(objects, from->id, "out");
            const auto inputs = portsOf(objects, to->id, "in");
            if (outputs.empty() || inputs.empty())
                return false;
            pairs.clear();
            for (std::size_t i = 0; i < inputs.size(); ++i)
                pairs.emplace_back(outputs[std::min(i, outputs.size() - 1)].id, inputs[i].id);
            return true;
        },
        timeout);
    if (!ready)
        throw std::runtime_error("no ports to link from " + outputNode + " to " + inputNode);
    std::vector<std::uint32_t> result;
    for (const auto& [output, input] : pairs)
        result.push_back(create("link-factory", PW_TYPE_INTERFACE_Link,
                                {{"link.output.port", std::to_string(output)},
                                 {"link.input.port", std::to_string(input)},
                                 {"object.linger", "true"}}));
    return result;
}

void Graph::keepLinked(const std::string& outputNode, const std::string& inputNode, Milliseconds timeout) {
    const auto isLinked = [&](const GraphObjects& objects) {
        const GraphObject* from = findNode(objects, outputNode);
        const GraphObject* to = findNode(objects, inputNode);
        if (from == nullptr || to == nullptr)
            return false;
        for (const auto& [id, object] : objects)
            if (object.type == "Link" && object.property("link.output.node") == std::to_string(from->id) &&
                object.property("link.input.node") == std::to_string(to->id))
                return true;
        return false;
    };
    // By what we were told, and not only by how things stand when we look: a link that somebody takes away at once was there.
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->linked.erase({outputNode, inputNode});
    }
    const auto wasLinked = [&](const GraphObjects& objects) {
        return isLinked(objects) || impl_->linked.contains({outputNode, inputNode});
    };
    // A link that meets its ports while they are being configured is lost without a word about the ports, so it is
    // asked for again until it was there once.
    constexpr int attempts = 20;
    for (int attempt = 0; attempt < attempts; attempt++) {
        {
            const LoopLock lock(impl_->loop);
            impl_->kept.emplace(outputNode, inputNode);
            impl_->asked.clear();
            impl_->mend();
        }
        if (waitFor(wasLinked, timeout / attempts))
            return;
    }
    throw std::runtime_error("no link from " + outputNode + " to " + inputNode);
}

void Graph::letGo(const std::string& outputNode, const std::string& inputNode) {
    const LoopLock lock(impl_->loop);
    impl_->kept.erase({outputNode, inputNode});
}

void Graph::setNodeVolume(std::uint32_t id, float volume) {
    std::uint8_t buffer[256];
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, buffer, sizeof(buffer));
    auto* pod = static_cast<const spa_pod*>(spa_pod_builder_add_object(
        &builder, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props, SPA_PROP_volume, SPA_POD_Float(volume)));
    {
        const LoopLock lock(impl_->loop);
        const auto found = impl_->bound.find(id);
        if (found == impl_->bound.end())
            throw std::runtime_error("no node " + std::to_string(id));
        pw_node_set_param(reinterpret_cast<pw_node*>(found->second->proxy), SPA_PARAM_Props, 0, pod);
    }
    sync();
}

} // namespace micguard::test
