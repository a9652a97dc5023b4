// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/judge.hpp"

#include "config/glob.hpp"
#include "daemon/model/pulse_clients.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/company.hpp"
#include "daemon/policy/identity.hpp"
#include "daemon/policy/questions.hpp"
#include "daemon/policy/rule_words.hpp"
#include "daemon/policy/wanted.hpp"
#include "daemon/policy/why.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace micguard {
namespace {

bool keepsNobody(const Model& model) {
    const Settings& settings = model.settings;
    return settings.policy.fallback == Ruling::Allow && model.appeals.muted.empty() &&
           model.appeals.own.empty() &&
           (model.appeals.permissions.empty() || !settings.policy.permissionStore) &&
           std::all_of(settings.rules.begin(), settings.rules.end(),
                       [](const Rule& rule) { return rule.action == Ruling::Allow; });
}

struct Face {
    Subject subject;
    std::optional<Decision> answer; // in place of `ask`
    RuleBook::Asker asker;
};

// The client as it is known, and each of its streams that claims to be something else.
std::vector<Face> facesOf(const Model& model, const RuleBook& book, const Client& client) {
    std::vector<Face> faces;
    const auto add = [&](Subject subject, const Node* stream) {
        auto answer = answerTo(model, client, stream);
        if (std::any_of(faces.begin(), faces.end(), [&](const Face& known) {
                return known.subject == subject && known.answer == answer;
            }))
            return;
        auto asker = book.asker(subject);
        faces.push_back({std::move(subject), std::move(answer), std::move(asker)});
    };
    add(subjectOf(client, nullptr), nullptr);
    if (auto further = furtherSubject(client))
        add(std::move(*further), nullptr);
    for (const auto id : model.graph.nodesOf(client.id))
        if (const Node& node = model.graph.nodes.at(id); isCaptureStream(node))
            add(subjectOf(client, &node), &node);
    return faces;
}

struct Source {
    GlobalId id;
    // What rules know it by. A second node of a microphone might be one of any microphone there is, whatever it is called.
    std::vector<RuleBook::Place> places;
    bool exempt = false; // from being muted
};

// What puts out the sound of sources, and of which: places in a list of them, at least one.
struct Carrier {
    GlobalId id;
    std::vector<std::size_t> behind;
};

// What a client is judged by, besides the rules.
struct Standing {
    std::vector<Face> faces;
    std::optional<Decision> muted;
    std::optional<Permission> permission;
};

struct Judged {
    const Client* client = nullptr;
    Standing standing;
};

class Judge {
  public:
    Judge(const Model& model, const RuleBook& book, const std::set<GlobalId>& managers)
        : model_(model)
        , book_(book) {
        std::map<GlobalId, std::size_t> places;
        std::vector<std::size_t> seconds;
        for (const auto& [id, behind] : flowOf(model.graph)) {
            carriers_.push_back({id, {}});
            for (const auto source : behind) {
                const auto [place, fresh] = places.try_emplace(source, sources_.size());
                if (fresh) {
                    const Node& node = model.graph.nodes.at(source);
                    const bool second = isSecondNode(model.graph, node, managers);
                    sources_.push_back({source,
                                        {book.place(node.name, sourceKind(model.graph, node))},
                                        !second && anyGlobMatches(model.settings.sources.exempt, node.name)});
                    if (second)
                        seconds.push_back(place->second);
                }
                carriers_.back().behind.push_back(place->second);
            }
        }
        for (const auto second : seconds)
            for (const auto& [id, node] : model.graph.nodes)
                if (isBackedByHardware(node) && isSource(model.graph, node) &&
                    !isSecondNode(model.graph, node, managers))
                    sources_[second].places.push_back(book.place(node.name, sourceKind(model.graph, node)));
        for (const auto& [id, client] : model.graph.clients)
            if (!client.self && !client.inServer && !managers.contains(id))
                judged_.push_back({&client, standingOf(client)});
        if (book.asksWhoCaptures()) {
            whoever_ = book.inForce(model.circumstances);
            company_.emplace(book, parties());
        }
    }

    Rulings all() {
        Rulings rulings;
        const RuleBook::InForce inForce = book_.inForce(circumstances());
        for (const auto& [client, standing] : judged_) {
            judgeClient(*client, standing, inForce, rulings);
            if (isAboutToBeKnown(*client))
                rulings.unknownYet.insert(client->id);
        }
        for (const auto& [serial, left] : model_.left)
            if (const Node* node = model_.graph.node(serial))
                if (const Carrier* carrier = carrierOf(node->id);
                    carrier && isKeptFromSome(left, *carrier, inForce))
                    rulings.exposed.insert(node->id);
        return rulings;
    }

    // With who captures, as far as any rule asks for it.
    Circumstances circumstances() const {
        Circumstances now = model_.circumstances;
        if (company_) {
            now.capturing = company_->capturing();
            now.claimedCapturing = company_->claimedCapturing();
        }
        return now;
    }

    // For each source by itself.
    std::map<GlobalId, Decision> strictestOf(const std::vector<const Client*>& clients) const {
        std::map<GlobalId, Decision> strictest;
        const auto inForce = book_.inForce(circumstances());
        for (const Client* client : clients)
            for (auto& [source, decision] : decidedFor(*client, inForce)) {
                const auto [it, fresh] = strictest.try_emplace(source, decision);
                if (!fresh && decision.ruling > it->second.ruling)
                    it->second = std::move(decision);
            }
        return strictest;
    }

  private:
    const Carrier* carrierOf(GlobalId id) const {
        const auto it = std::lower_bound(carriers_.begin(), carriers_.end(), id,
                                         [](const Carrier& one, GlobalId other) { return one.id < other; });
        return it == carriers_.end() || it->id != id ? nullptr : &*it;
    }

    Standing standingOf(const Client& client) const {
        return {facesOf(model_, book_, client), muteOf(model_, client), permissionOf(model_, client)};
    }

    // Who captures, and who would. Of those of whom it is not known yet who they are nobody may.
    std::vector<Party> parties() {
        std::vector<Party> parties;
        WantedSources wanted(model_);
        for (const auto& [client, standing] : judged_) {
            const auto pairs = client->infoKnown ? heardBy(*client, wanted) : std::map<GlobalId, Party>{};
            for (const auto& [carrier, party] : pairs) {
                partyOf_[{client->id, carrier}] = parties.size();
                parties.push_back(party);
                parties.back().app = standing.faces.front().subject.app;
                parties.back().demands = demandsOf(standing, *carrierOf(carrier));
            }
        }
        return parties;
    }

    // By what puts it out.
    std::map<GlobalId, Party> heardBy(const Client& client, WantedSources& wanted) const {
        const auto& graph = model_.graph;
        std::map<GlobalId, Party> pairs;
        const auto note = [&](GlobalId carrier, const Node& listener, bool captures) {
            if (!carrierOf(carrier))
                return;
            const auto [it, fresh] = pairs.try_emplace(carrier);
            Party& party = it->second;
            party.since = fresh ? raw(listener.serial) : std::min(party.since, raw(listener.serial));
            party.captures = party.captures || captures;
        };
        for (const auto id : graph.nodesOf(client.id)) {
            const Node& listener = graph.nodes.at(id);
            if (!canListen(graph, listener))
                continue;
            // To anything but our silence, which is there only as long as it may not hear.
            bool linked = false;
            for (const auto link : graph.linksTo(id)) {
                const GlobalId output = graph.links.at(link).outputNode;
                const Node* node = graph.node(output);
                linked = linked || !node || !graph.isOurs(*node);
                note(output, listener, true);
            }
            if (model_.lastFed.contains(listener.serial) ||
                (!linked && isCaptureStream(listener) && listener.autoconnect))
                if (const Node* source = wanted.of(listener))
                    note(source->id, listener, false);
        }
        return pairs;
    }

    // What has to let it hear, whoever captures.
    std::vector<Dependence> demandsOf(const Standing& standing, const Carrier& carrier) const {
        std::vector<Dependence> demands;
        for (const auto behind : carrier.behind) {
            const auto& source = sources_[behind];
            for (const auto& place : source.places)
                for (const auto& face : standing.faces) {
                    Dependence demand = book_.dependence(face.asker, place, whoever_);
                    demand.loosest = loosestFor(standing, face, source);
                    demands.push_back(std::move(demand));
                }
        }
        return demands;
    }

    // As bySource() goes on with what the rules say.
    static std::optional<Ruling> loosestFor(const Standing& standing, const Face& face,
                                            const Source& source) {
        if (standing.permission == Permission::No || (standing.muted && !source.exempt))
            return std::nullopt;
        if (face.answer && face.answer->ruling == Ruling::Allow)
            return Ruling::Ask;
        return standing.permission == Permission::Ask ? std::nullopt : std::optional(Ruling::Allow);
    }

    // None: no rule makes it hang on who captures.
    std::optional<Company::Guest> guestFor(const Client& client, const Standing& standing) const {
        if (company_ && client.infoKnown &&
            std::any_of(standing.faces.begin(), standing.faces.end(),
                        [&](const Face& face) { return book_.hangsOnOthers(face.asker, whoever_); }))
            return company_->guest(standing.faces.front().subject.app);
        return std::nullopt;
    }

    // Why it is kept from what the rules, one by one, would let it hear.
    std::optional<Decision> refusalOf(const Client& client, const Standing& standing,
                                      const Company::Guest& guest, const Carrier& carrier,
                                      std::optional<std::size_t> rule) const {
        const auto party = partyOf_.find({client.id, carrier.id});
        const auto found =
            company_->contradiction(guest, demandsOf(standing, carrier),
                                    party == partyOf_.end() ? std::nullopt : std::optional(party->second));
        if (!found)
            return std::nullopt;
        std::vector<const Rule*> rules;
        for (const auto index : found->rules)
            rules.push_back(&book_.rules()[index]);
        return Decision{found->ruling, rule, reasonOfContradiction(found->ruling, rules, found->first)};
    }

    // What a client may hear of each source, in their order.
    std::vector<Decision> bySource(const Client& client, const Standing& standing,
                                   const RuleBook::InForce& inForce) const {
        const bool handsOut = micguard::handsOut(model_.graph, client);
        std::vector<Decision> decisions;
        decisions.reserve(sources_.size());
        for (const auto& source : sources_)
            decisions.push_back(decisionOn(source, client, standing, handsOut, inForce));
        return decisions;
    }

    Decision decisionOn(const Source& source, const Client& client, const Standing& standing, bool handsOut,
                        const RuleBook::InForce& inForce) const {
        const auto& [faces, muted, permission] = standing;
        if (!client.infoKnown)
            return {Ruling::Deny, std::nullopt, "who asks is not known yet"};
        Decision strictest;
        for (const auto& place : source.places) {
            for (const auto& face : faces) {
                Decision decision = book_.decide(face.asker, place, inForce);
                if (permission == Permission::Ask && decision.ruling == Ruling::Allow)
                    decision = {Ruling::Ask, std::nullopt, "the desktop's settings say to ask",
                                DecidedBy::Store};
                if (decision.ruling == Ruling::Ask && face.answer)
                    decision = *face.answer;
                if (strictest.reason.empty() || decision.ruling > strictest.ruling)
                    strictest = std::move(decision);
            }
            if (handsOut)
                if (auto decision = book_.strictest(place, inForce); decision.ruling > strictest.ruling) {
                    decision.reason =
                        "who hears it is not known, and might be one who is " + decision.reason.str();
                    strictest = std::move(decision);
                }
        }
        if (permission == Permission::No && strictest.ruling < Ruling::Deny)
            strictest = {Ruling::Deny, std::nullopt, "denied in the desktop's settings", DecidedBy::Store};
        if (muted && !source.exempt && muted->ruling > strictest.ruling)
            strictest = *muted;
        return strictest;
    }

    // One of them, and who is not known is anybody.
    bool isKeptFromSome(const Left& left, const Carrier& carrier, const RuleBook::InForce& inForce) const {
        const auto& appeals = model_.appeals;
        const auto& behind = carrier.behind;
        const auto keepsAnybody = [&](std::size_t at) {
            const Source& source = sources_[at];
            const bool byPeople = !source.exempt && !(appeals.muted.empty() && appeals.own.empty());
            return byPeople || (model_.settings.policy.permissionStore && !appeals.permissions.empty()) ||
                   std::any_of(source.places.begin(), source.places.end(), [&](const auto& place) {
                       return book_.strictest(place, inForce).ruling > Ruling::Allow;
                   });
        };
        if (left.others && std::any_of(behind.begin(), behind.end(), keepsAnybody))
            return true;
        return std::any_of(left.clients.begin(), left.clients.end(), [&](const Client& client) {
            const Standing standing = standingOf(client);
            const bool handsOut = micguard::handsOut(model_.graph, client);
            return std::any_of(behind.begin(), behind.end(), [&](std::size_t at) {
                return decisionOn(sources_[at], client, standing, handsOut, inForce).ruling > Ruling::Allow;
            });
        });
    }

    std::map<GlobalId, Decision> decidedFor(const Client& client, const RuleBook::InForce& inForce) const {
        const Standing standing = standingOf(client);
        auto bySource = this->bySource(client, standing, inForce);
        const auto guest = guestFor(client, standing);
        std::map<GlobalId, Decision> decisions;
        for (std::size_t at = 0; at < sources_.size(); at++) {
            Decision& decision = decisions[sources_[at].id] = std::move(bySource[at]);
            // Each source puts out its own sound.
            if (guest && decision.ruling == Ruling::Allow)
                if (auto refusal =
                        refusalOf(client, standing, *guest, *carrierOf(sources_[at].id), decision.rule))
                    decision = std::move(*refusal);
        }
        return decisions;
    }

    void judgeClient(const Client& client, const Standing& standing, const RuleBook::InForce& inForce,
                     Rulings& rulings) const {
        const auto decisions = bySource(client, standing, inForce);
        const auto guest = guestFor(client, standing);
        const auto& nodes = model_.graph.nodesOf(client.id);
        const bool listens = std::any_of(nodes.begin(), nodes.end(), [&](GlobalId id) {
            return canListen(model_.graph, model_.graph.nodes.at(id));
        });
        std::vector<std::pair<GlobalId, Decision>> strict, allowed;
        for (const auto& carrier : carriers_) {
            const Decision* strictest = &decisions[carrier.behind.front()];
            for (const auto source : carrier.behind)
                if (decisions[source].ruling > strictest->ruling)
                    strictest = &decisions[source];
            auto refusal = guest && strictest->ruling == Ruling::Allow
                               ? refusalOf(client, standing, *guest, carrier, strictest->rule)
                               : std::nullopt;
            if (strictest->ruling != Ruling::Allow)
                strict.emplace_back(carrier.id, *strictest);
            else if (refusal)
                strict.emplace_back(carrier.id, std::move(*refusal));
            else if (listens && (strictest->rule || strictest->by == DecidedBy::Answer))
                allowed.emplace_back(carrier.id, *strictest);
        }
        if (!strict.empty())
            rulings.strict[client.id] = std::move(strict);
        if (!allowed.empty())
            rulings.allowed[client.id] = std::move(allowed);
    }

    const Model& model_;
    const RuleBook& book_;
    std::vector<Source> sources_;
    std::vector<Carrier> carriers_; // sorted by id
    std::vector<Judged> judged_;
    RuleBook::InForce whoever_;                                    // what is in force if nobody captures
    std::map<std::pair<GlobalId, GlobalId>, std::size_t> partyOf_; // by client and carrier
    std::optional<Company> company_;                               // none: no rule asks who captures
};

} // namespace

Rulings judge(const Model& model, const RuleBook& book, const std::set<GlobalId>& managers) {
    return keepsNobody(model) ? Rulings{} : Judge(model, book, managers).all();
}

Circumstances circumstancesOf(const Model& model, const RuleBook& book, const std::set<GlobalId>& managers) {
    return book.asksWhoCaptures() ? Judge(model, book, managers).circumstances() : model.circumstances;
}

std::map<GlobalId, Decision> decisionsAbout(const std::vector<const Client*>& clients, const Model& model,
                                            const RuleBook& book, const std::set<GlobalId>& managers) {
    return Judge(model, book, managers).strictestOf(clients);
}

} // namespace micguard
