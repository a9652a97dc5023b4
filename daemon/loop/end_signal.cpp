// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/loop/end_signal.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include <glib-unix.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace micguard {
namespace {

int orders = -1;

void onSignal(int, siginfo_t* info, void*) noexcept {
    if (info->si_pid == getpid())
        return;
    const int before = errno;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(orders, &one, sizeof one);
    errno = before;
}

} // namespace

EndSignal::EndSignal(std::function<void()> ordered)
    : ordered_(std::move(ordered)) {
    orders = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (orders < 0)
        throw std::runtime_error(std::string("no descriptor for the order to end: ") + g_strerror(errno));
    source_ = g_unix_fd_add(
        orders, G_IO_IN,
        [](gint descriptor, GIOCondition, gpointer self) -> gboolean {
            std::uint64_t count = 0;
            if (read(descriptor, &count, sizeof count) == sizeof count)
                static_cast<EndSignal*>(self)->ordered_();
            return G_SOURCE_CONTINUE;
        },
        this);
    struct sigaction action {};
    action.sa_sigaction = onSignal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGTERM, &action, nullptr);
}

EndSignal::~EndSignal() {
    std::signal(SIGTERM, SIG_DFL);
    g_source_remove(source_);
    close(std::exchange(orders, -1));
}

} // namespace micguard
