// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/flow.hpp"

#include "daemon/policy/classify.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace micguard {
namespace {

bool isSink(const Node& node) {
    const std::string_view kind = node.mediaClass;
    return kind.starts_with("Audio/Sink") || kind == "Audio/Duplex";
}

// What it takes in may come out of its own outputs: a filter's (JACK clients, EasyEffects' effects), those of a virtual source that
// is played to, a stream's monitor.
bool hasOutputs(const Graph& graph, const Node& node) {
    const auto& ports = graph.portsOf(node.id);
    return std::any_of(ports.begin(), ports.end(), [&](GlobalId id) {
        const Port& port = graph.ports.at(id);
        return port.output && isAudioPort(port);
    });
}

// Nodes that put out what a node takes in.
class Passages {
  public:
    explicit Passages(const Graph& graph)
        : graph_(graph) {
        for (const auto& [id, node] : graph.nodes) {
            if (!node.linkGroup.empty())
                groups_[node.linkGroup].push_back(id);
            if (node.client && isSource(graph, node))
                provided_[*node.client].push_back(id);
        }
    }

    void from(const Node& node, std::vector<GlobalId>& onward) const {
        if (isSink(node) || hasOutputs(graph_, node))
            onward.push_back(node.id);
        // Whoever names a group that is not his own only draws more upon himself and on it.
        if (const auto group = groups_.find(node.linkGroup); group != groups_.end())
            add(node, group->second, onward);
        if (!node.client)
            return;
        // Of what says that it is a half of something everything of the client's is the rest: anybody can have a loopback made whose
        // halves name different groups (pactl load-module … source_properties=node.link-group=…). But for sound cards, which are a device's
        // of the same client: the session manager's. Without a group nothing tells which of a client's sources it feeds from what it hears: all.
        if (!node.linkGroup.empty())
            addSoft(node, graph_.nodesOf(*node.client), onward);
        else if (const auto provided = provided_.find(*node.client); provided != provided_.end())
            add(node, provided->second, onward);
    }

  private:
    static void add(const Node& self, const std::vector<GlobalId>& others, std::vector<GlobalId>& onward) {
        for (const auto id : others)
            if (id != self.id)
                onward.push_back(id);
    }

    void addSoft(const Node& self, const std::set<GlobalId>& others, std::vector<GlobalId>& onward) const {
        for (const auto id : others)
            if (id != self.id && !isCard(graph_.nodes.at(id)))
                onward.push_back(id);
    }

    bool isCard(const Node& node) const {
        const Device* device = node.device ? graph_.device(*node.device) : nullptr;
        return device && device->client == node.client;
    }

    const Graph& graph_;
    std::map<std::string, std::vector<GlobalId>> groups_;
    std::map<GlobalId, std::vector<GlobalId>> provided_;
};

} // namespace

Flow flowOf(const Graph& graph) {
    const Passages passages(graph);
    Flow flow;
    std::vector<std::pair<GlobalId, GlobalId>> news; // carrier, source
    for (const auto& [id, node] : graph.nodes)
        if (isSource(graph, node))
            news.emplace_back(id, id);
    std::vector<GlobalId> onward;
    while (!news.empty()) {
        const auto [carrier, source] = news.back();
        news.pop_back();
        if (!flow[carrier].insert(source).second)
            continue;
        for (const auto id : graph.linksFrom(carrier)) {
            const Node* listener = graph.node(graph.links.at(id).inputNode);
            if (!listener)
                continue;
            onward.clear();
            passages.from(*listener, onward);
            for (const auto next : onward)
                news.emplace_back(next, source);
        }
    }
    return flow;
}

const Node& microphoneBehind(const Graph& graph, const Flow& flow, const Node& source) {
    const auto standsForItself = [&](const Node& node) {
        const auto behind = flow.find(node.id);
        return sourceKind(graph, node) != SourceKind::Virtual || behind == flow.end() ||
               (behind->second.size() == 1 && behind->second.contains(node.id));
    };
    if (standsForItself(source))
        return source;
    const Node* internal = nullptr;
    for (const auto id : flow.at(source.id)) {
        const Node* node = graph.node(id);
        if (!node || id == source.id || !standsForItself(*node))
            continue;
        // What the session manager hides behind a source of its own: a headset's, a part of a card.
        if (node->mediaClass != "Audio/Source/Internal")
            return *node;
        internal = node;
    }
    return internal ? *internal : source;
}

} // namespace micguard
