// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the kernel knows of a process, read from /proc when a client appears. Never throws, never blocks on
// anything but procfs.
#pragma once

#include <cstdint>
#include <string>

namespace micguard {

struct ProcessFacts {
    std::string executable; // as the kernel names it, "" if unreadable
    // The file of that name in our mount namespace is the one that runs: same device and inode. A process
    // in its own mount namespace can bear any path.
    bool executableTrue = false;
    // The file is not root's, or others may write it: the user could have put it there himself.
    bool executableWritable = false;
    std::string unit; // the innermost *.service or *.scope of its cgroup
};

ProcessFacts readProcess(std::uint32_t pid, const std::string& procRoot = "/proc");

} // namespace micguard
