// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes of the test microphones.
#include "tests/support/microphone.hpp"

#include <array>
#include <utility>

namespace micguard::test {

namespace {

const std::array<std::pair<MicKind, const char*>, 11> kNames{{
    {MicKind::tone, "tone"},
    {MicKind::speech, "speech"},
    {MicKind::nullVirtual, "nullVirtual"},
    {MicKind::nullPlain, "nullPlain"},
    {MicKind::locked, "locked"},
    {MicKind::clamped, "clamped"},
    {MicKind::raw, "raw"},
    {MicKind::otherProcess, "otherProcess"},
    {MicKind::loopback, "loopback"},
    {MicKind::internal, "internal"},
    {MicKind::acp, "acp"},
}};

// Of what feeds a microphone: neither the session manager nor a guard has anything to do with MIDI. One without a class the adapter calls
// Audio/Source (PipeWire 1.4.2, module-adapter/adapter.c): WirePlumber configured its ports anew, and a guard silenced and severed it, so
// that nobody heard what became of the microphone behind it. Where there is no guard it has no class all the same: after a restart of
// WirePlumber a link by hand to a loopback's stream stays, without sound, unless its other end is configured anew as well.
constexpr const char* airClass = "Midi/Air";

std::string positions(unsigned channels) {
    return channels == 2 ? "[ FL FR ]" : "[ MONO ]";
}

PropertyMap sourceProperties(const MicSpec& spec, const MicContext& context, const std::string& name,
                             const std::string& mediaClass) {
    PropertyMap properties{
        {"factory.name", "micguard.test.source"},
        {"node.name", name},
        {"node.description", name + " (test microphone)"},
        {"audio.channels", std::to_string(spec.channels)},
        {"audio.position", positions(spec.channels)},
        {"micguard.test.control", context.control.string()},
        {"micguard.test.speech", context.speech.string()},
        {"micguard.test.format", spec.s16 ? "S16" : "F32"},
        {"node.pause-on-idle", "false"},
        {"priority.driver", "1000"},
        {"priority.session", "1000"},
    };
    if (spec.rate != 0)
        properties["micguard.test.rate"] = std::to_string(spec.rate);
    if (!mediaClass.empty()) {
        properties["media.class"] = mediaClass;
    } else if (context.guard) {
        properties["media.class"] = airClass;
        properties["micguard.test.air"] = "true";
    }
    // Nobody configures the ports of a node that no session manager looks at, and an adapter that does so
    // itself gives up on a source that leaves rate or format open.
    if (mediaClass.empty() || !context.sessionManager) {
        properties["adapter.auto-port-config"] = "{ mode = dsp }";
        properties.emplace("micguard.test.rate", std::to_string(context.rate));
    }
    return properties;
}

void merge(PropertyMap& into, const PropertyMap& from) {
    for (const auto& [key, value] : from)
        into[key] = value;
}

PropertyMap nullProperties(const MicSpec& spec, const MicContext& context) {
    PropertyMap properties{
        {"factory.name", "support.null-audio-sink"},
        {"node.name", spec.name},
        {"node.description", spec.name + " (test microphone)"},
        {"media.class", "Audio/Source/Virtual"},
        {"node.virtual", "true"},
        {"audio.channels", std::to_string(spec.channels)},
        {"audio.position", positions(spec.channels)},
        {"priority.session", "1000"},
        {"monitor.channel-volumes", spec.kind == MicKind::nullVirtual ? "true" : "false"},
    };
    if (spec.kind == MicKind::nullPlain)
        properties["monitor.passthrough"] = "true";
    if (!context.sessionManager) {
        properties["adapter.auto-port-config"] = "{ mode = dsp monitor = true }";
        properties["audio.rate"] = std::to_string(context.rate);
        properties["audio.format"] = "F32P";
    }
    return properties;
}

// Both halves of a loopback in front of a feeding test source.
std::pair<PropertyMap, PropertyMap> loopbackHalves(const MicSpec& spec) {
    PropertyMap capture{{"node.name", spec.name + ".capture"},
                        {"audio.position", positions(spec.channels)},
                        {"stream.dont-remix", "true"},
                        {"node.passive", "true"},
                        {"state.restore-props", "false"}};
    if (spec.feedClass.empty())
        capture["node.autoconnect"] = "false";
    else
        capture["target.object"] = spec.name + ".feed";
    PropertyMap playback{{"node.name", spec.name},
                         {"node.description", spec.name + " (test microphone)"},
                         {"media.class", "Audio/Source"},
                         {"audio.position", positions(spec.channels)},
                         {"priority.session", "1000"}};
    merge(playback, spec.extra);
    return {capture, playback};
}

} // namespace

std::optional<MicKind> micKindFromName(const std::string& name) {
    for (const auto& [kind, text] : kNames)
        if (name == text)
            return kind;
    return std::nullopt;
}

std::string nameOf(MicKind kind) {
    for (const auto& [candidate, text] : kNames)
        if (candidate == kind)
            return text;
    return "?";
}

const std::vector<MicKind>& allMicKinds() {
    static const std::vector<MicKind> kinds = [] {
        std::vector<MicKind> result;
        for (const auto& [kind, text] : kNames)
            result.push_back(kind);
        return result;
    }();
    return kinds;
}

Coding MicSpec::effectiveCoding() const {
    return coding.value_or(kind == MicKind::speech ? Coding::speech : Coding::dc);
}

std::string spaJson(const PropertyMap& properties) {
    std::string text = "{";
    for (const auto& [key, value] : properties) {
        text += " \"" + key + "\" = \"";
        for (const char c : value) {
            if (c == '"' || c == '\\')
                text += '\\';
            text += c;
        }
        text += "\"";
    }
    return text + " }";
}

MicParts partsOf(const MicSpec& spec, const MicContext& context) {
    MicParts parts;
    const std::string feed = spec.name + ".feed";
    switch (spec.kind) {
    case MicKind::tone:
    case MicKind::speech:
    case MicKind::locked:
    case MicKind::clamped:
    case MicKind::internal: {
        PropertyMap properties =
            sourceProperties(spec, context, spec.name,
                             spec.kind == MicKind::internal ? "Audio/Source/Internal" : "Audio/Source");
        if (spec.kind == MicKind::locked)
            properties["channelmix.lock-volumes"] = "true";
        if (spec.kind == MicKind::clamped)
            properties["channelmix.min-volume"] = "0.3";
        merge(properties, spec.extra);
        parts.objects.push_back({"adapter", properties});
        break;
    }
    case MicKind::raw: {
        PropertyMap properties = sourceProperties(spec, context, spec.name, "Audio/Source");
        properties["micguard.test.dsp"] = "true";
        properties.erase("adapter.auto-port-config");
        merge(properties, spec.extra);
        parts.objects.push_back({"spa-node-factory", properties});
        break;
    }
    case MicKind::nullVirtual:
    case MicKind::nullPlain: {
        PropertyMap properties = nullProperties(spec, context);
        merge(properties, spec.extra);
        parts.objects.push_back({"adapter", sourceProperties(spec, context, feed, spec.feedClass)});
        parts.objects.push_back({"adapter", properties});
        parts.links.push_back({feed, spec.name});
        break;
    }
    case MicKind::loopback: {
        const auto [capture, playback] = loopbackHalves(spec);
        parts.objects.push_back({"adapter", sourceProperties(spec, context, feed, spec.feedClass)});
        parts.moduleArguments = "{ node.description = \"" + spec.name +
                                "\" capture.props = " + spaJson(capture) +
                                " playback.props = " + spaJson(playback) + " }";
        if (spec.feedClass.empty())
            parts.links.push_back({feed, spec.name + ".capture"});
        break;
    }
    case MicKind::otherProcess: {
        const auto [capture, playback] = loopbackHalves(spec);
        parts.objects.push_back({"adapter", sourceProperties(spec, context, feed, spec.feedClass)});
        parts.childArgv = {"pw-loopback",
                           "--name",
                           spec.name + ".process",
                           "--channels",
                           std::to_string(spec.channels),
                           "--channel-map",
                           positions(spec.channels),
                           "--capture-props",
                           spaJson(capture),
                           "--playback-props",
                           spaJson(playback)};
        if (spec.feedClass.empty())
            parts.links.push_back({feed, spec.name + ".capture"});
        break;
    }
    case MicKind::acp: {
        PropertyMap properties = sourceProperties(spec, context, spec.name, "Audio/Source");
        properties.erase("factory.name");
        merge(properties, spec.extra);
        for (const auto& [key, value] : properties)
            parts.cardFile += "micguard.test.node." + key + "=" + value + "\n";
        break;
    }
    }
    return parts;
}

} // namespace micguard::test
