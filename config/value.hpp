// SPDX-License-Identifier: GPL-3.0-or-later
//
// A setting's value apart from the setting: what files, D-Bus and the command line have in common.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace micguard {

using SettingValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

// A setting in force, for those who show it.
struct ShownSetting {
    std::string key; // with dots: "mute.mode"
    SettingValue value;
    std::string origin; // "file:line" or "built-in"
    std::string final;  // "file:line" of what made it final, "" if nothing did
};

} // namespace micguard
