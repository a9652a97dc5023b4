// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the journal is told, and when those are looked for who go around PipeWire.
#include "daemon/app.hpp"

#include "daemon/policy/identity.hpp"

#include <algorithm>

namespace micguard {

std::string App::journalSocket(const Options& options) {
    return options.machine + "/run/systemd/journal/socket";
}

void App::tell(const std::vector<journal::Line>& lines) {
    for (const auto& line : lines)
        journal_.send(line);
    const auto due = telling_.due();
    if (!due || omittedTimer_)
        return;
    const auto at = instant();
    omittedTimer_ = g_timeout_add(
        static_cast<guint>((*due > at ? *due - at : 0) / 1000 + 1),
        [](gpointer self) -> gboolean {
            static_cast<App*>(self)->omittedTimer_ = 0;
            static_cast<App*>(self)->tellOmitted();
            return G_SOURCE_REMOVE;
        },
        this);
}

void App::tellOmitted() {
    tell(telling_.omitted(instant()));
}

void App::announceMute() {
    const bool muted = model_.mute.muted();
    if (std::exchange(mutedTold_, muted) == muted)
        return;
    const std::string mode(toString(model_.mute.mode));
    if (!muted)
        return tell(telling_.muted(false, whyUnmuted(), mode, instant()));
    streamsAtMute_.clear();
    blockedTold_.clear();
    for (const auto& stream : view_.streams)
        streamsAtMute_.insert(stream.key);
    std::string who = model_.mute.userReason.empty() ? model_.mute.userOwner : model_.mute.userReason;
    if (!model_.mute.user && model_.mute.pressed())
        who = model_.mute.desktop ? "the desktop" : "the session began muted";
    for (const auto& hold : model_.mute.holds)
        if (hold.mute)
            who = hold.ownerText + ": " + hold.reason;
    if (model_.mute.privacy)
        who = "the desktop's privacy switch";
    if (model_.mute.mutedByItself())
        who = model_.mute.locked ? "the session is locked" : "the machine goes to sleep";
    tell(telling_.muted(true, who, mode, instant()));
    // Nobody waits for what it finds.
    bypass_.look();
}

std::string App::whyUnmuted() const {
    for (const auto& hold : model_.mute.holds)
        if (!hold.mute)
            return hold.ownerText + (hold.reason.empty() ? "" : ": " + hold.reason);
    // As it was published last, while they were muted.
    const auto& before = view_.guard.holds;
    if (!before.empty() && before.front().kind == "desktop")
        return "the desktop, or " +
               (model_.mute.userOwner.empty() ? std::string("somebody") : model_.mute.userOwner);
    const bool button =
        std::any_of(before.begin(), before.end(), [](const HoldView& hold) { return hold.kind == "user"; });
    return button || before.empty() ? model_.mute.userOwner : "nobody holds them muted any more";
}

// Its stream is not linked to it, so the view does not know.
std::string App::microphoneAsked(const std::string& application) const {
    for (const auto& [id, decision] : enforcer_.verdicts().ruled) {
        const Node* stream = model_.graph.node(id);
        const Node* source = stream ? model_.graph.node(enforcer_.verdicts().keptFrom.at(id)) : nullptr;
        if (source && decision.ruling == Ruling::Ask && identify(model_.graph, *stream).key == application)
            return source->name;
    }
    return {};
}

void App::noteAnswer(const Answer& answer, const std::string& by) {
    const auto told = questionsTold_.find(answer.application);
    if (told == questionsTold_.end())
        return;
    told->second.answer =
        std::string(answer.allow ? "allow " : "deny ") + std::string(toString(answer.scope));
    told->second.by = by;
}

void App::tellQuestionsClosed() {
    for (auto it = questionsTold_.begin(); it != questionsTold_.end();) {
        if (model_.appeals.questions.contains(it->first)) {
            ++it;
            continue;
        }
        const auto& [about, answer, by] = it->second;
        tell(answer.empty() ? telling_.lapsed(about, instant())
                            : telling_.answered(about, answer, by, instant()));
        it = questionsTold_.erase(it);
    }
}

// Of sandboxed clients it is looked at once what they were given.
void App::watchSandboxes() {
    if (options_.releaseLeftovers)
        return;
    std::set<std::uint32_t> pids;
    for (const auto& [id, client] : model_.graph.clients) {
        if (!client.sandbox.empty())
            pids.insert(client.pid);
        if (client.peer && client.peer->pid != 0 && !client.peer->sandbox.empty())
            pids.insert(client.peer->pid);
    }
    bypass_.setSandboxed(std::move(pids));
}

} // namespace micguard
