// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the outside is told: one plain value that mirrors the D-Bus contract
// (protocol/org.micguard.MicGuard1.xml), made from the model after every event. Who shows it compares it
// with the one before; nothing here decides anything.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace micguard {

struct HoldView {
    std::string kind; // "user", "hold-mute", "hold-unmute", "start", later "locked", "desktop", …
    std::string owner;
    std::string reason;
    bool operator==(const HoldView&) const = default;
};

struct WarningView {
    std::string id; // stable, for programs: "unanswered:<source>"
    std::string text;
    // What it is about, where there is such a thing; for the journal.
    std::uint32_t pid = 0;
    std::string app;    // its executable, or its sandbox's id
    std::string device; // a sound card's, as ALSA calls it
    bool operator==(const WarningView&) const = default;
};

struct GuardView {
    std::string state = "live"; // live muting muted degraded
    bool muted = false;
    std::uint64_t mutedSince = 0; // µs since the epoch, 0 while not muted
    std::string mode = "silence"; // silence sever
    std::vector<HoldView> holds;
    bool connected = false;      // to PipeWire
    std::uint32_t capturing = 0; // applications that capture or would, were they not silenced
    std::string admission = "relaxed";
    std::vector<WarningView> warnings;
    std::string version;
    bool operator==(const GuardView&) const = default;
};

// The `key` of the three below is the N of their object path; it is never used twice in a daemon's life.
struct ApplicationView {
    std::uint64_t key = 0;
    std::string appId;
    std::string name;
    std::string iconName;
    std::string executable;
    std::string sandbox;  // "" flatpak snap
    std::string identity; // kernel sandbox claimed
    std::string state;    // capturing silenced severed denied pending idle
    std::string reason;
    std::uint64_t since = 0; // µs since the epoch
    bool levelMeterOnly = false;
    bool muted = false;
    bool ownMute = false;               // by itself (MuteOwnStreams); not on the bus
    std::vector<std::uint64_t> streams; // keys
    bool operator==(const ApplicationView&) const = default;
};

struct StreamView {
    std::uint64_t key = 0;
    std::uint64_t application = 0; // key
    std::uint64_t source = 0;      // key, 0 if it has none now
    std::string name;
    std::uint32_t pid = 0;
    std::string state; // capturing silenced severed denied pending idle
    bool levelMeter = false;
    std::uint64_t since = 0;
    // For the report, not on the bus.
    bool asking = false;  // it runs: it asks for samples
    bool assumed = false; // that is not known of it now, but what was known last, or to be feared
    // Samples per second that it is given, or was when it last was, of all channels together.
    std::uint32_t rate = 0;
    bool operator==(const StreamView&) const = default;
};

struct SourceView {
    std::uint64_t key = 0;
    std::uint32_t nodeId = 0; // PipeWire's object id, not on the bus
    std::string name;
    std::string description;
    std::string kind; // hardware bluetooth virtual monitor network
    bool guarded = true;
    bool silenced = false;       // acknowledged by the server
    std::string method = "none"; // volume sever none
    std::string led = "unknown"; // on off unknown
    bool inUse = false;
    bool operator==(const SourceView&) const = default;
};

struct View {
    GuardView guard;
    std::vector<ApplicationView> applications;
    std::vector<StreamView> streams;
    std::vector<SourceView> sources;
    bool operator==(const View&) const = default;
};

} // namespace micguard
