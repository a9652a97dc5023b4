// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/renewal.hpp"

#include "daemon/policy/classify.hpp"

#include <algorithm>
#include <set>

namespace micguard {
namespace {

// Who is kept from something by the rules while others go on hearing it must not go on reading it from memory that he was
// given before, whether or not he is there any more. While it is silent anyway there is nothing to read.
std::vector<const Node*> exposedNodes(const Model& model, const Verdicts& verdicts) {
    const auto isExposed = [&](const Node& node) {
        if (verdicts.rulings.exposed.contains(node.id) && model.left.contains(node.serial))
            return true;
        const auto mapped = model.mapped.find(node.serial);
        return mapped != model.mapped.end() &&
               std::any_of(mapped->second.begin(), mapped->second.end(), [&](Serial serial) {
                   const Client* client = model.graph.client(serial);
                   // Nobody is kept from what is his own.
                   return client && client->id != node.client && verdicts.rulings.of(client->id, node.id);
               });
    };
    std::set<Serial> given;
    for (const auto& [source, clients] : model.mapped)
        given.insert(source);
    for (const auto& [source, left] : model.left)
        given.insert(source);
    std::vector<const Node*> exposed;
    for (const auto source : given) {
        const Node* node = model.graph.node(source);
        const auto* verdict = node ? verdicts.source(node->id) : nullptr;
        if (!node || (verdict && verdict->silent && knobState(model, *node) == KnobState::Holds))
            continue;
        if (isExposed(*node))
            exposed.push_back(node);
    }
    return exposed;
}

// While a node is suspended its ports lose their formats one after the other, and at each PipeWire 1.4.2 looks at the whole graph
// anew, with the node still running: its other links are put in force once more (impl-node.c, suspend_node(); impl-link.c,
// link_update_state() and pw_impl_link_activate()). Such a link counts as in force from then on, is not put there when it has
// buffers again, and carries nothing for good, unless the node at its other end lets go of it too: by pausing, having nothing else
// to do, or by being suspended. So who would not pause is suspended as well, and whoever is linked to him in the same way.
std::vector<GlobalId> suspendedAlong(const Model& model, const Verdicts& verdicts,
                                     const std::vector<const Node*>& exposed) {
    const Graph& graph = model.graph;
    std::set<GlobalId> all;
    std::vector<GlobalId> order;
    for (const Node* node : exposed) {
        all.insert(node->id);
        order.push_back(node->id);
    }
    // What is cut in the same plan is gone by then.
    const auto stays = [&](GlobalId id) {
        const Link& link = graph.links.at(id);
        const auto listener = graph.nodes.find(link.inputNode);
        const Client* owner = listener == graph.nodes.end() ? nullptr : graph.owner(listener->second);
        return !verdicts.cutLinks.contains(id) && !model.applied.destroyAsked.contains(link.serial) &&
               !(owner && verdicts.rulings.of(owner->id, link.outputNode));
    };
    const auto neighbours = [&](GlobalId id) {
        std::vector<GlobalId> found;
        for (const auto link : graph.linksFrom(id))
            if (stays(link))
                found.push_back(graph.links.at(link).inputNode);
        for (const auto link : graph.linksTo(id))
            if (stays(link))
                found.push_back(graph.links.at(link).outputNode);
        return found;
    };
    const auto wouldPause = [&](GlobalId id) {
        const Node& node = graph.nodes.at(id);
        const auto linked = neighbours(id);
        return !node.runsOn && node.linkGroup.empty() &&
               std::all_of(linked.begin(), linked.end(), [&](GlobalId other) { return all.contains(other); });
    };
    for (std::size_t next = 0; next < order.size(); next++)
        for (const auto id : neighbours(order[next]))
            if (graph.nodes.contains(id) && !all.contains(id) && !wouldPause(id)) {
                all.insert(id);
                order.push_back(id);
            }
    order.erase(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(exposed.size()));
    return order;
}

} // namespace

std::vector<Action> planSuspends(const Model& model, const Verdicts& verdicts) {
    if (!model.listComplete)
        return {};
    auto exposed = exposedNodes(model, verdicts);
    // The server's own first: what is suspended along comes after all of them.
    std::stable_partition(exposed.begin(), exposed.end(),
                          [&](const Node* node) { return !processOf(model.graph, *node); });
    std::vector<Action> actions;
    for (const Node* node : exposed)
        actions.emplace_back(action::Suspend{node->id, processOf(model.graph, *node),
                                             node == exposed.back() ? suspendedAlong(model, verdicts, exposed)
                                                                    : std::vector<GlobalId>{}});
    return actions;
}

} // namespace micguard
