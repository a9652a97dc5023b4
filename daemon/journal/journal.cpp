// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/journal/journal.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include <systemd/sd-daemon.h>

namespace micguard::journal {

Journal::Journal(std::string socketPath)
    : path_(std::move(socketPath)) {}

Journal::~Journal() {
    if (socket_ >= 0)
        close(socket_);
}

void Journal::send(const Line& line) {
    if (socket_ < 0)
        socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_ < 0 || path_.size() >= sizeof address.sun_path)
        errno = ENOENT;
    else {
        path_.copy(address.sun_path, path_.size());
        const std::string form = nativeForm(line);
        if (sendto(socket_, form.data(), form.size(), MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&address), sizeof address) >= 0)
            return;
    }
    // One that is there and does not read may be who reads our stderr, too.
    if (errno != EAGAIN && errno != ENOBUFS)
        std::fprintf(stderr, "micguardd: %s\n", plainForm(line).c_str());
}

void notify(const std::string& state) {
    sd_notify(0, state.c_str());
}

unsigned watchdogIntervalMs() {
    std::uint64_t period = 0;
    if (sd_watchdog_enabled(0, &period) <= 0)
        return 0;
    return static_cast<unsigned>(period / 2000);
}

} // namespace micguard::journal
