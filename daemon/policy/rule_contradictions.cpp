// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/rule_contradictions.hpp"

#include "daemon/policy/company.hpp"
#include "daemon/policy/rule_pattern.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace micguard {
namespace {

constexpr std::size_t mostApplications = 256;
constexpr std::size_t mostMicrophones = 8;
constexpr std::size_t mostMoments = 64;

std::optional<std::string> literal(const std::optional<std::string>& glob) {
    if (!glob)
        return std::nullopt;
    const RulePattern pattern(*glob);
    return pattern.literal ? std::optional(pattern.text) : std::nullopt;
}

Fact known(const std::optional<std::string>& glob) {
    const auto text = literal(glob);
    return text ? Fact{*text, true} : Fact{};
}

Subject byPath(const std::string& appId) {
    Subject subject;
    subject.app = {appId, true};
    if (appId.starts_with('/')) {
        subject.executable = subject.app;
        subject.process = {appId.substr(appId.rfind('/') + 1), true};
    }
    return subject;
}

// Whom a rule is about, if it says so.
std::optional<Subject> subjectOf(const Rule::Match& match) {
    for (const auto* id : {&match.app, &match.flatpak, &match.snap, &match.executable})
        if (const auto text = literal(*id)) {
            Subject subject = byPath(*text);
            subject.unit = known(match.unit);
            subject.flatpak = known(match.flatpak);
            subject.snap = known(match.snap);
            for (const auto& [fact, glob] : {std::pair(&subject.executable, &match.executable),
                                             std::pair(&subject.process, &match.process)})
                if (*glob)
                    *fact = known(*glob);
            return subject;
        }
    return std::nullopt;
}

// Those that hang on others, and only they can be in a circle.
std::vector<Subject> applicationsIn(const RuleBook& book) {
    std::vector<Subject> found;
    std::set<std::string> there;
    const auto add = [&](Subject subject) {
        if (found.size() < mostApplications && !subject.app.value.empty() &&
            there.insert(subject.app.value).second)
            found.push_back(std::move(subject));
    };
    for (const auto& rule : book.rules())
        if (auto subject = subjectOf(rule.match))
            add(std::move(*subject));
    for (const auto& rule : book.rules())
        if (const auto other = literal(rule.when.capturing))
            add(byPath(*other));
    return found;
}

struct Microphone {
    std::string name;
    SourceKind kind = SourceKind::Hardware;
    auto operator<=>(const Microphone&) const = default;
};

// Any, and those that are spelled out.
std::set<Microphone> microphonesIn(const RuleBook& book) {
    std::set<Microphone> found{{}};
    for (const auto& rule : book.rules()) {
        Microphone microphone{literal(rule.match.source).value_or(""), SourceKind::Hardware};
        for (const SourceKind kind : {SourceKind::Hardware, SourceKind::Bluetooth, SourceKind::Virtual,
                                      SourceKind::Monitor, SourceKind::Network})
            if (rule.match.kind && *rule.match.kind == name(kind))
                microphone.kind = kind;
        if (found.size() < mostMicrophones)
            found.insert(std::move(microphone));
    }
    return found;
}

} // namespace

std::vector<Circumstances> momentsOf(const RuleBook& book) {
    bool days = false, locks = false;
    for (const auto& rule : book.rules()) {
        days = days || rule.when.days != 0x7f;
        locks = locks || rule.when.locked;
    }
    std::set<unsigned> minutes = book.boundaries().minutes;
    minutes.insert(0);
    std::vector<Circumstances> moments;
    for (const unsigned minute : minutes)
        for (unsigned weekday = 0; weekday < (days ? 7U : 1U); weekday++)
            for (const bool locked : {false, true})
                if ((locks || !locked) && moments.size() < mostMoments) {
                    moments.emplace_back();
                    moments.back().weekday = weekday;
                    moments.back().minute = minute;
                    moments.back().locked = locked;
                }
    return moments;
}

std::vector<Contradicting> contradictions(const RuleBook& book, const std::vector<Circumstances>& moments) {
    std::vector<Contradicting> found;
    if (!book.asksWhoCaptures())
        return found;
    const auto applications = applicationsIn(book);
    const auto microphones = microphonesIn(book);
    const auto note = [&](const Contradiction& contradiction, const std::string& app) {
        if (std::none_of(found.begin(), found.end(),
                         [&](const Contradicting& other) { return other.rules == contradiction.rules; }))
            found.push_back({contradiction.rules, app, contradiction.first});
    };
    for (const auto& moment : moments) {
        const auto whoever = book.inForce(moment);
        for (const auto& [name, kind] : microphones) {
            const auto place = book.place(name, kind);
            std::vector<Party> parties;
            for (const auto& subject : applications)
                if (const auto asker = book.asker(subject); book.hangsOnOthers(asker, whoever))
                    parties.push_back(
                        {subject.app, parties.size(), true, {book.dependence(asker, place, whoever)}});
            // Which one is kept out may follow from who came first, whether any is seldom does.
            for (const bool backwards : {false, true}) {
                auto ordered = parties;
                for (auto& party : ordered)
                    party.since = backwards ? parties.size() - party.since : party.since;
                const Company company(book, ordered);
                for (const std::size_t party : company.contradicted())
                    if (const auto is = company.contradiction(company.guest(ordered[party].app),
                                                              ordered[party].demands, party))
                        note(*is, ordered[party].app.value);
            }
        }
    }
    return found;
}

} // namespace micguard
