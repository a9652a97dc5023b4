// SPDX-License-Identifier: GPL-3.0-or-later
//
// The tables of the history's file, and how a file of an older version gets those of today.
#pragma once

#include "daemon/history/sqlite.hpp"

#include <cstdint>
#include <limits>
#include <span>

namespace micguard::history {

// In `end`: it goes on. So what goes on is found by the same index as what ended late.
inline constexpr std::int64_t goesOn = std::numeric_limits<std::int64_t>::max();

// Each step leads from one version to the next: the version of a file (user_version) is how many have been taken.
std::span<const char* const> schemaSteps();

// In one transaction; throws SqlError, with SQLITE_NOTADB for a file that is not ours or of a newer version.
void migrate(Database& database, std::span<const char* const> steps);

} // namespace micguard::history
