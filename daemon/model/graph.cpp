// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/model/graph.hpp"

#include "daemon/model/pulse_clients.hpp"

#include <utility>

namespace micguard {
namespace {

const std::set<GlobalId>& lookUp(const std::map<GlobalId, std::set<GlobalId>>& index, GlobalId id) {
    static const std::set<GlobalId> none;
    const auto it = index.find(id);
    return it == index.end() ? none : it->second;
}

void drop(std::map<GlobalId, std::set<GlobalId>>& index, GlobalId key, GlobalId id) {
    const auto it = index.find(key);
    if (it == index.end())
        return;
    it->second.erase(id);
    if (it->second.empty())
        index.erase(it);
}

} // namespace

ProcessFacts processOf(const Client& client) {
    if (client.peer)
        return *client.peer;
    // Its own word, and one that anybody can give.
    if (isPulseClient(client) && speaksForOthers(client))
        return {};
    ProcessFacts facts;
    facts.pid = client.pid;
    facts.executable = client.executable;
    facts.executableTrue = client.executableTrue;
    facts.executableWritable = client.executableWritable;
    facts.unit = client.unit;
    facts.unitKnown = client.unitKnown;
    facts.sandbox = client.sandbox;
    facts.sandboxId = client.sandboxId;
    facts.script = client.script;
    return facts;
}

bool Graph::has(GlobalId id) const {
    return clients.contains(id) || devices.contains(id) || nodes.contains(id) || ports.contains(id) ||
           links.contains(id);
}

void Graph::put(Client client) {
    const Client* before = this->client(client.id);
    if (before && before->serial == client.serial) {
        client.arrival = before->arrival;
        client.granted = before->granted;
    } else {
        client.arrival = ++arrivals_;
    }
    if (before)
        forgetSerial(before->serial, client.id);
    ids_[client.serial] = client.id;
    clients[client.id] = std::move(client);
}

void Graph::put(Device device) {
    if (const Device* before = this->device(device.id))
        forgetSerial(before->serial, device.id);
    ids_[device.serial] = device.id;
    devices[device.id] = std::move(device);
}

void Graph::put(Node node) {
    if (const Node* before = this->node(node.id)) {
        forgetSerial(before->serial, node.id);
        if (before->client)
            drop(nodesOf_, *before->client, node.id);
    }
    ids_[node.serial] = node.id;
    if (node.client)
        nodesOf_[*node.client].insert(node.id);
    nodes[node.id] = std::move(node);
}

void Graph::put(Port port) {
    if (const Port* before = this->port(port.id)) {
        forgetSerial(before->serial, port.id);
        drop(portsOf_, before->node, port.id);
    }
    ids_[port.serial] = port.id;
    portsOf_[port.node].insert(port.id);
    ports[port.id] = std::move(port);
}

void Graph::put(const Link& link) {
    if (const Link* before = find(links, link.id)) {
        drop(linksFrom_, before->outputNode, link.id);
        drop(linksTo_, before->inputNode, link.id);
    }
    linksFrom_[link.outputNode].insert(link.id);
    linksTo_[link.inputNode].insert(link.id);
    links[link.id] = link;
}

void Graph::remove(GlobalId id) {
    if (const Client* c = client(id)) {
        forgetSerial(c->serial, id);
        clients.erase(id);
    }
    if (const Device* d = device(id)) {
        forgetSerial(d->serial, id);
        devices.erase(id);
    }
    if (const Node* n = node(id)) {
        forgetSerial(n->serial, id);
        if (n->client)
            drop(nodesOf_, *n->client, id);
        nodes.erase(id);
    }
    if (const Port* p = port(id)) {
        forgetSerial(p->serial, id);
        drop(portsOf_, p->node, id);
        ports.erase(id);
    }
    if (const Link* l = find(links, id)) {
        drop(linksFrom_, l->outputNode, id);
        drop(linksTo_, l->inputNode, id);
        links.erase(id);
    }
}

const std::set<GlobalId>& Graph::nodesOf(GlobalId client) const {
    return lookUp(nodesOf_, client);
}
const std::set<GlobalId>& Graph::portsOf(GlobalId node) const {
    return lookUp(portsOf_, node);
}
const std::set<GlobalId>& Graph::linksFrom(GlobalId node) const {
    return lookUp(linksFrom_, node);
}
const std::set<GlobalId>& Graph::linksTo(GlobalId node) const {
    return lookUp(linksTo_, node);
}

std::optional<GlobalId> Graph::idOf(Serial serial) const {
    const auto it = ids_.find(serial);
    return it == ids_.end() ? std::nullopt : std::optional(it->second);
}

void Graph::forgetSerial(Serial serial, GlobalId id) {
    if (const auto it = ids_.find(serial); it != ids_.end() && it->second == id)
        ids_.erase(it);
}

} // namespace micguard
