// SPDX-License-Identifier: GPL-3.0-or-later
//
// What people and applications have said of single applications: answers to questions, and mutes. An
// application is named by Identity::key (policy/identity). Values only.
#pragma once

#include "daemon/model/ids.hpp"
#include "daemon/model/lineage.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace micguard {

// How long an answer is good.
enum class Scope {
    Once,  // until the application has no stream left that would hear a microphone
    Run,   // until no client of it is left
    Always // remembered as a rule
};

constexpr std::string_view toString(Scope scope) {
    switch (scope) {
    case Scope::Once:
        return "once";
    case Scope::Run:
        return "run";
    case Scope::Always:
        return "always";
    }
    return "once";
}

constexpr std::optional<Scope> scopeFromString(std::string_view text) {
    for (const Scope scope : std::array{Scope::Once, Scope::Run, Scope::Always})
        if (text == toString(scope))
            return scope;
    return std::nullopt;
}

struct Answer {
    std::uint64_t number = 0; // never used twice; the higher the newer
    std::string application;
    bool known = false; // that it is this application; else it only says so
    bool allow = false;
    Scope scope = Scope::Once; // until an answer for always is written down, it is one for this run
    // Connections that asked. Whoever is not known is allowed only on those; a no holds for all that say the
    // same.
    std::set<Serial> clients;
};

// Somebody muted one application from outside.
struct AppMute {
    std::string by;           // for people: "micguardctl (pid 12)"
    std::set<Serial> clients; // that were there: to call itself something else lifts nothing
};

// A connection to the bus muted its own application.
struct OwnMute {
    std::string by;
    std::string sandbox, sandboxId; // flatpak or snap; else it is told by its process:
    Lineage lineage;
    std::string unit;
};

// What the desktop's settings say of a Flatpak's or Snap's microphone, stricter than any rule or as the rules go.
enum class Permission { Ask, No };

struct Appeals {
    std::map<std::string, std::set<Serial>> questions; // open ones: application -> connections that asked
    std::vector<Answer> answers;
    std::map<std::string, AppMute> muted; // by application
    std::map<std::string, OwnMute> own;   // by unique bus name
    // By application, as the permission store names it; those that say yes are not here.
    std::map<std::string, Permission> permissions;

    bool empty() const { return answers.empty() && muted.empty() && own.empty(); }
};

// A connection of a client's has ended.
void forgetClient(Appeals& appeals, Serial client);
// The server has: nobody is there who was asked about, and what was muted is known by its name alone.
void forgetRun(Appeals& appeals);
// The newest answer about an application is the one that counts; its question is closed.
void takeAnswer(Appeals& appeals, const Answer& answer);

} // namespace micguard
