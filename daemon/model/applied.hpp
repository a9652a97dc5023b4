// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the guard has done to the server and what of it the server has acknowledged. Everything is kept by
// serial: an id may name another object by the time we look. A reconnect clears it all.
#pragma once

#include "daemon/model/ids.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace micguard {

// PipeWire's permission bits (pipewire/permission.h, 1.4.2); daemon/pipewire checks that they agree.
namespace permission {
constexpr std::uint32_t none = 0;
constexpr std::uint32_t readOnly = 0400;
constexpr std::uint32_t perhapsNone = 0xfffffffe; // never sent: taken away, but nobody acknowledged it to us
constexpr std::uint32_t byDefault = 0xffffffff; // PW_PERM_INVALID: the client's own default applies again
} // namespace permission

struct KnobApplied {
    bool silent = false;
    std::uint64_t batch = 0;     // the last write; 0 for what was found in place
    std::uint64_t readsThen = 0; // Node::knobReads when it was written: older readings are no evidence
    bool born = false;           // silenced because it is new; opened once that is acknowledged
    bool failed = false;         // seen not to obey: nothing there reads a knob
    float restoreMax = 10.0f;
    bool restoreMonitorMute = false;
};

struct PermissionApplied {
    GlobalId id{};
    std::uint32_t value = 0;
    std::uint64_t batch = 0;
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
    bool seen = false; // the route has read muted since: only then is a live one the user's doing, not an old reading
    bool ours = true; // false: the user has switched since, it is his again until the next mute
    std::uint64_t batch = 0;
};

struct Applied {
    std::map<Serial, KnobApplied> knobs;                                  // by node
    std::map<Serial, std::map<Serial, PermissionApplied>> permissions;    // client -> object -> what
    std::vector<CutLink> cut;
    std::map<std::pair<Serial, std::uint32_t>, LedApplied> leds;          // device, route index
    std::map<Serial, Shown> shown;                                        // streams, until they are linked
    std::set<Serial> destroyAsked;                                        // objects whose destruction was asked for
    std::map<Serial, std::uint64_t> userMuted; // nodes on which release set the user's own mute, and when (batch)
    std::uint64_t sent = 0;         // the newest batch
    std::uint64_t acknowledged = 0; // every batch up to this one is done

    bool done(std::uint64_t batch) const { return batch <= acknowledged; }
};

} // namespace micguard
