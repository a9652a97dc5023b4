// SPDX-License-Identifier: GPL-3.0-or-later
//
// The order to end, SIGTERM, told in the loop of the default main context.
#pragma once

#include <functional>

#include <glib.h>

namespace micguard {

// One at a time, for the whole process. From somebody else: GIO's shared connection, which a library may take without our
// knowledge (dconf does), raises SIGTERM in its own process when its bus goes, and a guard outlives buses (GLib 2.74,
// gio/gdbusconnection.c, g_dbus_connection_real_closed).
class EndSignal {
  public:
    explicit EndSignal(std::function<void()> ordered);
    ~EndSignal(); // from here on SIGTERM ends the process where it stands
    EndSignal(const EndSignal&) = delete;
    EndSignal& operator=(const EndSignal&) = delete;

  private:
    std::function<void()> ordered_;
    guint source_ = 0;
};

} // namespace micguard
