// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/applicant.hpp"

#include "config/glob.hpp"
#include "config/wording.hpp"
#include "daemon/model/path.hpp"
#include "daemon/policy/identity.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

namespace micguard {
namespace {

constexpr std::size_t mostListed = 8;

bool isPath(std::string_view text) {
    return text.starts_with('/');
}

bool alike(std::string_view a, std::string_view b) {
    return lowered(a) == lowered(b);
}

// "/usr/bin/example", "org.example.App"
bool looksLikeAppId(std::string_view text) {
    if (isPath(text))
        return !text.ends_with('/');
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    };
    return std::all_of(text.begin(), text.end(), fits) && !text.starts_with('.') && !text.ends_with('.') &&
           text.find('.') != std::string_view::npos;
}

Subject knownBy(const std::string& appId) {
    Subject subject;
    subject.app = {appId, true};
    if (isPath(appId)) {
        subject.executable = subject.app;
        subject.process = {std::string(baseName(appId)), true};
    }
    return subject;
}

// The AppId that it has once it runs, as far as the desktop's files tell (identity.cpp): who starts something else than what then
// runs is known by that.
std::string appIdOf(const DesktopEntries& desktop, const DesktopEntry& entry) {
    if (!entry.flatpak.empty() || !entry.snap.empty())
        return entry.flatpak.empty() ? entry.snap : entry.flatpak;
    const DesktopEntry* first = desktop.ofExecutable(entry.executable);
    return !first ? entry.id : first->system ? first->id : entry.executable;
}

using Named = std::map<std::string, std::string>; // AppId, name

// What is called so, and what almost is.
std::pair<Named, Named> installed(const DesktopEntries& desktop, const std::string& text) {
    Named called, similar;
    for (const auto& entry : desktop.all()) {
        const std::array names{entry.id, entry.name, entry.flatpak, entry.snap,
                               std::string(baseName(entry.executable))};
        if (std::any_of(names.begin(), names.end(), [&](const auto& name) { return alike(name, text); }))
            called.emplace(appIdOf(desktop, entry), entry.name);
        else if (lowered(entry.id).find(lowered(text)) != std::string::npos ||
                 lowered(entry.name).find(lowered(text)) != std::string::npos)
            similar.emplace(appIdOf(desktop, entry), entry.name);
    }
    return {std::move(called), std::move(similar)};
}

// "Call (/usr/bin/call), Zoom (us.zoom.Zoom)", for people.
std::string listed(const Named& names) {
    std::string text;
    std::size_t count = 0;
    for (const auto& [appId, name] : names) {
        if (++count > mostListed)
            return text + " …";
        text += text.empty() ? "" : ", ";
        text += name.empty() ? printable(appId) : printable(name, 60) + " (" + printable(appId) + ")";
    }
    return text;
}

} // namespace

Applicant applicantOf(const Model& model, const std::set<GlobalId>& managers, const std::string& appId) {
    Applicant applicant{appId, {}, {}};
    for (const auto& [id, client] : model.graph.clients) {
        if (client.self || client.inServer || managers.contains(id))
            continue;
        bool counted = false;
        for (auto& subject : subjectsOf(model.graph, client)) {
            if (subject.app.value != appId)
                continue;
            if (!std::exchange(counted, true))
                applicant.clients.push_back(&client);
            if (std::find(applicant.subjects.begin(), applicant.subjects.end(), subject) ==
                applicant.subjects.end())
                applicant.subjects.push_back(std::move(subject));
        }
    }
    if (applicant.subjects.empty())
        applicant.subjects.push_back(knownBy(appId));
    return applicant;
}

tl::expected<std::string, NotFound> findAppId(const Model& model, const std::set<GlobalId>& managers,
                                              const std::vector<ApplicationView>& shown,
                                              const std::string& text) {
    if (text.empty())
        return tl::unexpected(NotFound{false, "an application has an AppId, this is none"});
    if (!applicantOf(model, managers, text).clients.empty())
        return text;
    Named called, all;
    for (const auto& application : shown) {
        if (application.appId.empty())
            continue;
        if (application.appId == text)
            return text;
        all.emplace(application.appId, application.name);
        if (alike(application.name, text) || (!isPath(text) && alike(baseName(application.executable), text)))
            called.emplace(application.appId, application.name);
    }
    const auto& rules = model.settings.rules;
    const std::string literal = globLiteral(text);
    if (called.empty() &&
        (looksLikeAppId(text) || std::any_of(rules.begin(), rules.end(),
                                             [&](const Rule& rule) { return rule.match.app == literal; })))
        return text;
    // It does not run.
    Named similar;
    if (called.empty())
        std::tie(called, similar) = installed(model.desktop, text);
    if (called.size() == 1)
        return called.begin()->first;
    if (called.size() > 1)
        return tl::unexpected(NotFound{true, "several applications are called " + cited(text) + ": " +
                                                 listed(called) + "; say which by its AppId"});
    return tl::unexpected(NotFound{
        false, "no application is called " + cited(text) +
                   (all.empty() ? "; none listens" : "; there are: " + listed(all)) +
                   (similar.empty() ? "" : "; installed: " + listed(similar)) +
                   "; one that does not run is named by its AppId, as org.example.App or /usr/bin/example"});
}

} // namespace micguard
