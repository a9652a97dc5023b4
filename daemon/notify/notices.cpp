// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/notify/notices.hpp"

#include <algorithm>
#include <charconv>

namespace micguard {
namespace {

// Five at once, then one in twenty seconds: whoever starts programs in a loop shall not bury what matters.
constexpr double most = 5;
constexpr double perMicrosecond = 1.0 / 20'000'000;
// The further ones come up when these are answered.
constexpr std::size_t mostQuestions = 4;
// Names that are remembered; beyond that nobody is new any more.
constexpr std::size_t mostKnown = 1024;
constexpr std::size_t longestName = 60;
constexpr std::size_t longestText = 240;

constexpr std::string_view questionPrefix = "question:";
constexpr const char* microphoneIcon = "audio-input-microphone";
constexpr const char* mutedIcon = "microphone-sensitivity-muted";

// What others say of themselves is one line here, with nothing in it that a shell would draw in another way than it stands.
// The View's texts are UTF-8 without control characters; what is left to do is to cut them.
std::string line(std::string_view text, std::size_t longest) {
    if (text.size() <= longest)
        return std::string(text);
    while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0U) == 0x80U)
        --longest;
    return std::string(text.substr(0, longest)) + "…";
}

std::string nameOf(const ApplicationView& application) {
    const std::string& name = !application.name.empty()    ? application.name
                              : !application.appId.empty() ? application.appId
                                                           : application.executable;
    return name.empty() ? "An application without a name" : line(name, longestName);
}

// Whose it is to be told of once, whatever path it has this time.
std::string whoIs(const ApplicationView& application) {
    return application.appId.empty() ? application.executable + "\n" + application.name : application.appId;
}

// A name, not a path: an application would have the notification server open a file of its choice.
std::string iconOf(const ApplicationView& application) {
    const bool sound = !application.iconName.empty() && application.iconName.size() <= 128 &&
                       std::all_of(application.iconName.begin(), application.iconName.end(), [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                  (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
                       });
    return sound ? application.iconName : microphoneIcon;
}

const ApplicationView* find(const View& view, std::uint64_t key) {
    const auto it =
        std::find_if(view.applications.begin(), view.applications.end(),
                     [key](const ApplicationView& application) { return application.key == key; });
    return it == view.applications.end() ? nullptr : &*it;
}

std::string microphoneOf(const View& view, const ApplicationView& application) {
    for (const auto& stream : view.streams)
        for (const auto& source : view.sources)
            if (stream.application == application.key && stream.source == source.key)
                return line(source.description.empty() ? source.name : source.description, longestName);
    return {};
}

std::string whoSays(const ApplicationView& application) {
    const std::string what = !application.sandbox.empty()
                                 ? application.appId + " (" + application.sandbox + ")"
                                 : application.executable;
    if (application.identity == "claimed")
        return "Its name is only what it says of itself" +
               (what.empty() ? "." : ": " + line(what, longestText));
    return line(what, longestText);
}

Notice questionAbout(const View& view, const ApplicationView& application,
                     const Notices::Question& question) {
    Notice notice;
    notice.summary = nameOf(application) + " wants to listen";
    std::string microphone = question.microphone;
    for (const auto& source : view.sources)
        if (source.name == microphone && !source.description.empty())
            microphone = source.description;
    notice.body = (microphone.empty() ? "" : "To " + line(microphone, longestName) + ". ") +
                  "It hears silence until you have answered.";
    if (const auto who = whoSays(application); !who.empty())
        notice.body += "\n" + who;
    if (!question.failed.empty())
        notice.body += "\nYour last answer was not taken: " + line(question.failed, longestText);
    notice.icon = iconOf(application);
    notice.urgency = Notice::Urgency::Critical;
    notice.stays = true;
    notice.actions.emplace_back(Notices::allowOnce, "Allow once");
    // Who is only claimed cannot be allowed for always; and what could not be remembered is not offered again.
    if (application.identity != "claimed" && question.failed.empty())
        notice.actions.emplace_back(Notices::allowAlways, "Always");
    notice.actions.emplace_back(Notices::deny, "Deny");
    return notice;
}

} // namespace

std::optional<std::uint64_t> Notices::questionOf(const std::string& key) {
    std::uint64_t number = 0;
    const std::string_view text = key;
    if (!text.starts_with(questionPrefix))
        return std::nullopt;
    const auto from = text.substr(questionPrefix.size());
    const auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

bool Notices::mayTell(Instant now) {
    if (at_ == 0)
        left_ = most;
    else if (now > at_)
        left_ = std::min(most, left_ + static_cast<double>(now - at_) * perMicrosecond);
    at_ = std::max<Instant>(now, 1);
    if (left_ < 1)
        return false;
    left_ -= 1;
    return true;
}

void Notices::blocked(const ApplicationView& application) {
    if (blocked_.size() < mostKnown)
        blocked_.insert(application.key);
}

Notices::Wanted Notices::follow(const View& view, const Questions& questions,
                                const Settings::Notify& settings, bool locked, Instant now) {
    if (locked) {
        open_.clear();
        about_.clear();
    }
    followCaptures(view, settings.capture, locked, now);
    followBlocked(view, settings.blocked, locked, now);
    followBypasses(view, settings.bypass, locked, now);
    began_ = true;
    if (locked)
        return {};
    Wanted wanted = open_;
    std::size_t asked = 0;
    for (const auto& [key, question] : questions) {
        const ApplicationView* application = settings.questions ? find(view, key) : nullptr;
        if (!application || asked++ >= mostQuestions)
            continue;
        wanted.emplace(std::string(questionPrefix) + std::to_string(key) + ":" +
                           std::to_string(question.attempt),
                       questionAbout(view, *application, question));
    }
    return wanted;
}

void Notices::followCaptures(const View& view, Settings::Notify::Capture wanted, bool locked, Instant now) {
    using Capture = Settings::Notify::Capture;
    std::set<std::uint64_t> capturing;
    for (const auto& application : view.applications) {
        if (application.state != "capturing" || application.levelMeterOnly)
            continue;
        capturing.insert(application.key);
        if (capturing_.contains(application.key))
            continue;
        const bool first = known_.size() < mostKnown && known_.insert(whoIs(application)).second;
        // Whoever listens when the guard starts does not begin to.
        if (!began_ || locked || wanted == Capture::Off || (wanted == Capture::First && !first) ||
            !mayTell(now))
            continue;
        const std::string key = "capture:" + std::to_string(application.key),
                          microphone = microphoneOf(view, application);
        open_[key] = {nameOf(application) + " listens",
                      microphone.empty() ? "" : "To " + microphone,
                      iconOf(application),
                      Notice::Urgency::Low,
                      false,
                      {}};
        about_[key] = application.key;
    }
    capturing_ = std::move(capturing);
    std::erase_if(open_, [&](const auto& entry) {
        return entry.first.starts_with("capture:") &&
               (wanted == Capture::Off || !capturing_.contains(about_.at(entry.first)));
    });
}

void Notices::followBlocked(const View& view, bool wanted, bool locked, Instant now) {
    if (!view.guard.muted) {
        blocked_.clear();
        blockedTold_.clear();
    }
    for (const std::uint64_t who : std::exchange(blocked_, {})) {
        const ApplicationView* application = find(view, who);
        // By name: one that is started anew during the same mute is no news.
        if (!application || locked || !wanted || blockedTold_.size() >= mostKnown ||
            !blockedTold_.insert(whoIs(*application)).second || !mayTell(now))
            continue;
        const std::string key = "blocked:" + std::to_string(who),
                          microphone = microphoneOf(view, *application);
        open_[key] = {nameOf(*application) + " hears silence: you are muted",
                      microphone.empty() ? "" : "It has opened " + microphone,
                      mutedIcon,
                      Notice::Urgency::Normal,
                      false,
                      {}};
        about_[key] = who;
    }
    std::erase_if(open_, [&](const auto& entry) {
        return entry.first.starts_with("blocked:") &&
               (!wanted || !view.guard.muted || !find(view, about_.at(entry.first)));
    });
}

void Notices::followBypasses(const View& view, bool wanted, bool locked, Instant now) {
    std::set<std::string> there;
    for (const auto& warning : view.guard.warnings) {
        if (!warning.id.starts_with("bypass:"))
            continue;
        there.insert(warning.id);
        if (bypasses_.contains(warning.id) || locked || !wanted || !mayTell(now))
            continue;
        open_[warning.id] = {"A microphone can be heard past micguard",
                             line(warning.text, longestText),
                             "dialog-warning",
                             Notice::Urgency::Normal,
                             false,
                             {}};
    }
    // What came up while the screen was locked is told when it no longer is.
    if (!locked)
        bypasses_ = there;
    else
        std::erase_if(bypasses_, [&](const std::string& id) { return !there.contains(id); });
    std::erase_if(open_, [&](const auto& entry) {
        return entry.first.starts_with("bypass:") && (!wanted || !there.contains(entry.first));
    });
}

} // namespace micguard
