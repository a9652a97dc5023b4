// SPDX-License-Identifier: GPL-3.0-or-later
// The kinds of test microphone and what each is made of. Pure: text and property maps, no PipeWire.
#pragma once

#include "tests/support/control.hpp"
#include "tests/support/graph.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace micguard::test {

enum class MicKind {
    tone,         // an adapter in the server around the test source, as ALSA's sources are
    speech,       // the same, playing speech
    nullVirtual,  // support.null-audio-sink as Audio/Source/Virtual, with monitor.channel-volumes
    nullPlain,    // the same without monitor.channel-volumes, as EasyEffects makes its source
    locked,       // channelmix.lock-volumes
    clamped,      // channelmix.min-volume = 0.3
    raw,          // a node without an adapter, with a DSP port, as pw_filter and JACK clients make
    otherProcess, // the playback half of a pw-loopback process
    loopback,     // the playback half of libpipewire-module-loopback in the server
    internal,     // Audio/Source/Internal
    acp,          // behind a device with a Route, made by WirePlumber from the tests' card plug-in
};

std::optional<MicKind> micKindFromName(const std::string& name);
std::string nameOf(MicKind kind);
const std::vector<MicKind>& allMicKinds();

struct MicSpec {
    MicKind kind = MicKind::tone;
    std::string name;               // node.name; for acp the node's name, too
    std::optional<Coding> coding{}; // default: speech for `speech`, otherwise dc
    unsigned channels = 1;          // 1 or 2
    unsigned rate = 0;              // of the test source; 0: the graph's
    bool s16 = false;
    // loopback, otherProcess, null*: media class of the test source that feeds it. Empty: none, so that
    // neither the session manager nor a guard has anything to do with it.
    std::string feedClass;
    PropertyMap extra;       // further properties of the node itself
    std::uint32_t phase = 0; // that it begins with
    [[nodiscard]] Coding effectiveCoding() const;
};

struct MicContext {
    std::filesystem::path control;
    std::filesystem::path speech;
    std::filesystem::path cards; // directory watched by the card monitor
    bool sessionManager = true;  // without one the nodes configure their own ports
    bool guard = true;           // there is one that could take a feed for a microphone
    unsigned rate = 48000;       // of the graph
};

struct MicObject {
    std::string factory;
    PropertyMap properties;
};

struct MicLink {
    std::string output;
    std::string input;
};

// Everything one microphone consists of. Which of it a server gets from its configuration and which at run
// time is the session's business.
struct MicParts {
    std::vector<MicObject> objects;
    std::string moduleArguments;        // of libpipewire-module-loopback; empty: no module
    std::vector<std::string> childArgv; // a process to run; empty: none
    std::string cardFile;               // content of the file in `cards`; empty: none
    std::vector<MicLink> links;         // to be made, and made again when they go, by the session
};

MicParts partsOf(const MicSpec& spec, const MicContext& context);
// SPA JSON, with every value quoted.
std::string spaJson(const PropertyMap& properties);

} // namespace micguard::test
