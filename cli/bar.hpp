// SPDX-License-Identifier: GPL-3.0-or-later
//
// The guard's state as one line for a status bar. Pure.
#pragma once

#include "cli/snapshot.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace micguard::cli {

enum class Bar { Waybar, I3statusRust, Polybar };

inline constexpr std::array<std::string_view, 3> barNames = {"waybar", "i3status-rust", "polybar"};
std::optional<Bar> barCalled(std::string_view name);

// `facts` null: nobody guards. What listens only for a level meter is not shown as listening. Ends with a line end.
std::string barLine(Bar bar, const GuardFacts* facts, const Objects& objects);

} // namespace micguard::cli
