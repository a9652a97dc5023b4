// SPDX-License-Identifier: GPL-3.0-or-later
//
// A connection to the session bus for what the desktop offers there (notifications, shortcuts, the portals' permissions). Apart from the one on which
// the guard is called: GIO's, made off the loop, and made anew when it is lost.
#pragma once

#include <functional>

#include <gio/gio.h>

namespace micguard {

// Main context only.
class BusLink {
  public:
    // A connection, or null: it is lost, and whatever was asked on it will not be answered.
    using Told = std::function<void(GDBusConnection*)>;

    explicit BusLink(Told told);
    ~BusLink(); // does not tell
    BusLink(const BusLink&) = delete;
    BusLink& operator=(const BusLink&) = delete;

    // Once is enough; it stays until the end.
    void start();

  private:
    void connect();
    void retry();
    void drop();
    static void onConnected(GObject*, GAsyncResult* result, gpointer self) noexcept;
    static void onClosed(GDBusConnection*, gboolean, GError*, gpointer self) noexcept;

    Told told_;
    GCancellable* bound_;
    GDBusConnection* bus_ = nullptr;
    gulong closed_ = 0;
    guint retry_ = 0;
    bool started_ = false;
};

} // namespace micguard
