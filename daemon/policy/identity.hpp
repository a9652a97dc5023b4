// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which application a stream belongs to, and how that is known: from the kernel, from a sandbox, or only
// from what it says of itself. Pure.
#pragma once

#include "daemon/model/graph.hpp"
#include "daemon/policy/rules.hpp"

#include <optional>
#include <string>
#include <vector>

namespace micguard {

struct Identity {
    std::string key; // the same for every stream of one application
    std::string appId;
    std::string name;
    std::string icon;
    std::string executable;
    std::string sandbox; // "" flatpak snap
    std::string how;     // kernel sandbox claimed
    std::uint32_t pid = 0;
};

Identity identify(const Graph& graph, const Node& node);
// The same of one whose owner is told; nullptr: it has none.
Identity identify(const Client* client, const Node& node);

// It opens connections for sandboxes, takes from them what they are not to have, and hands them over; the server
// lets nobody change `pipewire.*` afterwards (1.4.2, impl-client.c, check_client_property_update()).
bool isPortal(const Client& client);

// What rules can tell of a client, and of a stream of it, which may claim to be something else; nullptr: of the client.
Subject subjectOf(const Client& client, const Node* stream);

// By what he is judged as well, and the stricter counts: who speaks for others and whose file need not be PipeWire's, by what he runs;
// whose file was replaced while he runs (an upgrade), by what was at its path, for what was forbidden to that stays so.
std::optional<Subject> furtherSubject(const Client& client);
// The key (Identity) of what was at that path; "" if it was not replaced. What opens something is not to be looked for by it.
std::string replacedKey(const Client& client);

// The client as it is known, and each of its streams that claims to be something else.
std::vector<Subject> subjectsOf(const Graph& graph, const Client& client);

// A connection of the Pulse server's own (or of another PipeWire process that is not the server) by which it hands on what a
// microphone says to somebody who is no client of anybody: module-simple-protocol-tcp, RTP and the like. What it puts back into the
// graph (loopbacks) is followed there.
bool handsOut(const Graph& graph, const Client& client);

} // namespace micguard
