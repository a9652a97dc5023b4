// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/renewal.hpp"

#include "daemon/policy/classify.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>

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
        // One that is about to run counts as suspended, or idle, until it does. Suspended it would not heed us, and keep the buffers
        // that it has got already; idle it would heed us and never be started, for its start is on its way (PipeWire 1.4.2, impl-node.c,
        // suspend_node(), on_state_complete(), start_node()). Nothing flows before it runs, and then it is told.
        if (node->state == NodeState::Suspended || (node->state == NodeState::Idle && !node->runsOn))
            continue;
        if (!model.applied.renewing.contains(source) && isExposed(*node))
            exposed.push_back(node);
    }
    return exposed;
}

// Before 1.6.8, or with what Debian and others have taken from there, the graph is looked at in the midst of suspending.
bool looksAmidSuspending(std::string_view serverVersion) {
    std::array<unsigned, 3> version{};
    const char* at = serverVersion.data();
    const char* end = at + serverVersion.size();
    for (auto& part : version) {
        const auto [next, error] = std::from_chars(at, end, part);
        if (error != std::errc())
            return true;
        at = next + (next != end && *next == '.' ? 1 : 0);
    }
    return version < std::array{1U, 6U, 8U};
}

// While a node is suspended its ports lose their formats one after the other, and at each PipeWire looks at the whole graph
// anew, with the node still running: its other links are put in force once more (1.4.2: impl-node.c, suspend_node(); impl-link.c,
// link_update_state() and pw_impl_link_activate()). Such a link counts as in force from then on, is not put there when it has
// buffers again, and carries nothing for good, unless the node at its other end lets go of it too: by pausing, having nothing else
// to do, or by being suspended. Of who would not pause the links are made anew in the same go; it is suspended as well if
// the session manager would have them on its conscience.
class Disturbance {
  public:
    Disturbance(const Model& model, const Verdicts& verdicts, const std::vector<const Node*>& exposed)
        : model_(model)
        , verdicts_(verdicts)
        , managers_(sessionManagers(model.graph)) {
        for (const Node* node : exposed)
            all_.insert(node->id);
    }

    void contain(action::Suspend& suspend) {
        std::vector<GlobalId> suspended{suspend.node};
        for (std::size_t next = 0; next < suspended.size(); next++) {
            const GlobalId node = suspended[next];
            const auto links = linksOf(node);
            if (links.size() < 2) // nothing that could be put in force once more
                continue;
            for (const auto id : links) {
                const Link& link = graph().links.at(id);
                const GlobalId other = link.outputNode == node ? link.inputNode : link.outputNode;
                if (other != node && (all_.contains(other) || wouldPause(other)))
                    continue;
                if (!isManagers(link, other)) {
                    if (made_.insert(id).second)
                        suspend.again.push_back(
                            {id, {link.outputNode, link.outputPort, link.inputNode, link.inputPort}});
                } else if (all_.insert(other).second) {
                    suspend.along.push_back(other);
                    suspended.push_back(other);
                }
            }
        }
    }

  private:
    const Graph& graph() const { return model_.graph; }

    // What is cut in the same plan is gone by then.
    bool stays(const Link& link) const {
        const auto listener = graph().nodes.find(link.inputNode);
        if (listener == graph().nodes.end() || !graph().nodes.contains(link.outputNode))
            return false;
        const Client* owner = graph().owner(listener->second);
        return !verdicts_.cutLinks.contains(link.id) && !model_.applied.destroyAsked.contains(link.serial) &&
               !(owner && verdicts_.rulings.of(owner->id, link.outputNode));
    }

    std::set<GlobalId> linksOf(GlobalId node) const {
        std::set<GlobalId> links;
        for (const auto* side : {&graph().linksFrom(node), &graph().linksTo(node)})
            for (const auto id : *side)
                if (stays(graph().links.at(id)))
                    links.insert(id);
        return links;
    }

    bool wouldPause(GlobalId id) const {
        const Node& node = graph().nodes.at(id);
        const auto links = linksOf(id);
        return !node.runsOn && node.linkGroup.empty() &&
               std::all_of(links.begin(), links.end(), [&](GlobalId at) {
                   const Link& link = graph().links.at(at);
                   return all_.contains(link.outputNode) || all_.contains(link.inputNode);
               });
    }

    bool isManagers(const Link& link, GlobalId other) const {
        return (link.client && managers_.contains(*link.client)) || graph().nodes.at(other).autoconnect;
    }

    const Model& model_;
    const Verdicts& verdicts_;
    std::set<GlobalId> managers_;
    std::set<GlobalId> all_;  // that are suspended
    std::set<GlobalId> made_; // links that are made anew
};

} // namespace

std::vector<Action> planSuspends(const Model& model, const Verdicts& verdicts) {
    if (!model.listComplete)
        return {};
    const auto exposed = exposedNodes(model, verdicts);
    if (exposed.empty())
        return {};
    std::vector<Action> actions;
    actions.reserve(exposed.size());
    Disturbance disturbance(model, verdicts, exposed);
    const bool disturbs = looksAmidSuspending(model.graph.serverVersion);
    for (const Node* node : exposed) {
        action::Suspend suspend{node->id, processOf(model.graph, *node)};
        if (disturbs)
            disturbance.contain(suspend);
        actions.emplace_back(std::move(suspend));
    }
    return actions;
}

} // namespace micguard
