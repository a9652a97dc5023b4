// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who wants the microphones muted, who wants them live, and who wins. Values only; times come from outside.
#pragma once

#include "config/settings.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace micguard {

struct Hold {
    std::uint64_t number = 0; // never used twice
    bool mute = true;         // false: HoldUnmute
    std::string owner;        // unique bus name
    std::string ownerText;    // for people: "obs (pid 123)"
    std::string reason;
    std::uint64_t expires = 0; // µs since the epoch, 0: never
};

struct MuteState {
    bool user = false; // the button
    std::string userReason;
    std::string userOwner;
    std::vector<Hold> holds;
    bool locked = false;    // the session is, and `mute.on-lock` is set: nobody unmutes
    bool suspended = false; // the machine sleeps or is about to, and `mute.on-suspend` is set
    bool privacy = false;   // the desktop's own privacy switch is on, and `mute.privacy-switch` is set
    bool start = false;     // the session began muted (`mute.start`) and nobody has unmuted since
    // The default source was muted by the desktop's means, and `mute.follow-desktop` is set.
    bool desktop = false;
    unsigned earlyUnmutes = 0; // of the desktop's in this muted period that came too soon to be a person's
    Mode mode = Mode::Silence;
    std::uint64_t since = 0; // µs since the epoch, of the current muted period; 0 while live

    bool heldMuted() const {
        for (const auto& hold : holds)
            if (hold.mute)
                return true;
        return false;
    }
    bool heldLive() const {
        for (const auto& hold : holds)
            if (!hold.mute)
                return true;
        return false;
    }

    // Neither the session nor a person has to let go for it to end.
    bool mutedByItself() const { return locked || suspended; }

    // Whichever of the buttons it was.
    bool pressed() const { return user || desktop || start; }

    // What pressing once more is to make of the button. Live in spite of it, push-to-talk is what is ended: whoever
    // presses then wants to be muted. The privacy switch is a button as well.
    bool nextPressMutes() const { return muted() ? !pressed() && !privacy : true; }

    // A hold to mute is stronger than the button; a hold to unmute (push-to-talk) opens over a button pressed
    // before it, and pressing the button again ends it (Model::apply removes it then).
    bool muted() const {
        if (mutedByItself() || privacy || heldMuted())
            return true;
        return pressed() && !heldLive();
    }
};

} // namespace micguard
