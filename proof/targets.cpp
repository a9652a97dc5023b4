// SPDX-License-Identifier: GPL-3.0-or-later
#include "proof/targets.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace micguard::proof {

namespace {

// More than anybody has, opened at once; each costs two nodes.
constexpr std::size_t mostTargets = 64;

bool isSource(const SeenNode& node) {
    const std::string kind = node.property("media.class");
    if (kind.starts_with("Audio/Source") || kind == "Audio/Duplex")
        return true;
    // As JACK's ports to a card: the class is the maker's word, a device behind outputs is none.
    return kind.empty() && !node.property("device.id").empty() && !node.portsOf(true).empty();
}

bool isBluetooth(const SeenNode& node) {
    if (node.property("device.api") == "bluez5")
        return true;
    constexpr std::array<std::string_view, 2> prefixes{"api.bluez5.", "bluez5."};
    return std::any_of(node.properties.begin(), node.properties.end(), [&](const auto& entry) {
        return std::any_of(prefixes.begin(), prefixes.end(),
                           [&](std::string_view prefix) { return entry.first.starts_with(prefix); });
    });
}

} // namespace

Targets::Targets(Connection& connection, Connection& toneConnection, const Course& course,
                 const Options& options, std::vector<KnownSource> known)
    : connection_(connection)
    , toneConnection_(toneConnection)
    , course_(course)
    , options_(options)
    , known_(std::move(known)) {
    for (const auto& [serial, node] : connection_.nodes())
        if (node.visible && isSource(node))
            takeUp(node);
    const auto has = [this](const std::string& name) {
        return std::any_of(targets_.begin(), targets_.end(),
                           [&](const auto& target) { return target->name == name; });
    };
    const auto byName = [&](const std::string& name, bool unknown) -> void {
        if (has(name) || !wanted(name))
            return;
        Target& target = *targets_.emplace_back(std::make_unique<Target>());
        target.name = name;
        target.evidence.unknown = unknown;
        open(target, nullptr);
    };
    for (const KnownSource& source : known_)
        byName(source.name, false);
    for (const std::string& name : options_.sources)
        byName(name, true);
}

bool Targets::wanted(const std::string& name) const {
    return options_.sources.empty() ||
           std::find(options_.sources.begin(), options_.sources.end(), name) != options_.sources.end();
}

// A test source is one into which programs play and nothing else does, to which nobody listens: a null sink
// that is a source, or the loopback of two halves whose other half is a stream. Neither ends in a
// loudspeaker.
const SeenNode* Targets::toneInputOf(const SeenNode& source) const {
    for (const auto& [id, link] : connection_.links())
        if (link.outputNode == source.id)
            return nullptr;
    if (!source.property("device.id").empty() || isBluetooth(source))
        return nullptr;
    if (source.property("factory.name") == "support.null-audio-sink")
        return source.portsOf(false).empty() ? nullptr : &source;
    const std::string group = source.property("node.link-group");
    const SeenNode* half = nullptr;
    std::size_t members = 0;
    for (const auto& [serial, node] : connection_.nodes())
        if (!group.empty() && node.visible && node.property("node.link-group") == group) {
            ++members;
            if (node.property("media.class") == "Stream/Input/Audio" && node.property("device.id").empty())
                half = &node;
        }
    return members == 2 ? half : nullptr;
}

void Targets::takeUp(const SeenNode& node) {
    const std::string name = node.name();
    if (!wanted(name))
        return;
    for (const auto& target : targets_) {
        if (target->serial == node.serial)
            return;
        if (target->serial.empty() && target->name == name) {
            target->serial = node.serial;
            target->evidence.seen = true;
            target->evidence.unknown = false;
            return;
        }
    }
    Target& target = *targets_.emplace_back(std::make_unique<Target>());
    target.name = name;
    target.serial = node.serial;
    target.evidence.seen = true;
    target.evidence.late = late_;
    target.evidence.skipped = isBluetooth(node) && !options_.bluetooth;
    open(target, &node);
}

void Targets::open(Target& target, const SeenNode* node) {
    for (const KnownSource& source : known_)
        if (source.name == target.name) {
            target.path = source.path;
            target.evidence.guarded = source.guarded;
            target.evidence.skipped = target.evidence.skipped || (source.bluetooth && !options_.bluetooth);
        }
    target.evidence.crowded = opened() >= mostTargets;
    if (target.evidence.skipped || target.evidence.crowded)
        return;
    if (const SeenNode* into = options_.tone && node ? toneInputOf(*node) : nullptr) {
        target.tone = std::make_unique<Tone>(toneConnection_);
        target.toneInto = into->serial;
    }
    target.stream = std::make_unique<StreamEar>(connection_, course_, node ? node->serial : target.name);
    target.linked = std::make_unique<LinkedEar>(connection_, course_, node ? node->portsOf(true).size() : 1);
}

void Targets::tend() {
    for (const auto& [serial, node] : connection_.nodes())
        if (node.visible && isSource(node))
            takeUp(node);
    for (const auto& target : targets_) {
        const auto node = connection_.nodes().find(target->serial);
        if (target->linked)
            target->linked->tend(target->name, node == connection_.nodes().end() ? nullptr : &node->second);
        if (target->tone)
            if (const auto into = toneConnection_.nodes().find(target->toneInto);
                into != toneConnection_.nodes().end())
                target->tone->tend(into->second);
        if (node == connection_.nodes().end() || !target->stream)
            continue;
        for (const auto& [id, link] : connection_.links()) {
            if (link.outputNode == node->second.id)
                continue;
            target->streamAstray = target->streamAstray || link.inputNode == target->stream->nodeId();
            target->linkedAstray = target->linkedAstray || link.inputNode == target->linked->nodeId();
        }
    }
}

Figures Targets::Target::figures(Part part) const {
    Figures all;
    if (stream && !streamAstray)
        all = all + stream->figures(part);
    if (linked && !linkedAstray)
        all = all + linked->figures(part);
    return all;
}

bool Targets::allAlive(Part part) const {
    return std::all_of(targets_.begin(), targets_.end(), [part](const auto& target) {
        const bool needed =
            part == Part::Live ? target->stream != nullptr : target->figures(Part::Live).alive();
        return !needed || target->figures(part).alive();
    });
}

std::size_t Targets::opened() const {
    return static_cast<std::size_t>(std::count_if(
        targets_.begin(), targets_.end(), [](const auto& target) { return target->stream != nullptr; }));
}

void Targets::keepFrom(const std::map<std::string, std::string>& refusals) {
    for (const auto& target : targets_)
        if (const auto refusal = refusals.find(target->name); refusal != refusals.end())
            target->evidence.refusal = refusal->second;
}

std::vector<Targets::Finding> Targets::findings() const {
    std::vector<Finding> all;
    for (const auto& target : targets_) {
        Finding& finding = all.emplace_back(Finding{target->path, target->name, target->evidence});
        const auto node = connection_.nodes().find(target->serial);
        finding.evidence.present = node != connection_.nodes().end() && node->second.visible;
        finding.evidence.live = target->figures(Part::Live);
        finding.evidence.muted = target->figures(Part::Muted);
        finding.evidence.after = target->figures(Part::After);
    }
    // What the guard gives to those whom a rule silences, us among them. Anybody could call himself so: but
    // not be heard.
    std::erase_if(all, [](const Finding& finding) {
        const Evidence& heard = finding.evidence;
        return finding.name == "micguard.silence" && finding.path.empty() &&
               heard.live.audible + heard.muted.audible + heard.muted.residue + heard.after.audible == 0;
    });
    return all;
}

} // namespace micguard::proof
