// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the user's session and the machine do by themselves: lock, sleep, wake.
#include "daemon/app.hpp"

namespace micguard {

// A key that is held may be let go over the locked screen, or while the machine sleeps, where nobody tells of it: it is let go now,
// whatever [mute] on-lock says. What else holds the microphones live ends in the model, by what mutes.
void App::useLock(bool locked) {
    if (locked)
        shortcuts_.letGo();
    receive(event::SessionLocked{locked, now()});
    settle();
}

void App::useSleep(bool asleep) {
    const bool waits = asleep && model_.settings.mute.onSuspend;
    if (asleep)
        shortcuts_.letGo();
    receive(event::MachineSleeps{asleep, now()});
    if (!asleep)
        return settle();
    if (!waits)
        return session_.letSleep();
    // In force or not within its time: a machine that is to sleep is not kept awake. One that is awake again has not slept, and is to
    // wait the next time.
    waitFor(true, [this](const Result<void>&) {
        if (model_.circumstances.asleep)
            session_.letSleep();
    });
}

void App::usePrivacy(bool on) {
    receive(event::PrivacySwitched{on, now()});
    settle();
}

// While the session is locked whoever sits there is not known to be the user.
Result<void> App::unlessLocked() const {
    if (!model_.mute.locked)
        return {};
    return tl::unexpected(
        RequestError{"SessionLocked", "the session is locked, and mute.on-lock is set: unlock it first"});
}

Result<void> App::unlessLocked(const Caller& caller) {
    return noteRefusal(caller, unlessLocked());
}

} // namespace micguard
