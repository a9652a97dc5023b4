// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the user's systemd knows of our unit and its neighbours. Only asks, never starts or stops anything.
#pragma once

#include "cli/guard.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace micguard::cli {

struct UnitFacts {
    std::string name;
    std::string loadState;   // "loaded", "not-found", "masked" …
    std::string activeState; // "active", "inactive", "failed" …
    std::string fileState;   // "enabled", "disabled", "static", "" …
    std::uint32_t mainPid = 0;
    std::uint32_t restarts = 0;
    std::uint64_t started = 0; // when its main process was started, µs of CLOCK_MONOTONIC; 0: never
    std::uint64_t ready = 0;   // when it became active
    std::vector<std::string> after, before;

    bool present() const { return loadState == "loaded"; }
    bool active() const { return activeState == "active" || activeState == "reloading"; }
};

// From the unit's properties of all its interfaces. What is missing stays as it is above.
UnitFacts unitFacts(std::string name, const nlohmann::json& properties);

// Error: no user manager on this bus, or it does not answer.
Answer<UnitFacts> askUnit(sd_bus* bus, const std::string& name);

} // namespace micguard::cli
