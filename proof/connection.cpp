// SPDX-License-Identifier: GPL-3.0-or-later
#include "proof/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace micguard::proof {

namespace {

// Far above what anybody has; names are the other clients' to choose, and so is how many there are.
constexpr std::size_t mostNodes = 4096;
constexpr std::size_t mostPorts = 256; // of one node

void merge(Properties& into, const spa_dict* from) {
    const spa_dict_item* item = nullptr;
    if (from != nullptr)
        spa_dict_for_each(item, from) into[item->key] = item->value != nullptr ? item->value : "";
}

std::uint32_t number(const Properties& from, const char* key) {
    const auto found = from.find(key);
    return found == from.end() ? PW_ID_ANY
                               : static_cast<std::uint32_t>(std::strtoul(found->second.c_str(), nullptr, 10));
}

} // namespace

std::string SeenNode::property(const std::string& key) const {
    const auto found = properties.find(key);
    return found == properties.end() ? std::string() : found->second;
}

std::vector<std::uint32_t> SeenNode::portsOf(bool output) const {
    std::vector<const SeenPort*> found;
    for (const auto& [key, port] : ports)
        if (port.output == output)
            found.push_back(&port);
    std::sort(found.begin(), found.end(), [](const SeenPort* a, const SeenPort* b) {
        return std::pair(a->number, a->id) < std::pair(b->number, b->id);
    });
    std::vector<std::uint32_t> ids;
    ids.reserve(found.size());
    for (const SeenPort* port : found)
        ids.push_back(port->id);
    return ids;
}

Loop::Loop()
    : loop_(pw_thread_loop_new("micguard-verify", nullptr))
    , context_(loop_ ? pw_context_new(pw_thread_loop_get_loop(loop_), nullptr, 0) : nullptr) {
    if (context_ == nullptr || pw_thread_loop_start(loop_) < 0)
        throw std::runtime_error(std::string("libpipewire cannot be started: ") + strerror(errno));
}

Loop::~Loop() {
    pw_thread_loop_stop(loop_);
    pw_context_destroy(context_);
    pw_thread_loop_destroy(loop_);
}

const pw_core_events Connection::coreEvents = {
    .version = PW_VERSION_CORE_EVENTS,
    .done =
        [](void* data, std::uint32_t id, int sequence) noexcept {
            auto& self = *static_cast<Connection*>(data);
            if (id != PW_ID_CORE)
                return;
            self.done_ = sequence;
            pw_thread_loop_signal(self.loop_.get(), false);
        },
    .error =
        [](void* data, std::uint32_t id, int, int result, const char*) noexcept {
            auto& self = *static_cast<Connection*>(data);
            if (id == PW_ID_CORE && result == -EPIPE)
                self.lost_ = true;
            pw_thread_loop_signal(self.loop_.get(), false);
        },
};

const pw_registry_events Connection::registryEvents = {
    .version = PW_VERSION_REGISTRY_EVENTS,
    .global =
        [](void* data, std::uint32_t id, std::uint32_t, const char* type, std::uint32_t,
           const spa_dict* properties) noexcept {
            static_cast<Connection*>(data)->seen(id, type, properties);
        },
    .global_remove = [](void* data,
                        std::uint32_t id) noexcept { static_cast<Connection*>(data)->removed(id); },
};

const pw_node_events Connection::nodeEvents = {
    .version = PW_VERSION_NODE_EVENTS,
    .info =
        [](void* data, const pw_node_info* info) noexcept {
            const auto& bound = *static_cast<Bound*>(data);
            if (SeenNode* node = bound.owner->visibleNode(bound.id);
                node != nullptr && info->props != nullptr)
                merge(node->properties, info->props);
        },
};

SeenNode* Connection::visibleNode(std::uint32_t id) {
    const auto serial = serials_.find(id);
    if (serial == serials_.end())
        return nullptr;
    return &nodes_.at(serial->second);
}

const SeenNode* Connection::node(std::uint32_t id) const {
    const auto serial = serials_.find(id);
    return serial == serials_.end() ? nullptr : &nodes_.at(serial->second);
}

void Connection::seen(std::uint32_t id, const char* type, const spa_dict* dict) {
    Properties properties;
    merge(properties, dict);
    if (std::strcmp(type, PW_TYPE_INTERFACE_Node) == 0) {
        const std::string serial = properties["object.serial"];
        if (serial.empty() || (nodes_.size() >= mostNodes && !nodes_.contains(serial)))
            return;
        SeenNode& node = nodes_[serial];
        node.id = id;
        node.serial = serial;
        node.visible = true;
        for (auto& [key, value] : properties)
            node.properties[key] = std::move(value);
        serials_[id] = serial;
        Bound& bound = bound_[id];
        bound.owner = this;
        bound.id = id;
        bound.proxy = static_cast<pw_proxy*>(pw_registry_bind(registry_, id, type, PW_VERSION_NODE, 0));
        if (bound.proxy != nullptr)
            pw_node_add_listener(reinterpret_cast<pw_node*>(bound.proxy), &bound.hook, &nodeEvents, &bound);
        else
            bound_.erase(id);
    } else if (std::strcmp(type, PW_TYPE_INTERFACE_Port) == 0) {
        SeenNode* node = visibleNode(number(properties, "node.id"));
        if (node == nullptr || (node->ports.size() >= mostPorts && !node->ports.contains(id)))
            return;
        // The id of one that is gone for good can be used again: not to be taken for it.
        for (auto& entry : nodes_)
            if (&entry.second != node)
                std::erase_if(entry.second.ports,
                              [&](const auto& port) { return port.first == id && !port.second.visible; });
        node->ports[id] = {id, number(properties, "port.id"), properties["port.direction"] == "out", true};
        portsOf_[id] = node->serial;
    } else if (std::strcmp(type, PW_TYPE_INTERFACE_Link) == 0) {
        links_[id] = {number(properties, "link.output.node"), number(properties, "link.input.node")};
    }
}

void Connection::removed(std::uint32_t id) {
    if (const auto bound = bound_.find(id); bound != bound_.end()) {
        spa_hook_remove(&bound->second.hook);
        pw_proxy_destroy(bound->second.proxy);
        bound_.erase(bound);
    }
    if (const auto serial = serials_.find(id); serial != serials_.end()) {
        nodes_.at(serial->second).visible = false;
        serials_.erase(serial);
    }
    if (const auto serial = portsOf_.find(id); serial != portsOf_.end()) {
        nodes_.at(serial->second).ports.at(id).visible = false;
        portsOf_.erase(serial);
    }
    links_.erase(id);
}

tl::expected<std::unique_ptr<Connection>, std::string> Connection::open(Loop& loop, const std::string& name) {
    pw_properties* properties = pw_properties_new(PW_KEY_APP_NAME, name.c_str(), nullptr);
    std::unique_ptr<Connection> self(new Connection(loop));
    self->core_ = pw_context_connect(loop.context(), properties, 0);
    if (self->core_ == nullptr)
        return tl::unexpected("PipeWire cannot be reached: " + std::string(strerror(errno)));
    pw_core_add_listener(self->core_, &self->coreHook_, &coreEvents, self.get());
    self->registry_ = pw_core_get_registry(self->core_, PW_VERSION_REGISTRY, 0);
    pw_registry_add_listener(self->registry_, &self->registryHook_, &registryEvents, self.get());
    return self;
}

Connection::~Connection() {
    if (core_ == nullptr)
        return;
    for (auto& [id, bound] : bound_) {
        spa_hook_remove(&bound.hook);
        pw_proxy_destroy(bound.proxy);
    }
    spa_hook_remove(&registryHook_);
    pw_proxy_destroy(reinterpret_cast<pw_proxy*>(registry_));
    spa_hook_remove(&coreHook_);
    pw_core_disconnect(core_);
}

bool Connection::roundTrip(std::chrono::milliseconds patience) {
    const Lock lock(loop_);
    timespec until{};
    pw_thread_loop_get_time(loop_.get(), &until, patience.count() * 1'000'000);
    // Twice: what is seen is bound, and tells more of itself.
    for (int round = 0; round < 2; ++round) {
        const int sequence = pw_core_sync(core_, PW_ID_CORE, 0);
        while (!lost_ && done_ != sequence)
            if (pw_thread_loop_timed_wait_full(loop_.get(), &until) < 0)
                return false;
    }
    return !lost_;
}

const pw_proxy_events Links::events = {
    .version = PW_VERSION_PROXY_EVENTS,
    .destroy =
        [](void* data) noexcept {
            auto& link = *static_cast<Link*>(data);
            spa_hook_remove(&link.hook);
            link.proxy = nullptr;
        },
    .removed = [](void* data) noexcept { pw_proxy_destroy(static_cast<Link*>(data)->proxy); },
    .error =
        [](void* data, int, int, const char*) noexcept {
            auto& link = *static_cast<Link*>(data);
            link.owner->notBefore_ = std::chrono::steady_clock::now() + patience;
            if (link.proxy != nullptr)
                pw_proxy_destroy(link.proxy);
        },
};

Links::~Links() {
    for (Link& link : links_)
        if (link.proxy != nullptr)
            pw_proxy_destroy(link.proxy);
}

void Links::want(const std::vector<Properties>& wishes) {
    links_.remove_if([](const Link& link) { return link.proxy == nullptr; });
    const auto now = std::chrono::steady_clock::now();
    if (now < notBefore_)
        return;
    for (const Properties& wish : wishes) {
        if (std::any_of(links_.begin(), links_.end(), [&](const Link& link) { return link.wish == wish; }))
            continue;
        std::vector<spa_dict_item> items;
        items.reserve(wish.size());
        for (const auto& [key, value] : wish)
            items.push_back({key.c_str(), value.c_str()});
        const spa_dict properties{0, static_cast<std::uint32_t>(items.size()), items.data()};
        auto* proxy = static_cast<pw_proxy*>(pw_core_create_object(
            connection_.core(), "link-factory", PW_TYPE_INTERFACE_Link, PW_VERSION_LINK, &properties, 0));
        if (proxy == nullptr)
            continue;
        Link& link = links_.emplace_back();
        link.owner = this;
        link.wish = wish;
        link.proxy = proxy;
        pw_proxy_add_listener(proxy, &link.hook, &events, &link);
    }
}

pw_properties* toProperties(const Properties& from) {
    pw_properties* properties = pw_properties_new(nullptr, nullptr);
    for (const auto& [key, value] : from)
        pw_properties_set(properties, key.c_str(), value.c_str());
    return properties;
}

} // namespace micguard::proof
