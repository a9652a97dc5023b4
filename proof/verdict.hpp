// SPDX-License-Identifier: GPL-3.0-or-later
//
// What can be said of a source by what was heard of it. Pure. The guard's word about its own success (State,
// Silenced) is not among what counts.
#pragma once

#include "proof/meter.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace micguard::proof {

// What the guard did about the mute that was to be proven.
enum class Mute {
    Held,       // it was live, a hold was taken, and let go
    Lost,       // the guard ended the hold, or itself, in the midst
    Refused,    // it said no; see the text
    Already,    // something else had muted before: nothing was opened, nothing was taken
    Absent,     // nobody owns the name
    Unanswered, // somebody does, and does not answer
};

struct Circumstances {
    Mute mute = Mute::Absent;
    std::string text;            // why, for people
    std::int64_t heldNsec = 0;   // when it was answered that the mute holds
    std::int64_t lostNsec = 0;   // when it was noticed that the hold was lost
    bool mutedAfter = false;     // somebody else had muted by the end
    bool endedMeanwhile = false; // Already: that mute was over before we were
};

struct Evidence {
    Figures live, muted, after;
    bool guarded = true;  // not exempt by the settings
    bool skipped = false; // Bluetooth, and not asked for
    bool seen = false;    // at any time
    bool present = false; // at the end
    bool late = false;    // it appeared when the mute was held, or after
    bool crowded = false; // beyond as many as are opened at once
    bool unknown = false; // asked for by name, and nobody knows it
    std::string refusal;  // what the rules say of us, "" if nothing
};

enum class Word { Held, Leak, Inconclusive, Exempt };

struct Verdict {
    Word word = Word::Inconclusive;
    std::string why;
    double peak = 0;           // of what was heard and should not have been
    std::uint64_t samples = 0; // that were looked at for it
};

Verdict judge(const Evidence& evidence, const Circumstances& circumstances);

const char* name(Word word); // as the contract writes it

// Exit status of the whole: 0 all that is guarded was held, 1 a leak, 3 nobody guards, 6 not proven. Nothing
// at all proves nothing.
int statusOf(const std::vector<Verdict>& verdicts, const Circumstances& circumstances);

} // namespace micguard::proof
