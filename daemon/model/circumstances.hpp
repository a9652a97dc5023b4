// SPDX-License-Identifier: GPL-3.0-or-later
//
// What rules with conditions depend on. Values only; they come from outside.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace micguard {

struct Circumstances {
    std::uint64_t now = 0;           // µs since the epoch, for Rule::until
    unsigned weekday = 0;            // 0 is Monday
    unsigned minute = 0;             // since midnight
    bool privacy = false;            // the desktop's privacy switch is on
    bool locked = false;             // the session
    bool asleep = false;             // the machine, or about to be
    std::set<std::string> capturing; // AppIds, known ones; the two are filled in when the rules are looked at
    // AppIds that are only claimed: they loosen nothing for others either.
    std::set<std::string> claimedCapturing;
    bool operator==(const Circumstances&) const = default;
};

} // namespace micguard
