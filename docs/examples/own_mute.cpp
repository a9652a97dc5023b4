// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a program that records, and mutes it for real: each SIGUSR1 presses the mute button.
//   c++ own_mute.cpp -o own_mute $(pkg-config --cflags --libs libsystemd) && ./own_mute pw-record speech.wav
#include <csignal>
#include <cstdio>
#include <systemd/sd-bus.h>
#include <unistd.h>

int main(int, char** argv) {
    sigset_t wanted, before;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGCHLD);
    sigprocmask(SIG_BLOCK, &wanted, &before);
    sd_bus* bus = nullptr; // the mute lasts as long as this connection: keep it
    if (!argv[1] || sd_bus_open_user(&bus) < 0)
        return 1;
    if (fork() == 0) {
        sigprocmask(SIG_SETMASK, &before, nullptr);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    int muted = 0, signal = 0;
    while (sigwait(&wanted, &signal) == 0 && signal == SIGUSR1) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        if (sd_bus_call_method(bus, "org.micguard.MicGuard1", "/org/micguard/MicGuard1",
                               "org.micguard.MicGuard1", "MuteOwnStreams", &error, nullptr, "b", !muted) >= 0)
            std::puts((muted = !muted) ? "muted" : "live"); // what it says is so by now
        else
            std::fprintf(stderr, "no mute of the system's: %s\n",
                         error.message); // without micguard: mute it yourself
        sd_bus_error_free(&error);
        std::fflush(stdout);
    }
}
