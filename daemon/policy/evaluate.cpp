// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/evaluate.hpp"

#include "config/glob.hpp"
#include "daemon/policy/classify.hpp"

#include <algorithm>

namespace micguard {
namespace {

bool isExempt(const Settings& settings, const Node& node) {
    return anyGlobMatches(settings.sources.exempt, node.name);
}

Mode modeFor(const Model& model, const Node& node) {
    if (model.settings.mute.bluetooth && sourceKind(node) == SourceKind::Bluetooth)
        return *model.settings.mute.bluetooth;
    return model.mute.mode;
}

// An output the knob cannot reach: not mixed by the adapter (raw node, passthrough).
bool hasUnmixedOutput(const Model& model, const Node& node) {
    const auto& ports = model.graph.portsOf(node.id);
    return std::any_of(ports.begin(), ports.end(), [&](GlobalId id) {
        const Port& port = model.graph.ports.at(id);
        // Without a format: in passthrough, or converted and mixed. What it is the registry does not tell.
        return port.output && port.format != "32 bit float mono audio" &&
               (port.format.empty() || port.format.find("audio") != std::string::npos);
    });
}

bool hasMonitorOutput(const Model& model, const Node& node) {
    const auto& ports = model.graph.portsOf(node.id);
    return std::any_of(ports.begin(), ports.end(), [&](GlobalId id) {
        const Port& port = model.graph.ports.at(id);
        return port.output && port.monitor;
    });
}

// The user's own mute takes the guard's place here when the guard goes.
bool userMuteWorks(const Model& model, const Node& node) {
    return knobState(model, node) != KnobState::Fails && node.knob.present && !node.knob.locked;
}

SourceVerdict judgeSource(const Model& model, const Node& node, bool muted) {
    SourceVerdict verdict;
    verdict.node = node.id;
    if (isExempt(model.settings, node)) {
        verdict.guarded = false;
        verdict.reason = "exempt by [sources] exempt";
        return verdict;
    }
    // Let go in order: what no ordinary tool could mute stays shut, for stopping the guard must open nothing.
    const bool unmutable = model.released && model.mute.muted() && !userMuteWorks(model, node);
    if (muted || unmutable) {
        verdict.silent = true;
        verdict.reason = "muted";
        const KnobState knob = knobState(model, node);
        if (modeFor(model, node) == Mode::Sever) {
            verdict.sever = true;
        } else if (knob == KnobState::Fails) {
            verdict.sever = true;
            verdict.reason = "muted; this source has no volume that the server could turn down";
        }
        return verdict;
    }
    const auto knob = model.applied.knobs.find(node.serial);
    const bool found = knob != model.applied.knobs.end();
    // Who does not answer is not waited for: his source is as open as he lets it be.
    const bool unborn = model.listComplete && !found && !isBeyondAsking(model, node);
    const bool newborn = found && knob->second.born && !model.applied.done(knob->second.sent) &&
                         !model.applied.overdue(knob->second.sent);
    if (unborn || newborn) {
        verdict.silent = true;
        verdict.reason = "new; opened once its silence was acknowledged";
    } else {
        verdict.reason = "not muted";
    }
    return verdict;
}

// Whoever could destroy our connection or the session manager's would undo everything with one message (X is
// enough, and any ordinary client has it), so nobody else gets more than a look at those.
void protectConnections(const Model& model, const std::set<GlobalId>& managers, Verdicts& verdicts) {
    for (const auto& [id, client] : model.graph.clients) {
        if (client.self || managers.contains(id))
            continue;
        for (const auto& [otherId, other] : model.graph.clients)
            if (other.self || managers.contains(otherId))
                verdicts.permissions[id][otherId] = permission::readOnly;
    }
}

struct Severing {
    const Model& model;
    const std::set<GlobalId>& managers;
    std::vector<const Node*> severed;  // from whoever listens
    std::vector<const Node*> forbidden; // from everyone, because nothing silences them
    bool anyOpen = false;               // some source is neither
};

bool asksFor(const Node& stream, const Node& source) {
    return !stream.target.empty() &&
           (stream.target == source.name || stream.target == std::to_string(raw(source.serial)));
}

// Streams that the session manager would link, or believes to be linked still: hidden from it while nothing
// can be linked, so that it neither retries nor reports errors to them, and takes them for new ones when they
// come back, choosing their source by the state of things then.
void hideStreams(const Severing& severing, Verdicts& verdicts) {
    const auto& graph = severing.model.graph;
    const auto isCut = [&](auto matches) {
        return std::any_of(severing.severed.begin(), severing.severed.end(), matches) ||
               std::any_of(severing.forbidden.begin(), severing.forbidden.end(), matches);
    };
    std::set<GlobalId> listening; // to something that is not cut off: a sink's monitor, an exempt source
    for (const auto& [id, link] : graph.links)
        if (!isCut([output = link.outputNode](const Node* source) { return source->id == output; }))
            listening.insert(link.inputNode);
    for (const auto& [id, node] : graph.nodes) {
        if (!isCaptureStream(node) || !node.autoconnect || !node.client || listening.contains(id) ||
            severing.managers.contains(*node.client))
            continue;
        const auto fed = severing.model.lastFed.find(node.serial);
        const bool cut = isCut([&, stream = &node](const Node* source) {
            return fed != severing.model.lastFed.end() ? source->serial == fed->second : asksFor(*stream, *source);
        });
        if (cut || !severing.anyOpen)
            for (const auto manager : severing.managers)
                verdicts.permissions[manager][id] = permission::none;
    }
}

// One of its nodes may listen, so that a revocation is due to it.
bool canListenAtAll(const Graph& graph, GlobalId client) {
    const auto& nodes = graph.nodesOf(client);
    return std::any_of(nodes.begin(), nodes.end(), [&](GlobalId id) { return canListen(graph, graph.nodes.at(id)); });
}

// The server destroys a revoked client's links by itself; one that stands after the revocation was acknowledged (or
// whose owner was not revoked, having claimed to be no listener) is destroyed by name.
bool stillBeingCut(const Model& model, const Client& client, GlobalId source) {
    const auto objects = model.applied.permissions.find(client.serial);
    const Node* node = model.graph.node(source);
    if (objects == model.applied.permissions.end() || !node)
        return canListenAtAll(model.graph, client.id);
    const auto revoked = objects->second.find(node->serial);
    if (revoked == objects->second.end())
        return canListenAtAll(model.graph, client.id);
    return !model.applied.done(revoked->second.batch);
}

void sever(const Severing& severing, Verdicts& verdicts) {
    const auto& graph = severing.model.graph;
    std::set<GlobalId> listeners;
    for (const auto& [id, node] : graph.nodes)
        if (node.client && canListen(graph, node))
            listeners.insert(*node.client);

    const auto revoke = [&](GlobalId client, const Node& source) {
        auto& objects = verdicts.permissions[client];
        objects[source.id] = permission::none;
        for (const auto portId : graph.portsOf(source.id))
            if (graph.ports.at(portId).output)
                objects[portId] = permission::none;
    };
    for (const auto& [id, client] : graph.clients) {
        if (client.self || severing.managers.contains(id))
            continue;
        for (const auto* source : severing.severed)
            if (listeners.contains(id) && source->client != id)
                revoke(id, *source);
        for (const auto* source : severing.forbidden)
            // Its own maker may keep it only where it lives with him: a node that he had the server make is a
            // microphone like any other. Losing sight of it destroys it, unless it lingers, and that from within
            // the server's walk over its resources, which crashes (PipeWire 1.4.2, global.c,
            // pw_global_update_permissions()). So it is destroyed in order.
            if (source->client == id && isServerMade(*source) && !source->lingers)
                verdicts.destroyNodes.insert(source->id);
            else if (source->client != id || isServerMade(*source))
                revoke(id, *source);
    }
    const auto cutLinksFrom = [&](const Node* source) {
        for (const auto id : graph.linksFrom(source->id)) {
            const Node* listener = graph.node(graph.links.at(id).inputNode);
            const Client* owner = listener ? graph.owner(*listener) : nullptr;
            // What nobody owns, and what the session manager owns (sinks), no permission keeps from listening.
            if (!owner || owner->self || severing.managers.contains(owner->id) ||
                !stillBeingCut(severing.model, *owner, source->id))
                verdicts.cutLinks.insert(id);
        }
    };
    std::for_each(severing.severed.begin(), severing.severed.end(), cutLinksFrom);
    std::for_each(severing.forbidden.begin(), severing.forbidden.end(), cutLinksFrom);
    hideStreams(severing, verdicts);
}

} // namespace

bool isBeyondAsking(const Model& model, const Node& node) {
    constexpr std::size_t mostProcesses = 32;
    if (model.applied.processes.size() < mostProcesses)
        return false;
    const auto process = processOf(model.graph, node);
    const Client* client = process ? model.graph.client(*process) : nullptr;
    return client && !model.applied.processes.contains(client->serial) &&
           !sessionManagers(model.graph).contains(client->id);
}

KnobState knobState(const Model& model, const Node& node) {
    const auto it = model.applied.knobs.find(node.serial);
    if (it == model.applied.knobs.end())
        return isBeyondAsking(model, node) ? KnobState::Fails : KnobState::Pending;
    const KnobApplied& knob = it->second;
    if (knob.failed || node.evidenceOverdue || model.applied.overdue(knob.sent) || hasUnmixedOutput(model, node))
        return KnobState::Fails;
    if (!knob.silent)
        return KnobState::Open;
    if (!model.applied.done(knob.sent))
        return KnobState::Pending;
    const bool read = knob.sent.batch == 0 || node.knobReads > knob.readsThen;
    const bool silent = node.knob.present && node.knob.maxVolume == 0.0f &&
                        (node.knob.monitorMute || !hasMonitorOutput(model, node));
    return read && silent ? KnobState::Holds : KnobState::Pending;
}

Verdicts evaluate(const Model& model) {
    Verdicts verdicts;
    verdicts.muted = model.mute.muted() && !model.released;
    if (!model.connected)
        return verdicts;
    const auto managers = sessionManagers(model.graph);
    if (!model.released)
        protectConnections(model, managers, verdicts);
    Severing severing{model, managers, {}, {}, false};
    for (const auto& [id, node] : model.graph.nodes) {
        if (!isSource(model.graph, node))
            continue;
        verdicts.sources.push_back(judgeSource(model, node, verdicts.muted));
        const auto& verdict = verdicts.sources.back();
        if (!verdict.sever)
            severing.anyOpen = true;
        else if (knobState(model, node) == KnobState::Fails)
            severing.forbidden.push_back(&node);
        else
            severing.severed.push_back(&node);
    }
    // Who is to be cut off from what, and what is to be given back later, is seen only once the list is complete; what
    // was taken away by a guard before us is in force all the while.
    if (model.listComplete && (!severing.severed.empty() || !severing.forbidden.empty()))
        sever(severing, verdicts);
    return verdicts;
}

Guarantee guarantee(const Model& model, const Verdicts& verdicts) {
    Guarantee result;
    if (!model.connected) {
        result.holds = true;
        return result;
    }
    const auto acknowledged = [&](GlobalId clientId, GlobalId objectId, std::uint32_t value) {
        const Client* client = model.graph.client(clientId);
        if (!client)
            return true;
        const auto objects = model.applied.permissions.find(client->serial);
        if (objects == model.applied.permissions.end())
            return false;
        for (const auto& [serial, applied] : objects->second)
            if (applied.id == objectId)
                return applied.value == value && model.applied.done(applied.batch);
        return false;
    };
    for (const auto& verdict : verdicts.sources) {
        if (!verdict.silent || !verdict.guarded)
            continue;
        const Node* node = model.graph.node(verdict.node);
        if (!node)
            continue;
        const KnobState knob = knobState(model, *node);
        bool held = knob == KnobState::Holds;
        if (verdict.sever) {
            held = (held || knob == KnobState::Fails) && !verdicts.destroyNodes.contains(verdict.node);
            for (const auto& [client, objects] : verdicts.permissions)
                if (const auto it = objects.find(verdict.node); it != objects.end())
                    held = held && acknowledged(client, it->first, it->second);
            for (const auto id : model.graph.linksFrom(verdict.node))
                held = held && !verdicts.cutLinks.contains(id);
        }
        if (!held)
            result.waiting.push_back(node->name);
    }
    result.holds = result.waiting.empty() && model.listComplete;
    return result;
}

} // namespace micguard
