// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/history/chronicle.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace micguard::history {
namespace {

// Clients may call themselves what they like, at any length.
constexpr std::size_t longestText = 1024;

std::string kept(const std::string& text) {
    if (text.size() <= longestText)
        return text;
    std::size_t end = longestText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
        end--; // not in the midst of a character
    return text.substr(0, end);
}

// As CaptureStarted says it (daemon/bus/objects.cpp); level meters, which do not count there, are marked here.
bool captures(const StreamView& stream) {
    return stream.source != 0 && (stream.state == "capturing" || stream.state == "silenced");
}

// Ends what is in `open` and not in `now`, and gives what is new a key.
template <typename Ended, typename Name, typename Begin>
void compare(std::map<Name, Key>& open, const std::set<Name>& present, Moment now,
             std::vector<Record>& records, Begin begin) {
    for (auto it = open.begin(); it != open.end();)
        if (present.contains(it->first)) {
            ++it;
        } else {
            records.emplace_back(Ended{it->second, now});
            it = open.erase(it);
        }
    for (const auto& name : present)
        if (!open.contains(name))
            open.emplace(name, begin(name));
}

} // namespace

Who whoIs(const ApplicationView& application) {
    return {kept(application.appId), kept(application.name), application.identity};
}

std::vector<Record> Chronicle::follow(const View& view, Moment now) {
    std::vector<Record> records;
    followMute(view.guard, now, records);
    followSessions(view, now, records);
    activity_.follow(
        view, now, [this] { return newKey(); }, records);
    followWarnings(view.guard, now, records);
    return records;
}

// One from the first who wants it to the last: others that join in meanwhile are not told apart.
void Chronicle::followMute(const GuardView& guard, Moment now, std::vector<Record>& records) {
    const bool another = mute_ && (!guard.muted || guard.mutedSince != muteBegan_);
    if (another)
        records.emplace_back(MuteEnded{*std::exchange(mute_, std::nullopt), now});
    if (!guard.muted || mute_)
        return;
    mute_ = newKey();
    muteBegan_ = guard.mutedSince;
    const HoldView hold = guard.holds.empty() ? HoldView{} : guard.holds.front();
    records.emplace_back(
        MuteBegan{*mute_, muteBegan_ ? muteBegan_ : now, kept(hold.owner), kept(hold.reason)});
}

void Chronicle::followSessions(const View& view, Moment now, std::vector<Record>& records) {
    std::set<Listening> present;
    for (const auto& stream : view.streams)
        if (captures(stream))
            present.insert({stream.application, stream.source, stream.levelMeter});
    compare<SessionEnded>(sessions_, present, now, records, [&](const Listening& listening) {
        SessionBegan began{newKey(), now, {}, {}, listening.levelMeter};
        for (const auto& application : view.applications)
            if (application.key == listening.application)
                began.who = whoIs(application);
        for (const auto& source : view.sources)
            if (source.key == listening.source)
                began.source = kept(source.name);
        records.emplace_back(began);
        return began.key;
    });
}

void Chronicle::followWarnings(const GuardView& guard, Moment now, std::vector<Record>& records) {
    std::set<std::string> present;
    for (const auto& warning : guard.warnings)
        present.insert(warning.id);
    compare<WarningEnded>(warnings_, present, now, records, [&](const std::string& id) {
        const auto warning = std::find_if(guard.warnings.begin(), guard.warnings.end(),
                                          [&](const WarningView& one) { return one.id == id; });
        const Key key = newKey();
        records.emplace_back(WarningBegan{key, now, kept(id), kept(warning->text)});
        return key;
    });
}

std::vector<Record> Chronicle::endAll(Moment now) {
    std::vector<Record> records;
    records.reserve(sessions_.size() + warnings_.size());
    for (const auto& [listening, key] : sessions_)
        records.emplace_back(SessionEnded{key, now});
    for (const auto& [id, key] : warnings_)
        records.emplace_back(WarningEnded{key, now});
    activity_.endAll(now, records);
    sessions_.clear();
    warnings_.clear();
    return records;
}

void Chronicle::forget() {
    activity_.forget();
    mute_.reset();
    sessions_.clear();
    warnings_.clear();
}

} // namespace micguard::history
