// SPDX-License-Identifier: GPL-3.0-or-later
//
// One look at who goes around PipeWire. Takes milliseconds, and may have to wait for a sound card's driver:
// not for the main loop. Never touches a file system of a sandbox's own, which could keep it waiting.
#pragma once

#include "daemon/model/bypass.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace micguard {

// Where the kernel says it, or a made-up tree.
struct BypassPlaces {
    std::string devices = "/dev/snd";
    std::string asound = "/proc/asound";
    std::string proc = "/proc";
    std::string snapProfiles = "/var/lib/snapd/apparmor/profiles";
};

struct BypassQuestion {
    std::set<std::uint32_t> sandboxed; // processes to be looked at
    bool everyProcess = false;         // and all others
};

Bypasses lookForBypasses(const BypassPlaces& places, const BypassQuestion& question);

// The pieces, for tests.

// By the text of /proc/PID/mountinfo: the process sees the kernel's own capture devices. No file system is
// touched for it.
bool seesCards(std::string_view mountinfo);
// By the text of a Snap's AppArmor profile: it was connected to ALSA's interface.
bool profileOpensCards(std::string_view profile);

} // namespace micguard
