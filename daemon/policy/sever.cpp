// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/sever.hpp"

#include "daemon/policy/classify.hpp"
#include "daemon/policy/identity.hpp"
#include "daemon/policy/wanted.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace micguard {
namespace {

// What a client is kept from, by its own doings or by everybody's: sorted, each once.
using Kept = std::vector<GlobalId>;

bool isAmong(const Kept& kept, GlobalId source) {
    return std::binary_search(kept.begin(), kept.end(), source);
}

// One of its nodes may listen, so that a revocation is due to it.
bool canListenAtAll(const Graph& graph, GlobalId client) {
    const auto& nodes = graph.nodesOf(client);
    return std::any_of(nodes.begin(), nodes.end(),
                       [&](GlobalId id) { return canListen(graph, graph.nodes.at(id)); });
}

// The server destroys a revoked client's links by itself; one that stands after the revocation was acknowledged (or
// whose owner was not revoked, having claimed to be no listener) is destroyed by name.
bool stillBeingCut(const Model& model, const Client& client, const Node& source) {
    if (!canListenAtAll(model.graph, client.id))
        return false; // what was revoked is given back
    if (!model.applied.keeps(client.serial, source.serial))
        return true;
    return !model.applied.done(model.applied.permissions.at(client.serial).at(source.serial).batch);
}

// It has been taken from this client, and the server has acknowledged that.
bool isTaken(const Applied& applied, Serial client, Serial object) {
    if (!applied.keeps(client, object))
        return false;
    const auto& taken = applied.permissions.at(client).at(object);
    return taken.value == permission::none && taken.batch != 0 && applied.done(taken.batch);
}

// The server makes no link across a permission that it has taken away for us, except where somebody has given it back since
// (PipeWire 1.4.2, impl-link.c, check_permission(); the permission to link all the same, PW_PERM_L, nobody has by himself). A port of
// which we heard only afterwards is still being taken, and so are its links.
bool standsByRaising(const Severing& severing, const Link& link, const Client& listener, const Node& source) {
    const auto& applied = severing.model.applied;
    const Port* port = severing.model.graph.port(link.outputPort);
    return port && isTaken(applied, listener.serial, source.serial) &&
           isTaken(applied, listener.serial, port->serial);
}

class Cutter {
  public:
    Cutter(const Severing& severing, Verdicts& verdicts)
        : severing_(severing)
        , graph_(severing.model.graph)
        , wanted_(severing.model)
        , verdicts_(verdicts) {
        // A verdict stands for what turned out to be none as well, until it is open again.
        for (const auto& verdict : verdicts.sources)
            if (isSource(graph_, graph_.nodes.at(verdict.node)))
                sources_.push_back(verdict.node);
    }

    void all() {
        for (const auto& [id, client] : graph_.clients)
            if (!client.self && !severing_.managers.contains(id))
                keep(client);
        const auto cutLinks = [&](const Node* source) { cutLinksFrom(*source); };
        std::for_each(severing_.severed.begin(), severing_.severed.end(), cutLinks);
        std::for_each(severing_.forbidden.begin(), severing_.forbidden.end(), cutLinks);
        for (const auto& [id, carrier] : carriers_)
            cutRuledLinks(carrier);
        for (const auto& [id, node] : graph_.nodes)
            handleStream(node);
        if (const Node* silence = silenceOf(graph_))
            guardSilence(*silence);
    }

  private:
    // What a rule keeps somebody from.
    struct Carrier {
        const Node* node = nullptr;
        bool microphone = false, playedTo = false;
    };

    // Looked up once, and not once for each of hundreds of clients.
    const std::vector<GlobalId>& withOutputs(GlobalId source) {
        auto& parts = parts_[source];
        if (parts.empty()) {
            parts.push_back(source);
            for (const auto portId : graph_.portsOf(source))
                if (graph_.ports.at(portId).output)
                    parts.push_back(portId);
        }
        return parts;
    }

    void keep(const Client& client) {
        Kept kept = allKeptFrom(client);
        if (kept.empty())
            return;
        std::sort(kept.begin(), kept.end());
        kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
        auto& objects = verdicts_.permissions[client.id];
        for (const auto source : kept)
            for (const auto id : withOutputs(source))
                objects.insert_or_assign(objects.end(), id, permission::none);
        kept_[client.id] = std::move(kept);
    }

    // In any order, and one may be there twice.
    Kept allKeptFrom(const Client& client) {
        Kept kept;
        if (!severing_.severed.empty() && canListenAtAll(graph_, client.id))
            for (const auto* source : severing_.severed)
                if (source->client != client.id)
                    kept.push_back(source->id);
        for (const auto* source : severing_.forbidden)
            forbid(client.id, *source, kept);
        const auto ruled = verdicts_.rulings.strict.find(client.id);
        if (ruled == verdicts_.rulings.strict.end())
            return kept;
        for (const auto& [id, decision] : ruled->second) {
            const Carrier& carrier = carrierOf(id);
            if (carrier.microphone && carrier.node->client == client.id)
                forbid(client.id, *carrier.node, kept);
            else if (carrier.node->client != client.id && !carrier.playedTo)
                kept.push_back(id);
        }
        return kept;
    }

    // Looked at once, and not once for each of hundreds of clients that a rule keeps from it.
    const Carrier& carrierOf(GlobalId id) {
        const auto [it, fresh] = carriers_.try_emplace(id);
        if (fresh) {
            const Node& node = graph_.nodes.at(id);
            it->second = {&node, isSource(graph_, node) && isBackedByHardware(node), isPlayedTo(node)};
        }
        return it->second;
    }

    // Its own maker may keep it only where it lives with him: a node that he had the server make is a
    // microphone like any other. Losing sight of it destroys it, unless it lingers, and that from within
    // the server's walk over its resources, which crashes (PipeWire 1.4.2, global.c,
    // pw_global_update_permissions()). So it is destroyed in order. But for those that only play what is played to them: what a
    // microphone brings there is kept from it where it comes from.
    void forbid(GlobalId client, const Node& source, Kept& kept) {
        const bool own = source.client == client,
                   hears = isServerMade(graph_, source) && !isPlayedOnly(source);
        // Of whom nothing could be read yet (for want of descriptors) it is not known that he is not the session manager: until
        // then it is his, and no mute is confirmed (guarantee()).
        if (own && hears && !source.lingers) {
            if (graph_.clients.at(client).infoKnown)
                verdicts_.destroyNodes.insert(source.id);
        } else if (!own || hears)
            kept.push_back(source.id);
    }

    // Whoever may not see a sink cannot play either: of its monitor the links are cut one by one.
    bool isPlayedTo(const Node& carrier) const {
        return !isSource(graph_, carrier) && carrier.mediaClass.starts_with("Audio/Sink");
    }

    void cutLinksFrom(const Node& source) {
        for (const auto id : graph_.linksFrom(source.id)) {
            const Node* listener = graph_.node(graph_.links.at(id).inputNode);
            const Client* owner = listener ? graph_.owner(*listener) : nullptr;
            // What nobody owns, and what the session manager owns (sinks), no permission keeps from listening.
            const bool bound = owner && !owner->self && !severing_.managers.contains(owner->id);
            if (!bound || !stillBeingCut(severing_.model, *owner, source))
                cut(id, bound ? owner : nullptr, source);
        }
    }

    void cutRuledLinks(const Carrier& carrier) {
        const Node& node = *carrier.node;
        for (const auto id : graph_.linksFrom(node.id)) {
            const Node* listener = graph_.node(graph_.links.at(id).inputNode);
            if (!listener || !listener->client || !verdicts_.rulings.of(*listener->client, node.id))
                continue;
            const Client& owner = graph_.clients.at(*listener->client);
            if (carrier.playedTo || !stillBeingCut(severing_.model, owner, node))
                cut(id, &owner, node);
        }
    }

    void cut(GlobalId id, const Client* bound, const Node& source) {
        verdicts_.cutLinks.insert(id);
        if (bound && standsByRaising(severing_, graph_.links.at(id), *bound, source))
            verdicts_.raised.insert(id);
    }

    // Streams that the session manager would link, or believes to be linked still: hidden from it while nothing
    // can be linked, so that it neither retries nor reports errors to them, and takes them for new ones when they
    // come back, choosing their source by the state of things then. So none falls back to another microphone either.
    void handleStream(const Node& stream) {
        if (!stream.client || severing_.managers.contains(*stream.client))
            return;
        const bool handled = isCaptureStream(stream) && stream.autoconnect;
        const auto kept = handled || linksItself(stream) ? keptFrom(stream) : std::nullopt;
        if (!kept)
            return holdBack(stream);
        if (handled)
            hide(stream);
        if (const Decision* decision = verdicts_.rulings.of(*stream.client, *kept)) {
            verdicts_.ruled[stream.id] = *decision;
            verdicts_.keptFrom[stream.id] = *kept;
            if (handled && decision->ruling != Ruling::Deny)
                verdicts_.silenced.insert(stream.id);
        }
    }

    void hide(const Node& stream) {
        for (const auto manager : severing_.managers)
            verdicts_.permissions[manager][stream.id] = permission::none;
    }

    // A new stream of the Pulse server's, of which it will be known in a moment whose it is: not linked before. It may be one that
    // rules tell by what it is, and what it says is another thing. It goes on seeing the microphones, for there are programs
    // that look for them but once; to link itself it has no means. One that is linked already was there before the guard.
    void holdBack(const Node& stream) {
        const bool linkable = stream.mediaClass == "Stream/Input/Audio" &&
                              (stream.autoconnect || !stream.infoKnown) && graph_.linksTo(stream.id).empty();
        if (linkable && verdicts_.rulings.unknownYet.contains(*stream.client))
            hide(stream);
    }

    // Nobody else links it, and what it tries in vain is not seen. A stream for capturing is taken to want
    // to; of all else that was linked to what it is kept from now.
    bool linksItself(const Node& stream) const {
        if (isCaptureStream(stream))
            return true;
        const auto fed = severing_.model.lastFed.find(stream.serial);
        const auto kept = kept_.find(*stream.client);
        const Node* source = fed == severing_.model.lastFed.end() ? nullptr : graph_.node(fed->second);
        return source && kept != kept_.end() && isAmong(kept->second, source->id) &&
               canListen(graph_, stream);
    }

    // Nobody but those who are to hear it sees it: it is no application that plays, and nobody's to link or to turn up.
    void guardSilence(const Node& silence) {
        std::set<GlobalId> listeners;
        for (const auto id : verdicts_.silenced)
            if (const auto client = graph_.nodes.at(id).client)
                listeners.insert(*client);
        for (const auto& [id, client] : graph_.clients)
            if (!client.self)
                verdicts_.permissions[id][silence.id] =
                    listeners.contains(id) ? permission::readOnly : permission::none;
    }

    // The source that a stream would hear if it might.
    std::optional<GlobalId> keptFrom(const Node& stream) {
        const auto it = kept_.find(*stream.client);
        if (it == kept_.end())
            return std::nullopt;
        const Kept& kept = it->second;
        for (const auto id : graph_.linksTo(stream.id)) {
            const Node* output = graph_.node(graph_.links.at(id).outputNode);
            // To something that it is not kept from: a sink's monitor, another source.
            if (output && !isAmong(kept, output->id) && !graph_.isOurs(*output))
                return std::nullopt;
        }
        if (const Node* wanted = wanted_.of(stream); wanted && isAmong(kept, wanted->id))
            return wanted->id;
        const bool anyOpen = std::any_of(sources_.begin(), sources_.end(),
                                         [&](GlobalId source) { return !isAmong(kept, source); });
        return anyOpen ? std::nullopt : std::optional(kept.front());
    }

    const Severing& severing_;
    const Graph& graph_;
    WantedSources wanted_;
    Verdicts& verdicts_;
    std::vector<GlobalId> sources_;
    std::map<GlobalId, Kept> kept_;                   // of those who are kept from anything
    std::map<GlobalId, std::vector<GlobalId>> parts_; // of each source: itself and its outputs
    std::map<GlobalId, Carrier> carriers_;
};

} // namespace

void sever(const Severing& severing, Verdicts& verdicts) {
    Cutter(severing, verdicts).all();
}

std::map<std::string, std::string> raisedWarnings(const Model& model, const Verdicts& verdicts) {
    std::map<std::string, std::string> warnings;
    for (const auto id : verdicts.raised) {
        const Link& link = model.graph.links.at(id);
        const Node* source = model.graph.node(link.outputNode);
        const Node* stream = model.graph.node(link.inputNode);
        if (source && stream)
            warnings["raised:" + source->name] = identify(model.graph, *stream).name + " was linked to " +
                                                 source->name +
                                                 ", which it may not hear: somebody had raised permissions; "
                                                 "they were taken back, and the link cut";
    }
    return warnings;
}

} // namespace micguard
