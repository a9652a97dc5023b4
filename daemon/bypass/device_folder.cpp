// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/bypass/device_folder.hpp"

#include "daemon/bypass/asound.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace micguard {
namespace {

// Of what one pause has let come together, no more is read in one go: the queue itself has a limit, the
// kernel's.
constexpr std::size_t mostRead = std::size_t{64} * 1024;
constexpr std::uint32_t lost = IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;

} // namespace

DeviceFolder::DeviceFolder(std::string path, std::function<void()> noticed)
    : path_(std::move(path))
    , noticed_(std::move(noticed)) {}

DeviceFolder::~DeviceFolder() {
    if (source_)
        g_source_remove(source_);
    if (inotify_ >= 0)
        close(inotify_);
}

std::string DeviceFolder::start() {
    inotify_ = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (inotify_ < 0)
        return std::string("who opens a sound card cannot be seen: ") + std::strerror(errno);
    watch();
    if (folder_ < 0 && above_ < 0)
        return path_ + " cannot be watched: " + std::strerror(errno);
    listen();
    return {};
}

// Of a folder that is not there, the nearest one above that is. It may come while we look: so it is tried
// again once the one above is being watched.
bool DeviceFolder::watch() {
    const auto watchFolder = [this] {
        folder_ = inotify_add_watch(inotify_, path_.c_str(),
                                    IN_OPEN | IN_CLOSE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
        return folder_ >= 0;
    };
    if (above_ >= 0)
        inotify_rm_watch(inotify_, std::exchange(above_, -1));
    if (watchFolder())
        return true;
    for (std::filesystem::path at = path_; at.has_relative_path() && above_ < 0;) {
        at = at.parent_path();
        above_ = inotify_add_watch(inotify_, at.c_str(),
                                   IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
    }
    if (!watchFolder())
        return false;
    inotify_rm_watch(inotify_, std::exchange(above_, -1));
    return true;
}

bool DeviceFolder::readEvents() {
    alignas(inotify_event) char buffer[4096];
    bool capture = false, anew = false;
    ssize_t size = 0;
    for (std::size_t all = 0; all < mostRead && (size = read(inotify_, buffer, sizeof buffer)) > 0;
         all += static_cast<std::size_t>(size))
        for (const char* at = buffer; at < buffer + size;) {
            const auto* event = reinterpret_cast<const inotify_event*>(at);
            at += sizeof(inotify_event) + event->len;
            if (event->mask & IN_Q_OVERFLOW)
                capture = anew = true;
            else if (event->wd == above_ || (event->wd == folder_ && (event->mask & lost)))
                anew = true;
            else if (event->wd == folder_)
                capture = capture || (event->len > 0 && isCaptureNode(event->name));
        }
    if (anew) {
        if (folder_ >= 0)
            inotify_rm_watch(inotify_, std::exchange(folder_, -1));
        capture = watch() || capture;
    }
    return capture;
}

void DeviceFolder::listen() {
    source_ = g_unix_fd_add(
        inotify_, G_IO_IN,
        [](gint, GIOCondition, gpointer self) -> gboolean {
            auto* folder = static_cast<DeviceFolder*>(self);
            const bool capture = folder->readEvents();
            folder->source_ = g_timeout_add(
                pauseMs,
                [](gpointer data) -> gboolean {
                    static_cast<DeviceFolder*>(data)->listen();
                    return G_SOURCE_REMOVE;
                },
                self);
            if (capture)
                folder->noticed_();
            return G_SOURCE_REMOVE;
        },
        this);
}

} // namespace micguard
