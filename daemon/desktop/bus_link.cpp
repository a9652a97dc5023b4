// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/desktop/bus_link.hpp"

#include "daemon/desktop/variant.hpp"

#include <string>
#include <utility>

namespace micguard {
namespace {

constexpr guint retryMs = 5000;

// As everybody finds it, without GIO's last resort, which is to start a bus.
std::string address() {
    if (const char* set = g_getenv("DBUS_SESSION_BUS_ADDRESS"))
        return set;
    const std::unique_ptr<gchar, decltype(&g_free)> path(
        g_dbus_address_escape_value((std::string(g_get_user_runtime_dir()) + "/bus").c_str()), g_free);
    return std::string("unix:path=") + path.get();
}

} // namespace

BusLink::BusLink(Told told)
    : told_(std::move(told))
    , bound_(g_cancellable_new()) {}

BusLink::~BusLink() {
    g_cancellable_cancel(bound_);
    g_object_unref(bound_);
    drop();
    if (retry_)
        g_source_remove(retry_);
}

void BusLink::start() {
    if (!std::exchange(started_, true))
        connect();
}

void BusLink::connect() {
    g_dbus_connection_new_for_address(
        address().c_str(),
        static_cast<GDBusConnectionFlags>(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION),
        nullptr, bound_, onConnected, this);
}

void BusLink::onConnected(GObject*, GAsyncResult* result, gpointer self) noexcept {
    GError* raw = nullptr;
    GDBusConnection* bus = g_dbus_connection_new_for_address_finish(result, &raw);
    const GlibError error(raw);
    if (error && g_error_matches(raw, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    auto* link = static_cast<BusLink*>(self);
    if (!bus)
        return link->retry();
    link->bus_ = bus;
    link->closed_ = g_signal_connect(bus, "closed", G_CALLBACK(onClosed), link);
    link->told_(bus);
}

void BusLink::onClosed(GDBusConnection*, gboolean, GError*, gpointer self) noexcept {
    auto* link = static_cast<BusLink*>(self);
    link->told_(nullptr);
    link->drop();
    link->retry();
}

void BusLink::drop() {
    if (!bus_)
        return;
    g_signal_handler_disconnect(bus_, std::exchange(closed_, 0));
    g_object_unref(std::exchange(bus_, nullptr));
}

void BusLink::retry() {
    retry_ = g_timeout_add(
        retryMs,
        [](gpointer self) -> gboolean {
            static_cast<BusLink*>(self)->retry_ = 0;
            static_cast<BusLink*>(self)->connect();
            return G_SOURCE_REMOVE;
        },
        this);
}

} // namespace micguard
