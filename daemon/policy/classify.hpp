// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an object is, by evidence: which node is a microphone, which client is the session manager, which node
// listens. Pure functions of the graph.
#pragma once

#include "daemon/model/graph.hpp"
#include "daemon/policy/source_kind.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace micguard {

// By its device or its plug-in, whatever else it says of itself.
bool isBackedByHardware(const Node& node);

// A node whose outputs carry what a microphone hears, or would once it has ports.
bool isSource(const Graph& graph, const Node& node);
// A headset's source is a loopback of the session manager's that only its device tells from any other (WirePlumber 0.5.8,
// monitors/bluez.lua).
SourceKind sourceKind(const Graph& graph, const Node& node);

// A stream that records and does not ask for a sink's monitor.
bool isCaptureStream(const Node& node);

// The session manager's connections: on the manager socket, running the executable of one. Its name and
// wireplumber.daemon=true are free for anyone to claim and count for nothing. Where several processes
// qualify, the one in a session manager's unit is it, else the one that was there first.
std::set<GlobalId> sessionManagers(const Graph& graph);

// What a guard's connection says of itself (application.id).
inline constexpr const char* guardsApplicationId = "org.micguard.MicGuard1";
// A guard that is not this process. Passing runs of micguardd are none.
bool isAnotherGuard(const Client& client);

// PipeWire itself, by its executable; what it was started for is not said.
bool isPipeWire(const ProcessFacts& process);
// The same evidence as that for a session manager, without a connection.
bool isSessionManager(const ProcessFacts& process);

// Made by the server from one of its plug-ins because a client asked for it: it lives in the server, not with its owner. What a
// module in the server makes (an echo canceller of pipewire.conf) is the configuration's, and goes by its class.
bool isServerMade(const Graph& graph, const Node& node);

// Made in the server for an ordinary client, or for nobody who could be named, and not yet known for what it is: the registry
// tells the class that its maker chose, the plug-in behind it comes a round trip later.
bool isUndescribed(const Graph& graph, const Node& node, const std::set<GlobalId>& managers);

// A microphone's node that somebody else than the session manager or the configuration had the server make, or that lingers: its
// name and kind are his word.
bool isSecondNode(const Graph& graph, const Node& node, const std::set<GlobalId>& managers);

// EasyEffects' source and the like: a sink that nobody hears, whose monitor is called a source.
bool isPlayedOnly(const Node& node);

// The client whose process has to be asked to change something about a node or a device, because it is in there and not in
// the server. Where that cannot be known it is the owner: whoever needlessly is taken for such a process does no harm.
std::optional<GlobalId> processOf(const Graph& graph, const Node& node);
std::optional<GlobalId> processOf(const Graph& graph, const Device& device);

// The source that the guard made for those who may hear nothing but silence.
const Node* silenceOf(const Graph& graph);

// As far as its format tells.
bool isAudioPort(const Port& port);

// Can receive what a source plays, so its owner has something to be cut off from.
bool canListen(const Graph& graph, const Node& node);

// Half of a loopback, filter chain or echo canceller that also provides a source: plumbing, no application. Without a link
// group, whatever listens in a process that provides a virtual source without one (EasyEffects' filters).
bool isPlumbing(const Graph& graph, const Node& node);

} // namespace micguard
