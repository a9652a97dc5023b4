// SPDX-License-Identifier: GPL-3.0-or-later
//
// The connection to PipeWire: objects become events, actions become messages. Knows how, never whether: what
// is done is decided by the plan. Reconnects by itself when the server comes back; waits for its socket to
// appear instead of polling. Main context only.
#pragma once

#include "daemon/enforce/server.hpp"
#include "daemon/model/event.hpp"

#include <functional>
#include <memory>

namespace micguard {

class PipeWireServer : public Server {
  public:
    // `sink` is called from the loop, in the server's order; it may call perform() and sync(). For a node that
    // could be a microphone it is called from within the registry's handler, so that a silence set there is
    // ahead of everything that others may do with the node.
    // `turnOver` when all that the server had sent in one go has been told, and what was said in answer is on its way.
    // `passing`: for one who only gives back or lets in, whom nobody is to take for a guard (isAnotherGuard()).
    PipeWireServer(std::function<void(const Event&)> sink, std::function<void()> turnOver, bool passing);
    ~PipeWireServer() override;
    PipeWireServer(const PipeWireServer&) = delete;
    PipeWireServer& operator=(const PipeWireServer&) = delete;

    // Connects now if the server runs, otherwise when it appears.
    void start();
    // Gives the connection up and makes a new one: our sight of the graph can no longer be trusted.
    void reconnect();

    void perform(const Action& action) override;
    void sync(std::uint64_t batch) override;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace micguard
