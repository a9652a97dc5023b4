// SPDX-License-Identifier: GPL-3.0-or-later
//
// GIO's shared connection, as dconf takes it, raises SIGTERM in its own process when the bus goes: that orders nothing.
#include "tests/unit/bus_fixture.hpp"

#include "daemon/loop/end_signal.hpp"

#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

TEST_CASE("a bus that goes orders nobody to end, and another process does", "[bus]") {
    unsigned orders = 0;
    const EndSignal end([&] { orders++; });
    PrivateBus bus;
    GDBusConnection* shared = g_bus_get_sync(G_BUS_TYPE_SESSION, nullptr, nullptr);
    REQUIRE(shared);
    REQUIRE(g_dbus_connection_get_exit_on_close(shared));
    bool closed = false, turned = false;
    constexpr auto onClosed = +[](GDBusConnection*, gboolean, GError*, gpointer flag) noexcept {
        *static_cast<bool*>(flag) = true;
    };
    g_signal_connect(shared, "closed", G_CALLBACK(onClosed), &closed);
    bus.end();
    REQUIRE(runUntil([&] { return closed; })); // the class handler, which raises it, is through, too
    g_idle_add(
        [](gpointer flag) -> gboolean {
            *static_cast<bool*>(flag) = true;
            return G_SOURCE_REMOVE;
        },
        &turned);
    REQUIRE(runUntil([&] { return turned; }));
    CHECK(orders == 0);
    g_object_unref(shared);

    const pid_t ordering = fork();
    if (ordering == 0) {
        ::kill(getppid(), SIGTERM);
        _exit(0);
    }
    CHECK(runUntil([&] { return orders == 1; }));
    CHECK(waitpid(ordering, nullptr, 0) == ordering);
}
