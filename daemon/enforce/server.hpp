// SPDX-License-Identifier: GPL-3.0-or-later
//
// The server as the enforcer sees it: takes actions, tells when they are carried out. Implemented by
// daemon/pipewire, and by a recording fake in the unit tests.
#pragma once

#include "daemon/policy/action.hpp"

#include <cstdint>

namespace micguard {

// Main context only. Nothing here blocks.
class Server {
  public:
    virtual ~Server() = default;

    // Queues one message. Actions reach the server in the order of the calls. An action on an object that is
    // already gone is dropped.
    virtual void perform(const Action& action) = 0;

    // Asks for an event::Acknowledged{batch} once everything performed before is carried out.
    virtual void sync(std::uint64_t batch) = 0;
};

} // namespace micguard
