// SPDX-License-Identifier: GPL-3.0-or-later
//
// pipewire-pulse makes one client of PipeWire for each of its connections, as soon as that has said its name
// (1.0 to 1.6, pulse-server.c, do_set_client_name()), and says of it only what the application says. Which
// client is which connection cannot be seen. But whose connections there are can, and an honest application
// says who it is. So if every connection has said its name, an application's own clients are as many as its
// connections, and who pretends to be it is one too many.
#include "daemon/model/pulse_clients.hpp"

#include "daemon/model/path.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace micguard {
namespace {

using Names = std::map<std::uint32_t, std::string>;

// Of an application, as its honest clients say it: a sandbox's processes do not know their own pid.
std::string nameOf(const ProcessFacts& process) {
    if (!process.sandboxId.empty())
        return process.sandbox + ":" + process.sandboxId;
    return process.pid == 0 ? std::string{} : "pid:" + std::to_string(process.pid);
}

std::string claimedName(const Client& client, const Names& names) {
    if (!client.portalAppId.empty())
        return "flatpak:" + client.portalAppId;
    if (!client.snapId.empty())
        return "snap:" + client.snapId;
    const auto it = names.find(client.applicationPid);
    return it == names.end() ? "pid:" + std::to_string(client.applicationPid) : it->second;
}

// What all of an application's connections have in common.
ProcessFacts common(const ProcessFacts& a, const ProcessFacts& b) {
    if (a.pid == b.pid)
        return a;
    ProcessFacts facts;
    facts.sandbox = a.sandbox;
    facts.sandboxId = a.sandboxId;
    facts.executableTrue = a.executableTrue && b.executableTrue;
    return facts;
}

bool isOf(const Client& client, std::uint32_t server) {
    return client.pid == server && isPulseClient(client);
}

} // namespace

bool isPulseClient(const Client& client) {
    return client.clientApi == "pipewire-pulse";
}

bool speaksForOthers(const Client& client) {
    const std::string_view file = withoutGone(client.executable);
    if (!(client.executableTrue || isGone(client.executable)) || client.sandbox == "flatpak" ||
        client.sandbox == "snap")
        return false;
    const auto name = baseName(file);
    return name == "pipewire-pulse" || (name == "pipewire" && !client.inServer);
}

bool isAboutToBeKnown(const Client& client) {
    return !client.peer && !client.peerSought && isPulseClient(client) && speaksForOthers(client);
}

void noteLook(Graph& graph, bool settled) {
    // Each takes some tens of milliseconds. Who comes and goes all the time keeps nobody waiting for good.
    constexpr unsigned mostLooks = 8;
    for (auto& [id, client] : graph.clients)
        if (isPulseClient(client) && !client.peerSought)
            client.peerSought = ++client.peerLooks >= mostLooks || settled;
}

bool sameClaims(const Client& before, const Client& now) {
    return before.clientApi == now.clientApi && before.portalAppId == now.portalAppId &&
           before.snapId == now.snapId && before.applicationPid == now.applicationPid;
}

std::vector<std::uint32_t> pulseServers(const Graph& graph) {
    // By the number of their clients: the real one has them all.
    std::map<std::uint32_t, std::size_t> clients;
    for (const auto& [id, client] : graph.clients)
        if (isPulseClient(client) && client.executableTrue && !client.executableWritable)
            clients[client.pid]++;
    std::vector<std::uint32_t> servers;
    servers.reserve(clients.size());
    for (const auto& [pid, count] : clients)
        servers.push_back(pid);
    std::sort(servers.begin(), servers.end(),
              [&](std::uint32_t a, std::uint32_t b) { return clients[a] > clients[b]; });
    servers.resize(std::min<std::size_t>(servers.size(), 8));
    return servers;
}

bool anyUnproven(const Graph& graph) {
    return std::any_of(graph.clients.begin(), graph.clients.end(),
                       [](const auto& entry) { return isPulseClient(entry.second) && !entry.second.peer; });
}

std::ptrdiff_t nameless(const Graph& graph, std::uint32_t server, std::size_t connections) {
    auto left = static_cast<std::ptrdiff_t>(connections);
    for (const auto& [id, client] : graph.clients)
        left -= isOf(client, server) ? 1 : 0;
    return left;
}

void matchPulsePeers(Graph& graph, std::uint32_t server, const std::vector<ProcessFacts>& connections) {
    if (server == 0 || nameless(graph, server, connections.size()) != 0)
        return;
    for (const auto& [id, client] : graph.clients)
        if (client.pid == server && !client.infoKnown)
            return;
    struct Application {
        std::size_t connections = 0;
        ProcessFacts process;
        std::vector<Client*> clients;
    };
    std::map<std::string, Application> applications;
    Names names;
    for (const auto& process : connections) {
        const auto name = nameOf(process);
        if (name.empty())
            continue;
        auto& application = applications[name];
        application.process = application.connections++ == 0 ? process : common(application.process, process);
        names[process.pid] = name;
    }
    for (auto& [id, client] : graph.clients)
        if (isOf(client, server))
            applications[client.peer ? nameOf(*client.peer) : claimedName(client, names)].clients.push_back(
                &client);
    for (const auto& [name, application] : applications)
        if (application.clients.size() <= application.connections)
            for (Client* client : application.clients)
                if (!client->peer)
                    client->peer = application.process;
}

} // namespace micguard
