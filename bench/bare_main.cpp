// SPDX-License-Identifier: GPL-3.0-or-later
// micguard-bare: loads the libraries that micguardd loads, says "ready" and waits for a signal. What it
// weighs is the floor under the daemon's memory.
#include <fmt/format.h>
#include <gio/gio.h>
#include <pipewire/pipewire.h>
#include <systemd/sd-bus.h>

#include <unistd.h>

int main(int argc, char** argv) {
    // One use of each, so that no linker leaves one out.
    pw_init(&argc, &argv);
    g_type_ensure(G_TYPE_FILE);
    sd_bus* bus = nullptr;
    sd_bus_new(&bus);
    sd_bus_unref(bus);
    fmt::print("ready\n");
    fflush(stdout);
    ::pause();
    return 0;
}
