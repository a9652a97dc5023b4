// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who goes around PipeWire, as the kernel says: found by daemon/bypass, judged by policy/bypass. Values only.
#pragma once

#include "daemon/model/process_facts.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace micguard {

// Somebody has a sound card's capture device open. PipeWire and its session manager do, too.
struct CardHolder {
    std::string device;   // as ALSA's tools call it: "hw:0,0"
    std::string card;     // the card's own id
    ProcessFacts process; // pid 0: not to be told
    std::string name;     // of the process, chosen by itself
    bool operator==(const CardHolder&) const = default;
};

// A sandboxed process to which the sound cards' devices were given. It may never open them.
struct SandboxWithCards {
    std::uint32_t pid = 0;
    std::string sandbox, id; // "flatpak", "org.example.App"
    bool operator==(const SandboxWithCards&) const = default;
};

struct Bypasses {
    std::vector<CardHolder> holders;         // by device
    std::vector<SandboxWithCards> sandboxes; // one of each id, by id
    std::uint64_t omitted = 0;               // more than are listed
    bool operator==(const Bypasses&) const = default;
};

} // namespace micguard
