// SPDX-License-Identifier: GPL-3.0-or-later
//
// The exposure report: from what was written down to what each application did while the system held the mute. The
// classes, their thresholds and their reasons are in docs/report.md. Pure.
#pragma once

#include "daemon/history/record.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace micguard::history {

// The most telling first.
enum class Class {
    Continuous, // kept a stream running
    Periodic,   // opened or woke one now and then
    Held,       // kept one open, but paused or corked
    Released,   // had none
    Unjudged    // no mute was long enough to tell
};

inline constexpr std::array classes = {Class::Continuous, Class::Periodic, Class::Held, Class::Released};

constexpr std::string_view toString(Class one) {
    switch (one) {
    case Class::Continuous:
        return "continuous";
    case Class::Periodic:
        return "periodic";
    case Class::Held:
        return "held";
    case Class::Released:
        return "released";
    case Class::Unjudged:
        break;
    }
    return "";
}

// As it was written down. Whatever goes on ends at the moment of asking.
struct MuteSpan {
    Moment start = 0, end = 0;
};
struct SessionSpan {
    Moment start = 0, end = 0;
    Who who;
    bool levelMeter = false;
};
struct ActivitySpan {
    Moment start = 0, end = 0;
    Who who;
    std::string source;
    Doing doing = Doing::Holding;
    bool muted = false, ownMute = false, assumed = false, levelMeter = false;
    std::uint32_t rate = 0;
};

struct Recorded {
    std::vector<MuteSpan> mutes;
    std::vector<SessionSpan> sessions;
    std::vector<ActivitySpan> activities;
};

// One mute, as far as it concerns one application; one stretch of what it did.
struct MutePeriod {
    Moment start = 0, end = 0;
    Class judged = Class::Unjudged;
};
struct Stretch {
    Moment start = 0, end = 0;
    Doing doing = Doing::Holding;
    bool assumed = false;
};

struct ReportRow {
    std::string app, name, identity;
    Class judged = Class::Unjudged;                     // that of most of the time
    std::array<std::uint32_t, classes.size()> counts{}; // mutes of each class, in the order of `classes`
    std::uint32_t mutes = 0;
    std::uint64_t mutedUsec = 0;      // while it was there, or had just been
    std::uint64_t askedUsec = 0;      // of it with a stream running
    std::uint64_t heldUsec = 0;       // of it with a stream open
    std::uint64_t assumedUsec = 0;    // of both: not known, but taken to be so
    std::uint64_t samples = 0;        // asked for
    std::uint32_t wakeups = 0;        // how often it began to ask in the midst of a mute
    bool levelMeter = false;          // it had nothing but level meters
    std::vector<std::string> sources; // what it would have heard
    // Where it had muted itself (MuteOwnStreams), whether or not the system held the mute as well.
    Class ownJudged = Class::Unjudged;
    std::uint64_t ownMutedUsec = 0, ownAskedUsec = 0;
    // The oldest first, and the newest of them if there are more than `mostPeriods`.
    std::vector<MutePeriod> periods;
    std::vector<Stretch> stretches; // so, too: `mostStretches`
};

// How long an application has to react to a mute, and how much is to be left of it after that for a judgement.
inline constexpr Moment reactionTime = 1'000'000;
inline constexpr Moment leastJudged = 1'000'000;
// Who had captured so shortly before a mute is counted in it, even if it had no stream by then.
inline constexpr Moment justBefore = 600'000'000;
// What a client of the Pulse server says of itself is a claim until the kernel has borne it out: so long that may take. Who has
// claimed no longer than this to be an application has no row.
inline constexpr Moment leastClaimed = 1'000'000;
inline constexpr std::size_t mostRows = 200, mostPeriods = 500, mostStretches = 500, mostSources = 8;

// Of what falls between `since` and `until`. The most telling class first, then who asked longest.
std::vector<ReportRow> report(const Recorded& recorded, Moment since, Moment until);

} // namespace micguard::history
