// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tells when PipeWire's socket appears in the runtime folder: inotify on the default main context, no polling.
#pragma once

#include <functional>
#include <string>

namespace micguard {

class SocketWatch {
  public:
    // `appeared` is called for every file named pipewire-0* that is made in `folder`. A folder that cannot be
    // watched is logged once; then only an explicit reconnect finds the server.
    SocketWatch(const std::string& folder, std::function<void()> appeared);
    ~SocketWatch();
    SocketWatch(const SocketWatch&) = delete;
    SocketWatch& operator=(const SocketWatch&) = delete;

    // The folder PipeWire's sockets are in, by its own rules ($PIPEWIRE_RUNTIME_DIR, $XDG_RUNTIME_DIR).
    static std::string runtimeFolder();

  private:
    void read() noexcept;

    std::function<void()> appeared_;
    int fd_ = -1;
    unsigned source_ = 0;
};

} // namespace micguard
