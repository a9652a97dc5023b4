// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the user's session and the machine do by themselves: lock, sleep, wake.
#include "daemon/app.hpp"

namespace micguard {

void App::useLock(bool locked) {
    receive(event::SessionLocked{locked, now()});
    settle();
}

void App::useSleep(bool asleep) {
    const bool waits = asleep && model_.settings.mute.onSuspend;
    receive(event::MachineSleeps{asleep, now()});
    if (!asleep)
        return settle();
    if (!waits)
        return session_.letSleep();
    // In force or not within its time: a machine that is to sleep is not kept awake.
    waitFor(true, [this](const Result<void>&) { session_.letSleep(); });
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
