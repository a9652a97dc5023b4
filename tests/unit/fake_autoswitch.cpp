// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/fake_autoswitch.hpp"

#include "daemon/policy/classify.hpp"

#include <algorithm>

namespace micguard::test {

// checkStreamStatus(): what the stream is linked to, through filters.
std::optional<GlobalId> Autoswitch::headsetOf(const Graph& graph, const Node& stream,
                                              std::set<std::string>& seenGroups) const {
    const auto& links = graph.linksTo(stream.id);
    if (links.empty())
        return std::nullopt;
    const Node& peer = graph.nodes.at(graph.links.at(*links.begin()).outputNode);
    if (loopbacks_.contains(peer.id)) {
        // One that was seen and stands still since is taken for corked.
        const auto before = previous_.find(stream.id);
        const bool corked =
            before != previous_.end() && before->second == peer.device && stream.state != NodeState::Running;
        return corked ? std::nullopt : peer.device;
    }
    if (peer.linkGroup.empty() || !seenGroups.insert(peer.linkGroup).second)
        return std::nullopt;
    for (const auto& [id, node] : graph.nodes)
        if (isCaptureStream(node) && node.linkGroup == peer.linkGroup)
            if (const auto headset = headsetOf(graph, node, seenGroups))
                return headset;
    return std::nullopt;
}

void Autoswitch::streamLinked(const Graph& graph, const Node& stream) {
    if (!isCaptureStream(stream) || !stream.linkGroup.empty())
        return;
    std::set<std::string> seenGroups;
    if (const auto headset = headsetOf(graph, stream, seenGroups)) {
        active_[stream.id] = previous_[stream.id] = *headset;
        telephones_.insert(*headset);
    } else {
        letGo(stream.id);
    }
}

void Autoswitch::streamGone(GlobalId stream) {
    letGo(stream);
    previous_.erase(stream);
}

void Autoswitch::letGo(GlobalId stream) {
    const auto found = active_.find(stream);
    if (found == active_.end())
        return;
    const GlobalId headset = found->second;
    active_.erase(found);
    if (std::none_of(active_.begin(), active_.end(), [&](const auto& one) { return one.second == headset; }))
        telephones_.erase(headset);
}

} // namespace micguard::test
