// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/journal/telling.hpp"

#include <algorithm>
#include <utility>

namespace micguard::journal {
namespace {

constexpr double most = 20;
constexpr double perMicrosecond = 1.0 / 10'000'000;
// Whoever calls under more names than that shares one allowance among the rest of them.
constexpr std::ptrdiff_t mostCallers = 64;
constexpr Instant countedFor = 60'000'000;

std::vector<std::pair<std::string_view, std::string>> fieldsOf(const About& about,
                                                               const std::string& reason) {
    return {{"MICGUARD_APP", about.app},
            {"MICGUARD_APP_NAME", about.name},
            {"MICGUARD_IDENTITY", about.identity},
            {"MICGUARD_PID", about.pid == 0 ? std::string() : std::to_string(about.pid)},
            {"MICGUARD_SOURCE", about.source},
            {"MICGUARD_REASON", reason}};
}

bool isBypass(const WarningView& warning) {
    return warning.id.starts_with("bypass:");
}

Line lineOf(Kind kind, const WarningView& warning, const std::string& message) {
    return journal::lineOf(kind, message,
                           {{"MICGUARD_WARNING", warning.id},
                            {"MICGUARD_REASON", warning.text},
                            {"MICGUARD_APP", warning.app},
                            {"MICGUARD_PID", warning.pid == 0 ? std::string() : std::to_string(warning.pid)},
                            {"MICGUARD_DEVICE", warning.device}});
}

Line beginning(const WarningView& warning) {
    const Kind kind = isBypass(warning)                     ? Kind::Bypassed
                      : warning.id.starts_with("degraded:") ? Kind::Degraded
                                                            : Kind::Warned;
    return lineOf(kind, warning, warning.text);
}

Line ending(const WarningView& warning) {
    return lineOf(isBypass(warning) ? Kind::BypassOver : Kind::WarningOver, warning, "over: " + warning.text);
}

} // namespace

About aboutOf(const View& view, const ApplicationView& application, const std::string& source) {
    About about{application.appId.empty() ? application.name : application.appId, application.name,
                application.identity, 0, source};
    for (const auto& stream : view.streams) {
        if (stream.application != application.key)
            continue;
        if (about.pid == 0)
            about.pid = stream.pid;
        for (const auto& shown : view.sources)
            if (about.source.empty() && shown.key == stream.source)
                about.source = shown.name;
    }
    return about;
}

void Telling::Allowance::grow(Instant now) {
    if (now > at)
        left = std::min(most, left + static_cast<double>(now - at) * perMicrosecond);
    at = now;
}

bool Telling::mayTell(const Topic& topic, Instant now) {
    Allowance& allowance = allowances_[topic];
    allowance.grow(now);
    if (allowance.left >= 1) {
        allowance.left -= 1;
        return true;
    }
    if (allowance.omitted++ == 0)
        allowance.since = now;
    return false;
}

void Telling::tell(std::vector<Line>& lines, Line line, Instant now) {
    if (mayTell({line.kind, {}}, now))
        lines.push_back(std::move(line));
}

Telling::Topic Telling::refusalsOf(const std::string& app, Instant now) {
    const Topic own{Kind::Refused, app};
    if (allowances_.contains(own))
        return own;
    // Those that have all of it back begin anew with as much.
    for (auto& [topic, allowance] : allowances_)
        allowance.grow(now);
    std::erase_if(allowances_,
                  [](const auto& entry) { return entry.second.left >= most && entry.second.omitted == 0; });
    const auto callers = std::count_if(allowances_.begin(), allowances_.end(),
                                       [](const auto& entry) { return !entry.first.app.empty(); });
    return callers < mostCallers ? own : Topic{};
}

std::vector<Line> Telling::muted(bool muted, const std::string& reason, const std::string& mode,
                                 Instant now) {
    std::vector<Line> lines;
    const std::string why = reason.empty() ? "" : " (" + reason + ")";
    if (muted)
        tell(lines,
             journal::lineOf(Kind::Muted, "microphones are muted" + why,
                             {{"MICGUARD_REASON", reason}, {"MICGUARD_MODE", mode}}),
             now);
    else
        tell(
            lines,
            journal::lineOf(Kind::Unmuted, "microphones are live again" + why, {{"MICGUARD_REASON", reason}}),
            now);
    return lines;
}

std::vector<Line> Telling::blocked(const About& about, const std::string& reason, Instant now) {
    std::vector<Line> lines;
    tell(lines,
         journal::lineOf(Kind::Blocked, about.name + " asks for a microphone and does not get it: " + reason,
                         fieldsOf(about, reason)),
         now);
    return lines;
}

std::vector<Line> Telling::asked(const About& about, const std::string& reason, Instant now) {
    std::vector<Line> lines;
    tell(lines,
         journal::lineOf(Kind::Asked,
                         about.name + " waits for somebody to say whether it may listen: " + reason,
                         fieldsOf(about, reason)),
         now);
    return lines;
}

std::vector<Line> Telling::answered(const About& about, const std::string& answer, const std::string& by,
                                    Instant now) {
    auto fields = fieldsOf(about, by);
    fields.emplace_back("MICGUARD_ANSWER", answer);
    std::vector<Line> lines;
    tell(lines,
         journal::lineOf(Kind::Answered, about.name + ": " + answer + ", says " + by, std::move(fields)),
         now);
    return lines;
}

std::vector<Line> Telling::lapsed(const About& about, Instant now) {
    std::vector<Line> lines;
    tell(lines,
         journal::lineOf(Kind::Lapsed, about.name + " no longer asks for a microphone; nobody had answered",
                         fieldsOf(about, "")),
         now);
    return lines;
}

std::vector<Line> Telling::refused(const std::string& app, std::uint32_t pid, const std::string& reason,
                                   Instant now) {
    if (!mayTell(refusalsOf(app, now), now))
        return {};
    return {journal::lineOf(Kind::Refused, "refused on the bus: " + reason,
                            {{"MICGUARD_APP", app},
                             {"MICGUARD_PID", pid == 0 ? std::string() : std::to_string(pid)},
                             {"MICGUARD_REASON", reason}})};
}

std::vector<Line> Telling::warnings(const std::vector<WarningView>& current, Instant at) {
    std::vector<Line> lines;
    std::map<std::string, const WarningView*> holding;
    for (const auto& warning : current)
        holding.try_emplace(warning.id, &warning);
    for (const auto& [id, known] : known_)
        if (known.told && !holding.contains(id))
            lines.push_back(ending(known.warning)); // no more of them than were told to begin
    std::erase_if(known_, [&](const auto& entry) { return !holding.contains(entry.first); });
    for (const auto& [id, warning] : holding) {
        Known& known = known_[id];
        if (known.warning == *warning)
            continue;
        known.warning = *warning;
        Line line = beginning(*warning);
        if (!mayTell({line.kind, {}}, at))
            continue;
        known.told = true;
        lines.push_back(std::move(line));
    }
    return lines;
}

std::vector<Line> Telling::omitted(Instant now) {
    std::vector<Line> lines;
    for (auto& [topic, allowance] : allowances_) {
        if (allowance.omitted == 0 || now < allowance.since + countedFor)
            continue;
        const std::string count = std::to_string(std::exchange(allowance.omitted, 0));
        const std::string word(factsOf(topic.kind).word);
        const std::string whose = topic.app.empty() ? "" : ", about " + topic.app + ",";
        lines.push_back(journal::lineOf(
            Kind::Omitted, count + " further lines of the kind \"" + word + "\"" + whose + " were left out",
            {{"MICGUARD_OMITTED", count}, {"MICGUARD_KIND", word}, {"MICGUARD_APP", topic.app}}));
    }
    return lines;
}

std::optional<Instant> Telling::due() const {
    std::optional<Instant> first;
    for (const auto& [topic, allowance] : allowances_)
        if (allowance.omitted > 0 && (!first || allowance.since + countedFor < *first))
            first = allowance.since + countedFor;
    return first;
}

} // namespace micguard::journal
