// SPDX-License-Identifier: GPL-3.0-or-later
//
// What people are told by the desktop, and what they answer there. Nothing here is waited for.
#include "daemon/app.hpp"

namespace micguard {
namespace {

bool wantsAny(const Settings::Notify& notify) {
    return notify.questions || notify.blocked || notify.bypass ||
           notify.capture != Settings::Notify::Capture::Off;
}

} // namespace

void App::useLink(GDBusConnection* bus) {
    notifications_.useBus(bus);
    shortcuts_.useBus(bus);
    permissions_.useBus(bus);
}

// What nobody asked for is not connected to, either.
void App::useDesktop() {
    const auto& talk = configuration_.settings.talk;
    const bool permissions = configuration_.settings.policy.permissionStore;
    shortcuts_.want({talk.shortcut, talk.trigger, talk.toggleTrigger});
    permissions_.want(permissions);
    if (talk.shortcut || permissions || wantsAny(configuration_.settings.notify))
        link_.start();
}

void App::tellNotices() {
    if (options_.releaseLeftovers)
        return;
    Notices::Questions questions;
    for (const auto& [application, clients] : model_.appeals.questions) {
        const auto key = describer_.keyOf(application);
        const auto failed = notTaken_.find(key);
        auto& question = questions[key];
        if (failed != notTaken_.end())
            question = failed->second;
        question.microphone = microphoneAsked(application);
    }
    std::erase_if(notTaken_, [&](const auto& entry) { return !questions.contains(entry.first); });
    notifications_.show(notices_.follow(view_, questions, configuration_.settings.notify,
                                        model_.circumstances.locked, instant()));
}

// As Answer on the bus. A no is one for this run: for once it would be asked anew a moment later.
void App::useNotice(const std::string& key, const std::string& action) {
    const auto application = Notices::questionOf(key);
    if (!application || model_.circumstances.locked)
        return;
    const bool allow = action != Notices::deny;
    const char* scope = action == Notices::allowAlways ? "always"
                        : action == Notices::allowOnce ? "once"
                                                       : "run";
    const ReplyVoid told = [this, number = *application](const Result<void>& result) {
        if (result)
            return;
        auto& failed = notTaken_[number];
        failed.failed = result.error().message;
        failed.attempt++;
        settleSoon();
    };
    if (allow)
        if (const auto allowed = mayLoosenBy(notifications_.pid(), "allow for the user"); !allowed)
            return told(allowed);
    answerBy("a notification", *application, allow, scope, told);
}

} // namespace micguard
