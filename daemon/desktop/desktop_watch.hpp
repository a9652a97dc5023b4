// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is installed, by its desktop files (GLib's GDesktopAppInfo): read at the start, and again on a thread
// whenever something is installed or removed.
#pragma once

#include "daemon/loop/errand.hpp"
#include "daemon/model/desktop_entry.hpp"

#include <functional>
#include <vector>

#include <gio/gio.h>

namespace micguard {

// Blocks on the disk. Any thread.
std::vector<DesktopEntry> readDesktopEntries();

// Main context only.
class DesktopWatch {
  public:
    using Told = std::function<void(std::vector<DesktopEntry>)>;

    explicit DesktopWatch(Told told);
    ~DesktopWatch(); // waits for what is being read
    DesktopWatch(const DesktopWatch&) = delete;
    DesktopWatch& operator=(const DesktopWatch&) = delete;

    // Reads and tells at once, and tells of changes from now on.
    void start();

  private:
    static void onChanged(GAppInfoMonitor*, gpointer self) noexcept;
    void readSoon();
    void finish();

    Told told_;
    GAppInfoMonitor* monitor_ = nullptr;
    gulong handler_ = 0;
    std::vector<DesktopEntry> found_; // the thread's, while it is under way
    bool again_ = false;
    guint timer_ = 0;
    Errand errand_; // gone before what it works with
};

} // namespace micguard
