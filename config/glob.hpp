// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shell patterns over names, as fnmatch(3) without flags reads them in the C locale: * ? [a-z] [!a-z]
// [[:digit:]] and \ before any of them. Pure; never throws, never looks at the locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace micguard {

// The whole of `name` has to match. Takes at most pattern times name steps: fnmatch(3) itself is exponential
// in the number of stars, and the names come from any client.
bool globMatches(std::string_view pattern, std::string_view name) noexcept;

bool anyGlobMatches(const std::vector<std::string>& patterns, std::string_view name) noexcept;

// The pattern that matches this name and no other.
std::string globLiteral(std::string_view name);

// What is wrong with a pattern that its author cannot have meant (empty, a bracket never closed, a lone
// backslash at the end), as the end of a sentence that starts with the pattern; none: it is sound.
std::optional<std::string> globFault(std::string_view pattern);

} // namespace micguard
