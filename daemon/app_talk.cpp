// SPDX-License-Identifier: GPL-3.0-or-later
//
// Push-to-talk: holds that keep the microphones live, their limit, and the desktop's keys.
#include "daemon/app.hpp"

#include <algorithm>
#include <iterator>

namespace micguard {

// Ends by itself, should its holder hang with the key held down.
std::uint64_t App::takeLive(const std::string& owner, const std::string& ownerText,
                            const std::string& reason) {
    const std::uint64_t number = nextHold_++;
    const std::uint64_t limit = configuration_.settings.talk.limitSeconds;
    receive(
        event::HoldTaken{{number, false, owner, ownerText, reason, now() + limit * G_USEC_PER_SEC}, now()});
    struct Limit {
        App* app;
        std::uint64_t number;
    };
    liveLimits_[number] = g_timeout_add_full(
        G_PRIORITY_DEFAULT, static_cast<guint>(limit * 1000),
        [](gpointer data) -> gboolean {
            const auto [app, held] = *static_cast<const Limit*>(data);
            app->liveLimits_.erase(held);
            app->endLive(held);
            return G_SOURCE_REMOVE;
        },
        new Limit{this, number}, [](gpointer data) { delete static_cast<Limit*>(data); });
    return number;
}

void App::endLive(std::uint64_t number) {
    dropHold(number);
    if (bus_)
        bus_->holdEnded(number);
}

// The mute, by button or by the desktop, ends push-to-talk; those who held it a moment ago are told.
void App::tellTalkEnded(const std::vector<Hold>& before) {
    const auto& holds = model_.mute.holds;
    for (const auto& hold : before)
        if (bus_ && !hold.mute && std::none_of(holds.begin(), holds.end(), [&](const Hold& still) {
                return still.number == hold.number;
            }))
            bus_->holdEnded(hold.number);
}

// Of holds that ended before: two hundred taps are not to leave two hundred timers.
void App::forgetLimits() {
    for (auto it = liveLimits_.begin(); it != liveLimits_.end();) {
        bool held = false;
        for (const auto& hold : model_.mute.holds)
            held = held || hold.number == it->first;
        if (!held)
            cancelTimer(it->second);
        it = held ? std::next(it) : liveLimits_.erase(it);
    }
}

// Whether it may is as for HoldUnmute; a key that may not does nothing.
void App::useTalkKey(bool down) {
    if (!down) {
        if (talkHold_)
            dropHold(*std::exchange(talkHold_, std::nullopt));
        return;
    }
    if (talkHold_ || releasing_ || model_.mute.mutedByItself() || model_.mute.privacy ||
        model_.mute.heldMuted() || !mayLoosenBy(shortcuts_.pid(), "unmute"))
        return;
    talkHold_ = takeLive("", "push-to-talk", "the desktop's key is held");
    settle();
}

void App::useToggleKey() {
    const bool muted = model_.mute.nextPressMutes();
    if (releasing_ || (!muted && (!unlessLocked() || !mayLoosenBy(shortcuts_.pid(), "unmute"))))
        return;
    if (pressButton(muted, "the desktop's key"))
        settle();
}

} // namespace micguard
