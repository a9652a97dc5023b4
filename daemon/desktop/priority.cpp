// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/desktop/priority.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <gio/gio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace micguard {
namespace {

// As the kernel has it (sched_setattr(2)); its header and the C library's cannot be had together, and glibc 2.36 has none.
struct SchedulingAttributes {
    std::uint32_t size = sizeof(SchedulingAttributes);
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0, deadline = 0, period = 0; // ns; under SCHED_OTHER the first is the slice
};

// A weight alone (nice) does not have us run at once when we wake: whoever runs goes on until his slice ends, some
// milliseconds later. One who asks for a short slice is put ahead of him (Linux 6.12 and later; before, this does nothing).
// We rarely work for longer at a time, so we give nothing away.
void askForShortSlices() {
    constexpr std::uint64_t sliceNsec = 100'000; // the least that is granted
    SchedulingAttributes attributes;
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0)
        return;
    attributes.runtime = sliceNsec;
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0)
        g_debug("no short slices: %s", std::strerror(errno));
}

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
    askForShortSlices();
    if (priority() <= guardsNice || setpriority(PRIO_PROCESS, 0, guardsNice) == 0)
        return;
    g_bus_get(G_BUS_TYPE_SYSTEM, nullptr, onBus, nullptr);
}

int priority() { return getpriority(PRIO_PROCESS, 0); }

} // namespace micguard
