// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pipewire/connection.hpp"

#include "daemon/pipewire/bound.hpp"
#include "daemon/pipewire/decode.hpp"
#include "daemon/pipewire/link_request.hpp"
#include "daemon/pipewire/process_connection.hpp"
#include "daemon/pipewire/proxy.hpp"
#include "daemon/policy/admission.hpp"
#include "daemon/policy/classify.hpp"

#include <glib.h>
#include <pipewire/extensions/protocol-native.h>
#include <pipewire/pipewire.h>
#include <spa/node/command.h>
#include <spa/param/param.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <new>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace micguard {
namespace {

// Who a client is, is read again so often, where we lack what it takes.
constexpr guint rereadMs = 100;
// A server of which nothing was heard for so long is asked over another connection whether it answers at all.
constexpr guint patienceMs = 100;
// So often it has then to answer there, and to say nothing here. Not at the first time: a connection that set
// something on a node of the server's own loopbacks is not read until they have carried it out, which takes
// several of the turns in which others are answered (PipeWire 1.4.2: impl-node.c, node_set_param()).
constexpr unsigned provenDead = 3;

// The policy asks fewer; devices are asked for their routes beside that.
constexpr std::size_t mostProcesses = 64;

template <typename... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>; // clang 14 does not deduce it for an aggregate

// Could be a microphone as far as the registry tells: silenced and read at once. What its full properties
// reveal later is silenced then. The class of what the server makes is its maker's word, and no evidence.
bool mayBeSource(const Node& node) {
    return node.inServer || hasSourceClass(node);
}

// What the server made for us: there until one of the two lets go.
class Made {
  public:
    explicit Made(pw_proxy* proxy)
        : proxy_(proxy, &nothing, this) {}
    bool gone() const { return proxy_.get() == nullptr || proxy_.removed(); }

  private:
    static constexpr pw_link_events nothing{}; // of any interface: version 0 listens to nothing
    Proxy proxy_;
};

} // namespace

struct Connection::Impl {
    struct Sync {
        int seq;
        std::uint64_t batch;
        std::optional<GlobalId> process;
    };
    // A node that was read when it appeared: answered in order.
    struct Birth {
        int seq;
        Serial node;
    };

    Callbacks callbacks;
    BoundCallbacks boundCallbacks;
    pw_context* context = nullptr;
    pw_core* core = nullptr;
    pw_registry* registry = nullptr;
    spa_hook coreHook{};
    spa_hook registryHook{};
    std::map<std::uint32_t, std::unique_ptr<Bound>> bound;
    std::deque<Sync> syncs;
    std::deque<Birth> births;
    bool bearsSilent = false; // by its configuration (systemd/admission.conf)
    bool listed = false;
    std::uint32_t adapterFactory = SPA_ID_INVALID;
    // By client, and those of them that were asked something since the last sync. One is kept ready for the
    // next process: a source that appears is silenced before a connection could be made.
    std::set<std::uint32_t> serverFactories; // ids of those whose nodes run in the server
    std::map<GlobalId, std::unique_ptr<ProcessConnection>> processes;
    std::set<GlobalId> asked;
    std::set<GlobalId> cutOff; // those of them that are of no use any more
    std::unique_ptr<ProcessConnection> spare;
    // See onPatience().
    std::unique_ptr<ProcessConnection> probe;
    bool probeAnswered = false;
    bool probeLost = false;
    unsigned passedOver = 0; // how often the probe was answered, and we were not
    std::uint64_t asks = 0, answers = 0;
    bool heardOf = false; // anything came from the server, since the last look
    guint patience = 0;
    // Clients of which the kernel could not be asked, for what we lack ourselves.
    std::set<std::uint32_t> unread;
    guint rereading = 0;
    // What the server made for us and destroys with us.
    std::vector<std::unique_ptr<Made>> made;
    // The metadata is in the session manager's process, and whoever asks for it waits for that.
    std::unique_ptr<ProcessConnection> defaultSource;
    // g_debug() formats what it then drops. `sever` would have that done for each client and port, ahead of the message itself.
    const bool debugs = g_log_writer_default_would_drop(G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN) == FALSE;
    std::string remote;
    Role role = Role::Guard;
    int listSync = -1;
    int bindSync = -1;
    bool announced = false;
    bool lostTold = false;
    bool limitTold = false;
    bool spareLost = false;
    bool defaultSourceLost = false;

    ~Impl() {
        if (patience)
            g_source_remove(patience);
        if (rereading)
            g_source_remove(rereading);
        processes.clear();
        spare.reset();
        probe.reset();
        defaultSource.reset();
        bound.clear();
        made.clear();
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

    int ask() {
        asks++;
        if (!patience)
            patience = g_timeout_add(patienceMs, onPatience, this);
        return pw_core_sync(core, PW_ID_CORE, 0);
    }

    // Others can mend what we lack; the connection is kept, or a microphone that appears meanwhile would be heard.
    static gboolean onReread(gpointer data) noexcept {
        auto* self = static_cast<Impl*>(data);
        for (const auto id : std::set(self->unread)) {
            const auto it = self->bound.find(id);
            if (it != self->bound.end())
                it->second->readAgain();
            if (it == self->bound.end() || !it->second->isUnread())
                self->unread.erase(id);
        }
        if (!self->unread.empty())
            return G_SOURCE_CONTINUE;
        self->rereading = 0;
        return G_SOURCE_REMOVE;
    }

    // The server can destroy a client and keep its socket open (PipeWire 1.4.2, when it is destroyed at an
    // unlucky moment of its first messages): then nothing tells us that nobody will ever answer. If the server
    // answers somebody else who asked later, again and again, and says nothing here, this connection is dead; if
    // it answers nobody, it is busy or stopped, and we wait.
    static gboolean onPatience(gpointer data) noexcept {
        auto* self = static_cast<Impl*>(data);
        const bool waiting = self->asks != self->answers && !self->lostTold;
        if (std::exchange(self->heardOf, false) || !waiting) {
            self->probe.reset();
            self->passedOver = 0;
            self->patience = waiting ? self->patience : 0;
            return waiting ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
        }
        if (self->probe && std::exchange(self->probeAnswered, false) && ++self->passedOver >= provenDead) {
            self->patience = 0;
            self->lost("the server has left this connection without an answer");
            return G_SOURCE_REMOVE;
        }
        self->askProbe();
        return G_SOURCE_CONTINUE;
    }

    void askProbe() {
        if (!probe || std::exchange(probeLost, false)) {
            probe = ProcessConnection::open(context, properties());
            probeAnswered = false;
            if (!probe)
                return;
            probe->serve({.answered = [this](std::uint64_t) { probeAnswered = true; },
                          .lost = [this] { probeLost = true; }});
        }
        probe->sync(0);
    }

    pw_properties* properties() const {
        auto* properties =
            pw_properties_new(PW_KEY_APP_NAME, "micguardd", PW_KEY_APP_ID,
                              role == Role::Guard ? guardsApplicationId : "org.micguard.MicGuard1.Passing",
                              PW_KEY_MEDIA_CATEGORY, "Manager", nullptr);
        if (!remote.empty())
            pw_properties_set(properties, PW_KEY_REMOTE_NAME, remote.c_str());
        return properties;
    }

    void openSpare() {
        if (std::exchange(spareLost, false))
            spare.reset();
        if (spare || lostTold)
            return;
        spare = ProcessConnection::open(context, properties());
        if (spare)
            spare->serve({.lost = [this] { spareLost = true; }});
    }

    void watchDefaultSource() {
        if (std::exchange(defaultSourceLost, false))
            defaultSource.reset();
        if (defaultSource || lostTold)
            return;
        defaultSource = ProcessConnection::open(context, properties());
        if (!defaultSource)
            return;
        defaultSource->serve({.lost = [this] { defaultSourceLost = true; }});
        defaultSource->watchDefaultSource(callbacks.event);
    }

    // Whoever cut the spare one off, before anybody could be kept from doing so, gets no second one to cut off: the next is
    // opened when it is needed.
    void keepConnections() {
        if (!spareLost)
            openSpare();
        watchDefaultSource();
    }

    // nullptr beyond the limit.
    ProcessConnection* processOf(GlobalId client) {
        if (cutOff.erase(client))
            processes.erase(client);
        auto it = processes.find(client);
        if (it == processes.end()) {
            if (processes.size() >= mostProcesses)
                return nullptr;
            openSpare();
            if (!spare)
                return nullptr;
            it = processes.emplace(client, std::move(spare)).first;
            it->second->serve({[this, client](std::uint64_t batch) {
                                   // What the process told of it the server has sent before, but to the main connection.
                                   syncs.push_back({ask(), batch, client});
                               },
                               [this](GlobalId device, const std::vector<Route>& routes) {
                                   callbacks.event(event::RoutesRead{device, routes});
                               },
                               [this](GlobalId device, bool begins) {
                                   callbacks.event(event::RoutesReading{
                                       device, begins, static_cast<std::uint64_t>(g_get_real_time())});
                               },
                               [this, client] { cutOffFrom(client); }});
        }
        return it->second.get();
    }

    void cutOffFrom(GlobalId client) {
        cutOff.insert(client);
        callbacks.event(event::ProcessLost{client});
    }

    static void onCoreInfo(void* data, const pw_core_info* info) noexcept {
        auto* self = static_cast<Impl*>(data);
        if (std::exchange(self->announced, true))
            return;
        event::Connected connected;
        const auto property = [&](const char* key) {
            return info->props ? spa_dict_lookup(info->props, key) : nullptr;
        };
        if (const char* pid = property(PW_KEY_APP_PROCESS_ID))
            connected.serverPid = static_cast<std::uint32_t>(std::strtoul(pid, nullptr, 10));
        self->boundCallbacks.serverPid = connected.serverPid;
        connected.name = info->name ? info->name : "";
        connected.version = info->version ? info->version : "";
        connected.libraryVersion = pw_get_library_version();
        connected.cookie = std::to_string(info->cookie) + ":" + std::to_string(connected.serverPid);
        const char* admission = property("micguard.admission");
        connected.admissionOurs = admission && std::string_view(admission) == "strict";
        const char* born = property("micguard.born");
        self->bearsSilent = born && std::string_view(born) == "silent";
        const char* rate = property("default.clock.rate");
        if (const auto hertz = rate ? std::strtoul(rate, nullptr, 10) : 0; hertz > 0 && hertz <= 10'000'000)
            connected.clockRate = static_cast<std::uint32_t>(hertz);
        self->callbacks.event(connected);
    }

    static void onCoreDone(void* data, std::uint32_t id, int seq) noexcept {
        auto* self = static_cast<Impl*>(data);
        if (id != PW_ID_CORE)
            return;
        self->heardOf = true;
        self->answers++;
        if (seq == self->listSync) {
            // Everything that exists is known and bound; what was asked of it is answered before this one.
            self->bindSync = self->ask();
            return;
        }
        if (seq == self->bindSync) {
            self->listed = true;
            self->callbacks.event(event::InitialListComplete{});
            self->keepConnections();
            return;
        }
        if (!self->births.empty() && self->births.front().seq == seq) {
            const Serial node = self->births.front().node;
            self->births.pop_front();
            return self->callbacks.event(event::NodeUnread{node});
        }
        // Answered in order, each of them.
        if (self->syncs.empty() || self->syncs.front().seq != seq)
            return;
        const Sync sync = self->syncs.front();
        self->syncs.pop_front();
        // A card's routes are read first. They are not left half read by a guard that goes because it was answered: others would
        // get that half for good (PipeWire 1.4.2, impl-device.c, result_device_params_async()).
        if (const auto process = sync.process ? self->processes.find(*sync.process) : self->processes.end();
            process != self->processes.end() && process->second->isReading())
            return process->second->sync(sync.batch);
        g_debug("batch %" G_GUINT64_FORMAT " acknowledged%s", static_cast<guint64>(sync.batch),
                sync.process ? " by a process" : "");
        self->callbacks.event(event::Acknowledged{sync.batch, sync.process});
        self->keepConnections();
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

    // Only for want of memory does this fail: to go on would be to overlook a microphone. Thrown from a callback it ends us, and the
    // next guard begins with what it needs.
    pw_proxy* bind(std::uint32_t id, const char* type, std::uint32_t version) const {
        auto* proxy = static_cast<pw_proxy*>(pw_registry_bind(registry, id, type, version, 0));
        if (!proxy && !lostTold)
            throw std::bad_alloc();
        return proxy;
    }

    void seeNode(std::uint32_t id, const spa_dict* properties) {
        auto* proxy = bind(id, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE);
        if (!proxy)
            return;
        Node node = decode::node(id, properties);
        node.inServer = serverFactories.contains(decode::factoryOf(properties));
        // What has no adapter has no volume to be born with.
        node.firstReadingDue =
            listed && bearsSilent && hasSourceClass(node) && decode::factoryOf(properties) == adapterFactory;
        auto& entry = bound[id] = Bound::node(proxy, node, boundCallbacks);
        // Asked for first, so that the answer tells what was there before the silence that the event causes.
        if (mayBeSource(node))
            pw_node_enum_params(entry->proxy().node(), 0, SPA_PARAM_Props, 0, UINT32_MAX, nullptr);
        if (node.firstReadingDue)
            births.push_back({ask(), node.serial});
        g_debug("node %u seen: %s, %s", id, node.name.c_str(),
                node.inServer ? "in the server" : "in a process");
        callbacks.event(event::NodeSeen{node});
        if (mayBeSource(node) || node.mediaClass.empty())
            entry->watchKnob();
    }

    void seeClient(std::uint32_t id, const spa_dict* properties) {
        auto* proxy = bind(id, PW_TYPE_INTERFACE_Client, PW_VERSION_CLIENT);
        if (!proxy)
            return;
        auto& entry = bound[id] = Bound::client(proxy, id, decode::client(id, properties).pid,
                                                decode::securityLabel(properties), boundCallbacks);
        if (entry->isUnread() && unread.insert(id).second && !rereading) {
            g_message("who PipeWire's clients are cannot be read for want of descriptors or memory; tried "
                      "until it can");
            rereading = g_timeout_add(rereadMs, onReread, this);
        }
        const Client client = entry->completeClient(properties);
        // Answered behind its properties.
        if (isAdmissionOurs(client))
            entry->askGranted();
        callbacks.event(event::ClientSeen{client});
    }

    void seeDevice(std::uint32_t id, const spa_dict* properties) {
        auto* proxy = bind(id, PW_TYPE_INTERFACE_Device, PW_VERSION_DEVICE);
        if (!proxy)
            return;
        const Device device = decode::device(id, properties);
        bound[id] = Bound::device(proxy, device, boundCallbacks);
        callbacks.event(event::DeviceSeen{device});
    }

    // A device that somebody owns is in his process.
    void readRoutes(const Device& device) {
        if (!device.client) {
            if (const auto it = bound.find(raw(device.id)); it != bound.end())
                it->second->enumerateRoutes();
        } else if (auto* process = processOf(*device.client)) {
            process->enumerateRoutes(device);
        }
    }

    static void onGlobal(void* data, std::uint32_t id, std::uint32_t, const char* type, std::uint32_t,
                         const spa_dict* properties) noexcept {
        auto* self = static_cast<Impl*>(data);
        self->heardOf = true;
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
        else if (kind == PW_TYPE_INTERFACE_Factory && decode::makesNodesInServer(properties)) {
            self->serverFactories.insert(id);
            if (decode::makesAdapters(properties))
                self->adapterFactory = id;
        }
    }

    static void onGlobalRemove(void* data, std::uint32_t id) noexcept {
        auto* self = static_cast<Impl*>(data);
        self->heardOf = true;
        self->bound.erase(id);
        self->unread.erase(id);
        self->serverFactories.erase(id);
        self->asked.erase(GlobalId{id});
        self->cutOff.erase(GlobalId{id});
        self->processes.erase(GlobalId{id});
        // Connections of ours that the server has forgotten, whether or not it closes them.
        for (const auto& [client, process] : self->processes)
            if (process->client() == GlobalId{id} && !self->cutOff.contains(client))
                self->cutOffFrom(client);
        self->spareLost = self->spareLost || (self->spare && self->spare->client() == GlobalId{id});
        self->defaultSourceLost =
            self->defaultSourceLost || (self->defaultSource && self->defaultSource->client() == GlobalId{id});
        for (const auto& [client, process] : self->processes)
            process->forget(GlobalId{id});
        self->callbacks.event(event::Removed{GlobalId{id}});
    }

    const Bound* find(GlobalId id) const {
        const auto it = bound.find(raw(id));
        return it == bound.end() || !it->second->proxy().get() ? nullptr : it->second.get();
    }

    void setNodeParam(GlobalId id, std::optional<GlobalId> process, std::uint32_t param, encode::Pod pod) {
        const Bound* entry = find(id);
        if (!entry)
            return;
        if (!process)
            pw_node_set_param(entry->proxy().node(), param, 0, pod.pod());
        else if (auto* connection = processToAsk(*process))
            connection->setParam(entry->node(), param, std::move(pod));
    }

    void suspend(const action::Suspend& a) {
        std::vector nodes{find(a.node)};
        auto* connection = nodes.front() && a.process ? processToAsk(*a.process) : nullptr;
        if (!nodes.front() || (a.process && !connection))
            return;
        for (const auto id : a.along)
            if (const Bound* entry = find(id))
                nodes.push_back(entry);
        for (const auto& again : a.again)
            if (connection)
                connection->destroy(again.link);
            else
                pw_registry_destroy(registry, raw(again.link));
        const spa_command command = SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Suspend);
        for (const Bound* node : nodes)
            if (connection)
                connection->suspend(node->node());
            else
                pw_node_send_command(node->proxy().node(), &command);
        for (const auto& again : a.again)
            if (connection)
                connection->createLink(again.made);
            else
                createLink(again.made);
    }

    void setRoute(GlobalId id, std::optional<GlobalId> process, encode::Pod pod) {
        const Bound* entry = find(id);
        if (!entry)
            return;
        if (!process)
            pw_device_set_param(entry->proxy().device(), SPA_PARAM_Route, 0, pod.pod());
        else if (auto* connection = processToAsk(*process))
            connection->setParam(entry->device(), SPA_PARAM_Route, std::move(pod));
    }

    void updatePermissions(GlobalId id, const std::vector<pw_permission>& permissions) {
        if (const Bound* client = find(id))
            pw_client_update_permissions(client->proxy().client(),
                                         static_cast<std::uint32_t>(permissions.size()), permissions.data());
    }

    ProcessConnection* processToAsk(GlobalId client) {
        auto* connection = processOf(client);
        if (connection)
            asked.insert(client);
        else if (processes.size() >= mostProcesses && !std::exchange(limitTold, true))
            g_warning("more than %zu processes have microphones or cards of their own: client %u and further "
                      "ones are not asked",
                      mostProcesses, raw(client));
        return connection;
    }

    void createLink(const action::CreateLink& link) {
        pw_proxy* proxy = askForLink(core, link);
        if (proxy == nullptr)
            return;
        if (link.lingers)
            pw_proxy_destroy(proxy);
        else
            made.push_back(std::make_unique<Made>(proxy));
        std::erase_if(made, [](const auto& object) { return object->gone(); });
    }

    // Nobody hears what is played to it. A source, because pipewire-pulse answers who wants to record once his stream is linked
    // to one (1.4.2, pulse-server.c, stream_param_changed()); nobody's choice for a default until it is out of sight.
    void makeSilence() {
        const spa_dict_item items[] = {
            {"factory.name", "support.null-audio-sink"},
            {PW_KEY_NODE_NAME, silenceName.data()},
            {PW_KEY_NODE_DESCRIPTION, "Silence of micguard"},
            {PW_KEY_MEDIA_CLASS, "Audio/Source/Virtual"},
            {PW_KEY_PRIORITY_SESSION, "-1"},
            {PW_KEY_NODE_VIRTUAL, "true"},
            {"audio.channels", "1"},
            {"audio.position", "[ MONO ]"},
            {"node.param.Props", "{ monitorMute = true }"},
        };
        const spa_dict properties = SPA_DICT_INIT_ARRAY(items);
        auto* proxy = static_cast<pw_proxy*>(
            pw_core_create_object(core, "adapter", PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, &properties, 0));
        if (proxy)
            made.push_back(std::make_unique<Made>(proxy));
    }
};

std::unique_ptr<Connection> Connection::open(pw_loop* loop, Callbacks callbacks, Sockets sockets, Role role) {
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
    impl->role = role;
    impl->boundCallbacks.event = [impl = impl.get()](const Event& event) {
        impl->heardOf = true;
        impl->callbacks.event(event);
    };
    impl->boundCallbacks.routesChanged = [impl = impl.get()](const Device& device) {
        impl->heardOf = true;
        impl->readRoutes(device);
    };
    // No configuration of a client's: no real-time module, no data thread, nothing but the protocol.
    impl->context = pw_context_new(
        loop, pw_properties_new(PW_KEY_CONFIG_NAME, "null", "context.modules.allow-empty", "true", nullptr),
        0);
    // What fails before the server is asked says nothing about the server, whatever the last error was.
    const auto failed = [&impl](int error) {
        impl.reset(); // it changes errno
        errno = error;
        return nullptr;
    };
    if (!impl->context)
        return failed(ENOMEM);
    for (const char* module : {"libpipewire-module-protocol-native", "libpipewire-module-metadata"})
        if (!pw_context_load_module(impl->context, module, nullptr, nullptr))
            return failed(ENOMEM);
    const auto connect = [&](const char* remote) {
        impl->remote = remote;
        return pw_context_connect(impl->context, impl->properties(), 0);
    };
    // The manager socket, so that strict admission never keeps the guard itself waiting.
    if (!std::getenv("PIPEWIRE_REMOTE"))
        impl->core = connect("pipewire-0-manager");
    if (!impl->core) {
        impl->core = connect("");
        // The server makes its sockets one after the other, and where it waits for us to let clients in, the ordinary one keeps us
        // waiting for ourselves.
        if (impl->core && sockets == Sockets::Manager && !std::getenv("PIPEWIRE_REMOTE"))
            return failed(ECONNREFUSED);
    }
    if (!impl->core)
        return failed(errno);
    pw_core_add_listener(impl->core, &impl->coreHook, &coreEvents, impl.get());
    impl->registry = pw_core_get_registry(impl->core, PW_VERSION_REGISTRY, 0);
    pw_registry_add_listener(impl->registry, &impl->registryHook, &registryEvents, impl.get());
    impl->listSync = impl->ask();
    impl->watchDefaultSource();

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
                impl_->setNodeParam(a.node, a.process, SPA_PARAM_Props,
                                    encode::knob(a.maxVolume, a.monitorMute));
                if (const auto it = impl_->bound.find(raw(a.node)); it != impl_->bound.end())
                    it->second->watchKnob();
            },
            [&](const action::UpdatePermissions& a) {
                std::vector<pw_permission> permissions;
                permissions.reserve(a.objects.size());
                for (const auto& [id, value] : a.objects) {
                    if (impl_->debugs)
                        g_debug("client %u: permissions %#x on %u", raw(a.client), value, raw(id));
                    permissions.push_back({raw(id), value});
                }
                impl_->updatePermissions(a.client, permissions);
            },
            [&](const action::Admit& a) {
                g_debug("client %u: permissions %#x on everything else", raw(a.client), a.any);
                impl_->updatePermissions(a.client, {{PW_ID_ANY, a.any}});
            },
            [&](const action::Shield& a) {
                g_debug("client %u: %zu other clients %s its reach", raw(a.client), a.others.size(),
                        a.on ? "out of" : "in");
                std::vector<pw_permission> permissions;
                permissions.reserve(a.others.size());
                for (const auto other : a.others)
                    permissions.push_back({raw(other), a.on ? permission::readOnly : permission::byDefault});
                impl_->updatePermissions(a.client, permissions);
            },
            [&](const action::Destroy& a) {
                g_debug("object %u: destroyed", raw(a.object));
                pw_registry_destroy(impl_->registry, raw(a.object));
            },
            [&](const action::CreateLink& a) {
                g_debug("link %u -> %u: made", raw(a.outputPort), raw(a.inputPort));
                impl_->createLink(a);
            },
            [&](const action::SetRouteMute& a) {
                g_debug("device %u: route %u %s", raw(a.device), a.route, a.mute ? "muted" : "unmuted");
                impl_->setRoute(a.device, a.process,
                                encode::routeMute(a.route, a.profileDevice, a.mute, a.save));
            },
            [&](const action::Suspend& a) {
                g_debug("node %u: suspended, and %zu along, with %zu links made anew", raw(a.node),
                        a.along.size(), a.again.size());
                impl_->suspend(a);
            },
            [&](const action::MakeSilence&) {
                g_debug("a source of silence");
                impl_->makeSilence();
            },
            [&](const action::OpenPorts& a) {
                g_debug("node %u: ports", raw(a.node));
                impl_->setNodeParam(a.node, a.process, SPA_PARAM_PortConfig, encode::monoInput(a.monitors));
            },
            [&](const action::SetPanelMute& a) {
                g_debug("node %u: the desktop's mute %s", raw(a.node), a.mute ? "set" : "taken back");
                if (a.route)
                    impl_->setRoute(
                        a.route->device, a.route->process,
                        encode::routeMute(a.route->index, a.route->profileDevice, a.mute, a.route->save));
                if (!a.route || !a.mute)
                    impl_->setNodeParam(a.node, a.process, SPA_PARAM_Props, encode::userMute(a.mute));
            },
            [&](const action::SetUserMute& a) {
                g_debug("node %u: user's mute %s", raw(a.node), a.mute ? "set" : "lifted");
                impl_->setNodeParam(a.node, a.process, SPA_PARAM_Props, encode::userMute(a.mute));
                if (a.card)
                    impl_->processToAsk(*a.card);
            },
        },
        action);
}

void Connection::sync(std::uint64_t batch) {
    for (const auto client : std::exchange(impl_->asked, {}))
        impl_->processes.at(client)->sync(batch);
    impl_->syncs.push_back({impl_->ask(), batch, std::nullopt});
}

} // namespace micguard
