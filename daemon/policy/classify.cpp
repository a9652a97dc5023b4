// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/classify.hpp"

#include "daemon/model/path.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace micguard {
namespace {

bool isSourceFactory(std::string_view factory) {
    return (factory.starts_with("api.alsa.") || factory.starts_with("api.bluez5.")) &&
           factory.find("source") != std::string_view::npos;
}

// Any ordinary client may have the server make a node from a plug-in and call it what it likes. One that only puts out
// is a microphone unless it is known to be something else.
bool isUnknownProducer(const Graph& graph, const Node& node) {
    const std::string_view factory = node.factory;
    constexpr std::array innocent{std::string_view{"support."}, std::string_view{"api.v4l2."},
                                  std::string_view{"api.libcamera."}};
    return node.maxInputs == 0 && node.maxOutputs > 0 && isServerMade(graph, node) &&
           std::none_of(innocent.begin(), innocent.end(),
                        [&](std::string_view prefix) { return factory.starts_with(prefix); });
}

template <typename Predicate>
bool anyPort(const Graph& graph, const Node& node, Predicate predicate) {
    const auto& ports = graph.portsOf(node.id);
    return std::any_of(ports.begin(), ports.end(),
                       [&](GlobalId id) { return predicate(graph.ports.at(id)); });
}

bool isSessionManagerUnit(std::string_view unit) {
    return unit.starts_with("wireplumber") || unit.starts_with("pipewire-media-session");
}

// Of a client or a process.
template <typename Process>
bool runsSessionManager(const Process& process) {
    constexpr std::array executables{std::string_view{"wireplumber"},
                                     std::string_view{"pipewire-media-session"}};
    // Upgraded under its feet: the unit has to vouch for it.
    const bool replaced = isGone(process.executable) && isSessionManagerUnit(process.unit);
    const std::string_view executable =
        replaced ? withoutGone(process.executable) : std::string_view(process.executable);
    if (!(process.executableTrue || replaced) || process.executableWritable || !process.sandbox.empty())
        return false;
    if (process.unit.ends_with(".service") && !isSessionManagerUnit(process.unit) &&
        !process.unit.starts_with("user@"))
        return false;
    return std::find(executables.begin(), executables.end(), baseName(executable)) != executables.end();
}

bool looksLikeSessionManager(const Client& client) {
    return client.socket.ends_with("-manager") && runsSessionManager(client);
}

// Whoever's it is.
bool putsOutMicrophone(const Graph& graph, const Node& node) {
    if (hasSourceClass(node))
        return true;
    // The class is the maker's word; a capture plug-in behind it is evidence.
    if (isSourceFactory(node.factory) || isUnknownProducer(graph, node))
        return true;
    // So is a device. What its maker says of a device's nodes stands in them, the class too (1.4.2, impl-device.c,
    // device.object.properties), and no factory is named there.
    const std::string_view kind = node.mediaClass;
    const bool backed = node.device.has_value(),
               other = kind.starts_with("Video/") || kind.starts_with("Midi/");
    if (!backed && (other || kind.starts_with("Stream/") || kind.starts_with("Audio/Sink")))
        return false;
    return anyPort(graph, node, [&](const Port& port) {
        return port.output && !port.monitor && isAudioPort(port) && !(other && port.format.empty()) &&
               (backed || port.physical);
    });
}

} // namespace

bool isAudioPort(const Port& port) {
    return port.format.empty() || port.format.find("audio") != std::string::npos;
}

// Of every node at every event: most are none by their class alone, without a look at who owns them.
bool isSource(const Graph& graph, const Node& node) {
    return putsOutMicrophone(graph, node) && !graph.isOurs(node);
}

bool isAnotherGuard(const Client& client) {
    return !client.self && client.socket.ends_with("-manager") && client.applicationId == guardsApplicationId;
}

bool isSessionManager(const ProcessFacts& process) {
    return runsSessionManager(process);
}

bool isPipeWire(const ProcessFacts& process) {
    return process.executableTrue && !process.executableWritable && process.sandbox.empty() &&
           baseName(process.executable) == "pipewire";
}

bool isServerMade(const Graph& graph, const Node& node) {
    const Client* owner = graph.owner(node);
    return !(owner && owner->inServer) && (node.inServer || !node.factory.empty());
}

bool isUndescribed(const Graph& graph, const Node& node, const std::set<GlobalId>& managers) {
    if (!node.inServer || node.infoKnown)
        return false;
    const Client* owner = graph.owner(node);
    return !(owner && managers.contains(owner->id)) && isServerMade(graph, node);
}

bool isPlayedOnly(const Node& node) {
    return node.factory == "support.null-audio-sink";
}

bool isSecondNode(const Graph& graph, const Node& node, const std::set<GlobalId>& managers) {
    if (!isServerMade(graph, node) || !(isSourceFactory(node.factory) || isBackedByHardware(node)))
        return false;
    const Client* owner = graph.owner(node);
    return node.lingers || (owner && !owner->self && !managers.contains(owner->id));
}

bool isBackedByHardware(const Node& node) {
    return node.device || node.factory.starts_with("api.alsa.") || node.factory.starts_with("api.bluez5.");
}

SourceKind sourceKind(const Graph& graph, const Node& node) {
    const Device* device = node.device ? graph.device(*node.device) : nullptr;
    if (node.deviceApi == "bluez5" || node.factory.starts_with("api.bluez5.") ||
        (device && device->api == "bluez5"))
        return SourceKind::Bluetooth;
    if (node.network)
        return SourceKind::Network;
    if (isBackedByHardware(node))
        return SourceKind::Hardware;
    if (node.mediaClass.starts_with("Audio/Sink"))
        return SourceKind::Monitor;
    return SourceKind::Virtual;
}

bool isCaptureStream(const Node& node) {
    return node.mediaClass == "Stream/Input/Audio" && !node.capturesSink;
}

std::set<GlobalId> sessionManagers(const Graph& graph) {
    const Client* chosen = nullptr;
    for (const auto& [id, client] : graph.clients) {
        if (!looksLikeSessionManager(client))
            continue;
        const bool better = chosen == nullptr ||
                            (isSessionManagerUnit(client.unit) && !isSessionManagerUnit(chosen->unit)) ||
                            (isSessionManagerUnit(client.unit) == isSessionManagerUnit(chosen->unit) &&
                             client.serial < chosen->serial);
        if (better)
            chosen = &client;
    }
    std::set<GlobalId> managers;
    if (chosen)
        for (const auto& [id, client] : graph.clients)
            if (client.pid == chosen->pid && looksLikeSessionManager(client))
                managers.insert(id);
    return managers;
}

std::optional<GlobalId> processOf(const Graph& graph, const Node& node) {
    // One that is in its owner's process goes with him. Made by the server's configuration, or outliving its maker (who then
    // says himself who owns it): it is in the server. So is what WirePlumber had it make, the nodes of sound cards (0.5.8,
    // monitors/alsa.lua); such a one is not to suffer from a process that has no time. That a factory of the server made it is of
    // an ordinary client's node his own word (1.4.2, module-client-node.c hands factory.id on), and he may never answer. Our own
    // silence is there.
    const Client* owner = graph.owner(node);
    const bool inServer =
        !owner || owner->inServer || owner->self || (node.inServer && looksLikeSessionManager(*owner));
    return inServer ? std::nullopt : node.client;
}

std::optional<GlobalId> processOf(const Graph& graph, const Device& device) {
    const Client* owner = device.client ? graph.client(*device.client) : nullptr;
    return owner && owner->inServer ? std::nullopt : device.client;
}

const Node* silenceOf(const Graph& graph) {
    for (const auto& [id, client] : graph.clients)
        if (client.self)
            for (const auto node : graph.nodesOf(id))
                if (graph.nodes.at(node).name == silenceName && graph.isOurs(graph.nodes.at(node)))
                    return &graph.nodes.at(node);
    return nullptr;
}

bool canListen(const Graph& graph, const Node& node) {
    if (node.mediaClass.starts_with("Stream/Output/") || node.mediaClass.starts_with("Video/") ||
        node.mediaClass.starts_with("Midi/") || node.mediaClass == "Stream/Input/Video")
        return false;
    return !isSource(graph, node);
}

namespace {

bool providesVirtualSource(const Graph& graph, GlobalId client) {
    const auto& nodes = graph.nodesOf(client);
    return std::any_of(nodes.begin(), nodes.end(), [&](GlobalId id) {
        const Node& node = graph.nodes.at(id);
        return isSource(graph, node) && !node.device && node.linkGroup.empty() &&
               sourceKind(graph, node) == SourceKind::Virtual;
    });
}

} // namespace

bool isPlumbing(const Graph& graph, const Node& node) {
    if (node.linkGroup.empty())
        return node.client && providesVirtualSource(graph, *node.client);
    const auto halfOf = [&](const Node& other) {
        return other.id != node.id && other.linkGroup == node.linkGroup && other.client == node.client &&
               isSource(graph, other);
    };
    if (!node.client)
        return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                           [&](const auto& entry) { return halfOf(entry.second); });
    const auto& nodes = graph.nodesOf(*node.client);
    return std::any_of(nodes.begin(), nodes.end(), [&](GlobalId id) { return halfOf(graph.nodes.at(id)); });
}

} // namespace micguard
