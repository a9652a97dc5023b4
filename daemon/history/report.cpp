// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/history/report.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace micguard::history {
namespace {

struct Interval {
    Moment start = 0, end = 0;
    Moment length() const { return end > start ? end - start : 0; }
};

Interval common(Interval a, Interval b) {
    return {std::max(a.start, b.start), std::min(a.end, b.end)};
}

// Time in which everything about an application stays the same.
struct Segment {
    Interval time;
    Doing doing = Doing::Holding;
    bool muted = false, ownMute = false, assumed = false;
    std::uint64_t rate = 0;
};

// Several activities at a time, of several processes: the liveliest counts.
Segment together(Interval time, const std::vector<const ActivitySpan*>& going) {
    Segment segment{time, Doing::Holding, false, false, true, 0};
    for (const auto* one : going)
        segment.doing = std::max(segment.doing, one->doing);
    for (const auto* one : going) {
        segment.muted = segment.muted || one->muted;
        segment.ownMute = segment.ownMute || one->ownMute;
        if (one->doing != segment.doing)
            continue;
        segment.assumed = segment.assumed && one->assumed;
        segment.rate += one->rate;
    }
    return segment;
}

std::vector<Segment> segmentsOf(std::vector<const ActivitySpan*> spans) {
    std::vector<Moment> edges;
    for (const auto* span : spans)
        edges.insert(edges.end(), {span->start, span->end});
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    std::sort(spans.begin(), spans.end(), [](const auto* a, const auto* b) { return a->start < b->start; });
    std::vector<Segment> segments;
    std::vector<const ActivitySpan*> going;
    auto next = spans.begin();
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        std::erase_if(going, [&](const auto* span) { return span->end <= edges[i]; });
        for (; next != spans.end() && (*next)->start <= edges[i]; ++next)
            if ((*next)->end > edges[i])
                going.push_back(*next);
        if (!going.empty())
            segments.push_back(together({edges[i], edges[i + 1]}, going));
    }
    return segments;
}

struct Judgement {
    Class judged = Class::Unjudged;
    std::uint64_t judgedUsec = 0;
    std::uint32_t wakeups = 0;
};

// `segments` are within the mute. `wasThere`: it had captured before, so that to have no stream means to have let go.
Judgement judge(Interval mute, const std::vector<Segment>& segments, bool wasThere) {
    Judgement judgement;
    const Moment settled = mute.start + reactionTime;
    Interval judged{settled, mute.end};
    const bool joined = !wasThere && !segments.empty() && segments.front().time.start > settled;
    if (joined)
        judged.start = segments.front().time.start;
    std::uint64_t asked = 0, held = 0;
    std::optional<Moment> askedUntil;
    for (const auto& segment : segments) {
        const auto length = common(segment.time, judged).length();
        if (segment.doing != Doing::Asking) {
            held += length;
            continue;
        }
        asked += length;
        if (segment.time.start >= settled && askedUntil != segment.time.start)
            judgement.wakeups++;
        askedUntil = segment.time.end;
    }
    const std::uint64_t all = judged.length();
    if (all < leastJudged)
        return judgement;
    judgement.judgedUsec = all;
    // Its first stream is where it joins in, and no return.
    const bool began = joined && segments.front().doing == Doing::Asking;
    const std::uint32_t returns = judgement.wakeups - (began ? 1 : 0);
    // One return is a restart, or a device that was changed.
    if (asked * 10 >= all * 8 || (asked * 2 >= all && returns <= 1))
        judgement.judged = Class::Continuous;
    else if (returns > 0)
        judgement.judged = Class::Periodic;
    else if (held > 0 && held * 2 >= all - asked)
        judgement.judged = Class::Held;
    else
        judgement.judged = Class::Released;
    return judgement;
}

// Time by class; the one with most of it, and of two the more telling.
class Tally {
  public:
    void add(const Judgement& judgement) {
        if (judgement.judged != Class::Unjudged)
            time_[static_cast<std::size_t>(judgement.judged)] += judgement.judgedUsec;
    }
    Class most() const {
        const auto it = std::max_element(time_.begin(), time_.end());
        return *it == 0 ? Class::Unjudged : classes[static_cast<std::size_t>(it - time_.begin())];
    }

  private:
    std::array<std::uint64_t, classes.size()> time_{};
};

// Everything about one application. Who it is counts, not how it happens to be called.
struct About {
    std::vector<const ActivitySpan*> activities;
    std::vector<const SessionSpan*> sessions;
};
using Name = std::pair<std::string, bool>; // AppId; whether it only claims to be that

class RowMaker {
  public:
    RowMaker(const std::vector<Interval>& mutes, const About& about)
        : mutes_(mutes)
        , about_(about)
        , segments_(segmentsOf(about.activities))
        , captures_(capturesOf(about)) {}

    std::optional<ReportRow> make() {
        nameIt();
        auto next = segments_.begin();
        for (const Interval mute : mutes_)
            addMute(mute, next);
        addOwnMutes();
        if (row_.mutes == 0 && row_.ownMutedUsec == 0)
            return std::nullopt;
        row_.judged = tally_.most();
        nameSources();
        keepNewest(row_.periods, mostPeriods);
        keepNewest(row_.stretches, mostStretches);
        return std::move(row_);
    }

  private:
    void nameIt() {
        Moment newest = 0;
        const auto consider = [&](Moment start, const Who& who) {
            if (start < newest)
                return;
            newest = start;
            row_.app = who.appId;
            row_.name = who.name;
            row_.identity = who.identity;
        };
        for (const auto* session : about_.sessions)
            consider(session->start, session->who);
        for (const auto* activity : about_.activities)
            consider(activity->start, activity->who);
        row_.levelMeter = std::all_of(about_.sessions.begin(), about_.sessions.end(),
                                      [](const auto* s) { return s->levelMeter; }) &&
                          std::all_of(about_.activities.begin(), about_.activities.end(),
                                      [](const auto* a) { return a->levelMeter; });
    }

    // Mutes come in order, and so do segments.
    void addMute(Interval mute, std::vector<Segment>::iterator& next) {
        std::vector<Segment> within;
        while (next != segments_.end() && next->time.end <= mute.start)
            ++next;
        for (auto it = next; it != segments_.end() && it->time.start < mute.end; ++it) {
            Segment segment = *it;
            segment.time = common(segment.time, mute);
            // What was read while it was not muted is not about the mute, though the clock may have been set meanwhile.
            if (segment.muted && segment.time.length() > 0)
                within.push_back(segment);
        }
        const bool wasThere = hadCapturedBefore(mute.start);
        if (within.empty() && !wasThere)
            return;
        row_.mutes++;
        row_.mutedUsec += mute.length();
        for (const auto& segment : within)
            addSegment(segment);
        const Judgement judgement = judge(mute, within, wasThere);
        row_.wakeups += judgement.wakeups;
        tally_.add(judgement);
        if (judgement.judged != Class::Unjudged)
            row_.counts[static_cast<std::size_t>(judgement.judged)]++;
        row_.periods.push_back({mute.start, mute.end, judgement.judged});
    }

    void addSegment(const Segment& segment) {
        const std::uint64_t length = segment.time.length();
        (segment.doing == Doing::Asking ? row_.askedUsec : row_.heldUsec) += length;
        if (segment.assumed)
            row_.assumedUsec += length;
        if (segment.doing == Doing::Asking)
            row_.samples += static_cast<std::uint64_t>(
                std::llround(static_cast<double>(length) * 1e-6 * static_cast<double>(segment.rate)));
        auto& stretches = row_.stretches;
        if (!stretches.empty() && stretches.back().end == segment.time.start &&
            stretches.back().doing == segment.doing && stretches.back().assumed == segment.assumed)
            stretches.back().end = segment.time.end;
        else
            stretches.push_back({segment.time.start, segment.time.end, segment.doing, segment.assumed});
    }

    // Level meters come and go with the windows of a mixer.
    static std::vector<Interval> capturesOf(const About& about) {
        std::vector<Interval> captures;
        for (const auto* session : about.sessions)
            if (!session->levelMeter)
                captures.push_back({session->start, session->end});
        std::sort(captures.begin(), captures.end(), [](Interval a, Interval b) { return a.start < b.start; });
        for (std::size_t i = 1; i < captures.size(); ++i)
            captures[i].end = std::max(captures[i].end, captures[i - 1].end);
        return captures;
    }

    bool hadCapturedBefore(Moment moment) const {
        const auto after =
            std::upper_bound(captures_.begin(), captures_.end(), moment,
                             [](Moment wanted, Interval capture) { return wanted < capture.start; });
        return after != captures_.begin() && std::prev(after)->end + justBefore >= moment;
    }

    // Where it mutes itself and closes its streams, nothing is seen of it any more: an own mute lasts as long as it has one.
    void addOwnMutes() {
        Tally tally;
        std::vector<Segment> mute;
        const auto close = [&] {
            if (!mute.empty())
                tally.add(judge({mute.front().time.start, mute.back().time.end}, mute, true));
            mute.clear();
        };
        for (const auto& segment : segments_) {
            if (!segment.ownMute || (!mute.empty() && mute.back().time.end != segment.time.start))
                close();
            if (!segment.ownMute)
                continue;
            mute.push_back(segment);
            row_.ownMutedUsec += segment.time.length();
            if (segment.doing == Doing::Asking)
                row_.ownAskedUsec += segment.time.length();
        }
        close();
        row_.ownJudged = tally.most();
    }

    void nameSources() {
        std::map<std::string, std::uint64_t> asked;
        for (const auto* activity : about_.activities)
            if (activity->doing == Doing::Asking && !activity->source.empty())
                asked[activity->source] += Interval{activity->start, activity->end}.length();
        for (const auto& [source, time] : asked)
            row_.sources.push_back(source);
        std::stable_sort(row_.sources.begin(), row_.sources.end(),
                         [&](const auto& a, const auto& b) { return asked.at(a) > asked.at(b); });
        row_.sources.resize(std::min(row_.sources.size(), mostSources));
    }

    template <typename T>
    static void keepNewest(std::vector<T>& all, std::size_t most) {
        if (all.size() > most)
            all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(most));
    }

    const std::vector<Interval>& mutes_;
    const About& about_;
    std::vector<Segment> segments_;
    std::vector<Interval> captures_; // by start; each ends when the last of those up to it does
    Tally tally_;
    ReportRow row_;
};

// Of which only a client that was about to be known has said that it is.
bool isPassing(const Name& name, const About& about) {
    Moment total = 0;
    for (const auto* activity : about.activities)
        total += Interval{activity->start, activity->end}.length();
    for (const auto* session : about.sessions)
        total += Interval{session->start, session->end}.length();
    return name.second && total < leastClaimed;
}

// In order, and none over another: a guard that was killed may have written down an end that it did not see.
std::vector<Interval> mutesOf(const std::vector<MuteSpan>& spans, Interval period) {
    std::vector<Interval> mutes;
    for (const auto& span : spans)
        if (const Interval mute = common({span.start, span.end}, period); mute.length() > 0)
            mutes.push_back(mute);
    std::sort(mutes.begin(), mutes.end(), [](Interval a, Interval b) { return a.start < b.start; });
    for (std::size_t i = 1; i < mutes.size(); ++i)
        mutes[i].start = std::max(mutes[i].start, mutes[i - 1].end);
    std::erase_if(mutes, [](Interval mute) { return mute.length() == 0; });
    return mutes;
}

} // namespace

std::vector<ReportRow> report(const Recorded& recorded, Moment since, Moment until) {
    const Interval period{since, until};
    const auto nameOf = [](const Who& who) { return Name{who.appId, who.identity == "claimed"}; };
    std::vector<ActivitySpan> activities;
    for (ActivitySpan span : recorded.activities) {
        const Interval time = common({span.start, span.end}, period);
        span.start = time.start;
        span.end = time.end;
        if (time.length() > 0)
            activities.push_back(std::move(span));
    }
    std::map<Name, About> applications;
    for (const auto& activity : activities)
        applications[nameOf(activity.who)].activities.push_back(&activity);
    for (const auto& session : recorded.sessions)
        applications[nameOf(session.who)].sessions.push_back(&session);
    const auto mutes = mutesOf(recorded.mutes, period);
    std::vector<ReportRow> rows;
    for (const auto& [name, about] : applications)
        if (auto row = isPassing(name, about) ? std::nullopt : RowMaker(mutes, about).make())
            rows.push_back(std::move(*row));
    std::sort(rows.begin(), rows.end(), [](const ReportRow& a, const ReportRow& b) {
        return std::tuple(a.levelMeter, a.judged, b.askedUsec, a.app, a.identity) <
               std::tuple(b.levelMeter, b.judged, a.askedUsec, b.app, b.identity);
    });
    rows.resize(std::min(rows.size(), mostRows));
    return rows;
}

} // namespace micguard::history
