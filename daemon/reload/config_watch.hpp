// SPDX-License-Identifier: GPL-3.0-or-later
//
// Says that something about the configuration's files may have changed: written in place, replaced by a
// rename, removed, made together with its folders, or what a symbolic link leads to. It reads none of them.
#pragma once

#include "config/layers.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <glib.h>

typedef struct _GFileMonitor GFileMonitor;

namespace micguard {

// Which names in which folders say something. An empty name: every one.
using WatchedNames = std::map<std::string, std::set<std::string>>;

// Of a folder that is not there, its nearest ancestor that is, and there the next name on the way: GIO would
// poll for a folder that is not there, every four seconds for ever.
WatchedNames watchedNames(const std::vector<LayerFile>& files);

// Main context only. GIO keeps its address.
class ConfigWatch {
  public:
    // `changed` is called once for many events that come close together.
    explicit ConfigWatch(std::function<void()> changed);
    ~ConfigWatch();
    ConfigWatch(const ConfigWatch&) = delete;
    ConfigWatch& operator=(const ConfigWatch&) = delete;

    // From now on, as things are: call it again, before reading, whenever something has changed. Returns ""
    // or what cannot be watched.
    std::string watch(const std::vector<LayerFile>& files);

    static constexpr guint quietMs = 100;   // without an event, then `changed`
    static constexpr guint latestMs = 1000; // after the first event, however many follow

  private:
    struct MonitorEnd {
        void operator()(GFileMonitor* monitor) const;
    };
    // A folder that was removed and made anew is another one.
    struct Folder {
        std::uint64_t device = 0, inode = 0;
        std::set<std::string> names;
        std::unique_ptr<GFileMonitor, MonitorEnd> monitor;
    };

    void seen(const std::string& folder, const std::string& path);
    void changedSoon();

    std::function<void()> changed_;
    std::map<std::string, Folder> folders_;
    guint timer_ = 0;
    gint64 firstEvent_ = 0; // of those not told yet; monotonic, µs
};

} // namespace micguard
