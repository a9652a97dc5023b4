// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whose process is behind a client that the Pulse server made: what the clients say laid beside who holds the
// server's connections. Pure.
#pragma once

#include "daemon/model/graph.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace micguard {

// Made by a Pulse server for a connection of its own, by what it says.
bool isPulseClient(const Client& client);

// The process that the kernel reports is not the application's, for it runs PipeWire: as pipewire-pulse (in 1.4 a link to pipewire),
// or with whatever other configuration for somebody whom we do not see either. By the name of its file, which anybody can give to his
// own (policy/identity, furtherSubject()), and also of one that was upgraded under its feet. What is in a sandbox speaks for itself.
bool speaksForOthers(const Client& client);

// Of the Pulse server's, and looked at for the first time just now: who is behind it may be known in a moment.
bool isAboutToBeKnown(const Client& client);

// A look has ended; `settled`: nothing has changed since it began.
void noteLook(Graph& graph, bool settled);

// Nothing that counts for the matching differs.
bool sameClaims(const Client& before, const Client& now);

// Processes by which such clients came, the likely ones: no more than a handful, whatever is started under
// that name.
std::vector<std::uint32_t> pulseServers(const Graph& graph);

// Of some client it is not known who is behind it.
bool anyUnproven(const Graph& graph);

// Connections that no client stands for, those of clients that no connection stands for taken off; 0 is what
// it should be.
std::ptrdiff_t nameless(const Graph& graph, std::uint32_t server, std::size_t connections);

// Sets Client::peer of those for whom it is proven. `connections` were read while the clients were these.
void matchPulsePeers(Graph& graph, std::uint32_t server, const std::vector<ProcessFacts>& connections);

} // namespace micguard
