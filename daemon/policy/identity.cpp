// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/identity.hpp"

#include <string_view>

namespace micguard {
namespace {

std::string_view baseName(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// Speaks for others: the pid that the kernel reports is its own, and what it says of its peers' sandbox
// comes from the peers' credentials.
bool isPulseServer(const Client& client) {
    return client.executableTrue && baseName(client.executable) == "pipewire-pulse";
}

const std::string& first(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

} // namespace

Identity identify(const Graph& graph, const Node& node) {
    Identity identity;
    const Client* client = graph.owner(node);
    identity.appId = first(node.applicationId, client ? client->applicationId : node.applicationId);
    identity.icon = first(node.applicationIcon, client ? client->applicationIcon : node.applicationIcon);
    identity.name = first(node.applicationName, client ? client->applicationName : node.name);
    if (identity.name.empty())
        identity.name = node.name;
    identity.how = "claimed";
    if (!client) {
        identity.executable.clear();
        identity.key = "server:" + node.name;
        return identity;
    }
    // In PipeWire 1.4 pipewire-pulse is a link to pipewire, and its executable reads as that; its connections
    // are then told by the socket's owner being neither the server nor a session manager but `pipewire`.
    const bool forOthers =
        isPulseServer(*client) || (client->executableTrue && baseName(client->executable) == "pipewire" && !client->inServer);
    const bool vouched = forOthers || client->access == "flatpak" || client->access == "portal";
    if (vouched && !client->portalAppId.empty()) {
        identity.sandbox = "flatpak";
        identity.appId = client->portalAppId;
        identity.how = "sandbox";
        identity.key = "flatpak:" + identity.appId;
    } else if (vouched && !client->snapId.empty()) {
        identity.sandbox = "snap";
        identity.appId = client->snapId;
        identity.how = "sandbox";
        identity.key = "snap:" + identity.appId;
    } else if (forOthers) {
        identity.pid = node.applicationPid ? node.applicationPid : client->applicationPid;
        identity.executable = first(node.applicationBinary, client->applicationBinary);
        identity.key = "claimed:" + first(identity.appId, first(identity.executable, identity.name));
        return identity;
    } else if (client->executableTrue) {
        identity.executable = client->executable;
        identity.how = "kernel";
        identity.key = "exe:" + identity.executable;
    } else {
        identity.executable = client->executable;
        identity.key = "claimed:" + first(identity.appId, identity.name);
    }
    identity.pid = client->pid;
    return identity;
}

} // namespace micguard
