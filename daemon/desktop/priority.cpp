// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/desktop/priority.hpp"

#include <gio/gio.h>
#include <sys/resource.h>
#include <unistd.h>

namespace micguard {
namespace {

void tell(GError* error) {
    g_message("runs at ordinary priority: %s", error->message);
    g_error_free(error);
}

void onBus(GObject*, GAsyncResult* result, gpointer) noexcept {
    GError* error = nullptr;
    GDBusConnection* bus = g_bus_get_finish(result, &error);
    if (!bus)
        return tell(error);
    // GIO would end the process with the bus.
    g_dbus_connection_set_exit_on_close(bus, FALSE);
    g_dbus_connection_call(
        bus, "org.freedesktop.RealtimeKit1", "/org/freedesktop/RealtimeKit1", "org.freedesktop.RealtimeKit1",
        "MakeThreadHighPriority", g_variant_new("(ti)", static_cast<guint64>(gettid()), guardsNice), nullptr,
        G_DBUS_CALL_FLAGS_NONE, -1, nullptr,
        [](GObject* source, GAsyncResult* answer, gpointer) {
            GError* refused = nullptr;
            if (GVariant* reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), answer, &refused))
                g_variant_unref(reply);
            else
                tell(refused);
        },
        nullptr);
    g_object_unref(bus);
}

} // namespace

void raisePriority() {
    if (priority() <= guardsNice || setpriority(PRIO_PROCESS, 0, guardsNice) == 0)
        return;
    g_bus_get(G_BUS_TYPE_SYSTEM, nullptr, onBus, nullptr);
}

int priority() { return getpriority(PRIO_PROCESS, 0); }

} // namespace micguard
