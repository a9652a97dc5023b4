// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pipewire/socket_watch.hpp"

#include <glib-unix.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <sys/inotify.h>
#include <unistd.h>

namespace micguard {

std::string SocketWatch::runtimeFolder() {
    for (const char* variable : {"PIPEWIRE_RUNTIME_DIR", "XDG_RUNTIME_DIR", "USERPROFILE"})
        if (const char* folder = std::getenv(variable); folder && *folder)
            return folder;
    return "/run/user/" + std::to_string(getuid());
}

SocketWatch::SocketWatch(const std::string& folder, std::function<void()> appeared)
    : appeared_(std::move(appeared))
    , fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (fd_ < 0 || inotify_add_watch(fd_, folder.c_str(), IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0) {
        g_warning("cannot watch %s for PipeWire's socket: %s", folder.c_str(), g_strerror(errno));
        return;
    }
    source_ = g_unix_fd_add_full(
        G_PRIORITY_HIGH, fd_, G_IO_IN,
        [](gint, GIOCondition, gpointer self) -> gboolean {
            static_cast<SocketWatch*>(self)->read();
            return G_SOURCE_CONTINUE;
        },
        this, nullptr);
}

SocketWatch::~SocketWatch() {
    if (source_)
        g_source_remove(source_);
    if (fd_ >= 0)
        close(fd_);
}

void SocketWatch::read() noexcept {
    alignas(inotify_event) std::array<char, 4096> buffer{};
    bool found = false;
    for (;;) {
        const ssize_t size = ::read(fd_, buffer.data(), buffer.size());
        if (size <= 0)
            break;
        for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
            if (event->len > 0 && std::string_view(event->name).starts_with("pipewire-0"))
                found = true;
            at += sizeof(inotify_event) + event->len;
        }
    }
    if (found)
        appeared_();
}

} // namespace micguard
