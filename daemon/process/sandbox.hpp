// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who a process on the bus is: its executable and the sandbox it runs in, read from /proc. Asks nobody and
// waits for nothing: a file system of the caller's own (FUSE) is never touched, since it could keep the loop
// waiting.
#pragma once

#include "daemon/process/process_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace micguard {

struct SandboxIdentity {
    std::string sandbox; // "" flatpak snap unknown, as Caller::sandbox
    std::string id;      // "" where only a claim is known (a scope's name can be chosen by any process)
    bool operator==(const SandboxIdentity&) const = default;
};

// What the bus daemon says about a connection.
struct Credentials {
    std::uint32_t pid = 0; // 0: not told
    std::uint32_t uid = 0;
    bool uidKnown = false;
    std::string securityLabel; // the kernel's, taken when the connection was made; "" if there is none
};

struct ProcessIdentity {
    std::string executable; // "" unreadable, or of another mount namespace, where a path can name any file
    SandboxIdentity sandbox;
    std::string named;  // the executable as the kernel names it, also where that proves nothing
    std::string cgroup; // the text of /proc/PID/cgroup; "" if unreadable
};

// `proc` is /proc, or a made-up tree. Whatever cannot be read makes the sandbox "unknown".
ProcessIdentity identifyProcess(const std::filesystem::path& proc, const Credentials& credentials);
ProcessIdentity identifyProcess(const std::filesystem::path& proc, const ProcessFolder& process,
                                const std::string& securityLabel);

// The pieces, for tests.
SandboxIdentity sandboxOfFlatpakInfo(const std::string& keyFile);
SandboxIdentity sandboxOfCgroup(std::string_view cgroup);       // the text of /proc/PID/cgroup
SandboxIdentity sandboxOfSecurityLabel(std::string_view label); // "snap.NAME.APP (enforce)"
bool rootIsForeign(std::string_view mountinfo); // its root, or /.flatpak-info, is a FUSE mount

} // namespace micguard
