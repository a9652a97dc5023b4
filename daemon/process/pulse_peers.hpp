// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which processes hold the connections to the Pulse server's socket. The kernel knows; PipeWire's clients
// that the server makes for them only repeat what they say of themselves. Walks through /proc: not on the
// loop.
#pragma once

#include "daemon/model/process_facts.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace micguard {

struct PulsePeers {
    std::uint32_t server = 0; // the process that listens on the socket; 0: it cannot be told
    // One for each connection that the server has accepted: who holds the other end. Without a pid where it
    // is nobody that we can see (gone, another network namespace, unreadable), or several processes.
    std::vector<ProcessFacts> connections;
    std::vector<std::uint32_t> sockets; // the server's ends, sorted
};

// Where applications of this session look for the Pulse server, by the environment; "" if nowhere.
std::string pulseSocketPath();

// `candidates`: processes that could be the server.
PulsePeers readPulsePeers(const std::vector<std::uint32_t>& candidates, const std::string& socketPath);

} // namespace micguard
