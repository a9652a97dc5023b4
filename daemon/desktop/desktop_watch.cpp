// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/desktop/desktop_watch.hpp"

#include "daemon/process/script.hpp"

#include <array>
#include <climits>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gio/gdesktopappinfo.h>
#include <sys/stat.h>

namespace micguard {
namespace {

// An installation changes many files.
constexpr guint quietMs = 500;
constexpr std::size_t mostEntries = 10000;

struct FreeText {
    void operator()(char* text) const { g_free(text); }
};
using Text = std::unique_ptr<char, FreeText>;

std::string string(const char* text) {
    return text ? text : "";
}

std::string valueOf(GDesktopAppInfo* info, const char* key) {
    return string(Text(g_desktop_app_info_get_string(info, key)).get());
}

// The file that runs, in the end, if the entry starts it by itself: what env, a shell or another interpreter
// is told to run is its own business.
std::string executableOf(GDesktopAppInfo* info) {
    const char* word = g_app_info_get_executable(G_APP_INFO(info));
    const Text found(word ? g_find_program_in_path(word) : nullptr);
    std::array<char, PATH_MAX> real{};
    if (!found || !realpath(found.get(), real.data()))
        return {};
    const std::string path = real.data();
    return isInterpreter(path) || path.ends_with("/env") ? std::string{} : path;
}

bool isRoots(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && status.st_uid == 0 &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

DesktopEntry entryOf(GDesktopAppInfo* info) {
    DesktopEntry entry;
    entry.id = string(g_app_info_get_id(G_APP_INFO(info)));
    if (entry.id.ends_with(".desktop"))
        entry.id.resize(entry.id.size() - std::string_view(".desktop").size());
    entry.name = string(g_app_info_get_display_name(G_APP_INFO(info)));
    if (GIcon* icon = g_app_info_get_icon(G_APP_INFO(info)); icon && G_IS_THEMED_ICON(icon))
        entry.icon = string(g_themed_icon_get_names(G_THEMED_ICON(icon))[0]);
    entry.executable = executableOf(info);
    entry.wmClass = string(g_desktop_app_info_get_startup_wm_class(info));
    entry.flatpak = valueOf(info, "X-Flatpak");
    entry.snap = valueOf(info, "X-SnapInstanceName");
    const std::string file = string(g_desktop_app_info_get_filename(info));
    entry.system = isRoots(file) && isRoots(file.substr(0, file.rfind('/')));
    return entry;
}

} // namespace

std::vector<DesktopEntry> readDesktopEntries() {
    std::vector<DesktopEntry> entries;
    GList* all = g_app_info_get_all();
    for (const GList* link = all; link && entries.size() < mostEntries; link = link->next)
        if (G_IS_DESKTOP_APP_INFO(link->data))
            entries.push_back(entryOf(G_DESKTOP_APP_INFO(link->data)));
    g_list_free_full(all, g_object_unref);
    return entries;
}

DesktopWatch::DesktopWatch(Told told)
    : told_(std::move(told)) {}

DesktopWatch::~DesktopWatch() {
    if (timer_)
        g_source_remove(timer_);
    if (monitor_) {
        g_signal_handler_disconnect(monitor_, handler_);
        g_object_unref(monitor_);
    }
}

void DesktopWatch::start() {
    // Before it is read: it tells of what changes after somebody has looked.
    monitor_ = g_app_info_monitor_get();
    handler_ = g_signal_connect(monitor_, "changed", G_CALLBACK(onChanged), this);
    told_(readDesktopEntries());
}

void DesktopWatch::onChanged(GAppInfoMonitor*, gpointer self) noexcept {
    auto* watch = static_cast<DesktopWatch*>(self);
    if (watch->timer_)
        g_source_remove(watch->timer_);
    watch->timer_ = g_timeout_add(
        quietMs,
        [](gpointer data) -> gboolean {
            static_cast<DesktopWatch*>(data)->timer_ = 0;
            static_cast<DesktopWatch*>(data)->readSoon();
            return G_SOURCE_REMOVE;
        },
        watch);
}

void DesktopWatch::readSoon() {
    again_ = errand_.underWay();
    if (!again_) // without a thread the next change is another chance
        errand_.begin([this] { found_ = readDesktopEntries(); }, [this] { finish(); });
}

void DesktopWatch::finish() {
    told_(std::move(found_));
    if (std::exchange(again_, false))
        readSoon();
}

} // namespace micguard
