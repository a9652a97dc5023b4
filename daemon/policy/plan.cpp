// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/plan.hpp"

#include "daemon/model/panel.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/panel.hpp"
#include "daemon/policy/renewal.hpp"

#include <algorithm>

namespace micguard {
namespace {

// Silent from birth, its monitor not muted with it: no property of a new node does that.
bool monitorIsOpen(const Model& model, const Node& node, const KnobApplied& knob) {
    return knob.found && knob.silent && !knob.failed && node.knob.present && !node.knob.monitorMute &&
           hasMonitorOutput(model, node);
}

struct Knobs {
    std::vector<Action> close, open;
};

Knobs planKnobs(const Model& model, const Verdicts& verdicts) {
    Knobs result;
    for (const auto& verdict : verdicts.sources) {
        const Node* node = model.graph.node(verdict.node);
        if (!node)
            continue;
        const auto it = model.applied.knobs.find(node->serial);
        const bool known = it != model.applied.knobs.end();
        if (verdict.silent) {
            if (isBeyondAsking(model, *node))
                continue;
            // What was there before us is read before it is written: it may be silent already, left by a guard
            // that was killed, and writing it anew recomputes the mix (channelmix_init), for an instant audibly.
            // The same goes for what is silent from birth, by the server's rules, until a reading says otherwise.
            if (!known && (!model.listComplete || node->firstReadingDue))
                continue;
            if (!known || (!it->second.silent && !it->second.failed) || it->second.unsure ||
                wasTurnedUp(model, *node, it->second) || monitorIsOpen(model, *node, it->second))
                result.close.push_back(
                    action::SetKnob{verdict.node, true, 0.0f, true, processOf(model.graph, *node)});
        } else if (known && (it->second.silent || it->second.unsure)) {
            if (verdict.guarded && standsInOn(model, *node) && !userMuteInForce(model, *node))
                continue;
            result.open.push_back(action::SetKnob{verdict.node, false, it->second.restoreMax,
                                                  it->second.restoreMonitorMute,
                                                  processOf(model.graph, *node)});
        }
    }
    return result;
}

const PermissionApplied* appliedPermission(const Applied& applied, Serial client, Serial object) {
    const auto objects = applied.permissions.find(client);
    if (objects == applied.permissions.end())
        return nullptr;
    const auto it = objects->second.find(object);
    return it == objects->second.end() ? nullptr : &it->second;
}

std::optional<Serial> serialOf(const Graph& graph, GlobalId id) {
    if (const auto* node = graph.node(id))
        return node->serial;
    if (const auto* port = graph.port(id))
        return port->serial;
    if (const auto* client = graph.client(id))
        return client->serial;
    return std::nullopt;
}

// Nodes before ports, either by their ids.
void putNodesFirst(const Graph& graph, std::vector<std::pair<GlobalId, std::uint32_t>>& objects) {
    std::sort(objects.begin(), objects.end());
    std::stable_partition(objects.begin(), objects.end(),
                          [&](const auto& object) { return graph.node(object.first) != nullptr; });
}

// Its silence is asked for and not yet confirmed. What keeps clients from it meanwhile (put there on a connection
// before this one, or by a guard before us) stays until it is: given back now, it would be audible.
bool isUnconfirmed(const Model& model, const SourceVerdict& verdict) {
    const Node* node = model.graph.node(verdict.node);
    return node && verdict.guarded && verdict.silent && !verdict.sever &&
           knobState(model, *node) != KnobState::Holds;
}

// The same of what stands for `object`: a source, a port of one, or a stream, which any source could reach.
bool mustWait(const Model& model, const Verdicts& verdicts, GlobalId object) {
    const Port* port = model.graph.port(object);
    if (const auto* verdict = verdicts.source(port ? port->node : object))
        return isUnconfirmed(model, *verdict);
    return model.graph.node(object) &&
           std::any_of(verdicts.sources.begin(), verdicts.sources.end(),
                       [&](const SourceVerdict& verdict) { return isUnconfirmed(model, verdict); });
}

struct Permissions {
    std::vector<Action> revoke, hide, grant, show;
};

// Whose sight of a source (and session managers, whose of the stream) was given back by somebody, and is to be taken again; once for
// each link that came of it.
std::set<std::pair<GlobalId, GlobalId>> takenBack(const Model& model, const Verdicts& verdicts,
                                                  const std::set<GlobalId>& managers) {
    std::set<std::pair<GlobalId, GlobalId>> again;
    for (const auto id : verdicts.raised) {
        const Link& link = model.graph.links.at(id);
        if (model.applied.destroyAsked.contains(link.serial))
            continue;
        if (const Node* listener = model.graph.node(link.inputNode); listener && listener->client)
            again.emplace(*listener->client, link.outputNode);
        if (link.client)
            again.emplace(*link.client, link.outputNode);
        for (const auto manager : managers)
            again.emplace(manager, link.inputNode);
    }
    return again;
}

Permissions planPermissions(const Model& model, const Verdicts& verdicts) {
    const auto& graph = model.graph;
    const auto managers = sessionManagers(graph);
    const auto again = takenBack(model, verdicts, managers);
    const auto isTakenAgain = [&](GlobalId client, GlobalId object) {
        const Port* port = graph.port(object);
        return again.contains({client, port ? port->node : object});
    };
    // The same few objects come up with every client.
    std::map<GlobalId, std::optional<Serial>> serials;
    const auto serialIn = [&](GlobalId object) {
        const auto [it, fresh] = serials.try_emplace(object);
        if (fresh)
            it->second = serialOf(graph, object);
        return it->second;
    };
    Permissions result;
    for (const auto& [id, client] : graph.clients) {
        std::vector<std::pair<GlobalId, std::uint32_t>> tighten, loosen;
        const auto wanted = verdicts.permissions.find(id);
        if (wanted != verdicts.permissions.end())
            for (const auto& [object, value] : wanted->second) {
                const auto serial = serialIn(object);
                const auto* now = serial ? appliedPermission(model.applied, client.serial, *serial) : nullptr;
                if (serial && (!now || now->value != value || isTakenAgain(id, object)))
                    tighten.emplace_back(object, value);
            }
        const auto applied = model.applied.permissions.find(client.serial);
        if (applied != model.applied.permissions.end())
            for (const auto& [serial, permission] : applied->second)
                if ((wanted == verdicts.permissions.end() || !wanted->second.contains(permission.id)) &&
                    !mustWait(model, verdicts, permission.id))
                    loosen.emplace_back(permission.id, permission::byDefault);
        putNodesFirst(graph, tighten);
        putNodesFirst(graph, loosen);
        const bool manager = managers.contains(id);
        if (!tighten.empty())
            (manager ? result.hide : result.revoke)
                .push_back(action::UpdatePermissions{id, std::move(tighten)});
        if (!loosen.empty())
            (manager ? result.show : result.grant)
                .push_back(action::UpdatePermissions{id, std::move(loosen)});
    }
    return result;
}

// Clients that may see sources again, and which.
std::map<GlobalId, std::set<GlobalId>> sourcesGiven(const Graph& graph, const std::vector<Action>& grants) {
    std::map<GlobalId, std::set<GlobalId>> given;
    for (const auto& grant : grants)
        if (const auto* update = std::get_if<action::UpdatePermissions>(&grant))
            for (const auto& [object, value] : update->objects)
                if (graph.node(object) && value == permission::byDefault)
                    given[update->client].insert(object);
    return given;
}

// To something that its client was not kept from: a link that was cut may still be on the list.
bool isLinked(const Graph& graph, GlobalId stream, const std::set<GlobalId>& keptFrom) {
    const auto& links = graph.linksTo(stream);
    return std::any_of(links.begin(), links.end(),
                       [&](GlobalId id) { return !keptFrom.contains(graph.links.at(id).outputNode); });
}

// Streams that the session manager was shown and did not link, and those of clients that may listen again: it may
// have tried in vain meanwhile and does not try again by itself (WirePlumber 0.5.8, link-target.lua). Once more, as if
// they were new.
std::vector<Action> planShowAgain(const Model& model, const Verdicts& verdicts,
                                  const std::vector<Action>& grants) {
    std::vector<Action> actions;
    const auto given = sourcesGiven(model.graph, grants);
    if (given.empty() && model.applied.shown.empty())
        return actions;
    const auto isDue = [&](GlobalId id, const Node& node) {
        const auto shown = model.applied.shown.find(node.serial);
        if (shown != model.applied.shown.end())
            return shown->second.overdue;
        const auto sources = node.client ? given.find(*node.client) : given.end();
        return sources != given.end() && isCaptureStream(node) && node.autoconnect &&
               !isLinked(model.graph, id, sources->second);
    };
    for (const auto manager : sessionManagers(model.graph)) {
        action::UpdatePermissions again{manager, {}};
        const auto wanted = verdicts.permissions.find(manager);
        const Client* client = model.graph.client(manager);
        for (const auto& [id, node] : model.graph.nodes) {
            const bool hidden = (wanted != verdicts.permissions.end() && wanted->second.contains(id)) ||
                                (client && appliedPermission(model.applied, client->serial, node.serial));
            if (hidden || !isDue(id, node))
                continue;
            again.objects.emplace_back(id, permission::none);
            again.objects.emplace_back(id, permission::byDefault);
        }
        if (!again.objects.empty())
            actions.emplace_back(std::move(again));
    }
    return actions;
}

bool stands(const Graph& graph, const Port& out, const Port& in) {
    const auto& links = graph.linksTo(in.node);
    return std::any_of(links.begin(), links.end(), [&](GlobalId id) {
        const Link& link = graph.links.at(id);
        return link.outputPort == out.id && link.inputPort == in.id;
    });
}

std::vector<Action> planLinks(const Model& model, const Verdicts& verdicts) {
    std::vector<Action> actions;
    for (const auto& cut : model.applied.cut) {
        const Port* out = model.graph.port(cut.outputPort);
        const Port* in = model.graph.port(cut.inputPort);
        if (!out || !in || stands(model.graph, *out, *in))
            continue;
        const auto* verdict = verdicts.source(out->node);
        const Node* listener = model.graph.node(in->node);
        if ((verdict && (verdict->sever || isUnconfirmed(model, *verdict))) ||
            (listener && listener->client && verdicts.rulings.of(*listener->client, out->node)))
            continue;
        actions.push_back(action::CreateLink{out->node, out->id, in->node, in->id});
    }
    return actions;
}

// Whom the server lets wait. Those that come together are let in before anybody is told of them: that costs a message for each of
// the clients that are in already.
class Admitter {
  public:
    Admitter(const Model& model, const Verdicts& verdicts)
        : model_(model)
        , verdicts_(verdicts)
        , managers_(sessionManagers(model.graph)) {
        for (const auto& [id, client] : model.graph.clients)
            newest_ = std::max(newest_, client.arrival);
    }

    // Let in by the last of their messages.
    std::vector<Action> newcomers() const {
        std::vector<Action> actions;
        for (const auto& [id, admission] : verdicts_.admissions)
            if (!applied(id)) {
                shield(id, admission, {}, actions);
                actions.emplace_back(action::Admit{id, admission.any});
            }
        return actions;
    }

    // That newcomers' own Client objects are out of the others' reach can wait until nobody else does.
    std::vector<Action> others() const {
        std::vector<Action> actions;
        for (const auto& [id, admission] : verdicts_.admissions)
            if (const Admitted* now = applied(id)) {
                shield(id, admission, *now, actions);
                if (now->any != admission.any && !admission.once)
                    actions.emplace_back(action::Admit{id, admission.any});
            }
        return actions;
    }

  private:
    const Admitted* applied(GlobalId id) const {
        const auto it = model_.applied.admitted.find(model_.graph.clients.at(id).serial);
        return it == model_.applied.admitted.end() ? nullptr : &it->second;
    }

    void shield(GlobalId id, const Admission& admission, const Admitted& now,
                std::vector<Action>& actions) const {
        if (admission.shield ? now.shieldedTo == newest_ : now.shieldedTo == 0)
            return;
        action::Shield action{id, {}, admission.shield, newest_};
        for (const auto& [otherId, other] : model_.graph.clients)
            // Those of the guard and of the session manager are kept from everybody in any case.
            if (otherId != id && (!admission.shield || other.arrival > now.shieldedTo) && !other.self &&
                !managers_.contains(otherId))
                action.others.push_back(otherId);
        if (!action.others.empty() || !admission.shield)
            actions.emplace_back(std::move(action));
    }

    const Model& model_;
    const Verdicts& verdicts_;
    std::set<GlobalId> managers_;
    std::uint64_t newest_ = 0;
};

std::vector<GlobalId> portsOf(const Graph& graph, GlobalId node, bool output) {
    std::vector<GlobalId> found;
    for (const auto id : graph.portsOf(node))
        if (graph.ports.at(id).output == output)
            found.push_back(id);
    return found;
}

// Those that may hear nothing and are to go on are linked to a source of silence.
std::vector<Action> planSilence(const Model& model, const Verdicts& verdicts) {
    std::vector<Action> actions;
    if (verdicts.silenced.empty())
        return actions;
    const auto& graph = model.graph;
    const Node* silence = silenceOf(graph);
    if (!silence && !model.applied.silenceMade)
        actions.emplace_back(action::MakeSilence{});
    const auto outputs = silence ? portsOf(graph, silence->id, true) : std::vector<GlobalId>{};
    if (silence && outputs.empty() && !model.applied.portsAsked.contains(silence->serial))
        actions.emplace_back(action::OpenPorts{silence->id, true});
    for (const auto id : verdicts.silenced) {
        const Node& stream = graph.nodes.at(id);
        const auto inputs = portsOf(graph, id, false);
        if (inputs.empty() && !model.applied.portsAsked.contains(stream.serial))
            actions.emplace_back(action::OpenPorts{id, false, processOf(graph, stream)});
        for (const auto input : inputs)
            if (silence && !outputs.empty() && !model.applied.fed.contains(graph.ports.at(input).serial))
                actions.emplace_back(action::CreateLink{silence->id, outputs.front(), id, input, false});
    }
    return actions;
}

// Those that may hear again lose it first.
std::vector<Action> planEndOfSilence(const Model& model, const Verdicts& verdicts) {
    std::vector<Action> actions;
    const auto& graph = model.graph;
    const Node* silence = silenceOf(graph);
    if (!silence)
        return actions;
    for (const auto id : graph.linksFrom(silence->id)) {
        const Link& link = graph.links.at(id);
        if (!verdicts.silenced.contains(link.inputNode) && !model.applied.destroyAsked.contains(link.serial))
            actions.emplace_back(action::Destroy{id});
    }
    return actions;
}

action::SetRouteMute setRouteMute(const Model& model, const Device& device, const Route& route, bool mute,
                                  bool save) {
    return {device.id, route.index, route.profileDevice, mute, save, processOf(model.graph, device)};
}

std::vector<Action> planLeds(const Model& model, const Verdicts& verdicts) {
    std::vector<Action> actions;
    // The switch is then what the desktop shows, and set with that.
    if (model.settings.mute.followDesktop)
        return actions;
    for (const auto& [id, device] : model.graph.devices)
        for (const auto& route : device.routes) {
            if (!route.input || !route.hardwareMute)
                continue;
            const bool wanted = model.settings.mute.led && verdicts.muted &&
                                std::any_of(verdicts.sources.begin(), verdicts.sources.end(),
                                            [&, owner = id](const auto& verdict) {
                                                const Node* node = model.graph.node(verdict.node);
                                                return node && verdict.silent && verdict.guarded &&
                                                       node->device == owner &&
                                                       node->profileDevice == route.profileDevice;
                                            });
            const auto led = model.applied.leds.find({device.serial, route.index});
            const bool known = led != model.applied.leds.end();
            // A new one may still be about to be muted by the session manager, on the user's behalf: then it is his.
            if (wanted && !known && !route.mute && device.settledRoutes.contains(route.index))
                actions.push_back(setRouteMute(model, device, route, true, false));
            // A route that the user switched meanwhile is his. On release it stays muted in the guard's place. One that
            // was never seen muted is switched all the same: the server may serve a reading from before our change for
            // good (PipeWire 1.4.2, impl-device.c, result_device_params_async() keeps what was asked for earlier).
            if (!wanted && known && led->second.ours && !standsIn(model) && (route.mute || !led->second.seen))
                actions.push_back(setRouteMute(model, device, route, false, led->second.save));
        }
    return actions;
}

std::vector<Action> planUserMutes(const Model& model, const Verdicts& verdicts) {
    std::vector<Action> actions;
    for (const auto& verdict : verdicts.sources) {
        const Node* node = model.graph.node(verdict.node);
        if (!node || !verdict.guarded || verdict.silent || !standsInOn(model, *node))
            continue;
        const auto knob = model.applied.knobs.find(node->serial);
        const Device* device = node->device ? model.graph.device(*node->device) : nullptr;
        if (!model.applied.userMuted.contains(node->serial)) {
            actions.push_back(action::SetUserMute{node->id, true, processOf(model.graph, *node),
                                                  device ? processOf(model.graph, *device) : std::nullopt});
            // One that was born silent and never used has no mix yet, and until it has tells nobody that it is muted. A limit
            // that is written makes one (PipeWire 1.4.2, audioconvert.c: set_volume(), parse_prop_params()). Not while
            // something goes through, for that would be audible for an instant; then there is a mix.
            if (knob->second.found && node->state != NodeState::Running)
                actions.push_back(action::SetKnob{node->id, true, 0.0f, true, processOf(model.graph, *node)});
        }
        // Routes that have still to be read come before their process's answer to the above.
        if (device)
            for (const auto& route : device->routes)
                if (isInputOf(route, *node) && !route.mute &&
                    !model.applied.routesMuted.contains({device->serial, route.index}))
                    actions.push_back(setRouteMute(model, *device, route, true, false));
    }
    return actions;
}

// A guard that was stopped while muted set the user's own mute in its place; now that it holds the source
// again that mute goes, or unmuting would leave a dead microphone.
std::vector<Action> planTakeBack(const Model& model, const Verdicts& verdicts) {
    std::vector<Action> actions;
    if (model.released)
        return actions;
    for (const auto& verdict : verdicts.sources) {
        const Node* node = model.graph.node(verdict.node);
        if (!node || !node->knob.mute || !model.remembered.userMuted.contains(node->name))
            continue;
        if (model.applied.userMuted.contains(node->serial))
            continue;
        if (verdict.silent && knobState(model, *node) != KnobState::Holds)
            continue;
        actions.push_back(action::SetUserMute{node->id, false, processOf(model.graph, *node)});
        if (const Device* device = node->device ? model.graph.device(*node->device) : nullptr)
            for (const auto& route : device->routes)
                if (isInputOf(route, *node))
                    actions.push_back(setRouteMute(model, *device, route, false, route.save));
    }
    return actions;
}

} // namespace

std::vector<Action> plan(const Model& model, const Verdicts& verdicts) {
    std::vector<Action> actions;
    if (!model.connected)
        return actions;
    const auto add = [&](std::vector<Action> more) {
        actions.insert(actions.end(), std::make_move_iterator(more.begin()),
                       std::make_move_iterator(more.end()));
    };
    auto knobs = planKnobs(model, verdicts);
    auto permissions = planPermissions(model, verdicts);
    add(std::move(knobs.close));
    add(std::move(permissions.revoke));
    const Admitter admitter(model, verdicts);
    auto newcomers = admitter.newcomers();
    const bool nobodyWaits = newcomers.empty() && !anyUndecided(model);
    add(std::move(newcomers));
    for (const auto id : verdicts.destroyNodes)
        if (const Node* node = model.graph.node(id);
            node && !model.applied.destroyAsked.contains(node->serial))
            actions.emplace_back(action::Destroy{id});
    for (const auto id : verdicts.cutLinks)
        if (const auto it = model.graph.links.find(id);
            it != model.graph.links.end() && !model.applied.destroyAsked.contains(it->second.serial))
            actions.emplace_back(action::Destroy{id});
    add(planSuspends(model, verdicts));
    add(planUserMutes(model, verdicts));
    add(planEndOfSilence(model, verdicts));
    // Streams go out of the session manager's sight only after they are cut off, and come back into it only
    // when they may be linked again.
    add(std::move(permissions.hide));
    add(planSilence(model, verdicts));
    auto showAgain = planShowAgain(model, verdicts, permissions.grant);
    add(std::move(permissions.grant));
    add(std::move(permissions.show));
    add(planLinks(model, verdicts));
    add(std::move(showAgain));
    add(planTakeBack(model, verdicts));
    add(std::move(knobs.open));
    add(planPanel(model, verdicts));
    add(planLeds(model, verdicts));
    if (nobodyWaits)
        add(admitter.others());
    return actions;
}

namespace {

struct Recorder {
    Model& model;
    std::uint64_t batch;
    std::set<GlobalId> managers;

    Sent asked(std::optional<GlobalId> process) const {
        const Client* client = process ? model.graph.client(*process) : nullptr;
        if (!client)
            return {batch, std::nullopt};
        model.applied.processes[client->serial].sent = batch;
        return {batch, client->serial};
    }

    // A session manager has several connections; a stream is counted once for all of them.
    std::optional<GlobalId> firstManager() const {
        return managers.empty() ? std::nullopt : std::optional(*managers.begin());
    }

    void recordShown(Serial stream, bool visible) const {
        const auto known = model.applied.shown.find(stream);
        if (!visible && known == model.applied.shown.end())
            return;
        if (!visible && !known->second.overdue)
            model.applied.shown.erase(known);
        else if (visible && known == model.applied.shown.end())
            model.applied.shown[stream] = {};
        else if (visible)
            known->second = {known->second.tries + 1, false};
    }

    void operator()(const action::SetKnob& a) const {
        const Node* node = model.graph.node(a.node);
        if (!node)
            return;
        auto [it, inserted] = model.applied.knobs.try_emplace(node->serial);
        KnobApplied& knob = it->second;
        if (inserted) {
            knob.born = true;
            knob.late = model.released;
            knob.restoreMax = limitToGiveBack(*node);
            // Known for a while, but no concern of ours until now (exempt, or no source yet).
            if (node->knob.present && node->knob.maxVolume > 0.0f) {
                knob.restoreMax = node->knob.maxVolume;
                knob.restoreMonitorMute = node->knob.monitorMute;
            }
        } else if (a.silent && !knob.silent && node->knob.present && node->knob.maxVolume > 0.0f) {
            // A reading of 0 is from before it was opened, and its monitorMute our own.
            knob.restoreMax = node->knob.maxVolume;
            knob.restoreMonitorMute = node->knob.monitorMute;
        }
        if (!a.silent)
            knob.born = false;
        knob.found = knob.unsure = false;
        knob.held = knob.held && a.silent && knob.silent;
        knob.silent = a.silent;
        knob.sent = asked(a.process);
        knob.readsThen = node->knobReads;
    }
    // Links that the server will cut because of a revocation, and that no session manager brings back. Noted when it
    // is sent: it may be taken back before the server has told what became of them.
    void recordCut(const Client& client, const Node& source) const {
        const auto& graph = model.graph;
        for (const auto nodeId : graph.nodesOf(client.id))
            for (const auto id : graph.linksTo(nodeId)) {
                const Link& link = graph.links.at(id);
                const bool byHand =
                    !graph.nodes.at(nodeId).autoconnect || (link.client && !managers.contains(*link.client));
                if (link.outputNode == source.id && byHand)
                    rememberCutLink(model, link);
            }
    }

    void operator()(const action::UpdatePermissions& a) const {
        const Client* client = model.graph.client(a.client);
        if (!client)
            return;
        auto& objects = model.applied.permissions[client->serial];
        for (const auto& [id, value] : a.objects) {
            const auto serial = serialOf(model.graph, id);
            if (!serial)
                continue;
            const Node* node = model.graph.node(id);
            if (node && a.client == firstManager())
                recordShown(*serial, value == permission::byDefault);
            if (node && value == permission::none && !managers.contains(a.client))
                recordCut(*client, *node);
            if (value == permission::byDefault)
                objects.erase(*serial);
            else
                objects[*serial] = {id, value, batch};
        }
        if (objects.empty())
            model.applied.permissions.erase(client->serial);
    }
    void operator()(const action::Admit& a) const {
        if (const Client* client = model.graph.client(a.client))
            model.applied.admitted[client->serial].any = a.any;
    }
    void operator()(const action::Shield& a) const {
        if (const Client* client = model.graph.client(a.client))
            model.applied.admitted[client->serial].shieldedTo = a.on ? a.upTo : 0;
    }
    void operator()(const action::Destroy& a) const {
        if (const auto it = model.graph.links.find(a.object); it != model.graph.links.end()) {
            model.applied.destroyAsked.insert(it->second.serial);
            // As in recordCut(): noted when it is sent. A guard that is killed before it has heard what became of it has it in its marker.
            if (const Node* listener = model.graph.node(it->second.inputNode);
                listener && !listener->autoconnect)
                rememberCutLink(model, it->second);
        } else if (const Node* node = model.graph.node(a.object))
            model.applied.destroyAsked.insert(node->serial);
    }
    void operator()(const action::CreateLink& a) const {
        const Port* out = model.graph.port(a.outputPort);
        const Port* in = model.graph.port(a.inputPort);
        if (in && !a.lingers)
            model.applied.fed.insert(in->serial);
        else if (out && in)
            std::erase_if(model.applied.cut, [&](const CutLink& cut) {
                return cut.outputPort == out->serial && cut.inputPort == in->serial;
            });
    }
    void operator()(const action::SetRouteMute& a) const {
        const Device* device = model.graph.device(a.device);
        if (!device)
            return;
        asked(a.process);
        if (a.mute && standsIn(model))
            model.applied.routesMuted.insert({device->serial, a.route});
        if (!a.mute) {
            model.applied.leds.erase({device->serial, a.route});
            model.remembered.ledsStored.erase({device->name, a.route});
            return;
        }
        LedApplied led;
        for (const auto& route : device->routes)
            led.save = led.save || (route.index == a.route && route.save);
        model.applied.leds[{device->serial, a.route}] = led;
    }
    void operator()(const action::Suspend& a) const {
        if (const Node* node = model.graph.node(a.node))
            model.applied.renewing[node->serial] = asked(a.process);
    }
    void operator()(const action::MakeSilence&) const { model.applied.silenceMade = true; }
    void operator()(const action::OpenPorts& a) const {
        if (const Node* node = model.graph.node(a.node)) {
            asked(a.process);
            model.applied.portsAsked.insert(node->serial);
        }
    }
    void operator()(const action::SetPanelMute& a) const {
        if (a.route && a.route->process)
            asked(a.route->process);
        recordPanel(model, a, asked(a.process));
    }
    void operator()(const action::SetUserMute& a) const {
        const Node* node = model.graph.node(a.node);
        if (!node)
            return;
        const Sent sent = asked(a.process);
        asked(a.card);
        if (a.mute) {
            // What he had muted himself is not owed to him.
            if (!isMutedByUser(model, *node))
                model.remembered.userMuted.insert(node->name);
            model.applied.userMuted[node->serial] = sent;
        } else {
            model.remembered.userMuted.erase(node->name);
            if (node->knob.mute)
                model.applied.userUnmuted.insert(node->serial);
        }
    }
};

} // namespace

void recordSent(Model& model, const std::vector<Action>& actions, std::uint64_t batch) {
    const Recorder recorder{model, batch, sessionManagers(model.graph)};
    for (const auto& action : actions)
        std::visit(recorder, action);
    // The switch of a device whose mute period is over is the user's again.
    if (!model.mute.muted() && !model.released)
        std::erase_if(model.applied.leds, [](const auto& led) { return !led.second.ours; });
    model.applied.sent = std::max(model.applied.sent, batch);
}

} // namespace micguard
