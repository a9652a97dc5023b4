// SPDX-License-Identifier: GPL-3.0-or-later
//
// Settings as TOML that reads back to the same. Pure.
#pragma once

#include "config/layers.hpp"

#include <string>
#include <string_view>

namespace micguard {

// TOML's basic string. Bytes beyond ASCII go through as they are: what was read from TOML is UTF-8.
std::string tomlQuoted(std::string_view text);

std::string toToml(const SettingValue& value);

// A whole [[rule]], with a line break at its end.
std::string toToml(const Rule& rule);

// What a layer says, its rules in their order.
std::string toToml(const Layer& layer);

// Every key and rule. Of rules, rank and origin are not in it.
std::string toToml(const Settings& settings);

} // namespace micguard
