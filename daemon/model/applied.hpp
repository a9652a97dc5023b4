// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the guard has done to the server and what of it the server has acknowledged. Everything is kept by
// serial: an id may name another object by the time we look. A reconnect clears it all.
#pragma once

#include "daemon/model/ids.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace micguard {

// PipeWire's permission bits (pipewire/permission.h, 1.4.2); daemon/pipewire checks that they agree.
namespace permission {
constexpr std::uint32_t none = 0;
constexpr std::uint32_t readOnly = 0400;
constexpr std::uint32_t readExecute = 0500;       // what a sandbox gets
constexpr std::uint32_t all = 0710;               // as PipeWire gives by itself
constexpr std::uint32_t perhapsNone = 0xfffffffe; // never sent: taken away, but nobody acknowledged it to us
constexpr std::uint32_t byDefault = 0xffffffff;   // PW_PERM_INVALID: the client's own default applies again
} // namespace permission

// When something was asked for, and of whom: of the server, or of the process of the client with this serial.
struct Sent {
    std::uint64_t batch = 0; // 0 for what was found in place
    std::optional<Serial> process = std::nullopt;
    bool operator==(const Sent&) const = default;
};

// A client whose process was asked to do something, for a source or a device that is in it.
struct Asked {
    std::uint64_t sent = 0;         // the newest batch
    std::uint64_t acknowledged = 0; // it has carried out every batch up to this one
    bool overdue = false;           // it did not answer in time, and has not since
    bool waiting() const { return acknowledged < sent; }
};

struct KnobApplied {
    bool silent = false;
    Sent sent;                   // the last write
    std::uint64_t readsThen = 0; // Node::knobReads when it was written: older readings are no evidence
    bool born = false;           // silenced because it is new; opened once that is acknowledged
    bool found = false;          // silent already when it was first read, and not written by us since
    // It came when the guard had let go: it is opened, and no mute of the user's stands in for ours.
    bool late = false;
    bool failed = false; // seen not to obey: nothing there reads a knob
    // It has read silent since it was silenced, its monitor too: what reads otherwise later is somebody's doing.
    bool held = false;
    // Its process owes an answer to what it was asked over a connection before this one: what it reads may not be what it will be.
    bool unsure = false;
    float restoreMax = 10.0f;
    bool restoreMonitorMute = false;
};

struct PermissionApplied {
    GlobalId id{};
    std::uint32_t value = 0;
    std::uint64_t batch = 0;
};

// A client that waited for our word and has it.
struct Admitted {
    std::uint32_t any = 0;        // its own default
    std::uint64_t shieldedTo = 0; // clients up to this arrival are out of its reach
};

// A link that severing destroyed and no session manager will bring back.
struct CutLink {
    Serial outputNode{};
    Serial outputPort{};
    Serial inputPort{};
    bool operator==(const CutLink&) const = default;
};

// A stream that was shown to the session manager again. It may fail to link it the first time, in the midst of other
// changes, and then waits for the next occasion: it is shown once more.
struct Shown {
    static constexpr unsigned mostTries = 4;
    unsigned tries = 1;
    bool overdue = false;
};

struct LedApplied {
    // The route has read muted since: only then is a live one the user's doing, not an old reading.
    bool seen = false;
    bool ours = true; // false: the user has switched since, it is his again until the next mute
    // The route was the user's choice before, or has been made it since: so it has to be kept when given back.
    bool save = false;
};

// What the desktop's volume controls show of a source: the mute of its device's route, else the node's own.
struct PanelMute {
    bool mute = false;         // as last read
    std::uint64_t mutedAt = 0; // when it became so, µs since the epoch
    bool ours = false;         // to be taken back with the guard's own mute
    std::optional<bool> asked; // written, and not read back yet
    Sent sent;
    unsigned refused = 0; // how often somebody lifted it in this muted period, in vain
    bool save = false;    // the session manager stores it: so it has to store that it was taken back
};

// Device and route's index, or node and `noRoute`.
using PanelKey = std::pair<Serial, std::uint32_t>;
inline constexpr std::uint32_t noRoute = 0xffffffff;

struct Applied {
    std::map<Serial, KnobApplied> knobs;                               // by node
    std::map<Serial, std::map<Serial, PermissionApplied>> permissions; // client -> object -> what
    std::map<Serial, Admitted> admitted;                               // by client
    std::vector<CutLink> cut;
    std::map<std::pair<Serial, std::uint32_t>, LedApplied> leds; // device, route index
    std::map<PanelKey, PanelMute> panel;
    std::map<Serial, Shown> shown; // streams, until they are linked
    // Objects whose destruction was asked for.
    std::set<Serial> destroyAsked;
    bool silenceMade = false; // the guard's own silent source was asked for
    std::set<Serial> fed;     // input ports that were linked to it
    // Nodes that were told to let go of their buffers, when, and that have told nothing of themselves since.
    std::map<Serial, Sent> renewing;
    std::set<Serial> portsAsked;      // streams that were told to make their ports
    std::map<Serial, Sent> userMuted; // nodes on which release set the user's own mute
    std::set<Serial> userUnmuted;     // and on which that was taken back, and is not read back yet
    std::set<std::pair<Serial, std::uint32_t>> routesMuted; // and routes, as in `leds`
    std::map<Serial, Asked> processes;                      // by client
    std::uint64_t sent = 0;                                 // the newest batch
    std::uint64_t acknowledged = 0; // the server has carried out its own part of every batch up to this one

    // A client was kept from an object altogether, as far as is known.
    bool keeps(Serial client, Serial object) const {
        const auto objects = permissions.find(client);
        if (objects == permissions.end())
            return false;
        const auto it = objects->second.find(object);
        return it != objects->second.end() &&
               (it->second.value == permission::none || it->second.value == permission::perhapsNone);
    }

    bool done(std::uint64_t batch) const { return batch <= acknowledged; }
    bool done(const Sent& what) const {
        if (!what.process)
            return done(what.batch);
        const auto it = processes.find(*what.process);
        return what.batch == 0 || (it != processes.end() && what.batch <= it->second.acknowledged);
    }
    // It was asked of a process that does not answer.
    bool overdue(const Sent& what) const {
        const auto it = what.process ? processes.find(*what.process) : processes.end();
        return it != processes.end() && it->second.overdue && !done(what);
    }
};

} // namespace micguard
