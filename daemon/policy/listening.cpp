// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/listening.hpp"

#include "daemon/model/pulse_clients.hpp"

#include <algorithm>
#include <set>

namespace micguard {
namespace {

// Of a stream that is cut off the server tells nothing: pw_stream_set_active() reaches it, but shows in the node's state only
// while there is a link (1.4.2: idle, whether active or not). The Pulse server tells of its own streams all the same.
bool isCutOff(const Verdicts& verdicts, const Node& stream, const Node* source) {
    if (verdicts.ruled.contains(stream.id))
        return !verdicts.silenced.contains(stream.id);
    if (source) {
        const auto* verdict = verdicts.source(source->id);
        return verdict && verdict->sever;
    }
    // It never heard any: so it may be any that is kept from it.
    return std::any_of(verdicts.sources.begin(), verdicts.sources.end(),
                       [](const auto& verdict) { return verdict.sever; });
}

const bool* corkedByPulse(const Graph& graph, const Node& stream) {
    const Client* client = graph.owner(stream);
    return client && client->executableTrue && isPulseClient(*client) && stream.corked ? &*stream.corked
                                                                                       : nullptr;
}

} // namespace

Listening listeningOf(const Model& model, const Verdicts& verdicts, const Node& stream, const Node* source,
                      const Listening* before) {
    const Graph& graph = model.graph;
    if (!stream.infoKnown)
        return {};
    const bool cutOff = isCutOff(verdicts, stream, source);
    std::set<GlobalId> fed; // its ports
    for (const auto id : graph.linksTo(stream.id))
        fed.insert(graph.links.at(id).inputPort);
    if (!fed.empty() && !cutOff)
        return {stream.state == NodeState::Running, false,
                static_cast<std::uint32_t>(fed.size()) * graph.clockRate};

    const bool known = before && before->rate != 0;
    // One channel at the least; opened to be linked, and not known to be paused, it is taken to ask.
    Listening listening = known ? *before : Listening{cutOff && stream.autoconnect, false, graph.clockRate};
    if (const bool* corked = corkedByPulse(graph, stream))
        return {!*corked, false, listening.rate};
    listening.assumed = listening.assumed || cutOff || listening.asking;
    return listening;
}

} // namespace micguard
