// SPDX-License-Identifier: GPL-3.0-or-later
//
// Settings as TOML that reads back to the same. Pure.
#pragma once

#include "config/layers.hpp"

#include <string>
#include <string_view>

namespace micguard {

// TOML's basic string, with an escape for what a terminal would obey. What is not UTF-8 goes through as it
// is, and will not be read again: nothing that was read from TOML is so.
std::string tomlQuoted(std::string_view text);

std::string toToml(const SettingValue& value);

// A whole [[rule]], with a line break at its end.
std::string toToml(const Rule& rule);

// What a layer says, its rules in their order.
std::string toToml(const Layer& layer);

// Every key and rule. Of rules, rank and origin are not in it.
std::string toToml(const Settings& settings);

// The same with a comment behind each key and rule that says where it comes from. It is fit for a terminal.
std::string toAnnotatedToml(const Configuration& configuration);

} // namespace micguard
