// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/model/model.hpp"

#include "daemon/model/panel.hpp"
#include "daemon/model/pulse_clients.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace micguard {
namespace {

template <typename... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>; // clang 14 does not deduce it for an aggregate

// The properties of a node come in two helpings (registry, then info); what only one of them knows is kept.
Node merged(const Node& before, Node now) {
    now.id = before.id;
    now.serial = before.serial;
    now.knob = before.knob;
    now.knobReads = before.knobReads;
    now.evidenceOverdue = before.evidenceOverdue;
    now.bornAt = before.bornAt;
    now.settled = before.settled;
    now.inServer = before.inServer;
    now.firstReadingDue = before.firstReadingDue;
    // The owner is what the server said first: an owner that could be changed later could be chosen.
    if (before.client)
        now.client = before.client;
    if (!now.device)
        now.device = before.device;
    if (now.mediaClass.empty())
        now.mediaClass = before.mediaClass;
    if (now.name.empty())
        now.name = before.name;
    return now;
}

void startOrEndPeriod(MuteState& mute, bool before, std::uint64_t now) {
    const bool after = mute.muted();
    if (after && !before)
        mute.since = now;
    if (!after)
        mute.since = 0;
}

// What the session and the machine do by themselves, as the settings have it.
void followSession(Model& model, std::uint64_t now) {
    MuteState& mute = model.mute;
    const bool before = mute.muted();
    mute.locked = model.circumstances.locked && model.settings.mute.onLock;
    mute.suspended = model.circumstances.asleep && model.settings.mute.onSuspend;
    mute.privacy = model.circumstances.privacy && model.settings.mute.privacySwitch;
    // Who holds a key to talk may let it go where nobody tells of it: what was live by that is not live again afterwards.
    if (mute.mutedByItself())
        std::erase_if(mute.holds, [](const Hold& hold) { return !hold.mute; });
    startOrEndPeriod(mute, before, now);
}

// Nobody will answer any more for what this client's process was asked. What it has not carried out is to be asked for anew.
void forgetProcess(Model& model, Serial client) {
    model.applied.processes.erase(client);
    for (auto& [serial, knob] : model.applied.knobs) {
        if (knob.sent.process != client)
            continue;
        const Node* node = model.graph.node(serial);
        const bool carriedOut =
            node && node->knobReads > knob.readsThen && (node->knob.maxVolume == 0.0f) == knob.silent;
        knob.silent = carriedOut ? knob.silent : !knob.silent;
        knob.sent = {};
        knob.readsThen = node ? node->knobReads : 0;
    }
    std::erase_if(model.applied.userMuted, [&](const auto& entry) { return entry.second.process == client; });
    for (auto& [key, panel] : model.applied.panel)
        if (panel.sent.process == client)
            panel.asked.reset();
    for (auto& [id, device] : model.graph.devices)
        if (const Client* owner = device.client ? model.graph.client(*device.client) : nullptr;
            owner && owner->serial == client)
            device.reading = false;
}

// Whom rules and people would take for the same.
bool isAlike(const Client& a, const Client& b) {
    const auto facts = [](const Client& c) {
        return std::tie(c.infoKnown, c.executable, c.executableTrue, c.executableWritable, c.unit,
                        c.unitKnown, c.sandbox, c.sandboxId, c.script, c.peer, c.clientApi, c.portalAppId,
                        c.snapId, c.applicationName, c.applicationId, c.applicationBinary);
    };
    return facts(a) == facts(b);
}

void noteLeft(Model& model, const Client& client) {
    // Any program can come and go under ever new names; who is beyond this counts as anybody.
    constexpr std::size_t mostLeft = 16;
    for (auto& [source, clients] : model.mapped) {
        if (clients.erase(client.serial) == 0 || client.self || client.inServer)
            continue;
        Left& left = model.left[source];
        if (std::any_of(left.clients.begin(), left.clients.end(),
                        [&](const Client& before) { return isAlike(before, client); }))
            continue;
        if (left.clients.size() >= mostLeft) {
            left.others = true;
            continue;
        }
        left.clients.push_back(client);
        left.clients.back().id = nobodysId;
    }
}

// Suspended, it has let go of its buffers (PipeWire 1.4.2, impl-node.c, suspend_node(), and impl-port.c, pw_impl_port_set_param()):
// those who are linked to it now get the next ones.
void noteRenewed(Model& model, const Node& node) {
    std::set<Serial> linked;
    for (const auto id : model.graph.linksFrom(node.id)) {
        const Link& link = model.graph.links.at(id);
        const Node* listener = model.graph.node(link.inputNode);
        const Client* owner = listener ? model.graph.owner(*listener) : nullptr;
        if (owner && !owner->self && !model.applied.destroyAsked.contains(link.serial) &&
            !model.applied.keeps(owner->serial, node.serial))
            linked.insert(owner->serial);
    }
    model.mapped[node.serial] = std::move(linked);
    model.left.erase(node.serial);
    model.applied.renewing.erase(node.serial);
}

void forgetObject(Model& model, GlobalId id) {
    auto& graph = model.graph;
    auto& applied = model.applied;
    std::optional<Serial> serial;
    if (const auto* c = graph.client(id)) {
        serial = c->serial;
        applied.permissions.erase(c->serial);
        applied.admitted.erase(c->serial);
        noteLeft(model, *c);
        forgetClient(model.appeals, c->serial);
        forgetProcess(model, c->serial);
        graph.remove(id);
    } else if (const auto* n = graph.node(id)) {
        serial = n->serial;
        // A node that is destroyed loses its ports first (PipeWire 1.4.2, impl-node.c, pw_impl_node_destroy()):
        // one that goes without is still there, and somebody took our sight of it.
        const auto& ports = graph.portsOf(id);
        model.blinded = model.blinded || std::any_of(ports.begin(), ports.end(), [&](GlobalId port) {
                            const Port& one = graph.ports.at(port);
                            return one.output && !one.monitor;
                        });
        applied.knobs.erase(n->serial);
        applied.panel.erase({n->serial, noRoute});
        model.warnings.erase("desktop-mute:" + n->name);
        applied.shown.erase(n->serial);
        applied.destroyAsked.erase(n->serial);
        model.lastFed.erase(n->serial);
        model.mapped.erase(n->serial);
        model.left.erase(n->serial);
        std::erase_if(model.lastFed, [&](const auto& fed) { return fed.second == n->serial; });
        model.warnings.erase("knob:" + n->name);
        model.warnings.erase("raised:" + n->name);
        std::erase_if(applied.cut, [&](const CutLink& cut) { return cut.outputNode == n->serial; });
        applied.portsAsked.erase(n->serial);
        applied.renewing.erase(n->serial);
        if (graph.isOurs(*n))
            applied.silenceMade = false;
        graph.remove(id);
    } else if (const auto* p = graph.port(id)) {
        serial = p->serial;
        std::erase_if(applied.cut, [&](const CutLink& cut) {
            return cut.outputPort == p->serial || cut.inputPort == p->serial;
        });
        applied.fed.erase(p->serial);
        graph.remove(id);
    } else if (const auto* d = graph.device(id)) {
        serial = d->serial;
        model.remembered.ledsStored = storedLeds(model);
        std::erase_if(applied.leds, [&](const auto& led) { return led.first.first == d->serial; });
        std::erase_if(applied.routesMuted, [&](const auto& key) { return key.first == d->serial; });
        std::erase_if(applied.panel, [&](const auto& panel) { return panel.first.first == d->serial; });
        graph.remove(id);
    } else {
        graph.remove(id);
        return;
    }
    // The server forgets a permission with its object (impl-client.c, global_removed).
    for (auto& [client, objects] : applied.permissions)
        objects.erase(*serial);
}

// A link that vanished, or that is told of when its end is already under way: was it us? Streams that the session manager handles come back by being shown to it again; all others
// only if we remember them.
void noticeCut(Model& model, const Link& link) {
    const auto& graph = model.graph;
    const auto* out = graph.node(link.outputNode);
    const auto* in = graph.node(link.inputNode);
    if (!out || !in || in->autoconnect)
        return;
    bool ours = model.applied.destroyAsked.contains(link.serial);
    if (const auto* owner = graph.owner(*in); owner && !ours) {
        const auto client = model.applied.permissions.find(owner->serial);
        if (client != model.applied.permissions.end()) {
            const auto object = client->second.find(out->serial);
            ours = object != client->second.end() && object->second.value == permission::none;
        }
    }
    if (ours)
        rememberCutLink(model, link);
}

KnobApplied foundInPlace(const Model& model, const Node& node, const KnobReading& reading) {
    KnobApplied found;
    found.silent = found.found = reading.maxVolume == 0.0f;
    found.restoreMax = reading.maxVolume;
    found.restoreMonitorMute = reading.monitorMute;
    const bool sameRun = model.remembered.serverCookie == model.graph.serverCookie;
    found.unsure = sameRun && model.remembered.unsure.contains(node.serial);
    if (found.silent) {
        // Left by a guard that was killed: it knew better what had been there before.
        found.held = reading.monitorMute;
        found.restoreMax = limitToGiveBack(node);
        found.restoreMonitorMute = false;
        const auto known = model.remembered.restore.find(node.serial);
        if (sameRun && known != model.remembered.restore.end()) {
            // A source that was silent before any guard came cannot be told from one that a guard left behind.
            if (known->second.first != 0.0f)
                found.restoreMax = known->second.first;
            found.restoreMonitorMute = known->second.second;
        }
    }
    return found;
}

// Silent from birth, and not by our hand: so it is ours to open, also where it is no concern of ours otherwise (exempt, or no
// source). Not before everything that was sent is acknowledged, the verdicts on it among that.
void adoptBornSilent(Model& model, const Node& node) {
    if (!model.listComplete || !node.bornSilent || node.knobReads == 0 || !node.knob.present ||
        node.knob.maxVolume > 0.0f || model.applied.knobs.contains(node.serial))
        return;
    KnobApplied knob;
    knob.silent = knob.found = knob.born = true;
    knob.late = model.released;
    knob.sent = {model.applied.sent};
    knob.readsThen = node.knobReads - 1;
    knob.restoreMax = limitToGiveBack(node);
    model.applied.knobs[node.serial] = knob;
}

// Silent from birth, and never seen by the guard whose leftovers these are.
void noticeLate(Model& model) {
    const bool known = model.remembered.serverCookie == model.graph.serverCookie;
    for (auto& [serial, knob] : model.applied.knobs) {
        const Node* node = model.graph.node(serial);
        knob.late =
            knob.found && node && node->bornSilent && !(known && model.remembered.restore.contains(serial));
    }
}

// A mute that stood in for the guard and has been lifted meanwhile is owed to nobody: the next one there is the user's own. Not by
// the reading of what was never used and has no mix yet, which tells nobody of its mute (see planUserMutes()).
void settleUserMute(Model& model, const Node& node) {
    const auto knob = model.applied.knobs.find(node.serial);
    if (model.released || !node.settled || !node.knob.present || node.knob.mute ||
        knob == model.applied.knobs.end() ||
        (knob->second.found && knob->second.silent && node.state != NodeState::Running))
        return;
    const auto control = panelOf(model, node);
    if (!(control && control->route && control->route->mute))
        model.remembered.userMuted.erase(node.name);
}

void readKnob(Model& model, const event::NodeKnob& e) {
    const auto it = model.graph.nodes.find(e.node);
    if (it == model.graph.nodes.end())
        return;
    Node& node = it->second;
    node.knob = e.reading;
    node.knobReads++;
    node.firstReadingDue = false;
    if (e.reading.maxVolume == 0.0f)
        node.evidenceOverdue = false;
    if (!e.reading.present)
        return;
    if (!e.reading.mute)
        model.applied.userUnmuted.erase(node.serial);
    readPanel(model, node, e.now);
    settleUserMute(model, node);
    auto knob = model.applied.knobs.find(node.serial);
    // It was there before us and not ready to be read: now it is like one that appears.
    if (knob != model.applied.knobs.end() && knob->second.failed && knob->second.sent.batch == 0) {
        model.applied.knobs.erase(knob);
        knob = model.applied.knobs.end();
    }
    if (knob == model.applied.knobs.end()) {
        if (!model.listComplete)
            model.applied.knobs[node.serial] = foundInPlace(model, node, e.reading);
        adoptBornSilent(model, node);
        return;
    }
    knob->second.failed = false;
    if (wasTurnedUp(model, node, knob->second))
        model.warnings["knob:" + node.name] =
            "somebody turned " + node.name + " up while it was silenced; turned down again";
    if (knob->second.silent && e.reading.maxVolume == 0.0f && e.reading.monitorMute)
        knob->second.held = true;
    // The first reading of a newborn source was asked for ahead of our first write: it tells what to give back.
    if (knob->second.born && node.knobReads == 1 && e.reading.maxVolume > 0.0f) {
        knob->second.restoreMax = e.reading.maxVolume;
        knob->second.restoreMonitorMute = e.reading.monitorMute;
    }
}

// A link of the guard's own to silence has ended, by our hand or another's: where it is wanted it is made anew.
void forgetFeeding(Model& model, const Link& link) {
    const auto* out = model.graph.node(link.outputNode);
    const auto* in = model.graph.port(link.inputPort);
    if (in && out && model.graph.isOurs(*out))
        model.applied.fed.erase(in->serial);
}

// What somebody did is shown until the next time that the microphones are muted.
void endIncidents(Model& model) {
    std::erase_if(model.warnings, [](const auto& warning) {
        const std::string& id = warning.first;
        return id.starts_with("knob:") || id.starts_with("raised:") || id == "blinded" ||
               id == "connection-lost";
    });
}

void seeGone(Model& model, GlobalId id) {
    if (const auto link = model.graph.links.find(id); link != model.graph.links.end()) {
        noticeCut(model, link->second);
        model.applied.destroyAsked.erase(link->second.serial);
        forgetFeeding(model, link->second);
    }
    if (const Client* client = model.graph.client(id); client && isPulseClient(*client))
        model.pulseChanges++;
    forgetObject(model, id);
}

// An id names one object at a time and a serial one for good; the server says that an object has gone before it says what
// came in its place. Where it did not, the old one is taken to have gone: two under one name would each want their own of
// whatever is kept by it, in turn and without end.
template <typename T>
void makeRoom(Model& model, const std::map<GlobalId, T>& kind, const T& newcomer) {
    const Graph& graph = model.graph;
    const T* before = Graph::find(kind, newcomer.id);
    if (!(before && before->serial == newcomer.serial) && graph.has(newcomer.id))
        seeGone(model, newcomer.id);
    if (const auto other = graph.idOf(newcomer.serial); other && *other != newcomer.id)
        seeGone(model, *other);
}

// Links that stand although everything was carried out, and whose maker is kept from nothing, were not cut.
void forgetStandingLinks(Model& model) {
    const auto& graph = model.graph;
    for (const auto& [id, link] : graph.links) {
        const auto* outPort = graph.port(link.outputPort);
        const auto* inPort = graph.port(link.inputPort);
        const auto* out = graph.node(link.outputNode);
        const auto* in = graph.node(link.inputNode);
        if (!outPort || !inPort || !out || !in || model.applied.destroyAsked.contains(link.serial))
            continue;
        const auto* owner = graph.owner(*in);
        if (!owner || !model.applied.keeps(owner->serial, out->serial))
            std::erase(model.applied.cut, CutLink{out->serial, outPort->serial, inPort->serial});
    }
}

// Of what was never asked for no answer counts, or what is asked for next would pass for done.
void acknowledge(Model& model, const event::Acknowledged& e) {
    auto& applied = model.applied;
    if (e.process) {
        const Client* client = model.graph.client(*e.process);
        const auto asked = client ? applied.processes.find(client->serial) : applied.processes.end();
        if (asked == applied.processes.end() || e.batch <= asked->second.acknowledged ||
            e.batch > asked->second.sent)
            return;
        asked->second.acknowledged = e.batch;
        asked->second.overdue = asked->second.overdue && asked->second.waiting();
    } else {
        if (e.batch <= applied.acknowledged || e.batch > applied.sent)
            return;
        applied.acknowledged = e.batch;
        if (!applied.cut.empty() && applied.done(applied.sent))
            forgetStandingLinks(model);
    }
    acknowledgePanel(model);
    for (auto& [serial, knob] : applied.knobs) {
        if (!applied.done(knob.sent))
            continue;
        const Node* node = model.graph.node(serial);
        if (node && !node->knob.present && knob.sent.batch != 0)
            knob.failed = true;
    }
}

// What a guard before us took away, or we on a connection before this one, has to be known to be given back. That
// it is in force is not known: whoever asked may have been cut off first. So where it is still wanted it is sent anew.
void adoptRevocations(Model& model) {
    for (const auto& revoked : model.remembered.revoked) {
        const auto& [client, object] = revoked;
        const auto id = model.graph.idOf(object);
        if (id && model.graph.client(client) && (model.graph.node(object) || model.graph.port(object)))
            model.applied.permissions[client][object] = {*id, permission::perhapsNone, 0};
    }
}

void completeList(Model& model) {
    model.listComplete = true;
    const auto isGone = [&](const auto& entry) { return !model.graph.node(entry.first); };
    std::erase_if(model.mapped, isGone);
    std::erase_if(model.left, isGone);
    for (auto& [source, clients] : model.mapped)
        std::erase_if(clients, [&](Serial client) { return !model.graph.client(client); });
    // Who was there before us, or while we were not, is not known. What is suspended has no buffers.
    for (const auto& [id, node] : model.graph.nodes)
        if (node.state == NodeState::Running || node.state == NodeState::Idle)
            model.left[node.serial].others = true;
    for (auto& answer : model.appeals.answers)
        std::erase_if(answer.clients, [&](Serial client) { return !model.graph.client(client); });
    for (const auto& [id, node] : model.graph.nodes)
        if (!node.knob.present && !model.applied.knobs.contains(node.serial)) {
            KnobApplied unreadable;
            unreadable.failed = true;
            model.applied.knobs[node.serial] = unreadable;
        }
    if (model.remembered.serverCookie == model.graph.serverCookie) {
        model.applied.cut = model.remembered.cut;
        adoptRevocations(model);
        for (const auto& [name, index] : model.remembered.leds)
            for (const auto& [id, device] : model.graph.devices)
                if (device.name == name)
                    model.applied.leds.try_emplace({device.serial, index});
    }
}

// Whoever is in already was let in by a guard before us, or by us on a connection before this one.
void readGranted(Model& model, const event::ClientGranted& e) {
    const auto it = model.graph.clients.find(e.client);
    if (it == model.graph.clients.end())
        return;
    it->second.granted = e.granted;
    if (e.granted.core & permission::readOnly)
        model.applied.admitted.try_emplace(it->second.serial, Admitted{e.granted.any});
}

void giveUpOrRetry(Model& model) {
    std::erase_if(model.applied.shown,
                  [](const auto& entry) { return entry.second.tries >= Shown::mostTries; });
    for (auto& [serial, shown] : model.applied.shown)
        shown.overdue = true;
}

void readRoutes(Model& model, const event::RoutesRead& e) {
    const auto it = model.graph.devices.find(e.device);
    if (it == model.graph.devices.end())
        return;
    Device& device = it->second;
    device.routes = e.routes;
    for (const auto& route : device.routes) {
        // Another port of the card's: what the session manager stored of it is restored now, also if it was active before.
        const auto [last, first] =
            device.lastActive.try_emplace({route.profileDevice, route.input}, route.index);
        if (!first && last->second != route.index) {
            device.settledRoutes.erase(std::exchange(last->second, route.index));
            device.settledRoutes.erase(route.index);
        }
        const bool owed = route.mute && model.remembered.ledsStored.contains({device.name, route.index});
        auto led = model.applied.leds.find({device.serial, route.index});
        if (led == model.applied.leds.end() && owed)
            led = model.applied.leds.emplace(std::pair(device.serial, route.index), LedApplied{}).first;
        if (led == model.applied.leds.end())
            continue;
        led->second.save = led->second.save || route.save || owed;
        if (route.mute)
            led->second.seen = true;
        else if (led->second.seen) {
            led->second.ours = false;
            model.remembered.ledsStored.erase({device.name, route.index});
        }
    }
}

void readingRoutes(Model& model, const event::RoutesReading& e) {
    const auto it = model.graph.devices.find(e.device);
    if (it == model.graph.devices.end())
        return;
    it->second.reading = e.begins;
    if (e.begins)
        return;
    for (const auto& [id, node] : model.graph.nodes)
        if (node.device == e.device && node.knob.present)
            readPanel(model, node, e.now);
}

void settleRoutes(Model& model, const event::RoutesSettled& e) {
    for (auto& [id, device] : model.graph.devices)
        for (const auto& route : device.routes) {
            if (std::find(e.routes.begin(), e.routes.end(), std::pair(device.serial, route.index)) ==
                e.routes.end())
                continue;
            device.settledRoutes.insert(route.index);
            if (!route.mute)
                model.remembered.ledsStored.erase({device.name, route.index});
        }
    for (auto& [id, node] : model.graph.nodes)
        if (std::find(e.nodes.begin(), e.nodes.end(), node.serial) != e.nodes.end())
            node.settled = true;
    settlePanel(model);
    for (const auto& [id, node] : model.graph.nodes)
        settleUserMute(model, node);
}

void recogniseAll(Model& model) {
    for (auto& [id, client] : model.graph.clients)
        client.recognised = model.desktop.recognise(processOf(client));
}

void seeClient(Model& model, Client client) {
    const Client* before = model.graph.client(client.id);
    const bool known = before && before->serial == client.serial;
    if (known) {
        client.peer = before->peer;
        client.peerSought = before->peerSought;
        client.peerLooks = before->peerLooks;
    }
    const bool pulse = isPulseClient(client) || (known && isPulseClient(*before));
    if (pulse && !(known && sameClaims(*before, client)))
        model.pulseChanges++;
    client.recognised = model.desktop.recognise(processOf(client));
    model.graph.put(std::move(client));
}

// Events after which the desktop's mute and the guard's may be out of step, and when they came.
std::optional<std::uint64_t> momentOfPanel(const Model& model, const Event& event) {
    return std::visit(
        Overloaded{
            [](const event::NodeKnob& e) { return std::optional(e.now); },
            [](const event::DefaultSource& e) { return std::optional(e.now); },
            [](const event::RoutesSettled& e) { return std::optional(e.now); },
            [](const event::RoutesReading& e) { return e.begins ? std::nullopt : std::optional(e.now); },
            [](const event::UserMute& e) { return std::optional(e.now); },
            [](const event::HoldDropped& e) { return std::optional(e.now); },
            [](const event::HoldTaken& e) { return std::optional(e.now); },
            [](const event::SessionLocked& e) { return std::optional(e.now); },
            [](const event::MachineSleeps& e) { return std::optional(e.now); },
            [](const event::PrivacySwitched& e) { return std::optional(e.now); },
            [&](const event::SettingsLoaded&) { return std::optional(model.circumstances.now); },
            [&](const event::InitialListComplete&) { return std::optional(model.circumstances.now); },
            [](const auto&) { return std::optional<std::uint64_t>{}; },
        },
        event);
}

} // namespace

void rememberCutLink(Model& model, const Link& link) {
    const auto* out = model.graph.node(link.outputNode);
    const auto* outPort = model.graph.port(link.outputPort);
    const auto* inPort = model.graph.port(link.inputPort);
    // An id may be something else's by now. Whom we link to our own silence is no concern of this.
    if (!out || model.graph.isOurs(*out) || !outPort || !inPort || outPort->node != link.outputNode ||
        inPort->node != link.inputNode)
        return;
    const CutLink cut{out->serial, outPort->serial, inPort->serial};
    if (std::find(model.applied.cut.begin(), model.applied.cut.end(), cut) == model.applied.cut.end())
        model.applied.cut.push_back(cut);
}

std::set<std::pair<std::string, std::uint32_t>> storedLeds(const Model& model) {
    auto stored = model.remembered.ledsStored;
    for (const auto& [key, led] : model.applied.leds)
        if (const auto id = model.graph.idOf(key.first); id && led.ours && led.save)
            if (const Device* device = model.graph.device(*id))
                stored.emplace(device->name, key.second);
    return stored;
}

bool hasMonitorOutput(const Model& model, const Node& node) {
    const auto& ports = model.graph.portsOf(node.id);
    return std::any_of(ports.begin(), ports.end(), [&](GlobalId id) {
        const Port& port = model.graph.ports.at(id);
        return port.output && port.monitor;
    });
}

bool wasTurnedUp(const Model& model, const Node& node, const KnobApplied& knob) {
    const bool monitor = knob.held && !node.knob.monitorMute && hasMonitorOutput(model, node);
    return knob.silent && !knob.failed && model.applied.done(knob.sent) && node.knob.present &&
           node.knobReads > knob.readsThen + (knob.sent.batch == 0 ? 0 : 1) &&
           (node.knob.maxVolume > 0.0f || monitor);
}

void rememberApplied(const Model& model, Remembered& memory) {
    if (!model.connected || !model.listComplete)
        return;
    memory.serverCookie = model.graph.serverCookie;
    memory.restore.clear();
    memory.unsure.clear();
    for (const auto& [serial, knob] : model.applied.knobs) {
        const bool unsure = knob.unsure || (knob.sent.process && !model.applied.done(knob.sent));
        if (knob.silent || unsure)
            memory.restore[serial] = {knob.restoreMax, knob.restoreMonitorMute};
        if (unsure)
            memory.unsure.insert(serial);
    }
    memory.cut = model.applied.cut;
    memory.revoked.clear();
    for (const auto& [client, objects] : model.applied.permissions)
        for (const auto& [object, applied] : objects)
            if (applied.value == permission::none || applied.value == permission::perhapsNone)
                memory.revoked.emplace_back(client, object);
    memory.leds.clear();
    for (const auto& [key, led] : model.applied.leds)
        for (const auto& [id, device] : model.graph.devices)
            if (led.ours && device.serial == key.first)
                memory.leds.emplace_back(device.name, key.second);
}

void Model::apply(const Event& incoming) {
    const bool wasMuted = mute.muted();
    std::visit(Overloaded{
                   [&](const event::Connected& e) {
                       rememberApplied(*this, remembered);
                       graph = {};
                       applied = {};
                       // The same run of the server has the same serials: who heard what is still true.
                       if (e.cookie != remembered.serverCookie) {
                           lastFed.clear();
                           mapped.clear();
                           left.clear();
                           forgetRun(appeals);
                       }
                       defaultSource.clear();
                       graph.serverPid = e.serverPid;
                       graph.serverName = e.name;
                       graph.serverVersion = e.version;
                       graph.libraryVersion = e.libraryVersion;
                       graph.serverCookie = e.cookie;
                       graph.admissionOurs = e.admissionOurs;
                       graph.clockRate = e.clockRate;
                       connected = true;
                       trying = false;
                       connections++;
                       pulseChanges++;
                       listComplete = false;
                       blinded = false;
                   },
                   [&](const event::Disconnected& e) {
                       trying = e.trying;
                       rememberApplied(*this, remembered);
                       graph = {};
                       applied = {};
                       connected = false;
                       listComplete = false;
                   },
                   [&](const event::InitialListComplete&) { completeList(*this); },
                   [&](const event::ClientSeen& e) {
                       makeRoom(*this, graph.clients, e.client);
                       seeClient(*this, e.client);
                   },
                   [&](const event::ClientGranted& e) { readGranted(*this, e); },
                   [&](const event::DeviceSeen& e) {
                       Device device = e.device;
                       makeRoom(*this, graph.devices, device);
                       if (const Device* before = graph.device(device.id)) {
                           device.routes = before->routes;
                           device.settledRoutes = before->settledRoutes;
                           device.lastActive = before->lastActive;
                           device.reading = before->reading;
                           if (before->client) // as the server said first
                               device.client = before->client;
                       }
                       graph.put(std::move(device));
                   },
                   [&](const event::NodeSeen& e) {
                       makeRoom(*this, graph.nodes, e.node);
                       graph.put(e.node);
                   },
                   [&](const event::NodeInfo& e) {
                       const Node* before = graph.node(e.node.id);
                       if (!before)
                           return;
                       const NodeState was = before->state;
                       graph.put(merged(*before, e.node));
                       const Node& node = graph.nodes.at(e.node.id);
                       if (node.state == NodeState::Suspended && was != NodeState::Suspended)
                           noteRenewed(*this, node);
                       else if (const auto asked = applied.renewing.find(node.serial);
                                asked != applied.renewing.end() && applied.done(asked->second))
                           applied.renewing.erase(asked); // told something else: it is asked again if need be
                       // What is in another process is told of and read over different connections.
                       adoptBornSilent(*this, node);
                   },
                   [&](const event::NodeKnob& e) { readKnob(*this, e); },
                   [&](const event::NodeUnread& e) {
                       if (const auto id = graph.idOf(e.node); id && graph.node(*id))
                           graph.nodes.at(*id).firstReadingDue = false;
                   },
                   [&](const event::PortSeen& e) {
                       makeRoom(*this, graph.ports, e.port);
                       graph.put(e.port);
                   },
                   [&](const event::LinkSeen& e) {
                       makeRoom(*this, graph.links, e.link);
                       graph.put(e.link);
                       noticeCut(*this, e.link);
                       const auto* out = graph.node(e.link.outputNode);
                       const auto* in = graph.node(e.link.inputNode);
                       const auto* listener = in ? graph.owner(*in) : nullptr;
                       if (out && in && !graph.isOurs(*out)) {
                           lastFed[in->serial] = out->serial;
                           applied.shown.erase(in->serial);
                           if (listener)
                               mapped[out->serial].insert(listener->serial);
                       }
                   },
                   [&](const event::DefaultSource& e) { defaultSource = e.name; },
                   [&](const event::RoutesRead& e) { readRoutes(*this, e); },
                   [&](const event::RoutesReading& e) { readingRoutes(*this, e); },
                   [&](const event::Removed& e) { seeGone(*this, e.id); },
                   [&](const event::EvidenceOverdue& e) {
                       if (const Node* node = graph.node(e.node))
                           graph.nodes.at(node->id).evidenceOverdue = true;
                   },
                   [&](const event::RoutesSettled& e) { settleRoutes(*this, e); },
                   [&](const event::StreamsOverdue&) { giveUpOrRetry(*this); },
                   [&](const event::ProcessOverdue& e) {
                       const auto asked = applied.processes.find(e.client);
                       if (asked != applied.processes.end() && asked->second.acknowledged < e.batch)
                           asked->second.overdue = true;
                   },
                   [&](const event::ProcessLost& e) {
                       if (const Client* client = graph.client(e.client))
                           forgetProcess(*this, client->serial);
                   },
                   [&](const event::Acknowledged& e) { acknowledge(*this, e); },
                   [&](const event::PulsePeersRead& e) {
                       noteLook(graph, e.generation == pulseChanges);
                       if (e.generation != pulseChanges)
                           return;
                       matchPulsePeers(graph, e.server, e.connections);
                       recogniseAll(*this);
                   },
                   [&](const event::DesktopEntriesRead& e) {
                       desktop = DesktopEntries(e.entries);
                       recogniseAll(*this);
                   },
                   [&](const event::UserMute& e) {
                       const bool before = mute.muted();
                       mute.user = e.muted;
                       if (!e.muted) {
                           mute.desktop = mute.start = false;
                           takeDefaultBack(*this);
                       }
                       mute.userOwner = e.owner;
                       mute.userReason = e.reason;
                       if (e.muted)
                           std::erase_if(mute.holds, [](const Hold& h) { return !h.mute; });
                       startOrEndPeriod(mute, before, e.now);
                   },
                   [&](const event::HoldTaken& e) {
                       const bool before = mute.muted();
                       mute.holds.push_back(e.hold);
                       startOrEndPeriod(mute, before, e.now);
                   },
                   [&](const event::HoldDropped& e) {
                       const bool before = mute.muted();
                       std::erase_if(mute.holds, [&](const Hold& h) { return h.number == e.number; });
                       startOrEndPeriod(mute, before, e.now);
                   },
                   [&](const event::ModeChosen& e) { mute.mode = e.mode; },
                   [&](const event::SettingsLoaded& e) {
                       settings = e.settings;
                       settingsLoaded++;
                       followSession(*this, circumstances.now);
                   },
                   [&](const event::TimeCame& e) {
                       circumstances.now = e.now;
                       circumstances.weekday = e.weekday;
                       circumstances.minute = e.minute;
                   },
                   [&](const event::SessionLocked& e) {
                       circumstances.locked = e.locked;
                       followSession(*this, e.now);
                   },
                   [&](const event::MachineSleeps& e) {
                       circumstances.asleep = e.asleep;
                       followSession(*this, e.now);
                   },
                   [&](const event::PrivacySwitched& e) {
                       circumstances.privacy = e.on;
                       if (!e.on)
                           takeDefaultBack(*this);
                       followSession(*this, e.now);
                   },
                   [&](const event::StartedMuted& e) {
                       const bool before = mute.muted();
                       mute.start = true;
                       startOrEndPeriod(mute, before, e.now);
                   },
                   [&](const event::QuestionAsked& e) { appeals.questions[e.application] = e.clients; },
                   [&](const event::QuestionLapsed& e) { appeals.questions.erase(e.application); },
                   [&](const event::Answered& e) { takeAnswer(appeals, e.answer); },
                   [&](const event::AnswerEnded& e) {
                       std::erase_if(appeals.answers,
                                     [&](const Answer& answer) { return answer.number == e.number; });
                   },
                   [&](const event::AppMuted& e) { appeals.muted[e.application] = e.mute; },
                   [&](const event::PermissionsRead& e) {
                       appeals.permissions = e.permissions;
                       remembered.stored = e.stored;
                   },
                   [&](const event::AppUnmuted& e) { appeals.muted.erase(e.application); },
                   [&](const event::OwnStreamsMuted& e) { appeals.own[e.connection] = e.mute; },
                   [&](const event::OwnStreamsUnmuted& e) { appeals.own.erase(e.connection); },
                   [&](const event::LineagesRead& e) {
                       if (const auto it = graph.clients.find(e.client); it != graph.clients.end())
                           it->second.lineages = e.lineages;
                   },
                   [&](const event::BypassesSeen& e) { bypasses = e.seen; },
                   [&](const event::Released& e) {
                       released = e.on;
                       if (e.on && e.leftovers)
                           noticeLate(*this);
                   },
                   [&](const event::Warned& e) {
                       if (e.text.empty())
                           warnings.erase(e.id);
                       else
                           warnings[e.id] = e.text;
                   },
               },
               incoming);
    if (const auto now = momentOfPanel(*this, incoming))
        followDesktop(*this, *now);
    if (!wasMuted && mute.muted()) {
        endIncidents(*this);
        mutedLate = released;
    }
}

} // namespace micguard
