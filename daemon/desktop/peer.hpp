// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who is behind a name of the bus's, by the bus's own word.
#pragma once

#include "daemon/desktop/variant.hpp"

#include <cstdint>

#include <gio/gio.h>

namespace micguard {

// `done` gives the answer to pidIn().
inline void askPid(GDBusConnection* bus, const char* uniqueName, GCancellable* until,
                   GAsyncReadyCallback done, gpointer data) {
    g_dbus_connection_call(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                           "GetConnectionUnixProcessID", g_variant_new("(s)", uniqueName),
                           G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, untilItGoes, until, done, data);
}

// 0: it has gone, or the bus does not know.
inline std::uint32_t pidIn(const CallOutcome& outcome) {
    guint32 pid = 0;
    if (outcome.value)
        g_variant_get(outcome.value.get(), "(u)", &pid);
    return pid;
}

} // namespace micguard
