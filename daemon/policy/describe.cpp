// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/describe.hpp"

#include "daemon/policy/bypass.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/flow.hpp"
#include "daemon/policy/identity.hpp"
#include "daemon/policy/questions.hpp"
#include "daemon/policy/why.hpp"
#include "protocol/hold_words.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace micguard {
namespace {

// An object path is never used twice: serials start anew with every run of the server.
std::uint64_t objectKey(const Model& model, Serial serial) {
    return (model.connections > 0 ? model.connections - 1 : 0) * 1'000'000'000'000ULL + raw(serial);
}

std::string ledOf(const Model& model, const Node& node) {
    const Device* device = node.device ? model.graph.device(*node.device) : nullptr;
    if (!device)
        return "unknown";
    for (const auto& route : device->routes)
        if (route.hardwareMute && isInputOf(route, node))
            return route.mute ? "on" : "off";
    return "unknown";
}

SourceView describeSource(const Model& model, const Node& node, const SourceVerdict& verdict) {
    SourceView view;
    view.key = objectKey(model, node.serial);
    view.nodeId = raw(node.id);
    view.name = node.name;
    view.description = node.description.empty() ? node.name : node.description;
    view.kind = name(sourceKind(model.graph, node));
    view.guarded = verdict.guarded;
    const KnobState knob = knobState(model, node);
    view.silenced = verdict.guarded && verdict.silent && knob == KnobState::Holds;
    view.method = !verdict.guarded ? "none" : verdict.sever || knob == KnobState::Fails ? "sever" : "volume";
    view.led = ledOf(model, node);
    view.inUse = !model.graph.linksFrom(node.id).empty();
    return view;
}

// The source a stream hears, or would if it were not cut off.
const Node* sourceOf(const Model& model, const Node& stream) {
    const Node* found = nullptr;
    for (const auto id : model.graph.linksTo(stream.id)) {
        const Node* node = model.graph.node(model.graph.links.at(id).outputNode);
        if (node && isSource(model.graph, *node))
            found = node;
    }
    return found;
}

const Node* formerSourceOf(const Model& model, const Node& stream) {
    const auto fed = model.lastFed.find(stream.serial);
    if (fed == model.lastFed.end())
        return nullptr;
    const Node* node = model.graph.node(fed->second);
    return node && isSource(model.graph, *node) ? node : nullptr;
}

std::string ruledState(Ruling ruling) {
    switch (ruling) {
    case Ruling::Ask:
        return "pending";
    case Ruling::Silence:
        return "silenced";
    case Ruling::Deny:
        return "denied";
    case Ruling::Allow:
        break;
    }
    return "idle";
}

std::string streamState(const Model& model, const Verdicts& verdicts, const Node& stream, const Node* source,
                        const Node* former) {
    if (const auto ruled = verdicts.ruled.find(stream.id); ruled != verdicts.ruled.end())
        return ruledState(ruled->second.ruling);
    if (source) {
        const auto* verdict = verdicts.source(source->id);
        if (verdict && verdict->guarded && verdict->silent && knobState(model, *source) == KnobState::Holds)
            return "silenced";
        return stream.state == NodeState::Running ? "capturing" : "idle";
    }
    const auto* verdict = former ? verdicts.source(former->id) : nullptr;
    const bool anySevered = std::any_of(verdicts.sources.begin(), verdicts.sources.end(),
                                        [](const SourceVerdict& v) { return v.sever; });
    if ((verdict && verdict->sever) || (!former && anySevered && isCaptureStream(stream)))
        return "severed";
    return "idle";
}

int rank(const std::string& state) {
    if (state == "capturing")
        return 5;
    if (state == "silenced")
        return 4;
    if (state == "severed")
        return 3;
    if (state == "denied" || state == "pending")
        return 2;
    return 1;
}

std::string reasonFor(const Model& model, const std::string& state) {
    return state == "silenced" || state == "severed" ? whyMuted(model) : "";
}

std::string mutedState(const Model& model, const Verdicts& verdicts, const Guarantee& guarantee) {
    const bool refused = std::any_of(model.warnings.begin(), model.warnings.end(),
                                     [](const auto& w) { return w.first.starts_with("degraded:"); });
    if (refused)
        return "degraded";
    if (!verdicts.muted && !(model.mute.muted() && !model.connected))
        return "live";
    return guarantee.holds ? "muted" : "muting";
}

// Strongest first.
std::vector<HoldView> holdsOf(const Model& model) {
    std::vector<HoldView> holds;
    if (model.mute.locked)
        holds.push_back({"locked", "the session", "it is locked, and mute.on-lock is set"});
    if (model.mute.suspended)
        holds.push_back({"suspend", "the machine", "it goes to sleep"});
    if (model.mute.privacy)
        holds.push_back({"privacy", "the desktop", "its privacy switch is on"});
    for (const auto& hold : model.mute.holds)
        if (hold.mute)
            holds.push_back({"hold-mute", hold.ownerText, hold.reason});
    if (model.mute.user)
        holds.push_back({"user", model.mute.userOwner, model.mute.userReason});
    if (model.mute.desktop)
        holds.push_back({"desktop", "the desktop", "the microphone was muted there"});
    if (model.mute.start)
        holds.push_back({"start", "the session", "mute.start is \"muted\""});
    for (const auto& hold : model.mute.holds)
        if (!hold.mute)
            holds.push_back({"hold-unmute", hold.ownerText, hold.reason});
    return holds;
}

} // namespace

std::string whyMuted(const Model& model) {
    const auto holds = holdsOf(model);
    if (holds.empty() || holds.front().kind == "hold-unmute")
        return "muted";
    const HoldView& strongest = holds.front();
    // Whose hand was on the button is for Holds and the history.
    return holdWords(strongest.kind, strongest.kind == "user" ? "" : strongest.owner, strongest.reason);
}

std::uint64_t Describer::applicationKey(const std::string& identity) {
    const auto [it, inserted] = applicationKeys_.try_emplace(identity, nextApplication_);
    if (inserted)
        nextApplication_++;
    return it->second;
}

std::uint64_t Describer::keyOf(const std::string& identity) const {
    const auto it = applicationKeys_.find(identity);
    return it == applicationKeys_.end() ? 0 : it->second;
}

std::string Describer::identityOf(std::uint64_t key) const {
    for (const auto& [identity, number] : applicationKeys_)
        if (number == key)
            return identity;
    return {};
}

std::uint64_t Describer::since(const std::string& key, const std::string& state, std::uint64_t now) {
    auto& entry = since_[key];
    if (entry.first != state)
        entry = {state, now};
    return entry.second;
}

View Describer::describe(const Model& model, const Verdicts& verdicts, const Guarantee& guarantee,
                         std::uint64_t now) {
    View view;
    std::set<std::string> alive;
    std::map<std::uint64_t, Listening> heardOf;
    for (const auto& verdict : verdicts.sources)
        if (const Node* node = model.graph.node(verdict.node); node && isSource(model.graph, *node))
            view.sources.push_back(describeSource(model, *node, verdict));

    const Flow flow = flowOf(model.graph);
    std::map<std::uint64_t, ApplicationView> applications;
    for (const auto& [id, node] : model.graph.nodes) {
        const Client* owner = model.graph.owner(node);
        // Plumbing is no application, but who is kept from a microphone has to be seen to be.
        if (model.graph.isOurs(node) || isSource(model.graph, node) ||
            (isPlumbing(model.graph, node) && !verdicts.ruled.contains(id)))
            continue;
        const Node* source = sourceOf(model, node);
        const Node* former = source ? source : formerSourceOf(model, node);
        const bool listens = isCaptureStream(node) || (former && canListen(model.graph, node));
        // Nor is one shown of which the registry's few properties are all that is known: a round trip later it is known whether it
        // is a level meter, whose it is, and whether anybody is asked about it. One that is linked already hears something.
        if (!listens || (!source && !node.infoKnown))
            continue;
        // Nor one that hears nothing before it is known whose it is: it would be two applications, one after the other.
        if ((!source || verdicts.ruled.contains(id)) && owner &&
            verdicts.rulings.unknownYet.contains(owner->id))
            continue;
        const Identity identity = identify(model.graph, node);
        StreamView stream;
        stream.key = objectKey(model, node.serial);
        stream.application = applicationKey(identity.key);
        stream.source = former ? objectKey(model, microphoneBehind(model.graph, flow, *former).serial) : 0;
        stream.name = node.mediaName.empty() ? node.name : node.mediaName;
        stream.pid = identity.pid;
        stream.levelMeter = node.peaks;
        stream.state = streamState(model, verdicts, node, source, former);
        const auto before = listening_.find(stream.key);
        const Listening listening = listeningOf(model, verdicts, node, former,
                                                before == listening_.end() ? nullptr : &before->second);
        stream.asking = listening.asking;
        stream.assumed = listening.assumed;
        stream.rate = listening.rate;
        heardOf.emplace(stream.key, listening);
        const std::string streamKey = "s" + std::to_string(stream.key);
        stream.since = since(streamKey, stream.state, now);
        alive.insert(streamKey);

        auto [it, fresh] = applications.try_emplace(stream.application);
        ApplicationView& application = it->second;
        if (fresh) {
            application.key = stream.application;
            application.appId = identity.appId;
            application.name = identity.name;
            application.iconName = identity.icon;
            application.executable = identity.executable;
            application.sandbox = identity.sandbox;
            application.identity = identity.how;
            application.state = stream.state;
            application.levelMeterOnly = true;
        }
        if (rank(stream.state) > rank(application.state)) {
            application.state = stream.state;
            application.reason.clear();
        }
        if (const auto ruled = verdicts.ruled.find(id);
            ruled != verdicts.ruled.end() && stream.state == application.state)
            application.reason = ruled->second.reason;
        else if (stream.state == "capturing" && stream.state == application.state && owner && source)
            if (const auto* allowed = Rulings::in(verdicts.rulings.allowed, owner->id, source->id))
                application.reason = allowed->reason;
        application.muted = application.muted || (owner && muteOf(model, *owner));
        application.ownMute = application.ownMute || (owner && isMutedByItself(model, *owner));
        application.levelMeterOnly = application.levelMeterOnly && stream.levelMeter;
        application.streams.push_back(stream.key);
        view.streams.push_back(std::move(stream));
    }
    for (auto& [key, application] : applications) {
        if (application.reason.empty())
            application.reason = reasonFor(model, application.state);
        const std::string sinceKey = "a" + std::to_string(key);
        application.since = since(sinceKey, application.state, now);
        alive.insert(sinceKey);
        if (!application.levelMeterOnly &&
            (application.state == "capturing" || application.state == "silenced"))
            view.guard.capturing++;
        view.applications.push_back(std::move(application));
    }
    listening_ = std::move(heardOf);
    std::erase_if(since_, [&](const auto& entry) { return !alive.contains(entry.first); });

    GuardView& guard = view.guard;
    guard.state = mutedState(model, verdicts, guarantee);
    guard.muted = model.mute.muted();
    guard.mutedSince = model.mute.since;
    guard.mode = std::string(toString(model.mute.mode));
    guard.holds = holdsOf(model);
    guard.connected = model.connected;
    guard.admission = model.connected && model.graph.admissionOurs && model.settings.admission.strict
                          ? "strict"
                          : "relaxed";
    for (const auto& [id, text] : model.warnings)
        guard.warnings.push_back({id, text});
    for (const auto& verdict : verdicts.sources) {
        const Node* node = model.graph.node(verdict.node);
        const auto knob = node ? model.applied.knobs.find(node->serial) : model.applied.knobs.end();
        if (knob != model.applied.knobs.end() && model.applied.overdue(knob->second.sent))
            guard.warnings.push_back(
                {"unanswered:" + node->name,
                 "the process that provides " + node->name +
                     " does not answer; while muted, everybody is kept from this microphone"});
    }
    for (auto& warning : bypassWarnings(model))
        guard.warnings.push_back(std::move(warning));
    return view;
}

} // namespace micguard
