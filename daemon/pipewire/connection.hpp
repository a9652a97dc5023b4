// SPDX-License-Identifier: GPL-3.0-or-later
//
// One connection to one run of the server, from the first event to the last. What it holds the server has
// the address of, so it neither moves nor is destroyed from within one of its own callbacks.
#pragma once

#include "daemon/enforce/server.hpp"
#include "daemon/model/event.hpp"

#include <functional>
#include <memory>
#include <string>

struct pw_loop;

namespace micguard {

// Manager: a server whose manager socket is not there (yet) refuses (ECONNREFUSED).
enum class Sockets { Manager, Any };

// What the connection says of itself. Passing: of one who only gives back or lets in, and is no guard.
enum class Role { Guard, Passing };

class Connection {
  public:
    struct Callbacks {
        std::function<void(const Event&)> event;
        std::function<void(const std::string& why)> lost; // once; destroy it later, not now
    };

    // nullptr if the server cannot be reached; errno says why.
    static std::unique_ptr<Connection> open(pw_loop* loop, Callbacks callbacks, Sockets sockets, Role role);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void perform(const Action& action);
    void sync(std::uint64_t batch);

  private:
    Connection() = default;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace micguard
