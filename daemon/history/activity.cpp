// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/history/activity.hpp"

#include "daemon/history/chronicle.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

namespace micguard::history {
namespace {

struct Streams {
    const View& view;
    std::map<std::uint64_t, const StreamView*> streams;
    std::map<std::uint64_t, const SourceView*> sources;

    explicit Streams(const View& all)
        : view(all) {
        for (const auto& stream : all.streams)
            streams.emplace(stream.key, &stream);
        for (const auto& source : all.sources)
            sources.emplace(source.key, &source);
    }

    // What an exempt microphone gives is sound, and no business of a mute.
    bool counts(const StreamView& stream) const {
        const auto source = sources.find(stream.source);
        return source == sources.end() || source->second->guarded;
    }
};

// Nothing: it has no stream that counts.
std::optional<ActivityBegan> activityOf(const Streams& all, const ApplicationView& application) {
    std::vector<const StreamView*> own;
    for (const auto key : application.streams)
        if (const auto it = all.streams.find(key); it != all.streams.end() && all.counts(*it->second))
            own.push_back(it->second);
    if (own.empty())
        return std::nullopt;
    ActivityBegan activity;
    activity.who = whoIs(application);
    activity.muted = all.view.guard.muted;
    activity.ownMute = application.ownMute;
    // A level meter counts where there is nothing else: to call oneself one hides nothing.
    activity.levelMeter =
        std::all_of(own.begin(), own.end(), [](const auto* stream) { return stream->levelMeter; });
    if (!activity.levelMeter)
        std::erase_if(own, [](const auto* stream) { return stream->levelMeter; });
    const bool asks = std::any_of(own.begin(), own.end(), [](const auto* stream) { return stream->asking; });
    std::erase_if(own, [&](const auto* stream) { return stream->asking != asks; });
    activity.doing = asks ? Doing::Asking : Doing::Holding;
    // One that is sure is enough.
    activity.assumed =
        std::all_of(own.begin(), own.end(), [](const auto* stream) { return stream->assumed; });
    const auto first = *std::min_element(own.begin(), own.end(), [](const auto* a, const auto* b) {
        return std::tuple(a->source == 0, a->key) < std::tuple(b->source == 0, b->key);
    });
    if (const auto source = all.sources.find(first->source); source != all.sources.end())
        activity.source = source->second->name;
    if (asks)
        for (const auto* stream : own)
            activity.rate += stream->rate;
    return activity;
}

bool sameButTime(const ActivityBegan& a, const ActivityBegan& b) {
    const auto all = [](const ActivityBegan& x) {
        return std::tie(x.who, x.source, x.doing, x.muted, x.ownMute, x.assumed, x.levelMeter, x.rate);
    };
    return all(a) == all(b);
}

} // namespace

void ActivityWatch::follow(const View& view, Moment now, const std::function<Key()>& newKey,
                           std::vector<Record>& records) {
    // Most of the time nothing is muted.
    const bool any =
        view.guard.muted || std::any_of(view.applications.begin(), view.applications.end(),
                                        [](const auto& application) { return application.ownMute; });
    if (!any && applications_.empty()) {
        mutedSince_ = 0;
        return;
    }
    // Whose streams have gone is remembered until the mute ends, for how often it has changed; but not anybody's.
    if (!view.guard.muted || view.guard.mutedSince != mutedSince_ || applications_.size() > mostRemembered)
        std::erase_if(applications_, [](const auto& entry) { return !entry.second.open; });
    if (view.guard.mutedSince != mutedSince_)
        for (auto& [key, application] : applications_)
            application.changes = 0;
    mutedSince_ = view.guard.mutedSince;

    std::map<std::uint64_t, ActivityBegan> present;
    const Streams all(view);
    for (const auto& application : view.applications)
        if (view.guard.muted || application.ownMute)
            if (auto activity = activityOf(all, application))
                present.emplace(application.key, std::move(*activity));

    for (auto& [key, application] : applications_) {
        const auto it = present.find(key);
        if (!application.open || (it != present.end() && staysAsItIs(application, it->second)))
            continue;
        records.emplace_back(ActivityEnded{application.last.key, now});
        application.open = false;
    }
    for (auto& [key, activity] : present) {
        Open& application = applications_[key];
        if (application.open)
            continue;
        if (++application.changes >= mostChanges)
            activity.doing = Doing::Asking;
        activity.key = newKey();
        activity.at = now;
        application.last = activity;
        application.open = true;
        records.emplace_back(std::move(activity));
    }
}

bool ActivityWatch::staysAsItIs(const Open& application, const ActivityBegan& now) {
    // Whether it is muted by the system or by itself is not for it to change.
    const bool sameMutes = application.last.muted == now.muted && application.last.ownMute == now.ownMute;
    return sameMutes && (application.changes >= mostChanges || sameButTime(application.last, now));
}

void ActivityWatch::endAll(Moment now, std::vector<Record>& records) {
    for (const auto& [key, application] : applications_)
        if (application.open)
            records.emplace_back(ActivityEnded{application.last.key, now});
    applications_.clear();
}

} // namespace micguard::history
