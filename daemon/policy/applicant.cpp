// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/applicant.hpp"

#include "config/glob.hpp"
#include "config/wording.hpp"
#include "daemon/model/path.hpp"
#include "daemon/policy/identity.hpp"

#include <algorithm>
#include <map>

namespace micguard {
namespace {

constexpr std::size_t mostListed = 8;

bool isPath(std::string_view text) {
    return text.starts_with('/');
}

bool alike(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
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

// "Call (/usr/bin/call), Zoom (us.zoom.Zoom)", for people.
std::string listed(const std::map<std::string, std::string>& names) {
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
    std::map<std::string, std::string> called, all; // AppId, name
    for (const auto& application : shown) {
        if (application.appId.empty())
            continue;
        if (application.appId == text)
            return text;
        all.emplace(application.appId, application.name);
        if (alike(application.name, text) || (!isPath(text) && alike(baseName(application.executable), text)))
            called.emplace(application.appId, application.name);
    }
    if (called.size() == 1)
        return called.begin()->first;
    if (called.size() > 1)
        return tl::unexpected(NotFound{true, "several applications are called " + cited(text) + ": " +
                                                 listed(called) + "; say which by its AppId"});
    const auto& rules = model.settings.rules;
    const std::string literal = globLiteral(text);
    if (looksLikeAppId(text) ||
        std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.match.app == literal; }))
        return text;
    return tl::unexpected(NotFound{
        false, "no application is called " + cited(text) +
                   (all.empty() ? "; none listens" : "; there are: " + listed(all)) +
                   "; one that does not run is named by its AppId, as org.example.App or /usr/bin/example"});
}

} // namespace micguard
