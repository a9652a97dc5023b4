// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/bus_poll.hpp"

#include <cstdint>

#include <systemd/sd-bus.h>

namespace micguard::cli {

const timespec* prepare(sd_bus* bus, pollfd& into, timespec& storage) {
    const int events = sd_bus_get_events(bus);
    into.fd = sd_bus_get_fd(bus);
    into.events = static_cast<short>(events > 0 ? events : 0);
    into.revents = 0;
    std::uint64_t until = UINT64_MAX; // absolute, CLOCK_MONOTONIC
    if (events < 0 || sd_bus_get_timeout(bus, &until) < 0)
        until = 0; // broken: sd_bus_process() will say so
    if (until == UINT64_MAX)
        return nullptr;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const std::uint64_t passed =
        static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
    const std::uint64_t left = until > passed ? until - passed : 0;
    storage.tv_sec = static_cast<std::time_t>(left / 1'000'000);
    storage.tv_nsec = static_cast<long>(left % 1'000'000) * 1000;
    return &storage;
}

} // namespace micguard::cli
