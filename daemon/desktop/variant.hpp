// SPDX-License-Identifier: GPL-3.0-or-later
//
// What GIO hands out, owned.
#pragma once

#include <memory>
#include <string>

#include <gio/gio.h>

namespace micguard {

struct VariantUnref {
    void operator()(GVariant* value) const { g_variant_unref(value); }
};
using Variant = std::unique_ptr<GVariant, VariantUnref>;

struct ErrorFree {
    void operator()(GError* error) const { g_error_free(error); }
};
using GlibError = std::unique_ptr<GError, ErrorFree>;

// As a time-out, ms: of whoever is asked once, and cannot be done without. Who hangs answers when he goes on, and who dies ends the call.
inline constexpr int untilItGoes = G_MAXINT;

// How a call on the bus ended. Cancelled: whoever asked may be gone.
struct CallOutcome {
    Variant value; // null: an error
    GlibError error;
    bool cancelled = false;

    static CallOutcome of(GObject* bus, GAsyncResult* result) {
        GError* raw = nullptr;
        CallOutcome outcome;
        outcome.value.reset(g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &raw));
        outcome.error.reset(raw);
        outcome.cancelled = raw != nullptr && g_error_matches(raw, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        return outcome;
    }

    // The name of the error that the other side answered with; "" if it is none of its own.
    std::string remoteError() const {
        const std::unique_ptr<gchar, decltype(&g_free)> name(
            error ? g_dbus_error_get_remote_error(error.get()) : nullptr, g_free);
        return name ? name.get() : "";
    }
};

} // namespace micguard
