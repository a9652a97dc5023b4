// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/server_state.hpp"

#include <pipewire/extensions/metadata.h>
#include <pipewire/pipewire.h>
#include <spa/param/props.h>
#include <spa/pod/iter.h>

#include <cstring>
#include <memory>
#include <set>
#include <stdexcept>

namespace micguard::test {
namespace {

std::string valueOf(const spa_dict* properties, const char* key) {
    const char* value = properties ? spa_dict_lookup(properties, key) : nullptr;
    return value ? value : "";
}

std::uint32_t numberOf(const spa_dict* properties, const char* key, std::uint32_t otherwise) {
    const std::string text = valueOf(properties, key);
    return text.empty() ? otherwise : static_cast<std::uint32_t>(std::strtoul(text.c_str(), nullptr, 10));
}

struct Reader;

// What was bound; its address is libpipewire's.
struct Asked {
    Reader* reader;
    std::uint32_t id;
    pw_proxy* proxy;
    spa_hook hook{};
};

struct Reader {
    ServerState state;
    std::vector<std::unique_ptr<Asked>> asked;
    std::set<std::uint32_t> guarded;
    std::map<std::uint32_t, ServerState::Source> sources;
    pw_main_loop* loop = nullptr;
    pw_context* context = nullptr;
    pw_core* core = nullptr;
    pw_registry* registry = nullptr;
    spa_hook coreHook{}, registryHook{};
    int waitedFor = -1;
    bool failed = false;

    ~Reader() {
        for (auto& one : asked) {
            spa_hook_remove(&one->hook);
            pw_proxy_destroy(one->proxy);
        }
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
        if (loop)
            pw_main_loop_destroy(loop);
    }

    void roundTrip() {
        waitedFor = pw_core_sync(core, PW_ID_CORE, 0);
        while (waitedFor >= 0 && !failed)
            pw_main_loop_run(loop);
        if (failed)
            throw std::runtime_error("the server does not answer whoever asks for its state");
    }

    template <typename Events>
    void listen(std::uint32_t id, const char* type, std::uint32_t version, const Events* events) {
        auto* proxy = static_cast<pw_proxy*>(pw_registry_bind(registry, id, type, version, 0));
        if (!proxy)
            return;
        auto one = std::make_unique<Asked>(Asked{this, id, proxy});
        pw_proxy_add_object_listener(proxy, &one->hook, events, one.get());
        asked.push_back(std::move(one));
    }

    void onGlobal(std::uint32_t id, const char* type, const spa_dict* properties);
};

const pw_client_events clientEvents = {
    .version = PW_VERSION_CLIENT_EVENTS,
    .info =
        [](void* data, const pw_client_info* info) noexcept {
            const auto* one = static_cast<Asked*>(data);
            one->reader->state.objects[one->id].access = valueOf(info->props, PW_KEY_ACCESS);
        },
    .permissions =
        [](void* data, std::uint32_t, std::uint32_t count, const pw_permission* entries) noexcept {
            const auto* one = static_cast<Asked*>(data);
            for (std::uint32_t i = 0; i < count; i++)
                if (entries[i].id == PW_ID_ANY)
                    one->reader->state.objects[one->id].byDefault = entries[i].permissions;
                else if (entries[i].permissions != PW_PERM_INVALID)
                    one->reader->state.permissions.push_back(
                        {one->id, entries[i].id, entries[i].permissions});
        }};

void readLimit(ServerState::Source& source, spa_pod* list) {
    spa_pod* item = nullptr;
    std::string key;
    SPA_POD_FOREACH(static_cast<spa_pod*>(SPA_POD_BODY(list)), SPA_POD_BODY_SIZE(list), item) {
        const char* text = nullptr;
        float value = 0;
        if (spa_pod_get_string(item, &text) >= 0 && text)
            key = text;
        else if (key == "channelmix.max-volume" && spa_pod_get_float(item, &value) >= 0)
            source.limit = value;
    }
}

const pw_node_events nodeEvents = {
    .version = PW_VERSION_NODE_EVENTS,
    .param = [](void* data, int, std::uint32_t id, std::uint32_t, std::uint32_t,
                const spa_pod* param) noexcept {
        const auto* one = static_cast<Asked*>(data);
        if (id != SPA_PARAM_Props || !param || !spa_pod_is_object(param))
            return;
        auto& source = one->reader->sources[one->id];
        const spa_pod_prop* property = nullptr;
        SPA_POD_OBJECT_FOREACH(reinterpret_cast<const spa_pod_object*>(param), property) {
            bool muted = false;
            if (property->key == SPA_PROP_monitorMute && spa_pod_get_bool(&property->value, &muted) >= 0)
                source.monitorMute = muted;
            if (property->key == SPA_PROP_params && spa_pod_is_struct(&property->value))
                readLimit(source, const_cast<spa_pod*>(&property->value));
        }
    }};

const pw_metadata_events metadataEvents = {
    .version = PW_VERSION_METADATA_EVENTS,
    .property = [](void* data, std::uint32_t subject, const char* key, const char*,
                   const char* value) noexcept {
        if (key && value && (!std::strcmp(key, "target.object") || !std::strcmp(key, "target.node")))
            static_cast<Asked*>(data)->reader->state.targets.push_back({subject, key, value});
        return 0;
    }};

void Reader::onGlobal(std::uint32_t id, const char* type, const spa_dict* properties) {
    auto& object = state.objects[id];
    object.type =
        std::strncmp(type, PW_TYPE_INFO_INTERFACE_BASE, std::strlen(PW_TYPE_INFO_INTERFACE_BASE)) == 0
            ? type + std::strlen(PW_TYPE_INFO_INTERFACE_BASE)
            : type;
    object.client = numberOf(properties, PW_KEY_CLIENT_ID, UINT32_MAX);
    object.name = valueOf(properties, object.type == "Client" ? PW_KEY_APP_NAME : PW_KEY_NODE_NAME);
    const std::string mediaClass = valueOf(properties, PW_KEY_MEDIA_CLASS);
    if (object.type == "Client") {
        object.pid = numberOf(properties, PW_KEY_SEC_PID, 0);
        listen(id, type, PW_VERSION_CLIENT, &clientEvents);
        pw_client_get_permissions(reinterpret_cast<pw_client*>(asked.back()->proxy), 0, UINT32_MAX);
    } else if (object.type == "Node") {
        object.captures = mediaClass.starts_with("Stream/Input");
        if (!mediaClass.starts_with("Audio/Source") ||
            valueOf(properties, PW_KEY_NODE_NAME) == "micguard.silence")
            return;
        sources[id].id = id;
        sources[id].name = object.name;
        listen(id, type, PW_VERSION_NODE, &nodeEvents);
        pw_node_enum_params(reinterpret_cast<pw_node*>(asked.back()->proxy), 0, SPA_PARAM_Props, 0,
                            UINT32_MAX, nullptr);
    } else if (object.type == "Metadata") {
        listen(id, type, PW_VERSION_METADATA, &metadataEvents);
    } else if (object.type == "Port") {
        object.client = numberOf(properties, PW_KEY_NODE_ID, UINT32_MAX); // the node stands for its owner
    }
}

const pw_registry_events registryEvents = {.version = PW_VERSION_REGISTRY_EVENTS,
                                           .global = [](void* data, std::uint32_t id, std::uint32_t,
                                                        const char* type, std::uint32_t,
                                                        const spa_dict* properties) noexcept {
                                               static_cast<Reader*>(data)->onGlobal(id, type, properties);
                                           }};

const pw_core_events coreEvents = {
    .version = PW_VERSION_CORE_EVENTS,
    .done =
        [](void* data, std::uint32_t, int seq) noexcept {
            auto* reader = static_cast<Reader*>(data);
            if (seq == reader->waitedFor) {
                reader->waitedFor = -1;
                pw_main_loop_quit(reader->loop);
            }
        },
    .error =
        [](void* data, std::uint32_t id, int, int result, const char*) noexcept {
            auto* reader = static_cast<Reader*>(data);
            if (id == PW_ID_CORE && result == -EPIPE) {
                reader->failed = true;
                pw_main_loop_quit(reader->loop);
            }
        }};

std::string describe(const ServerState& state, std::uint32_t id) {
    const auto found = state.objects.find(id);
    if (found == state.objects.end())
        return std::to_string(id) + " (gone)";
    const auto node = found->second.type == "Port" ? state.objects.find(found->second.client) : found;
    return std::to_string(id) + " (" + found->second.type + " " +
           (node == state.objects.end() ? "" : node->second.name) + ")";
}

std::string describe(const ServerState& state, const ServerState::Entry& entry) {
    return "client " + describe(state, entry.client) + " has " + std::to_string(entry.permissions) + " on " +
           describe(state, entry.object);
}

std::set<std::uint32_t> clientsOf(const ServerState& state, pid_t pid) {
    std::set<std::uint32_t> found;
    for (const auto& [id, object] : state.objects)
        if (object.type == "Client" && pid > 0 && object.pid == static_cast<std::uint32_t>(pid))
            found.insert(id);
    return found;
}

} // namespace

ServerState readServer(const PrivateSession& session, Milliseconds timeout) {
    pw_init(nullptr, nullptr);
    Reader reader;
    reader.loop = pw_main_loop_new(nullptr);
    pw_loop* loop = pw_main_loop_get_loop(reader.loop);
    spa_source* watchdog = pw_loop_add_timer(
        loop,
        [](void* data, std::uint64_t) {
            auto* self = static_cast<Reader*>(data);
            self->failed = true;
            pw_main_loop_quit(self->loop);
        },
        &reader);
    timespec due{timeout.count() / 1000, (timeout.count() % 1000) * 1'000'000};
    pw_loop_update_timer(loop, watchdog, &due, nullptr, false);
    reader.context = pw_context_new(loop, nullptr, 0);
    reader.core = pw_context_connect(reader.context,
                                     pw_properties_new(PW_KEY_REMOTE_NAME, session.managerSocket().c_str(),
                                                       PW_KEY_APP_NAME, "server-state", nullptr),
                                     0);
    if (!reader.core)
        throw std::runtime_error("no server to be read");
    pw_core_add_listener(reader.core, &reader.coreHook, &coreEvents, &reader);
    reader.registry = pw_core_get_registry(reader.core, PW_VERSION_REGISTRY, 0);
    pw_registry_add_listener(reader.registry, &reader.registryHook, &registryEvents, &reader);
    // The list; what was asked of it; and once more for what processes have to be asked.
    for (int turn = 0; turn < 3; turn++)
        reader.roundTrip();
    for (auto& [id, source] : reader.sources) {
        source.id = id;
        reader.state.sources.push_back(source);
    }
    // Our own connection is nobody's business.
    std::erase_if(reader.state.permissions, [&](const ServerState::Entry& entry) {
        const auto found = reader.state.objects.find(entry.client);
        return found != reader.state.objects.end() && found->second.name == "server-state";
    });
    return std::move(reader.state);
}

namespace {

constexpr std::uint32_t seen = PW_PERM_R, used = PW_PERM_R | PW_PERM_X;

// What strict admission makes of a client, whatever is muted: nothing to write with. The tests have none of those who get more
// (mixers, the portal). One that waits has nothing by default.
std::vector<std::string> notAsAdmitted(const ServerState& state, const std::set<std::uint32_t>& guards,
                                       const std::set<std::uint32_t>& managers) {
    std::vector<std::string> found;
    unsigned judged = 0;
    for (const auto& [id, object] : state.objects) {
        if (object.type != "Client" || object.access != "micguard" || guards.contains(id) ||
            managers.contains(id))
            continue;
        judged++;
        if (object.byDefault != used)
            found.push_back("client " + std::to_string(id) + " (" + object.name + ") has " +
                            std::to_string(object.byDefault) + " on what nothing is said of");
    }
    if (judged == 0)
        found.emplace_back("nobody is under strict admission");
    for (const auto& entry : state.permissions) {
        const auto client = state.objects.find(entry.client);
        if (client == state.objects.end() || client->second.access != "micguard")
            continue;
        const auto object = state.objects.find(entry.object);
        if (object != state.objects.end() && object->second.type == "Client" &&
            (entry.permissions & ~seen) != 0)
            found.push_back(describe(state, entry));
    }
    return found;
}

} // namespace

std::vector<std::string> leftovers(const ServerState& state, const PrivateSession& session, GuardIs guard,
                                   Admission admission) {
    std::vector<std::string> found;
    for (const auto& source : state.sources)
        if ((source.limit && *source.limit == 0) || source.monitorMute.value_or(false))
            found.push_back(source.name + " is silenced");
    if (guard == GuardIs::gone)
        for (const auto& [id, object] : state.objects)
            if (object.type == "Node" && object.name.starts_with("micguard."))
                found.push_back(object.name + " is there");
    const bool isThere = guard == GuardIs::there;
    const auto guards = clientsOf(state, isThere ? session.pid(Daemon::micguardd) : -1);
    const auto managers = clientsOf(state, isThere ? session.pid(Daemon::wireplumber) : -1);
    const auto isGuards = [&](const ServerState::Object& object) {
        if (object.type == "Port") {
            const auto node = state.objects.find(object.client);
            return node != state.objects.end() && guards.contains(node->second.client);
        }
        return guards.contains(object.client);
    };
    for (const auto& entry : state.permissions) {
        if (entry.object == PW_ID_CORE || guards.contains(entry.client))
            continue;
        const auto object = state.objects.find(entry.object);
        if (object == state.objects.end())
            continue; // went while this was read
        if (guards.contains(entry.object) || managers.contains(entry.object) || isGuards(object->second))
            continue;
        if (admission == Admission::strict && object->second.type == "Client" && entry.permissions == seen)
            continue;
        found.push_back(describe(state, entry));
    }
    if (admission == Admission::strict)
        for (auto& one : notAsAdmitted(state, guards, managers))
            found.push_back(std::move(one));
    // That somebody asks for what is the default source, WirePlumber notes by itself (linking-utils.lua, checkFollowDefault()).
    for (const auto& target : state.targets)
        if (target.key != "target.node" || target.value != "-1")
            found.push_back("metadata: " + target.key + " " + target.value + " of " +
                            describe(state, target.subject));
    return found;
}

std::vector<std::string> openings(const ServerState& state, const PrivateSession& session,
                                  Admission admission, bool sever) {
    std::vector<std::string> found;
    const auto guards = clientsOf(state, session.pid(Daemon::micguardd));
    const auto managers = clientsOf(state, session.pid(Daemon::wireplumber));
    std::set<std::uint32_t> listening;
    for (const auto& [id, object] : state.objects)
        if (object.captures && object.client != UINT32_MAX && !guards.contains(object.client) &&
            !managers.contains(object.client))
            listening.insert(object.client);
    for (const auto& source : state.sources) {
        if (source.limit && *source.limit != 0)
            found.push_back(source.name + " is open: its limit is " + std::to_string(*source.limit));
        if (source.limit && !sever)
            continue;
        for (const auto client : listening) {
            bool kept = state.objects.at(source.id).client == client;
            for (const auto& entry : state.permissions)
                kept =
                    kept || (entry.client == client && entry.object == source.id && entry.permissions == 0);
            if (!kept)
                found.push_back("client " + std::to_string(client) + " (" + state.objects.at(client).name +
                                ") sees " + source.name);
        }
    }
    if (admission == Admission::strict)
        for (auto& one : notAsAdmitted(state, guards, managers))
            found.push_back(std::move(one));
    return found;
}

} // namespace micguard::test
