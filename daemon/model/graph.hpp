// SPDX-License-Identifier: GPL-3.0-or-later
//
// PipeWire's objects as plain values: what the server and the kernel said of them, no more. Whether a node is
// a microphone or a client the session manager is judged elsewhere (policy/classify).
#pragma once

#include "daemon/model/desktop_entry.hpp"
#include "daemon/model/ids.hpp"
#include "daemon/model/lineage.hpp"
#include "daemon/model/process_facts.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace micguard {

// What a client's permissions read, of its own default and on the core: without `r` on that one the server keeps it waiting.
struct Granted {
    std::uint32_t any = 0;
    std::uint32_t core = 0;
    bool operator==(const Granted&) const = default;
};

struct Client {
    GlobalId id{};
    Serial serial{};
    // From the kernel, by way of the server (pipewire.sec.*). For a Pulse client they are pipewire-pulse's.
    std::uint32_t pid = 0;
    std::uint32_t uid = 0xffffffff;
    std::string socket; // pipewire.sec.socket
    // Looked up by us from pid: see ProcessFacts.
    std::string executable;
    bool executableTrue = false;
    bool executableWritable = false;
    std::string unit;
    bool unitKnown = false;
    std::string sandbox;
    std::string sandboxId;
    std::string script;
    // A client of the Pulse server: whose process is at the other end of its connection, where that is proven.
    std::optional<ProcessFacts> peer = std::nullopt;
    // That was looked for while nothing changed, or so often in vain (see peerLooks) that it is not waited for any longer.
    bool peerSought = false;
    unsigned peerLooks = 0;
    Recognised recognised; // its application; of a Pulse server's client once its peer is known
    // Claims, all of them: pipewire-pulse lets its clients overwrite what it says of their sandbox, too.
    std::string clientApi; // client.api
    std::string access;    // pipewire.access
    std::string portalAppId;
    std::string snapId;
    std::string applicationName;
    std::string applicationId;
    std::string applicationIcon;
    std::string applicationBinary;
    std::string applicationVersion;
    std::uint32_t applicationPid = 0;
    std::vector<Lineage>
        // Of pid and of who is, or says he is, behind it, while anybody mutes his own streams.
        lineages;
    bool infoKnown = false;         // the properties beyond the registry's few have arrived
    std::optional<Granted> granted; // read once, of those whose admission is ours
    std::uint64_t arrival = 0;      // counts the clients in the order in which we were told of them
    bool self = false;              // one of our own connections
    bool inServer = false;          // a module in the server's own process
};

// The process that is the client's, or is behind it; without a pid as long as that is not known.
ProcessFacts processOf(const Client& client);

struct Route {
    std::uint32_t index = 0;
    std::int32_t profileDevice = 0; // card.profile.device of the node it belongs to
    bool input = false;
    bool hardwareMute = false; // the hardware has a switch of its own (route.hw-mute)
    bool mute = false;
    bool save = false; // the session manager keeps it as the user's choice, its mute and volume with it
};

struct Device {
    GlobalId id{};
    Serial serial{};
    std::optional<GlobalId> client; // whose process it is in; none: the server
    std::string name;
    std::string api;
    std::vector<Route> routes; // the active ones, or those of them that have been read
    // Indices of those that have been here long enough for the session manager to have restored what it keeps of them.
    std::set<std::uint32_t> settledRoutes;
    // Of each place (profile's device, and whether that is an input) the index of the route that was active last.
    std::map<std::pair<std::int32_t, bool>, std::uint32_t> lastActive;
    bool reading = false; // they have changed, and are not all told yet
};

enum class NodeState { Unknown, Error, Creating, Suspended, Idle, Running };

// What a source's Props read. `present` is false while nothing was read, and for good where the node has no
// adapter that would obey: then the knob reaches nothing.
struct KnobReading {
    bool present = false;
    float maxVolume = 10.0f;  // channelmix.max-volume
    bool monitorMute = false; // monitorMute
    bool mute = false;        // the user's own
    bool locked = false;      // channelmix.lock-volumes: the user's own mute does not work here
    bool monitorVolumes =
        true; // monitor.channel-volumes: that it reaches monitor ports, too (1.4.2, audioconvert.c)
};

// What the guard's own node is called.
inline constexpr std::string_view silenceName = "micguard.silence";

struct Node {
    GlobalId id{};
    Serial serial{};
    std::optional<GlobalId> client; // who made it; none for objects of pipewire.conf
    std::optional<GlobalId> device;
    std::int32_t profileDevice = -1;
    std::string name;
    std::string description;
    std::string mediaClass;
    std::string mediaName;
    std::string factory;  // factory.name: the plug-in behind it
    bool lingers = false; // object.linger: it outlives its maker's connection
    // A factory of the server made it, by the server's own word: it runs there, whoever owns it.
    bool inServer = false;
    std::string deviceApi;
    std::string linkGroup;
    std::string applicationName;
    std::string applicationId;
    std::string applicationIcon;
    std::string applicationBinary;
    std::uint32_t applicationPid = 0;
    bool network = false;     // node.network
    bool virtualNode = false; // node.virtual
    bool autoconnect = false; // a session manager links it
    bool runsOn = false;      // whatever becomes of its links: node.always-process, or not node.pause-on-idle
    std::string target;       // target.object: name or serial of the source it asks for
    bool peaks = false;       // a level meter (resample.peaks)
    bool capturesSink = false;   // stream.capture.sink: wants a monitor, not a microphone
    std::optional<bool> corked;  // pulse.corked: what the Pulse server says of one of its streams
    std::uint32_t maxInputs = 0; // ports it could have, of the server's reckoning; 0 before its info came
    std::uint32_t maxOutputs = 0;
    bool infoKnown = false;                   // the properties beyond the registry's few have arrived
    std::optional<float> configuredMaxVolume; // channelmix.max-volume among its properties
    // micguard.born: whoever made it was told to make it silent (systemd/admission.conf).
    bool bornSilent = false;
    // By the server's rules it has come silent, and what its knob reads is on its way: it is not written before that is known.
    bool firstReadingDue = false;
    NodeState state = NodeState::Unknown;
    KnobReading knob;
    std::uint64_t knobReads = 0;  // how many readings have arrived
    bool evidenceOverdue = false; // its own process did not confirm the knob in time
    std::uint64_t bornAt = 0;     // µs since the epoch
    // Here long enough for the session manager to have restored the user's own mute of it.
    bool settled = false;
};

struct Port {
    GlobalId id{};
    Serial serial{};
    GlobalId node{};
    bool output = false;
    bool monitor = false;
    bool physical = false; // port.physical or port.terminal: JACK's way to say microphone
    std::string format;    // format.dsp
};

struct Link {
    GlobalId id{};
    Serial serial{};
    GlobalId outputNode{};
    GlobalId outputPort{};
    GlobalId inputNode{};
    GlobalId inputPort{};
    std::optional<GlobalId> client = std::nullopt; // who made it
};

// What its maker calls a microphone.
inline bool hasSourceClass(const Node& node) {
    return node.mediaClass.starts_with("Audio/Source") || node.mediaClass == "Audio/Duplex";
}

// Of a route of the node's own device.
inline bool isInputOf(const Route& route, const Node& node) {
    return route.input && route.profileDevice == node.profileDevice;
}

// What is given back of a limit that was never read other than as 0: to whom it was born with, or a guard left it, 0 would be a
// dead microphone.
inline float limitToGiveBack(const Node& node) {
    constexpr float usual = 10.0f; // audioconvert's own
    return node.configuredMaxVolume && *node.configuredMaxVolume > 0.0f ? *node.configuredMaxVolume : usual;
}

// Objects come and go through put() and remove() alone, which keep what is looked up by other than their ids. What such a
// look-up depends on (id, serial, owner, ends) is changed by put() as well; the rest may be changed in place.
struct Graph {
    std::map<GlobalId, Client> clients;
    std::map<GlobalId, Device> devices;
    std::map<GlobalId, Node> nodes;
    std::map<GlobalId, Port> ports;
    std::map<GlobalId, Link> links;
    std::uint32_t serverPid = 0;
    std::string serverName;
    std::string serverVersion;
    std::string libraryVersion; // ours
    std::string serverCookie;   // differs for every run of the server
    bool admissionOurs = false; // it lets new clients wait for our word
    // default.clock.rate: what its graph runs at, unless somebody forces another rate.
    std::uint32_t clockRate = 48000;

    const Client* client(GlobalId id) const { return find(clients, id); }
    const Node* node(GlobalId id) const { return find(nodes, id); }
    const Port* port(GlobalId id) const { return find(ports, id); }
    const Device* device(GlobalId id) const { return find(devices, id); }
    bool has(GlobalId id) const; // of any kind
    // Of a node that lingers it is whom its maker names (PipeWire 1.4.2, module-adapter.c).
    const Client* owner(const Node& n) const { return n.client ? client(*n.client) : nullptr; }
    // The silence that the guard plays. Until all is known of it, its name has to do.
    bool isOurs(const Node& n) const {
        const Client* maker = owner(n);
        return maker && maker->self && (n.infoKnown ? !n.lingers : n.name == silenceName);
    }

    // In place of what had the id before.
    void put(Client client);
    void put(Device device);
    void put(Node node);
    void put(Port port);
    void put(const Link& link);
    void remove(GlobalId id);

    const std::set<GlobalId>& nodesOf(GlobalId client) const;
    const std::set<GlobalId>& portsOf(GlobalId node) const;
    const std::set<GlobalId>& linksFrom(GlobalId node) const;
    const std::set<GlobalId>& linksTo(GlobalId node) const;
    // Of a client, device, node or port.
    std::optional<GlobalId> idOf(Serial serial) const;
    const Node* node(Serial serial) const {
        const auto id = idOf(serial);
        const Node* found = id ? node(*id) : nullptr;
        return found && found->serial == serial ? found : nullptr;
    }
    const Port* port(Serial serial) const {
        const auto id = idOf(serial);
        const Port* found = id ? port(*id) : nullptr;
        return found && found->serial == serial ? found : nullptr;
    }
    const Client* client(Serial serial) const {
        const auto id = idOf(serial);
        const Client* found = id ? client(*id) : nullptr;
        return found && found->serial == serial ? found : nullptr;
    }

    template <typename T>
    static const T* find(const std::map<GlobalId, T>& in, GlobalId id) {
        const auto it = in.find(id);
        return it == in.end() ? nullptr : &it->second;
    }

  private:
    void forgetSerial(Serial serial, GlobalId id);

    std::map<GlobalId, std::set<GlobalId>> nodesOf_, portsOf_, linksFrom_, linksTo_;
    std::uint64_t arrivals_ = 0;
    std::map<Serial, GlobalId> ids_;
};

} // namespace micguard
