// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where a process comes from: itself, its parent, and so on, as the kernel tells. Values only.
#pragma once

#include <cstdint>
#include <vector>

namespace micguard {

struct ProcessLink {
    std::uint32_t pid = 0;
    std::uint64_t started = 0; // since boot, in the kernel's ticks: a pid is used again
    // The file that it runs; all 0 if that cannot be read, and then it is like no other.
    std::uint64_t device = 0, inode = 0;
    bool sameProcess(const ProcessLink& other) const { return pid == other.pid && started == other.started; }
    bool sameProgram(const ProcessLink& other) const {
        return inode != 0 && device == other.device && inode == other.inode;
    }
    bool operator==(const ProcessLink&) const = default;
};

using Lineage = std::vector<ProcessLink>; // the process first; empty: it is not there

} // namespace micguard
