// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/evaluate.hpp"

#include "config/glob.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/sever.hpp"

#include <algorithm>

namespace micguard {
namespace {

// By its name, so it has to be one that nobody chose who is not to be exempt.
bool isExempt(const Model& model, const Node& node, const std::set<GlobalId>& managers) {
    return anyGlobMatches(model.settings.sources.exempt, node.name) &&
           !isSecondNode(model.graph, node, managers);
}

Mode modeFor(const Model& model, const Node& node) {
    if (model.settings.mute.bluetooth && sourceKind(model.graph, node) == SourceKind::Bluetooth)
        return *model.settings.mute.bluetooth;
    return model.mute.mode;
}

// An output that it cannot reach: not mixed by the adapter (raw node, passthrough). Or an input by which others reach it.
bool isBeyondKnob(const Model& model, const Node& node) {
    const auto& ports = model.graph.portsOf(node.id);
    return std::any_of(ports.begin(), ports.end(), [&](GlobalId id) {
        const Port& port = model.graph.ports.at(id);
        // Without a format: in passthrough, or converted and mixed. What it is the registry does not tell.
        // By one that takes controls in somebody writes the knob back, and nobody is told (1.4.2, audioconvert.c,
        // channelmix_process_apply_sequence()).
        if (!port.output)
            return !isAudioPort(port);
        return port.format != "32 bit float mono audio" && isAudioPort(port);
    });
}

// Its process owes an answer already: whatever it is asked now would be overdue at once.
bool isUnanswering(const Model& model, const Node& node) {
    const auto process = processOf(model.graph, node);
    const Client* client = process ? model.graph.client(*process) : nullptr;
    const auto asked = client ? model.applied.processes.find(client->serial) : model.applied.processes.end();
    return asked != model.applied.processes.end() && asked->second.overdue;
}

// The user's own mute takes the guard's place here when the guard goes.
bool userMuteWorks(const Model& model, const Node& node) {
    return knobState(model, node) != KnobState::Fails && node.knob.present && !node.knob.locked &&
           (node.knob.monitorVolumes || !hasMonitorOutput(model, node));
}

SourceVerdict judgeSource(const Model& model, const Node& node, const std::set<GlobalId>& managers,
                          bool muted) {
    SourceVerdict verdict;
    verdict.node = node.id;
    if (isExempt(model, node, managers)) {
        verdict.guarded = false;
        verdict.reason = "exempt by [sources] exempt";
        return verdict;
    }
    // Let go in order: what no ordinary tool could mute stays shut, for stopping the guard must open nothing.
    const auto knob = model.applied.knobs.find(node.serial);
    const bool found = knob != model.applied.knobs.end();
    const bool unmutable =
        standsIn(model) && !(found && knob->second.late && !model.mutedLate) && !userMuteWorks(model, node);
    if (muted || unmutable) {
        verdict.silent = true;
        verdict.reason = "muted";
        const KnobState state = knobState(model, node);
        // Let go, a silent one is left linked: cut off and hidden, nobody would ever show its streams again.
        if (muted && modeFor(model, node) == Mode::Sever) {
            verdict.sever = true;
        } else if (state == KnobState::Fails) {
            verdict.sever = true;
            verdict.reason = "muted; this source has no volume that the server could turn down";
        }
        return verdict;
    }
    // Who does not answer is not waited for: his source is as open as he lets it be.
    const bool unborn =
        model.listComplete && !found && !isBeyondAsking(model, node) && !isUnanswering(model, node);
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

// What is no microphone, as far as is known now. A node of which only the maker's word is known is silent while muted, so that it
// does not sound before the plug-in behind it has shown; turned out to be something else, it is opened again.
std::optional<SourceVerdict> judgeOther(const Model& model, const Node& node,
                                        const std::set<GlobalId>& managers, bool muted) {
    const auto knob = model.applied.knobs.find(node.serial);
    const bool undescribed = muted && isUndescribed(model.graph, node, managers);
    if (!undescribed && (knob == model.applied.knobs.end() || !knob->second.silent))
        return std::nullopt;
    SourceVerdict verdict;
    verdict.node = node.id;
    verdict.silent = undescribed;
    verdict.guarded = undescribed;
    verdict.reason = undescribed ? "muted; what it is made of is not known yet" : "no microphone";
    return verdict;
}

} // namespace

void protectConnections(const Model& model, const std::set<GlobalId>& managers, Verdicts& verdicts) {
    // A handful; looked for once, and not once for each of hundreds of clients.
    std::map<GlobalId, std::uint32_t> trusted;
    for (const auto& [id, client] : model.graph.clients)
        if (client.self || managers.contains(id))
            trusted.emplace(id, permission::readOnly);
    if (trusted.empty())
        return;
    for (const auto& [id, client] : model.graph.clients)
        if (!trusted.contains(id))
            verdicts.permissions[id] = trusted;
}

bool standsIn(const Model& model) {
    return model.released && model.mute.muted();
}

bool standsInOn(const Model& model, const Node& node) {
    const auto knob = model.applied.knobs.find(node.serial);
    if (!standsIn(model) || knob == model.applied.knobs.end())
        return false;
    return model.mutedLate ||
           (!knob->second.late && (knob->second.silent || model.applied.userMuted.contains(node.serial)));
}

bool isBeyondAsking(const Model& model, const Node& node) {
    constexpr std::size_t mostProcesses = 32;
    if (model.applied.processes.size() < mostProcesses)
        return false;
    const auto process = processOf(model.graph, node);
    const Client* client = process ? model.graph.client(*process) : nullptr;
    return client && !model.applied.processes.contains(client->serial) &&
           !sessionManagers(model.graph).contains(client->id);
}

bool userMuteInForce(const Model& model, const Node& node) {
    const auto it = model.applied.userMuted.find(node.serial);
    return it != model.applied.userMuted.end() && model.applied.done(it->second) && node.knob.mute;
}

KnobState knobState(const Model& model, const Node& node) {
    // Whether or not it was asked yet: asking changes nothing of it.
    if (node.evidenceOverdue || isBeyondKnob(model, node))
        return KnobState::Fails;
    const auto it = model.applied.knobs.find(node.serial);
    if (it == model.applied.knobs.end())
        return isBeyondAsking(model, node) || isUnanswering(model, node) ? KnobState::Fails
                                                                         : KnobState::Pending;
    const KnobApplied& knob = it->second;
    if (knob.failed || model.applied.overdue(knob.sent))
        return KnobState::Fails;
    if (!knob.silent)
        return isUnanswering(model, node) || isBeyondAsking(model, node) ? KnobState::Fails : KnobState::Open;
    if (knob.unsure)
        return isBeyondAsking(model, node) ? KnobState::Fails : KnobState::Pending;
    if (!model.applied.done(knob.sent))
        return KnobState::Pending;
    const bool read = knob.sent.batch == 0 || node.knobReads > knob.readsThen;
    const bool silent = node.knob.present && node.knob.maxVolume == 0.0f &&
                        (node.knob.monitorMute || !hasMonitorOutput(model, node));
    return read && silent ? KnobState::Holds : KnobState::Pending;
}

Verdicts evaluate(const Model& model, const RuleBook& book) {
    Verdicts verdicts;
    verdicts.muted = model.mute.muted() && !model.released;
    if (!model.connected)
        return verdicts;
    const auto managers = sessionManagers(model.graph);
    if (!model.released) {
        protectConnections(model, managers, verdicts);
        verdicts.rulings = judge(model, book, managers);
    }
    Severing severing{model, managers};
    for (const auto& [id, node] : model.graph.nodes) {
        if (!isSource(model.graph, node)) {
            if (const auto other = judgeOther(model, node, managers, verdicts.muted))
                verdicts.sources.push_back(*other);
            continue;
        }
        verdicts.sources.push_back(judgeSource(model, node, managers, verdicts.muted));
        // He was given everything on it when he had it made (1.4.2, module-adapter.c), also under strict admission.
        if (verdicts.sources.back().silent && node.client && isSecondNode(model.graph, node, managers))
            verdicts.permissions[*node.client].try_emplace(id, permission::readExecute);
        if (!verdicts.sources.back().sever)
            continue;
        if (knobState(model, node) == KnobState::Fails)
            severing.forbidden.push_back(&node);
        else
            severing.severed.push_back(&node);
    }
    // Who is to be cut off from what, and what is to be given back later, is seen only once the list is complete; what
    // was taken away by a guard before us is in force all the while.
    if (model.listComplete && (!severing.severed.empty() || !severing.forbidden.empty() ||
                               !verdicts.rulings.strict.empty() || !verdicts.rulings.unknownYet.empty()))
        sever(severing, verdicts);
    admit(model, managers, verdicts);
    return verdicts;
}

Guarantee guarantee(const Model& model, const Verdicts& verdicts) {
    Guarantee result;
    if (!model.connected) {
        result.holds = !model.trying;
        return result;
    }
    const auto acknowledged = [&](GlobalId clientId, const Node& object, std::uint32_t value) {
        const Client* client = model.graph.client(clientId);
        if (!client)
            return true;
        const auto objects = model.applied.permissions.find(client->serial);
        if (objects == model.applied.permissions.end())
            return false;
        const auto applied = objects->second.find(object.serial);
        return applied != objects->second.end() && applied->second.value == value &&
               model.applied.done(applied->second.batch);
    };
    for (const auto& verdict : verdicts.sources) {
        const Node* node = model.graph.node(verdict.node);
        if (!node || !verdict.guarded)
            continue;
        // Let go in order: what may open is muted by ordinary means first.
        if (!verdict.silent && standsInOn(model, *node) && !userMuteInForce(model, *node))
            result.waiting.push_back(node->name);
        if (!verdict.silent)
            continue;
        const KnobState knob = knobState(model, *node);
        bool held = knob == KnobState::Holds;
        if (verdict.sever) {
            const Client* owner = model.graph.owner(*node);
            held = (held || (knob == KnobState::Fails && (!owner || owner->infoKnown))) &&
                   !verdicts.destroyNodes.contains(verdict.node);
            for (const auto& [client, objects] : verdicts.permissions)
                if (const auto it = objects.find(verdict.node); it != objects.end())
                    held = held && acknowledged(client, *node, it->second);
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
