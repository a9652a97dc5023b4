// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads where a process comes from out of /proc. Never throws; waits for nothing, also where the file that a
// process runs is on a file system of that process's own making (FUSE).
#pragma once

#include "daemon/model/lineage.hpp"

#include <cstdint>
#include <string>

namespace micguard {

// Up to the first process of all, or as far as can be read; never more than 32.
Lineage readLineage(std::uint32_t pid, const std::string& procRoot = "/proc");

} // namespace micguard
