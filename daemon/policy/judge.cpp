// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/judge.hpp"

#include "config/glob.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/identity.hpp"
#include "daemon/policy/questions.hpp"
#include "daemon/policy/why.hpp"

#include <algorithm>
#include <vector>

namespace micguard {
namespace {

bool keepsNobody(const Model& model) {
    const Settings& settings = model.settings;
    return settings.policy.fallback == Ruling::Allow && model.appeals.muted.empty() &&
           model.appeals.own.empty() && (model.appeals.permissions.empty() || !settings.policy.permissionStore) &&
           std::all_of(settings.rules.begin(), settings.rules.end(),
                       [](const Rule& rule) { return rule.action == Ruling::Allow; });
}

struct Face {
    Subject subject;
    std::optional<Decision> answer; // in place of `ask`
};

// The client as it is known, and each of its streams that claims to be something else.
std::vector<Face> facesOf(const Model& model, const Client& client) {
    const auto face = [&](const Node* stream) {
        return Face{subjectOf(client, stream), answerTo(model, client, stream)};
    };
    std::vector<Face> faces{face(nullptr)};
    for (const auto id : model.graph.nodesOf(client.id)) {
        const Node& node = model.graph.nodes.at(id);
        if (!isCaptureStream(node))
            continue;
        Face other = face(&node);
        if (std::none_of(faces.begin(), faces.end(), [&](const Face& known) {
                return known.subject == other.subject && known.answer == other.answer;
            }))
            faces.push_back(std::move(other));
    }
    return faces;
}

struct Source {
    std::string name;
    SourceKind kind = SourceKind::Virtual;
    bool exempt = false; // from being muted
};

// One client after the other, the oldest first: of two that may not capture beside each other the older one gives way, and
// not both of them in turn.
class Judge {
  public:
    Judge(const Model& model, const RuleBook& book, const std::set<GlobalId>& managers)
        : model_(model)
        , book_(book)
        , flow_(flowOf(model.graph)) {
        for (const auto& [carrier, behind] : flow_)
            for (const auto id : behind)
                if (const Node* node = model.graph.node(id))
                    sources_[id] = {node->name, sourceKind(model.graph, *node),
                                    anyGlobMatches(model.settings.sources.exempt, node->name)};
        for (const auto& [id, client] : model.graph.clients)
            if (!client.self && !client.inServer && !managers.contains(id)) {
                judged_.push_back(&client);
                if (captures(client))
                    capturing_[id] = subjectOf(client, nullptr).app;
            }
        std::sort(judged_.begin(), judged_.end(),
                  [](const Client* a, const Client* b) { return a->serial < b->serial; });
    }

    Rulings all() {
        Rulings rulings;
        RuleBook::InForce inForce = book_.inForce(circumstances());
        for (const Client* client : judged_) {
            auto strict = judgeClient(*client, inForce);
            if (strict.empty())
                continue;
            if (capturing_.erase(client->id) != 0)
                inForce = book_.inForce(circumstances());
            rulings.strict[client->id] = std::move(strict);
        }
        return rulings;
    }

    Circumstances circumstances() const {
        Circumstances now = model_.circumstances;
        for (const auto& [id, app] : capturing_)
            (app.known ? now.capturing : now.claimedCapturing).insert(app.value);
        return now;
    }

    std::map<GlobalId, Decision> strictestOf(const std::vector<const Client*>& clients) const {
        std::map<GlobalId, Decision> strictest;
        const auto inForce = book_.inForce(circumstances());
        for (const Client* client : clients)
            for (auto& [source, decision] : bySource(*client, inForce)) {
                const auto [it, fresh] = strictest.try_emplace(source, decision);
                if (!fresh && decision.ruling > it->second.ruling)
                    it->second = std::move(decision);
            }
        return strictest;
    }

  private:
    bool captures(const Client& client) const {
        const auto& graph = model_.graph;
        const auto& nodes = graph.nodesOf(client.id);
        return std::any_of(nodes.begin(), nodes.end(), [&](GlobalId node) {
            const auto& links = graph.linksTo(node);
            return canListen(graph, graph.nodes.at(node)) && std::any_of(links.begin(), links.end(), [&](GlobalId link) {
                       return flow_.contains(graph.links.at(link).outputNode);
                   });
        });
    }

    // What a client may hear of each source.
    std::map<GlobalId, Decision> bySource(const Client& client, const RuleBook::InForce& inForce) const {
        const auto faces = facesOf(model_, client);
        const auto muted = muteOf(model_, client);
        const auto permission = permissionOf(model_, client);
        std::map<GlobalId, Decision> decisions;
        for (const auto& [id, source] : sources_) {
            Decision& strictest = decisions[id];
            if (!client.infoKnown) {
                strictest = {Ruling::Deny, std::nullopt, "who asks is not known yet"};
                continue;
            }
            for (const auto& face : faces) {
                Decision decision = book_.decide(face.subject, source.name, source.kind, inForce);
                if (permission == Permission::Ask && decision.ruling == Ruling::Allow)
                    decision = {Ruling::Ask, std::nullopt, "the desktop's settings say to ask", DecidedBy::Store};
                if (decision.ruling == Ruling::Ask && face.answer)
                    decision = *face.answer;
                if (strictest.reason.empty() || decision.ruling > strictest.ruling)
                    strictest = std::move(decision);
            }
            if (permission == Permission::No && strictest.ruling < Ruling::Deny)
                strictest = {Ruling::Deny, std::nullopt, "denied in the desktop's settings", DecidedBy::Store};
            if (muted && !source.exempt && muted->ruling > strictest.ruling)
                strictest = *muted;
        }
        return decisions;
    }

    std::map<GlobalId, Decision> judgeClient(const Client& client, const RuleBook::InForce& inForce) const {
        const auto decisions = bySource(client, inForce);
        std::map<GlobalId, Decision> strict;
        for (const auto& [carrier, behind] : flow_)
            for (const auto source : behind) {
                const Decision& decision = decisions.at(source);
                if (decision.ruling == Ruling::Allow)
                    continue;
                const auto [it, fresh] = strict.try_emplace(carrier, decision);
                if (!fresh && decision.ruling > it->second.ruling)
                    it->second = decision;
            }
        return strict;
    }

    const Model& model_;
    const RuleBook& book_;
    Flow flow_;
    std::map<GlobalId, Source> sources_;
    std::vector<const Client*> judged_;
    std::map<GlobalId, Fact> capturing_; // client, its AppId
};

} // namespace

Rulings judge(const Model& model, const RuleBook& book, const std::set<GlobalId>& managers) {
    return keepsNobody(model) ? Rulings{} : Judge(model, book, managers).all();
}

Circumstances circumstancesOf(const Model& model, const RuleBook& book, const std::set<GlobalId>& managers) {
    return Judge(model, book, managers).circumstances();
}

std::map<GlobalId, Decision> decisionsAbout(const std::vector<const Client*>& clients, const Model& model,
                                            const RuleBook& book, const std::set<GlobalId>& managers) {
    return Judge(model, book, managers).strictestOf(clients);
}

} // namespace micguard
