// SPDX-License-Identifier: GPL-3.0-or-later
//
// The last good configuration as one text: the very files that were read, with whose word each is, so that
// reading it gives the same settings with the same origins. Pure.
#pragma once

#include "config/toml_reader.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace micguard {

std::string lastGoodText(const std::vector<SourceText>& sources);

// None: it is damaged.
std::optional<std::vector<SourceText>> readLastGood(std::string_view text);

} // namespace micguard
