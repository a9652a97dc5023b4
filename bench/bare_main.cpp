// SPDX-License-Identifier: GPL-3.0-or-later
// micguard-bare LIBRARY...: loads these, says "ready" and waits for a signal. With the libraries that micguardd has loaded, what
// it weighs is the floor under the daemon's memory.
#include <fmt/format.h>
#include <gio/gio.h>
#include <pipewire/pipewire.h>
#include <systemd/sd-bus.h>

#include <cstdio>

#include <dlfcn.h>
#include <unistd.h>

int main(int argc, char** argv) {
    int nothing = 0;
    pw_init(&nothing, nullptr);
    // One use of each, so that no linker leaves one out.
    g_type_ensure(G_TYPE_FILE);
    sd_bus* bus = nullptr;
    sd_bus_new(&bus);
    sd_bus_unref(bus);
    for (int i = 1; i < argc; i++)
        if (!dlopen(argv[i], RTLD_NOW)) {
            fmt::print("{}\n", dlerror());
            return 1;
        }
    fmt::print("ready\n");
    std::fflush(stdout);
    ::pause();
    return 0;
}
