// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the kernel says of a process. Values only; read in daemon/process.
#pragma once

#include <cstdint>
#include <string>

namespace micguard {

struct ProcessFacts {
    std::uint32_t pid = 0;  // 0: no process, or not known which
    std::string executable; // as the kernel names it, "" if unreadable
    // The file of that name in our mount namespace is the one that runs: same device and inode. A process
    // in its own mount namespace can bear any path.
    bool executableTrue = false;
    // The file is not root's, or others may write it: the user could have put it there himself.
    bool executableWritable = false;
    std::string unit;       // the innermost *.service or *.scope of its cgroup
    bool unitKnown = false; // it was not the user's to choose
    std::string sandbox;    // "" flatpak snap, or unknown: it could not be told
    std::string sandboxId;  // "" where only the kind is known
    std::string script;     // an interpreter's, as its command line says, which the process can rewrite
    // We had no descriptor or memory left to read it with: what is missing may be there.
    bool unread = false;
    bool operator==(const ProcessFacts&) const = default;
};

} // namespace micguard
