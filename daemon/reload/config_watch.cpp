// SPDX-License-Identifier: GPL-3.0-or-later
//
// See config_watch.hpp. Only folders are watched: a watch on a file stays with the old one when an editor
// puts a new one in its place.
#include "daemon/reload/config_watch.hpp"

#include "config/toml_reader.hpp"

#include <cstdlib>
#include <memory>

#include <gio/gio.h>
#include <sys/stat.h>

namespace micguard {

namespace {

std::string parentOf(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string nameOf(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

// Behind all symbolic links; "" if it leads nowhere.
std::string real(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr), std::free);
    return resolved ? resolved.get() : "";
}

bool isFolder(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// A name in a folder, and the folder's own coming and going in the one above.
void follow(WatchedNames& watched, std::string folder, std::string name) {
    for (bool there = false; !there;) {
        there = isFolder(folder);
        if (there)
            watched[real(folder)].insert(name);
        name = nameOf(folder);
        if (folder == "/" || folder == "." || name.empty())
            return;
        folder = parentOf(folder);
        if (there && isFolder(folder))
            watched[real(folder)].insert(name);
    }
}

bool isLink(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

} // namespace

WatchedNames watchedNames(const std::vector<LayerFile>& files) {
    WatchedNames watched;
    for (const auto& file : files)
        if (file.folder)
            follow(watched, file.path, "");
        else
            follow(watched, parentOf(file.path), nameOf(file.path));
    Diagnostics ignored;
    for (const auto& file : presentFiles(files, ignored))
        if (isLink(file.path))
            if (const auto target = real(file.path); !target.empty())
                watched[parentOf(target)].insert(nameOf(target));
    return watched;
}

void ConfigWatch::MonitorEnd::operator()(GFileMonitor* monitor) const {
    g_file_monitor_cancel(monitor);
    g_object_unref(monitor);
}

ConfigWatch::ConfigWatch(std::function<void()> changed)
    : changed_(std::move(changed)) {}

ConfigWatch::~ConfigWatch() {
    // An event may wait in the main context for a monitor that somebody else still holds.
    for (auto& [path, folder] : folders_)
        g_signal_handlers_disconnect_by_data(folder.monitor.get(), this);
    if (timer_)
        g_source_remove(timer_);
}

std::string ConfigWatch::watch(const std::vector<LayerFile>& files) {
    std::string fault;
    auto wanted = watchedNames(files);
    std::map<std::string, Folder> next;
    for (auto& [path, names] : wanted) {
        struct stat status {};
        if (::stat(path.c_str(), &status) != 0)
            continue; // gone in this instant; the folder above says so
        Folder folder;
        folder.device = status.st_dev;
        folder.inode = status.st_ino;
        if (auto old = folders_.find(path); old != folders_.end() && old->second.device == folder.device &&
                                            old->second.inode == folder.inode) {
            folder.monitor = std::move(old->second.monitor);
            folders_.erase(old);
        } else {
            GFile* file = g_file_new_for_path(path.c_str());
            GError* error = nullptr;
            folder.monitor.reset(g_file_monitor_directory(file, G_FILE_MONITOR_NONE, nullptr, &error));
            g_object_unref(file);
            if (!folder.monitor) {
                fault =
                    path + " cannot be watched for changes: " + (error ? error->message : "unknown error");
                g_clear_error(&error);
                continue;
            }
            const auto onChanged =
                +[](GFileMonitor* monitor, GFile* changed, GFile*, GFileMonitorEvent event, gpointer self) {
                    // Being written: its end is told as well, and until then there is only a part to read.
                    if (event == G_FILE_MONITOR_EVENT_CHANGED)
                        return;
                    const std::unique_ptr<char, decltype(&g_free)> name(g_file_get_path(changed), g_free);
                    auto* watch = static_cast<ConfigWatch*>(self);
                    for (const auto& [watchedPath, watched] : watch->folders_)
                        if (watched.monitor.get() == monitor)
                            return watch->seen(watchedPath, name ? name.get() : "");
                };
            g_signal_connect(folder.monitor.get(), "changed", G_CALLBACK(onChanged), this);
        }
        folder.names = std::move(names);
        next.emplace(path, std::move(folder));
    }
    for (auto& [path, folder] : folders_)
        if (folder.monitor)
            g_signal_handlers_disconnect_by_data(folder.monitor.get(), this);
    folders_ = std::move(next);
    return fault;
}

void ConfigWatch::seen(const std::string& folder, const std::string& path) {
    const auto& names = folders_.at(folder).names;
    if (path == folder || names.contains("") || names.contains(nameOf(path)))
        changedSoon();
}

void ConfigWatch::changedSoon() {
    const gint64 now = g_get_monotonic_time();
    if (timer_ && now - firstEvent_ > gint64{latestMs} * 1000)
        return;
    if (timer_)
        g_source_remove(timer_);
    else
        firstEvent_ = now;
    timer_ = g_timeout_add(
        quietMs,
        [](gpointer self) -> gboolean {
            auto* watch = static_cast<ConfigWatch*>(self);
            watch->timer_ = 0;
            watch->changed_();
            return G_SOURCE_REMOVE;
        },
        this);
}

} // namespace micguard
