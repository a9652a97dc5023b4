// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/identity.hpp"

#include "daemon/model/path.hpp"
#include "daemon/model/pulse_clients.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/known_applications.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace micguard {
namespace {

const std::string& first(const std::string& a, const std::string& b) {
    return a.empty() ? b : a;
}

// What is known of the client's application, by whoever cannot be talked into it.
ProcessFacts known(const Client& client) {
    if (!client.peer && speaksForOthers(client))
        return {};
    ProcessFacts facts = processOf(client);
    if (isPortal(client) && !client.portalAppId.empty()) {
        facts = {};
        facts.sandbox = "flatpak";
        facts.sandboxId = client.portalAppId;
        facts.executableTrue = true;
    }
    return facts;
}

// A Flatpak's id is in a file that anybody can make; that it runs what this Flatpak has installed is not to
// be made up.
bool sandboxKnown(const ProcessFacts& facts) {
    return !facts.sandboxId.empty() && (facts.sandbox != "flatpak" || facts.executableTrue);
}

// By its path.
bool executableKnown(const ProcessFacts& facts) {
    return facts.executableTrue && facts.sandboxId.empty();
}

const KnownApplication* knownApplication(const ProcessFacts& facts) {
    if (!facts.sandboxId.empty())
        return facts.sandbox == "snap" ? knownBySnap(facts.sandboxId) : knownByFlatpak(facts.sandboxId);
    // Only root can have put it there under that name.
    return facts.executableTrue && !facts.executableWritable ? knownByExecutable(facts.executable) : nullptr;
}

// Of the executable alone.
std::string appIdOf(const Client& client, const ProcessFacts& facts) {
    if (!facts.sandboxId.empty())
        return facts.sandboxId;
    if (facts.script.empty() && client.recognised.certain)
        return client.recognised.id;
    const auto* application = knownApplication(facts);
    return application ? std::string(application->desktopId) : facts.executable;
}

// An interpreter's application is its script, and that is a claim.
std::string scriptAppId(const Client& client, const ProcessFacts& facts) {
    return facts.script.empty() ? std::string{} : first(client.recognised.id, facts.script);
}

std::string keyOf(std::string_view executable) {
    return "exe:" + std::string(executable);
}

// Nothing is known but what it says.
void claimAll(Identity& identity, const Client& client, const Node& node) {
    const bool others = speaksForOthers(client);
    const auto& sandboxId = client.peer ? client.peer->sandboxId : client.sandboxId;
    identity.how = "claimed";
    identity.pid = !others ? client.pid : node.applicationPid ? node.applicationPid : client.applicationPid;
    identity.executable =
        others ? first(node.applicationBinary, client.applicationBinary) : client.executable;
    identity.appId = first(sandboxId, first(node.applicationId, client.applicationId));
    if (others && sandboxId.empty())
        identity.appId = first(client.portalAppId, first(client.snapId, identity.appId));
    if (identity.appId.empty())
        identity.appId = first(identity.executable, identity.name);
    identity.key = "claimed:" + identity.appId;
}

Subject subjectOfFile(const Client& client, std::string file, bool known) {
    Subject subject;
    subject.claims = client.applicationName;
    subject.process = {std::string(baseName(file)), known};
    subject.executable = {std::move(file), known};
    subject.app = subject.executable;
    return subject;
}

// What runs there is not proven to be what was at that path; nothing but that is known of it.
std::optional<ProcessFacts> replaced(const Client& client) {
    // Of nearly everybody it is seen without a copy.
    if (!isGone(client.peer ? client.peer->executable : client.executable))
        return std::nullopt;
    auto facts = processOf(client);
    return isGone(facts.executable) && !facts.executableTrue && facts.sandboxId.empty()
               ? std::optional(std::move(facts))
               : std::nullopt;
}

} // namespace

bool handsOut(const Graph& graph, const Client& client) {
    if (!speaksForOthers(client) || isPulseClient(client) || client.peer)
        return false;
    const auto& nodes = graph.nodesOf(client.id);
    return client.clientApi == "protocol-simple" || std::any_of(nodes.begin(), nodes.end(), [&](GlobalId id) {
               const Node& node = graph.nodes.at(id);
               return node.infoKnown && node.linkGroup.empty() && isCaptureStream(node);
           });
}

std::optional<Subject> furtherSubject(const Client& client) {
    if (!client.peer && client.executableWritable && speaksForOthers(client)) {
        Subject subject = subjectOfFile(client, client.executable, client.executableTrue);
        subject.unit = {client.unit, client.unitKnown};
        return subject;
    }
    const auto facts = replaced(client);
    if (!facts)
        return std::nullopt;
    Subject subject = subjectOfFile(client, std::string(withoutGone(facts->executable)), false);
    subject.unit = {facts->unit, facts->unitKnown};
    const auto* application = knownByExecutable(subject.executable.value);
    if (const auto id = first(client.recognised.id, application ? std::string(application->desktopId) : "");
        !id.empty()) {
        subject.alias = subject.executable;
        subject.app = {id, false};
    }
    return subject;
}

std::string replacedKey(const Client& client) {
    const auto facts = replaced(client);
    return facts ? keyOf(withoutGone(facts->executable)) : std::string{};
}

bool isPortal(const Client& client) {
    // A sandbox's own program of that name is the sandbox's.
    return client.executableTrue && !client.executableWritable && client.sandbox.empty() &&
           baseName(client.executable) == "xdg-desktop-portal";
}

Identity identify(const Graph& graph, const Node& node) {
    return identify(graph.owner(node), node);
}

Identity identify(const Client* client, const Node& node) {
    Identity identity;
    identity.name = first(node.applicationName, client ? client->applicationName : node.name);
    if (identity.name.empty())
        identity.name = node.name;
    identity.icon = first(node.applicationIcon, client ? client->applicationIcon : node.applicationIcon);
    if (!client) {
        identity.how = "claimed";
        identity.appId = node.applicationId;
        identity.key = "server:" + node.name;
        return identity;
    }
    const auto facts = known(*client);
    if (!sandboxKnown(facts) && !executableKnown(facts)) {
        claimAll(identity, *client, node);
        return identity;
    }
    identity.pid = facts.pid;
    identity.appId = appIdOf(*client, facts);
    if (!facts.sandboxId.empty()) {
        identity.sandbox = facts.sandbox;
        identity.how = "sandbox";
        identity.key = identity.sandbox + ":" + identity.appId;
    } else {
        identity.executable = facts.executable;
        identity.how = "kernel";
        identity.key = keyOf(identity.executable);
    }
    if (const auto script = scriptAppId(*client, facts); !script.empty() && facts.sandboxId.empty()) {
        identity.appId = script;
        identity.how = "claimed";
        identity.key += " script:" + facts.script;
    }
    if (const auto* application = knownApplication(facts)) {
        identity.name = application->name;
        identity.icon = application->icon;
    }
    identity.name = first(client->recognised.name, identity.name);
    identity.icon = first(client->recognised.icon, identity.icon);
    return identity;
}

Subject subjectOf(const Client& client, const Node* stream) {
    const auto claimed = [stream](const std::string Node::*ofStream,
                                  const std::string& ofClient) -> const std::string& {
        return stream ? first(stream->*ofStream, ofClient) : ofClient;
    };
    Subject subject;
    subject.claims = claimed(&Node::applicationName, client.applicationName);
    const auto facts = known(client);
    if (!facts.sandboxId.empty()) {
        subject.app = {facts.sandboxId, sandboxKnown(facts)};
        (facts.sandbox == "snap" ? subject.snap : subject.flatpak) = subject.app;
        return subject;
    }
    subject.unit = {facts.unit, facts.unitKnown};
    if (facts.executableTrue) {
        subject.executable = {facts.executable, true};
        subject.process = {std::string(baseName(facts.executable)), true};
        subject.app = {appIdOf(client, facts), true};
        if (!facts.script.empty()) {
            subject.alias = {scriptAppId(client, facts), false};
            subject.script = {std::string(baseName(facts.script)), false};
        } else if (subject.app.value != facts.executable) {
            subject.alias = subject.executable;
        } else {
            // An entry that somebody could have made, or that starts it by another program.
            subject.alias = {client.recognised.id, false};
        }
        return subject;
    }
    const bool others = speaksForOthers(client);
    if (others) {
        subject.flatpak = {client.portalAppId, false};
        subject.snap = {client.snapId, false};
    }
    const std::string& binary =
        others ? claimed(&Node::applicationBinary, client.applicationBinary) : client.executable;
    const std::string& sandbox = others ? first(client.portalAppId, client.snapId) : subject.flatpak.value;
    subject.executable = {binary, false};
    subject.process = {std::string(baseName(binary)), false};
    subject.app = {first(first(sandbox, claimed(&Node::applicationId, client.applicationId)),
                         first(binary, subject.claims)),
                   false};
    return subject;
}

std::vector<Subject> subjectsOf(const Graph& graph, const Client& client) {
    std::vector<Subject> subjects{subjectOf(client, nullptr)};
    if (auto further = furtherSubject(client))
        subjects.push_back(std::move(*further));
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
