// SPDX-License-Identifier: GPL-3.0-or-later
//
// What doctor concludes from what it has looked at. Pure: facts in, findings out. In doubt the worse one.
#pragma once

#include "cli/snapshot.hpp"
#include "cli/units.hpp"
#include "daemon/bypass/asound.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace micguard::cli {

enum class Level { Ok, Warn, Fail };

constexpr std::string_view toString(Level level) {
    return level == Level::Ok ? "ok" : level == Level::Warn ? "warn" : "fail";
}

struct Finding {
    Level level = Level::Ok;
    std::string check; // stable, for programs: "daemon", "pipewire", "source" …
    std::string text;  // one line, fit for a terminal
};

using Findings = std::vector<Finding>;
// Diagnostics() of the daemon, key -> value. The keys are documented in micguardctl(1) under doctor.
using Facts = std::map<std::string, std::string>;

struct UnitsSeen {
    UnitFacts micguard, pipewire, wireplumber;
};

Findings judgeGuard(const GuardFacts& guard, const Facts& facts, std::string_view ownVersion);
Findings judgeSources(const GuardFacts& guard, const Objects& objects, const Facts& facts);
// `guardPid`: of whoever owns the bus name, 0 if unknown or nobody.
Findings judgeUnits(const UnitsSeen& units, unsigned guardPid);
Findings judgeHolders(const AsoundReport& report, const Facts& facts, std::string_view folder);

Level worst(const Findings& findings);

} // namespace micguard::cli
