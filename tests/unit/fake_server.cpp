// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/fake_server.hpp"

#include "daemon/model/applied.hpp"
#include "daemon/policy/admission.hpp"
#include "daemon/policy/classify.hpp"

#include <algorithm>

namespace micguard::test {
namespace {

template <typename... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>; // clang 14 does not deduce it for aggregates

constexpr std::uint32_t everything = 0700;

// As daemon/pipewire asks for Props ahead of its own first write.
bool isReadAtOnce(const Node& node) {
    return node.inServer || hasSourceClass(node);
}

std::string id(GlobalId object) {
    return std::to_string(raw(object));
}

} // namespace

std::string describe(const Action& action) {
    return std::visit(Overloaded{
                          [](const action::SetKnob& a) {
                              return "knob " + id(a.node) +
                                     (a.silent ? " silent" : " " + std::to_string(a.maxVolume)) +
                                     (a.monitorMute ? " monitor-mute" : "");
                          },
                          [](const action::UpdatePermissions& a) {
                              std::string text = "permissions " + id(a.client) + ":";
                              for (const auto& [object, value] : a.objects)
                                  text += " " + id(object) + "=" +
                                          (value == permission::byDefault ? "default"
                                           : value == permission::none    ? "none"
                                                                          : "r");
                              return text;
                          },
                          [](const action::Destroy& a) { return "destroy " + id(a.object); },
                          [](const action::CreateLink& a) {
                              return "create-link " + id(a.outputNode) + ":" + id(a.outputPort) + " -> " +
                                     id(a.inputNode) + ":" + id(a.inputPort);
                          },
                          [](const action::SetRouteMute& a) {
                              return "route " + id(a.device) + " " + std::to_string(a.route) +
                                     (a.mute ? " mute" : " unmute");
                          },
                          [](const action::SetPanelMute& a) {
                              return "panel " + id(a.node) + (a.route ? " by route" : "") +
                                     (a.mute ? " mute" : " unmute") +
                                     (a.route && a.route->save ? " save" : "");
                          },
                          [](const action::SetUserMute& a) {
                              return "user-mute " + id(a.node) + (a.mute ? " on" : " off");
                          },
                          [](const action::Admit& a) {
                              return "admit " + id(a.client) +
                                     (a.any == permission::all           ? " all"
                                      : a.any == permission::readExecute ? " rx"
                                                                         : " ?");
                          },
                          [](const action::Shield& a) {
                              std::string text = (a.on ? "shield " : "unshield ") + id(a.client) + " from";
                              for (const auto other : a.others)
                                  text += " " + id(other);
                              return text;
                          },
                          [](const action::Suspend& a) {
                              std::string text = "suspend " + id(a.node);
                              for (const auto other : a.along)
                                  text += (other == a.along.front() ? " and then " : " ") + id(other);
                              for (const auto& again : a.again)
                                  text += (again == a.again.front() ? " again " : " ") + id(again.link);
                              return text;
                          },
                          [](const action::MakeSilence&) { return std::string("make-silence"); },
                          [](const action::OpenPorts& a) { return "open-ports " + id(a.node); },
                      },
                      action);
}

void FakeServer::tell(Event event) {
    if (connected_)
        pending_.push_back(std::move(event));
}

void FakeServer::tellClient(const Client& client) {
    tell(event::ClientSeen{client});
    if (isAdmissionOurs(client))
        tell(event::ClientGranted{client.id, {defaults_[client.id], defaults_[client.id]}});
}

void FakeServer::tellKnob(const Node& node) {
    if (!marks_[node.id].raw)
        tell(event::NodeKnob{node.id, node.knob, now});
}

std::optional<Event> FakeServer::next() {
    if (pending_.empty())
        return std::nullopt;
    Event event = std::move(pending_.front());
    pending_.pop_front();
    return event;
}

namespace {

std::optional<GlobalId> processOf(const Action& action) {
    return std::visit(
        [](const auto& a) -> std::optional<GlobalId> {
            if constexpr (requires { a.process; })
                return a.process;
            else
                return std::nullopt;
        },
        action);
}

} // namespace

void FakeServer::perform(const Action& action) {
    performed.push_back(action);
    const auto process = processOf(action);
    if (process)
        asked_.insert(*process);
    if (const auto* mute = std::get_if<action::SetUserMute>(&action); mute && mute->card) {
        asked_.insert(*mute->card);
        if (hanging_.contains(*mute->card))
            cardsHang_.insert(*mute->card);
    }
    // Of what is in the server the server answers, unless it waits for the process already.
    if (process && hanging_.contains(*process) && (hangs(*process) || !isInServer(action)))
        hanging_[*process].push_back(action);
    else if (stalled_)
        waiting_.push_back(action);
    else
        carryOut(action);
}

bool FakeServer::hangs(GlobalId client) const {
    const auto waiting = hanging_.find(client);
    return cardsHang_.contains(client) || (waiting != hanging_.end() && !waiting->second.empty());
}

bool FakeServer::isInServer(const Action& action) const {
    return std::visit(
        [&](const auto& a) {
            if constexpr (requires { a.node; }) {
                const Node* node = graph_.node(a.node);
                const auto marks = marks_.find(a.node);
                return node && node->inServer && !(marks != marks_.end() && marks->second.elsewhere);
            } else {
                return false;
            }
        },
        action);
}

void FakeServer::sync(std::uint64_t batch) {
    for (const auto client : std::exchange(asked_, {})) {
        unanswered_[client].push_back(batch);
        if (!stalled_ && !hangs(client))
            answer(client);
    }
    if (stalled_) {
        waitingSyncs_.push_back(batch);
        return;
    }
    rescan();
    tell(event::Acknowledged{batch});
}

void FakeServer::answer(GlobalId client) {
    for (const auto batch : std::exchange(unanswered_[client], {}))
        tell(event::Acknowledged{batch, client});
}

void FakeServer::stall(bool on) {
    stalled_ = on;
    if (on)
        return;
    for (; !waiting_.empty(); waiting_.pop_front())
        carryOut(waiting_.front());
    rescan();
    for (const auto& [client, batches] : std::map(unanswered_))
        if (!hangs(client))
            answer(client);
    for (const auto batch : std::exchange(waitingSyncs_, {}))
        tell(event::Acknowledged{batch});
}

std::uint32_t FakeServer::permission(GlobalId client, GlobalId object) const {
    const auto given = defaults_.find(client);
    const std::uint32_t otherwise = given == defaults_.end() ? everything : given->second;
    const auto objects = permissions_.find(client);
    if (objects == permissions_.end())
        return otherwise;
    const auto it = objects->second.find(object);
    return it == objects->second.end() || it->second == permission::byDefault ? otherwise : it->second;
}

bool FakeServer::mayLink(const Node& output, const Node& input) const {
    const auto sees = [&](const Node& who, const Node& what) {
        return !who.client || !graph_.client(*who.client) ||
               (permission(*who.client, what.id) & permission::readOnly);
    };
    return sees(output, input) && sees(input, output);
}

bool FakeServer::addLink(GlobalId outputNode, GlobalId outputPort, GlobalId inputNode, GlobalId inputPort) {
    const Node* out = graph_.node(outputNode);
    const Node* in = graph_.node(inputNode);
    if (!out || !in || !graph_.port(outputPort) || !graph_.port(inputPort))
        return false;
    if (!mayLink(*out, *in)) {
        refused.push_back(out->name + " -> " + in->name);
        return false;
    }
    for (const auto& [known, link] : graph_.links)
        if (link.outputPort == outputPort && link.inputPort == inputPort)
            return true;
    const GlobalId linkId{nextLink_++};
    const Link link{linkId, Serial{raw(linkId) + 1000}, outputNode, outputPort, inputNode, inputPort};
    graph_.put(link);
    if (in->client)
        mapped_[outputNode].insert(*in->client);
    linkSeen(link);
    return true;
}

void FakeServer::linkSeen(const Link& link) {
    tell(event::LinkSeen{link});
    for (const auto manager : sessionManagers_)
        if (permission(manager, link.inputNode) & permission::readOnly)
            autoswitch_.streamLinked(graph_, graph_.nodes.at(link.inputNode));
}

void FakeServer::removeLink(GlobalId linkId) {
    graph_.remove(linkId);
    tell(event::Removed{linkId});
}

void FakeServer::removeLinksOf(GlobalId object) {
    std::vector<GlobalId> gone;
    for (const auto& [linkId, link] : graph_.links)
        if (link.outputNode == object || link.outputPort == object || link.inputNode == object ||
            link.inputPort == object)
            gone.push_back(linkId);
    for (const auto linkId : gone) {
        // The session manager sees this one: the other end went away.
        believedLinked_.erase(graph_.links.at(linkId).inputNode);
        removeLink(linkId);
    }
}

void FakeServer::removeObject(GlobalId object) {
    for (auto& [client, objects] : permissions_)
        objects.erase(object);
    permissions_.erase(object);
    defaults_.erase(object);
    tell(event::Removed{object});
}

// What hangs on an object goes first: links, then ports, then the node, then the client.
void FakeServer::remove(GlobalId object) {
    if (graph_.links.contains(object))
        return removeLink(object);
    removeLinksOf(object);
    if (graph_.nodes.contains(object)) {
        std::vector<GlobalId> ports;
        for (const auto& [portId, port] : graph_.ports)
            if (port.node == object)
                ports.push_back(portId);
        for (const auto portId : ports)
            remove(portId);
    } else if (graph_.clients.contains(object)) {
        std::vector<GlobalId> nodes;
        for (const auto& [nodeId, node] : graph_.nodes)
            if (node.client == object)
                nodes.push_back(nodeId);
        for (const auto nodeId : nodes)
            remove(nodeId);
    }
    const bool known =
        graph_.client(object) || graph_.device(object) || graph_.node(object) || graph_.port(object);
    graph_.remove(object);
    marks_.erase(object);
    believedLinked_.erase(object);
    autoswitch_.streamGone(object);
    sessionManagers_.erase(object);
    mapped_.erase(object);
    left_.erase(object);
    for (auto& [source, clients] : mapped_)
        if (clients.erase(object) > 0)
            left_[source].insert(object);
    if (known)
        removeObject(object);
}

// As impl-client.c and impl-link.c: only a port's permission makes the server look at the links on it, and
// then at the nodes'; and only for the owner of one of the two ends.
void FakeServer::setPermission(GlobalId client, GlobalId object, std::uint32_t value) {
    const bool before = permission(client, object) & permission::readOnly;
    permissions_[client][object] = value;
    const bool after = permission(client, object) & permission::readOnly;
    if (sessionManagers_.contains(client) && before && !after) {
        believedLinked_.erase(object);
        autoswitch_.streamGone(object);
    }
    if (!graph_.port(object))
        return;
    std::vector<GlobalId> cut;
    for (const auto& [linkId, link] : graph_.links) {
        if (link.outputPort != object && link.inputPort != object)
            continue;
        const Node& out = graph_.nodes.at(link.outputNode);
        const Node& in = graph_.nodes.at(link.inputNode);
        if ((out.client == client || in.client == client) && !mayLink(out, in))
            cut.push_back(linkId);
    }
    for (const auto linkId : cut)
        removeLink(linkId);
}

// As a card does it (PipeWire 1.4.2, alsa-acp-device.c: a change of a route's mute is told to its node).
void FakeServer::muteByRoute(const Device& device, std::uint32_t index) {
    for (const auto& route : device.routes)
        for (auto& [id, node] : graph_.nodes)
            if (route.index == index && node.device == device.id &&
                node.profileDevice == route.profileDevice && route.input && node.knob.mute != route.mute) {
                node.knob.mute = route.mute;
                tellKnob(node);
            }
}

void FakeServer::carryOut(const Action& action) {
    std::visit(
        Overloaded{
            [&](const action::SetKnob& a) {
                const auto it = graph_.nodes.find(a.node);
                if (it == graph_.nodes.end() || marks_[a.node].raw || marks_[a.node].deaf)
                    return;
                it->second.knob.maxVolume = a.maxVolume;
                it->second.knob.monitorMute = a.monitorMute;
                marks_[a.node].mixed = true;
                tellKnob(it->second);
            },
            [&](const action::UpdatePermissions& a) {
                if (graph_.client(a.client))
                    for (const auto& [object, value] : a.objects)
                        if (graph_.node(object) || graph_.port(object) || graph_.client(object))
                            setPermission(a.client, object, value);
            },
            [&](const action::Admit& a) {
                if (graph_.client(a.client))
                    defaults_[a.client] = a.any;
            },
            [&](const action::Shield& a) {
                for (const auto other : a.others)
                    if (graph_.client(a.client) && graph_.client(other))
                        setPermission(a.client, other, a.on ? permission::readOnly : permission::byDefault);
            },
            [&](const action::Destroy& a) {
                if (graph_.links.contains(a.object) || graph_.node(a.object))
                    remove(a.object);
            },
            [&](const action::CreateLink& a) {
                addLink(a.outputNode, a.outputPort, a.inputNode, a.inputPort);
            },
            [&](const action::SetRouteMute& a) {
                const auto it = graph_.devices.find(a.device);
                if (it == graph_.devices.end())
                    return;
                for (auto& route : it->second.routes)
                    if (route.index == a.route) {
                        route.mute = a.mute;
                        route.save = a.save;
                    }
                if (!routesStale)
                    tell(event::RoutesRead{a.device, it->second.routes});
                muteByRoute(it->second, a.route);
            },
            [&](const action::SetPanelMute& a) {
                const auto it = graph_.nodes.find(a.node);
                if (it == graph_.nodes.end() || marks_[a.node].raw || marks_[a.node].deaf)
                    return;
                if (a.route)
                    for (auto& route : graph_.devices.at(a.route->device).routes)
                        if (route.index == a.route->index) {
                            route.mute = a.mute;
                            route.save = a.route->save;
                            tell(event::RoutesRead{a.route->device,
                                                   graph_.devices.at(a.route->device).routes});
                        }
                it->second.knob.mute = a.mute;
                tellKnob(it->second);
            },
            [&](const action::SetUserMute& a) {
                const auto it = graph_.nodes.find(a.node);
                if (it == graph_.nodes.end() || marks_[a.node].raw || marks_[a.node].deaf)
                    return;
                it->second.knob.mute = a.mute;
                // As PipeWire 1.4.2 does it (audioconvert.c, set_volume()): untold until there is a mix, which a
                // limit written at run time makes as well as what goes through it.
                if (!it->second.bornSilent || marks_[a.node].mixed || it->second.state == NodeState::Running)
                    tellKnob(it->second);
            },
            [&](const action::Suspend& a) {
                for (const auto& again : a.again)
                    if (graph_.links.contains(again.link))
                        remove(again.link);
                suspend(a.node);
                for (const auto node : a.along)
                    suspend(node);
                for (const auto& again : a.again)
                    addLink(again.made.outputNode, again.made.outputPort, again.made.inputNode,
                            again.made.inputPort);
            },
            [&](const action::MakeSilence&) { makeSilence(); },
            [&](const action::OpenPorts& a) { openPorts(a.node, a.monitors); },
        },
        action);
}

// It runs on at once. One that is suspended, or is about to run, does not heed it.
void FakeServer::suspend(GlobalId id) {
    const auto it = graph_.nodes.find(id);
    if (it == graph_.nodes.end() || it->second.state == NodeState::Suspended)
        return; // or it went while the message was on its way
    auto& clients = mapped_[id];
    clients.clear();
    left_.erase(id);
    for (const auto linkId : graph_.linksFrom(id))
        if (const auto owner = graph_.nodes.at(graph_.links.at(linkId).inputNode).client)
            clients.insert(*owner);
    Node node = it->second;
    const NodeState before = std::exchange(node.state, NodeState::Suspended);
    tell(event::NodeInfo{node});
    node.state = before;
    tell(event::NodeInfo{node});
}

void FakeServer::makeSilence() {
    Node node;
    node.id = GlobalId{nextMade_++};
    node.serial = Serial{raw(node.id) + 1000};
    node.name = silenceName;
    node.factory = "support.null-audio-sink";
    node.mediaClass = "Audio/Source/Virtual";
    node.infoKnown = true;
    for (const auto& [clientId, client] : graph_.clients)
        if (client.self)
            node.client = clientId;
    marks_[node.id] = {};
    graph_.put(node);
    tell(event::NodeSeen{asRegistered(node)});
    tell(event::NodeInfo{node});
}

void FakeServer::openPorts(GlobalId node, bool monitors) {
    if (!graph_.node(node))
        return;
    Port port;
    port.id = GlobalId{nextMade_++};
    port.serial = Serial{raw(port.id) + 1000};
    port.node = node;
    port.output = port.monitor = monitors;
    port.format = "32 bit float mono audio";
    graph_.put(port);
    tell(event::PortSeen{port});
}

void FakeServer::appearNode(Line& line) {
    Marks marks;
    marks.raw = line.takeFlag("raw");
    marks.deaf = line.takeFlag("deaf");
    marks.locked = line.takeFlag("locked");
    marks.elsewhere = line.takeFlag("elsewhere");
    const bool headset = line.takeFlag("headset");
    Node node = takeNode(line);
    if (headset)
        autoswitch_.addLoopback(node.id);
    node.knob.present = !marks.raw;
    node.knob.locked = marks.locked;
    node.knob.maxVolume = node.configuredMaxVolume.value_or(node.bornSilent ? 0.0f : 10.0f);
    marks_[node.id] = marks;
    graph_.put(node);
    Node registered = asRegistered(node);
    registered.firstReadingDue = node.bornSilent && node.inServer && hasSourceClass(node);
    tell(event::NodeSeen{registered});
    tell(event::NodeInfo{node});
    if (isReadAtOnce(node))
        tellKnob(node);
    if (registered.firstReadingDue)
        tell(event::NodeUnread{node.serial});
}

namespace {

// Texts name what is there: a slip of the pen is told by its line.
template <typename T>
T& named(std::map<GlobalId, T>& objects, const Line& line) {
    const auto it = objects.find(line.id());
    if (it == objects.end())
        line.fail("there is no such object");
    return it->second;
}

// A server gives an id to one object at a time.
template <typename T>
void mustBeFree(const Graph& graph, const std::map<GlobalId, T>& kind, const Line& line) {
    if (graph.has(line.id()) && !kind.contains(line.id()))
        line.fail("the id is another object's");
}

} // namespace

void FakeServer::appear(Line& line) {
    const std::string& verb = line.verb();
    if (verb == "client") {
        mustBeFree(graph_, graph_.clients, line);
        const bool links = line.takeFlag("links");
        const Client client = takeClient(line);
        if (links)
            sessionManagers_.insert(client.id);
        graph_.put(client);
        if (isAdmissionOurs(client))
            defaults_[client.id] = permission::none;
        tellClient(client);
    } else if (verb == "device") {
        mustBeFree(graph_, graph_.devices, line);
        const Device device = takeDevice(line);
        graph_.put(device);
        tell(event::DeviceSeen{device});
    } else if (verb == "route") {
        const auto deviceId = line.id();
        auto& routes = named(graph_.devices, line).routes;
        routes.push_back(takeRoute(line));
        tell(event::RoutesRead{deviceId, routes});
    } else if (verb == "node") {
        mustBeFree(graph_, graph_.nodes, line);
        appearNode(line);
    } else if (verb == "port") {
        mustBeFree(graph_, graph_.ports, line);
        const Port port = takePort(line);
        graph_.put(port);
        tell(event::PortSeen{port});
    } else if (verb == "link") {
        mustBeFree(graph_, graph_.links, line);
        const Link link = takeLink(line);
        const Node* out = graph_.node(link.outputNode);
        const Node* in = graph_.node(link.inputNode);
        if (!out || !in || !graph_.port(link.outputPort) || !graph_.port(link.inputPort))
            line.fail("an end is missing");
        if (!mayLink(*out, *in)) {
            refused.push_back(out->name + " -> " + in->name);
        } else {
            graph_.put(link);
            if (in->client)
                mapped_[link.outputNode].insert(*in->client);
            linkSeen(link);
        }
    } else {
        change(line);
    }
}

void FakeServer::change(Line& line) {
    const std::string& verb = line.verb();
    if (verb == "default") {
        defaultSource_ = line.takeWord();
        tell(event::DefaultSource{defaultSource_});
    } else if (verb == "gone") {
        const auto object = line.id();
        line.takeWord();
        remove(object);
    } else if (verb == "blind") {
        tell(event::Removed{line.id()});
        line.takeWord();
    } else if (verb == "raise") {
        const auto client = line.id();
        line.takeWord();
        setPermission(client, line.id(), everything);
        line.takeWord();
    } else if (verb == "hang") {
        hanging_.try_emplace(line.id());
        line.takeWord();
    } else if (verb == "answer") {
        const auto client = line.id();
        line.takeWord();
        for (const auto& action : std::exchange(hanging_[client], {}))
            carryOut(action);
        hanging_.erase(client);
        cardsHang_.erase(client);
        answer(client);
    } else if (verb == "knob") {
        Node& node = named(graph_.nodes, line);
        const bool locked = node.knob.locked, volumes = node.knob.monitorVolumes;
        node.knob = takeKnob(line);
        node.knob.locked = node.knob.locked || locked;
        node.knob.monitorVolumes = node.knob.monitorVolumes && volumes;
        tellKnob(node);
    } else if (verb == "routes") {
        Device& device = named(graph_.devices, line);
        line.takeWord();
        const auto index = static_cast<std::uint32_t>(line.takeWordAsNumber());
        const bool mute = line.takeFlag("mute");
        if (!mute && !line.takeFlag("unmute"))
            line.fail("mute or unmute?");
        const bool save = line.takeFlag("save");
        for (auto& route : device.routes)
            if (route.index == index) {
                route.mute = mute;
                route.save = save;
            }
        tell(event::RoutesRead{device.id, device.routes});
        muteByRoute(device, index);
    } else if (verb == "port-of") {
        const auto deviceId = line.id();
        Device& device = named(graph_.devices, line);
        const Route chosen = takeRoute(line);
        std::erase_if(device.routes, [&](const Route& old) {
            return old.profileDevice == chosen.profileDevice && old.input == chosen.input;
        });
        device.routes.push_back(chosen);
        tell(event::RoutesRead{deviceId, device.routes});
        muteByRoute(device, chosen.index);
    } else if (verb == "state") {
        Node& node = named(graph_.nodes, line);
        line.takeWord();
        const std::string state = line.takeWord();
        node.state = state == "running" ? NodeState::Running
                     : state == "idle"  ? NodeState::Idle
                                        : NodeState::Suspended;
        tell(event::NodeInfo{node});
    } else {
        line.fail("no such verb");
    }
}

void FakeServer::say(std::string_view text) {
    for (auto& line : linesOf(text)) {
        now += 1'000'000; // people are slow
        appear(line);
        line.done();
    }
    rescan();
}

void FakeServer::linkStream(const Node& stream) {
    if (sessionManagerFails > 0) {
        sessionManagerFails--;
        believedLinked_.insert(stream.id);
        return;
    }
    const Node* source = nullptr;
    for (const auto& [nodeId, node] : graph_.nodes) {
        const bool hasOutput =
            std::any_of(graph_.ports.begin(), graph_.ports.end(), [owner = nodeId](const auto& entry) {
                return entry.second.node == owner && entry.second.output;
            });
        if (!isReadAtOnce(node) || !hasOutput)
            continue;
        const auto isTarget = [&](const Node& other) {
            return other.name == stream.target || std::to_string(raw(other.serial)) == stream.target;
        };
        if (!source || isTarget(node) || (node.name == defaultSource_ && !isTarget(*source)))
            source = &node;
    }
    if (!source)
        return;
    // Refused or not: it does not try again with this stream (WirePlumber 0.5.8, link-target.lua).
    believedLinked_.insert(stream.id);
    for (const auto& [inId, in] : graph_.ports)
        if (in.node == stream.id && !in.output)
            for (const auto& [outId, out] : graph_.ports)
                if (out.node == source->id && out.output && addLink(source->id, outId, stream.id, inId))
                    break;
}

void FakeServer::rescan() {
    for (const auto manager : sessionManagers_) {
        std::vector<Node> streams;
        for (const auto& [nodeId, node] : graph_.nodes)
            if (node.mediaClass == "Stream/Input/Audio" && node.autoconnect &&
                !believedLinked_.contains(nodeId) && (permission(manager, nodeId) & permission::readOnly))
                streams.push_back(node);
        for (const auto& stream : streams)
            linkStream(stream);
    }
}

void FakeServer::connect() {
    connected_ = true;
    tell(event::Connected{4000 + run_, "pipewire-0", version, "cookie-" + std::to_string(run_), true});
    for (const auto& [objectId, client] : graph_.clients)
        tellClient(client);
    for (const auto& [objectId, device] : graph_.devices)
        tell(event::DeviceSeen{device});
    for (const auto& [objectId, node] : graph_.nodes)
        tell(event::NodeSeen{asRegistered(node)});
    for (const auto& [objectId, port] : graph_.ports)
        tell(event::PortSeen{port});
    for (const auto& [objectId, link] : graph_.links)
        tell(event::LinkSeen{link});
    for (const auto& [objectId, device] : graph_.devices)
        if (!device.routes.empty())
            tell(event::RoutesRead{objectId, device.routes});
    for (const auto& [objectId, node] : graph_.nodes) {
        tell(event::NodeInfo{node});
        if (isReadAtOnce(node))
            tellKnob(node);
    }
    tell(event::DefaultSource{defaultSource_});
    tell(event::InitialListComplete{});
}

void FakeServer::disconnect() {
    waiting_.clear();
    waitingSyncs_.clear();
    pending_.clear();
    tell(event::Disconnected{});
    connected_ = false;
}

void FakeServer::restart() {
    disconnect();
    run_++;
    graph_ = {};
    marks_.clear();
    permissions_.clear();
    defaults_.clear();
    sessionManagers_.clear();
    believedLinked_.clear();
    autoswitch_ = {};
    mapped_.clear();
    left_.clear();
}

std::set<std::string> FakeServer::linked() const {
    std::set<std::string> pairs;
    for (const auto& [linkId, link] : graph_.links) {
        const Node& out = graph_.nodes.at(link.outputNode);
        const Node& in = graph_.nodes.at(link.inputNode);
        if (isSource(graph_, out) && (!out.client || out.client != in.client))
            pairs.insert(out.name + " -> " + in.name);
    }
    return pairs;
}

std::set<std::string> FakeServer::audible() const {
    std::set<std::string> pairs;
    for (const auto& [linkId, link] : graph_.links) {
        const Node& out = graph_.nodes.at(link.outputNode);
        const Node& in = graph_.nodes.at(link.inputNode);
        if (!isSource(graph_, out) || (out.client && out.client == in.client))
            continue;
        const Marks& marks = marks_.at(out.id);
        const Port& port = graph_.ports.at(link.outputPort);
        const bool mixed = port.format == "32 bit float mono audio";
        // A monitor port carries what flows into the node, past the volume.
        const bool silent = port.monitor ? out.knob.monitorMute : out.knob.maxVolume <= 0.0f;
        const bool byUser = out.knob.mute && !marks.locked && (!port.monitor || out.knob.monitorVolumes);
        if (marks.raw || marks.deaf || !mixed || (!silent && !byUser))
            pairs.insert(out.name + " -> " + in.name);
    }
    return pairs;
}

std::set<std::string> FakeServer::readable() const {
    std::set<std::string> pairs;
    for (const auto& [source, clients] : mapped_)
        if (const Node& node = graph_.nodes.at(source); isSource(graph_, node) && node.knob.maxVolume > 0.0f)
            for (const auto client : clients)
                pairs.insert(node.name + " -> " + id(client));
    for (const auto& [source, clients] : left_)
        if (const Node& node = graph_.nodes.at(source); isSource(graph_, node) && node.knob.maxVolume > 0.0f)
            for (const auto client : clients)
                pairs.insert(node.name + " -> " + id(client) + ", gone");
    return pairs;
}

std::vector<std::string> FakeServer::leftovers() const {
    std::vector<std::string> found;
    for (const auto& [nodeId, node] : graph_.nodes)
        if (node.knob.present && node.knob.maxVolume == 0.0f)
            found.push_back(node.name + " is silent");
    for (const auto& [client, objects] : permissions_)
        for (const auto& [object, value] : objects)
            if (value != permission::byDefault)
                found.push_back("client " + id(client) + " has " +
                                (value == permission::none ? "nothing" : "a look") + " on " + id(object));
    return found;
}

} // namespace micguard::test
