// SPDX-License-Identifier: GPL-3.0-or-later
// What the server itself says of what a guard does there: the knob of every source, the permissions of every
// client, the metadata. Read over a connection made for it; shares no code with the daemon.
#pragma once

#include "tests/support/session.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace micguard::test {

struct ServerState {
    struct Source {
        std::uint32_t id = 0;
        std::string name;
        std::optional<float> limit;      // channelmix.max-volume; none: no adapter
        std::optional<bool> monitorMute; // none: says nothing of it
    };
    struct Object {
        std::string type; // Node, Client …
        std::string name;
        std::uint32_t client = UINT32_MAX; // who owns it, if anybody does
        std::uint32_t pid = 0;             // clients, as the server knows it
        std::string access;                // clients: the server's own mark of how they came in
        std::uint32_t byDefault = 0;       // clients: what they may do with whatever nothing else is said of
        bool captures = false;             // a stream
    };
    struct Entry {
        std::uint32_t client = 0, object = 0, permissions = 0;
    };
    std::vector<Source> sources;
    std::map<std::uint32_t, Object> objects;
    std::vector<Entry> permissions; // on single objects, that is not the default
    struct Target {
        std::uint32_t subject = 0;
        std::string key, value;
    };
    std::vector<Target> targets; // of the metadata that moves streams
};

// Throws if the server does not tell all of it in time.
ServerState readServer(const PrivateSession& session, Milliseconds timeout = Milliseconds(5000));

enum class GuardIs { there, gone };
// How the server was started: under strict admission everybody on the ordinary socket has less than all, and no more of the
// others' connections than to see them.
enum class Admission { relaxed, strict };

// What is left in a server where nothing is muted and nobody is ruled out, or from which the guard has gone, one line each:
// "SOURCE is silenced", "client … has PERMISSIONS on …", what the metadata says. Of one that is there, what a guard keeps
// always is none: w and x on its own and the session manager's Client objects, and its own nodes. Under strict admission
// also who has more, or less, than that gives.
std::vector<std::string> leftovers(const ServerState& state, const PrivateSession& session,
                                   GuardIs guard = GuardIs::there, Admission admission = Admission::relaxed);
// What is missing in a server where everything is muted; under strict admission also who has more than that gives.
std::vector<std::string> openings(const ServerState& state, const PrivateSession& session,
                                  Admission admission, bool sever);

} // namespace micguard::test
