// SPDX-License-Identifier: GPL-3.0-or-later
//
// What may be written on the bus. Strings of PipeWire clients are any bytes; D-Bus refuses a whole message
// for one wrong byte, and terminals obey control characters. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace micguard {

inline constexpr std::size_t longestText = 1024;  // bytes, of strings shown
inline constexpr std::size_t longestReason = 256; // bytes, of strings that callers hand in

// Valid UTF-8 of at most `limit` bytes, cut between characters. What is malformed, unassigned for interchange
// (noncharacters), a control character or one that turns the direction of the text around becomes U+FFFD.
std::string busText(std::string_view text, std::size_t limit = longestText);

// Whether busText() would leave it as it is.
bool isPrintable(std::string_view text, std::size_t limit);

} // namespace micguard
