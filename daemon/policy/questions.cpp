// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/questions.hpp"

#include "config/glob.hpp"
#include "config/rule_reader.hpp"
#include "daemon/model/pulse_clients.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/identity.hpp"
#include "daemon/policy/why.hpp"

#include <algorithm>

namespace micguard {
namespace {

Identity identityOf(const Client& client, const Node* stream) {
    return identify(&client, stream ? *stream : Node{});
}

bool wouldHear(const Model& model, const Client& client) {
    const auto& graph = model.graph;
    const auto& nodes = graph.nodesOf(client.id);
    return std::any_of(nodes.begin(), nodes.end(), [&](GlobalId id) {
        const Node& node = graph.nodes.at(id);
        return isCaptureStream(node) || (model.lastFed.contains(node.serial) && canListen(graph, node));
    });
}

bool isAbout(const Answer& answer, const Graph& graph, const Client& client) {
    if (answer.clients.contains(client.serial))
        return true;
    return (answer.known || !answer.allow) && applicationsOf(graph, client).contains(answer.application);
}

bool isServed(const Answer& answer, const Model& model) {
    return std::none_of(model.graph.clients.begin(), model.graph.clients.end(), [&](const auto& entry) {
        const Client& client = entry.second;
        return isAbout(answer, model.graph, client) &&
               (answer.scope != Scope::Once || wouldHear(model, client));
    });
}

Decision decisionOf(const Answer& answer) {
    const std::string howLong = answer.scope == Scope::Once ? "this once" : "for as long as it runs";
    return {answer.allow ? Ruling::Allow : Ruling::Deny, std::nullopt,
            (answer.allow ? "you said yes, " : "you said no, ") + howLong, DecidedBy::Answer};
}

// The oldest process of a program that hangs together with the one at `from`.
std::size_t rootOf(const Lineage& lineage, std::size_t from) {
    while (from + 1 < lineage.size() && lineage[from].sameProgram(lineage[from + 1]))
        from++;
    return from;
}

bool hangsTogether(const OwnMute& mute, const Lineage& other, const std::string& unit) {
    const Lineage& own = mute.lineage;
    if (own.empty() || other.empty())
        return false;
    const std::size_t ownRoot = rootOf(own, 0), otherRoot = rootOf(other, 0);
    if (own[ownRoot].sameProcess(other[otherRoot]))
        return true;
    if (otherRoot + 1 < other.size() && other[otherRoot + 1].sameProcess(own.front()))
        return true;
    return ownRoot + 1 < own.size() && unit == mute.unit && unit.starts_with("app-") &&
           own[rootOf(own, ownRoot + 1)].sameProcess(other[otherRoot]);
}

} // namespace

std::optional<Decision> answerTo(const Model& model, const Client& client, const Node* stream) {
    const auto& answers = model.appeals.answers;
    if (answers.empty())
        return std::nullopt;
    const std::string application = identityOf(client, stream).key, replaced = replacedKey(client);
    // Backwards: the newest counts.
    const auto found = std::find_if(answers.rbegin(), answers.rend(), [&](const Answer& answer) {
        return answer.clients.contains(client.serial) ||
               ((answer.known || !answer.allow) && answer.application == application) ||
               (!answer.allow && !replaced.empty() && answer.application == replaced);
    });
    return found == answers.rend() ? std::nullopt : std::optional(decisionOf(*found));
}

// Snaps are named so by the portals.
std::string storeName(const std::string& sandbox, const std::string& appId) {
    return (sandbox == "snap" ? "snap." : "") + appId;
}

std::optional<Permission> permissionOf(const Model& model, const Client& client) {
    const auto& permissions = model.appeals.permissions;
    if (permissions.empty() || !model.settings.policy.permissionStore)
        return std::nullopt;
    const Identity identity = identityOf(client, nullptr);
    if (identity.how != "sandbox")
        return std::nullopt;
    const auto found = permissions.find(storeName(identity.sandbox, identity.appId));
    return found == permissions.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Decision> muteOf(const Model& model, const Client& client) {
    const auto& appeals = model.appeals;
    const auto applications =
        appeals.muted.empty() ? std::set<std::string>{} : applicationsOf(model.graph, client);
    for (const auto& [application, mute] : appeals.muted)
        if (mute.clients.contains(client.serial) || applications.contains(application))
            return Decision{Ruling::Silence, std::nullopt, "muted by " + mute.by, DecidedBy::AppMute};
    for (const auto& [connection, mute] : appeals.own)
        if (isOwn(mute, client))
            return Decision{Ruling::Silence, std::nullopt, "muted by itself: " + mute.by, DecidedBy::OwnMute};
    return std::nullopt;
}

bool isMutedByItself(const Model& model, const Client& client) {
    const auto& own = model.appeals.own;
    return std::any_of(own.begin(), own.end(),
                       [&](const auto& entry) { return isOwn(entry.second, client); });
}

bool isOwn(const OwnMute& mute, const Client& client) {
    const Identity identity = identityOf(client, nullptr);
    if (!mute.sandbox.empty())
        return identity.how == "sandbox" && identity.sandbox == mute.sandbox &&
               identity.appId == mute.sandboxId;
    // A claimed pid is nobody's.
    if (identity.how != "kernel" && identity.pid != client.pid)
        return false;
    return std::any_of(client.lineages.begin(), client.lineages.end(), [&](const Lineage& lineage) {
        return !lineage.empty() && lineage.front().pid == identity.pid &&
               hangsTogether(mute, lineage, processOf(client).unit);
    });
}

bool isPerhapsOwn(const OwnMute& mute, const Client& client) {
    const auto facts = processOf(client);
    return !mute.sandbox.empty() && facts.sandbox == mute.sandbox && facts.sandboxId == mute.sandboxId &&
           !isOwn(mute, client);
}

std::vector<std::uint64_t> answersAbout(const Model& model, const std::string& app) {
    std::vector<const Client*> named;
    for (const auto& [id, client] : model.graph.clients) {
        const auto subjects = subjectsOf(model.graph, client);
        if (std::any_of(subjects.begin(), subjects.end(), [&](const Subject& subject) {
                return subject.app.value == app || subject.alias.value == app;
            }))
            named.push_back(&client);
    }
    std::vector<std::uint64_t> numbers;
    for (const Answer& answer : model.appeals.answers)
        if (std::any_of(named.begin(), named.end(),
                        [&](const Client* client) { return isAbout(answer, model.graph, *client); }))
            numbers.push_back(answer.number);
    return numbers;
}

std::set<std::string> applicationsOf(const Graph& graph, const Client& client) {
    std::set<std::string> applications{identityOf(client, nullptr).key};
    if (auto replaced = replacedKey(client); !replaced.empty())
        applications.insert(std::move(replaced));
    for (const auto id : graph.nodesOf(client.id))
        if (const Node& node = graph.nodes.at(id); canListen(graph, node))
            applications.insert(identify(graph, node).key);
    return applications;
}

std::set<Serial> clientsOf(const Model& model, const std::string& application) {
    std::set<Serial> clients;
    const auto managers = sessionManagers(model.graph);
    for (const auto& [id, client] : model.graph.clients)
        if (!client.self && !client.inServer && !managers.contains(id) &&
            applicationsOf(model.graph, client).contains(application))
            clients.insert(client.serial);
    return clients;
}

std::map<std::string, std::set<Serial>> waitingForAnswer(const Model& model, const Verdicts& verdicts) {
    std::map<std::string, std::set<Serial>> waiting;
    for (const auto& [id, decision] : verdicts.ruled) {
        const Node* stream = model.graph.node(id);
        const Client* client = stream ? model.graph.owner(*stream) : nullptr;
        // Not by what it says of itself, if in a moment it is known by what it is: that would be two questions.
        if (client && stream->infoKnown && decision.ruling == Ruling::Ask && !isAboutToBeKnown(*client))
            waiting[identify(model.graph, *stream).key].insert(client->serial);
    }
    return waiting;
}

std::vector<std::uint64_t> endedAnswers(const Model& model) {
    std::vector<std::uint64_t> ended;
    // Without the whole list nobody can be said to be gone.
    if (!model.connected || !model.listComplete)
        return ended;
    for (const Answer& answer : model.appeals.answers)
        if (isServed(answer, model))
            ended.push_back(answer.number);
    return ended;
}

std::optional<Rule> ruleToRemember(const Model& model, const RuleBook& book, const Subject& subject,
                                   bool allow) {
    struct Place {
        std::string name;
        SourceKind kind;
    };
    const auto circumstances = circumstancesOf(model, book, sessionManagers(model.graph));
    std::vector<Place> asking;
    std::optional<std::int32_t> highest;
    for (const auto& [id, node] : model.graph.nodes) {
        if (!isSource(model.graph, node))
            continue;
        const Decision decision =
            book.decide(subject, node.name, sourceKind(model.graph, node), circumstances);
        if (decision.ruling != Ruling::Ask)
            continue;
        asking.push_back({node.name, sourceKind(model.graph, node)});
        if (decision.rule)
            highest = std::max(highest.value_or(book.rules()[*decision.rule].priority),
                               book.rules()[*decision.rule].priority);
    }
    Rule rule;
    rule.priority = highest.value_or(0);
    rule.match.app = globLiteral(subject.app.value);
    rule.action = allow ? Ruling::Allow : Ruling::Deny;
    // No higher than it takes, so that what else is said of everybody goes on to hold.
    for (const std::int32_t more : {0, 1}) {
        Settings settings = model.settings;
        rule.priority += more;
        if (rule.priority > priorityLimit)
            break;
        settings.rules.push_back(rule);
        const RuleBook after(settings);
        if (std::all_of(asking.begin(), asking.end(), [&](const Place& place) {
                return after.decide(subject, place.name, place.kind, circumstances).ruling == rule.action;
            }))
            return rule;
    }
    return std::nullopt;
}

} // namespace micguard
