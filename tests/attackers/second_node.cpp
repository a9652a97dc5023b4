// SPDX-License-Identifier: GPL-3.0-or-later
// Has the server make a second node for the same device: every property of the microphone under another name, and listens
// to that. Tier 2 (careless); with --media-class, which claims that the second node is no microphone, tier 4; with --raw
// the node comes without an adapter, so that no volume of the server's reaches it; with --as-guard it outlives its maker
// (object.linger), for which the server believes any client.id it is told: it names the guard's, tier 3; with --knob its maker
// writes what the guard writes on it, 100 times a second, tier 3.
#include "tests/attackers/client.hpp"
#include "tests/attackers/victim.hpp"

#include <spa/param/props.h>
#include <spa/pod/builder.h>

#include <array>
#include <cstddef>

namespace micguard::attack {
namespace {

constexpr const char* second = "second_node.source";
constexpr const char* own = "second_node.listener";

struct NodeInfo {
    Properties properties;
    bool known = false;
};

void onInfo(void* data, const pw_node_info* info) noexcept {
    auto& node = *static_cast<NodeInfo*>(data);
    const spa_dict_item* item = nullptr;
    spa_dict_for_each(item, info->props) node.properties[item->key] =
        item->value != nullptr ? item->value : "";
    node.known = true;
}

const pw_node_events nodeEvents = {.version = PW_VERSION_NODE_EVENTS, .info = onInfo};

// What the device is opened with. Known once, it needs no sight of the microphone any more.
Properties deviceOf(Connection& connection, const std::string& source) {
    NodeInfo node;
    connection.loop().runUntil([&] { return connection.node(source).has_value(); }, std::chrono::seconds(5));
    const auto global = connection.node(source);
    pw_proxy* proxy = global ? connection.bind(*global, PW_VERSION_NODE) : nullptr;
    if (proxy == nullptr)
        return {};
    spa_hook hook{};
    pw_proxy_add_object_listener(proxy, &hook, &nodeEvents, &node);
    connection.loop().runUntil([&] { return node.known; }, std::chrono::seconds(5));
    if (connection.node(source))
        spa_hook_remove(&hook);
    for (const char* key : {"object.id", "object.serial", "client.id", "factory.id", "node.loop.name",
                            "node.group", "node.link-group", "object.path"})
        node.properties.erase(key);
    return node.properties;
}

void turnUp(pw_proxy* node) {
    std::array<std::byte, 512> memory{};
    spa_pod_builder b{};
    spa_pod_builder_init(&b, memory.data(), memory.size());
    spa_pod_frame object{}, params{};
    spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
    spa_pod_builder_prop(&b, SPA_PROP_params, 0);
    spa_pod_builder_push_struct(&b, &params);
    spa_pod_builder_string(&b, "channelmix.max-volume");
    spa_pod_builder_float(&b, 10.0F);
    spa_pod_builder_pop(&b, &params);
    pw_node_set_param(reinterpret_cast<pw_node*>(node), SPA_PARAM_Props, 0,
                      static_cast<const spa_pod*>(spa_pod_builder_pop(&b, &object)));
}

// One that lingers stays when its maker lets go of it. Its links go first: in the midst of being linked it may take the server
// with it (PipeWire 1.4.2).
void unmake(Connection& connection, Links& links, pw_proxy* node, bool lingers) {
    links.dropAll();
    if (lingers) {
        connection.roundTrip();
        pw_registry_destroy(connection.registry(), pw_proxy_get_bound_id(node));
    }
    pw_proxy_destroy(node);
}

int tierOf(const Options& options) {
    if (options.has("raw") || options.values.contains("media-class"))
        return 4;
    return options.has("as-guard") || options.has("knob") ? 3 : 2;
}

int attack(const Options& options) {
    Report report(options, tierOf(options));
    Loop loop(options);
    const auto connection = Connection::open(loop, options, own);
    if (!connection || !connection->roundTrip())
        throw std::runtime_error("no server");
    Properties device = deviceOf(*connection, options.source);
    if (!device.contains("factory.name"))
        throw std::runtime_error("cannot tell what " + options.source + " is made of");
    device["node.name"] = second;
    device["node.description"] = second;
    device["media.class"] = options.value("media-class", "Audio/Source");
    device["adapter.auto-port-config"] = "{ mode = dsp }";
    if (options.has("raw"))
        device["micguard.test.dsp"] = "true";
    const bool lingers = options.has("as-guard");
    if (lingers) {
        device["object.linger"] = "true";
        // Nobody's default, so that the session manager is not linking it when it goes.
        device["priority.session"] = device["priority.driver"] = "-1";
    }
    for (const Global& client : connection->ofType(PW_TYPE_INTERFACE_Client))
        if (lingers && isGuard(client))
            device["client.id"] = std::to_string(client.id);
    std::vector<spa_dict_item> items;
    for (const auto& [key, value] : device)
        items.push_back({key.c_str(), value.c_str()});
    const spa_dict properties{0, static_cast<std::uint32_t>(items.size()), items.data()};

    FilterEar ear(*connection, report, own);
    Links links(*connection, report);
    pw_proxy* made = nullptr;
    std::uint64_t nodes = 0;
    unsigned ticks = 0;
    loop.every(std::chrono::milliseconds(10), [&] {
        // Once a second anew, so that a node is born while muted, too.
        if (made != nullptr && !lingers && ++ticks % 100 == 0) {
            unmake(*connection, links, std::exchange(made, nullptr), false);
        } else if (made == nullptr) {
            made = static_cast<pw_proxy*>(
                pw_core_create_object(connection->core(), options.has("raw") ? "spa-node-factory" : "adapter",
                                      PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, &properties, 0));
            ++nodes;
        }
        if (made != nullptr && options.has("knob"))
            turnUp(made);
        if (links.standing() == 0)
            links.requestAll(second, own);
        if (report.exhausted() || connection->lost())
            loop.end();
    });
    loop.run();
    report.note("nodes", nodes);
    report.print();
    if (made != nullptr) {
        unmake(*connection, links, made, lingers);
        connection->roundTrip();
    }
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv, {"raw", "as-guard", "knob"}, {"media-class"});
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
