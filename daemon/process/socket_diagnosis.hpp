// SPDX-License-Identifier: GPL-3.0-or-later
//
// The unix sockets of our network namespace as the kernel lists them (NETLINK_SOCK_DIAG): which is connected
// to which. Any user may ask.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace micguard {

struct UnixSocket {
    std::uint32_t inode = 0; // that of /proc/PID/fd's "socket:[N]"; 0: not accepted yet, or closed
    std::uint32_t peer = 0;  // the inode of the other end, 0 if there is none
    bool listening = false;
    bool connected = false; // a stream, established
    std::string name;       // the address it is bound to; an accepted socket bears that of the listening one
    std::uint64_t device = 0; // of the socket's file, as makedev() has it, and its inode; both 0 without one
    std::uint32_t file = 0;
};

// nullopt: the kernel does not answer, or something was lost of what it said.
std::optional<std::vector<UnixSocket>> listUnixSockets();

} // namespace micguard
