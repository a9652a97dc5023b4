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
    // `sink` is called from the loop, in the server's order; it may call perform() and sync(). What is said there goes out when
    // all that the server has sent has been told (module-protocol-native.c, on_remote_data(), 1.4.2): then `readOut` is called,
    // to say whether it has said more, and with true if nothing new has come and what was said is on its way.
    // `passing`: for one who only gives back or lets in, whom nobody is to take for a guard (isAnotherGuard()).
    PipeWireServer(std::function<void(const Event&)> sink, std::function<bool(bool nothingLeft)> readOut,
                   bool passing);
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
