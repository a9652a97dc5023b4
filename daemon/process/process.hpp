// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the kernel knows of a process, read from /proc when a client appears. Never throws, and never touches
// a file system of somebody else's (FUSE), which could keep the loop waiting.
#pragma once

#include "daemon/model/process_facts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace micguard {

// `securityLabel`: the kernel's, taken when the connection was made.
ProcessFacts readProcess(std::uint32_t pid, const std::string& procRoot = "/proc",
                         const std::string& securityLabel = {});

// The label that the process has now.
std::string readSecurityLabel(std::uint32_t pid, const std::string& procRoot = "/proc");

struct ProcessStat {
    std::uint32_t parent = 0;
    std::uint64_t started = 0; // since boot, in the kernel's ticks
};
// None if there is no such process.
std::optional<ProcessStat> readStat(std::uint32_t pid, const std::string& procRoot = "/proc");

// 0 if there is no such process.
std::uint64_t readStartTime(std::uint32_t pid, const std::string& procRoot = "/proc");

// The path lies on a FUSE file system, by /proc/PID/mountinfo.
bool crossesFuse(std::string_view mountinfo, std::string_view path);

} // namespace micguard
