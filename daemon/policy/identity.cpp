// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/identity.hpp"

#include "daemon/policy/classify.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

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

// In PipeWire 1.4 pipewire-pulse is a link to pipewire, and its executable reads as that; its connections
// are then told by the socket's owner being neither the server nor a session manager but `pipewire`.
bool speaksForOthers(const Client& client) {
    return isPulseServer(client) ||
           (client.executableTrue && baseName(client.executable) == "pipewire" && !client.inServer);
}

const std::string& first(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

} // namespace

Identity identify(const Graph& graph, const Node& node) {
    Identity identity;
    const Client* client = graph.owner(node);
    // The one that rules are about.
    identity.appId = client ? subjectOf(*client, &node).app.value : node.applicationId;
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
    const bool forOthers = speaksForOthers(*client);
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

Subject subjectOf(const Client& client, const Node* stream) {
    const auto claimed = [stream](const std::string Node::*ofStream, const std::string& ofClient) -> const std::string& {
        return stream ? first(stream->*ofStream, ofClient) : ofClient;
    };
    Subject subject;
    subject.claims = claimed(&Node::applicationName, client.applicationName);
    const std::string& appId = claimed(&Node::applicationId, client.applicationId);
    const bool vouched = speaksForOthers(client) || client.access == "flatpak" || client.access == "portal";
    if (vouched && !client.portalAppId.empty()) {
        subject.flatpak = subject.app = {client.portalAppId, true};
    } else if (vouched && !client.snapId.empty()) {
        subject.snap = subject.app = {client.snapId, true};
    } else if (speaksForOthers(client)) {
        const std::string& binary = claimed(&Node::applicationBinary, client.applicationBinary);
        subject.executable = {binary, false};
        subject.process = {std::string(baseName(binary)), false};
        subject.app = {first(appId, first(binary, subject.claims)), false};
    } else {
        const bool known = client.executableTrue;
        subject.executable = {client.executable, known};
        subject.process = {std::string(baseName(client.executable)), known};
        subject.app = known ? subject.executable : Fact{first(appId, first(client.executable, subject.claims)), false};
        subject.unit = {client.unit, false}; // any process of the user can make itself one
    }
    return subject;
}

std::vector<Subject> subjectsOf(const Graph& graph, const Client& client) {
    std::vector<Subject> subjects{subjectOf(client, nullptr)};
    for (const auto id : graph.nodesOf(client.id)) {
        const Node& node = graph.nodes.at(id);
        if (!isCaptureStream(node))
            continue;
        Subject subject = subjectOf(client, &node);
        if (std::find(subjects.begin(), subjects.end(), subject) == subjects.end())
            subjects.push_back(std::move(subject));
    }
    return subjects;
}

} // namespace micguard
