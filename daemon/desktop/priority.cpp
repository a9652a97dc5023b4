// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/desktop/priority.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>

#include <gio/gio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace micguard {
namespace {

constexpr std::uint32_t ordinary = 0, roundRobin = 2; // SCHED_OTHER, SCHED_RR
// SCHED_FLAG_RESET_ON_FORK: threads and processes of ours start as ordinary ones.
constexpr std::uint64_t notInherited = 1;
// Below everybody's audio, PipeWire's is 83 to 88 (1.4.2, module-rt).
constexpr std::uint32_t lowest = 1;

// As the kernel has it (sched_setattr(2)); its header and the C library's cannot be had together, and glibc 2.36 has none.
struct SchedulingAttributes {
    std::uint32_t size = sizeof(SchedulingAttributes);
    std::uint32_t policy = ordinary;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0, deadline = 0, period = 0; // ns; under SCHED_OTHER the first is the slice
};

// A weight alone (nice) does not have us run at once when we wake: whoever runs goes on until his slice ends, some
// milliseconds later. One who asks for a short slice is put ahead of him (Linux 6.12 and later; before, this does nothing).
// We rarely work for longer at a time, so we give nothing away. Called from a signal's handler too.
bool runOrdinarily(pid_t thread) {
    constexpr std::uint64_t sliceNsec = 100'000; // the least that is granted
    SchedulingAttributes attributes;
    if (syscall(SYS_sched_getattr, thread, &attributes, sizeof attributes, 0) != 0)
        return false;
    attributes.policy = ordinary;
    attributes.priority = 0;
    attributes.flags = notInherited;
    attributes.runtime = sliceNsec;
    return syscall(SYS_sched_setattr, thread, &attributes, 0) == 0;
}

bool runInRealTime() {
    SchedulingAttributes attributes;
    attributes.policy = roundRobin;
    attributes.priority = lowest;
    attributes.flags = notInherited;
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0)
        return false;
    // Only waking up in real time begins a new turn (Linux 6.18, rt.c, enqueue_task_rt()); what was left of one that overran would
    // count on.
    const timespec moment{0, 100'000}; // long enough to be slept through
    nanosleep(&moment, nullptr);
    return true;
}

// The kernel says so (SIGXCPU) to who has computed for so long at a time in real time. Somebody gives us that much to do: he is
// not to have the processor by it.
constexpr rlim_t longestTurnUsec = 50'000;
// RTKit gives real time to nobody who may go on for longer (rtkit-daemon.c, 0.13).
constexpr rlim_t granted = 200'000;

volatile std::sig_atomic_t overran = 0;
volatile pid_t raised = 0; // the thread

void onOverrun(int) noexcept {
    const int before = errno;
    if (runOrdinarily(raised))
        overran = 1;
    errno = before;
}

bool limitTurns() {
    struct sigaction action {};
    action.sa_handler = onOverrun;
    action.sa_flags = SA_RESTART;
    const rlimit limit{longestTurnUsec, granted};
    return sigaction(SIGXCPU, &action, nullptr) == 0 && setrlimit(RLIMIT_RTTIME, &limit) == 0;
}

void tell(GError* error) {
    g_message("runs at ordinary priority: %s", error->message);
    g_error_free(error);
}

void onAnswer(GObject* source, GAsyncResult* answer, gpointer) noexcept {
    GError* refused = nullptr;
    if (GVariant* reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), answer, &refused))
        g_variant_unref(reply);
    else
        tell(refused);
}

// First the one that lasts when the other is lost.
void onBus(GObject*, GAsyncResult* result, gpointer) noexcept {
    GError* error = nullptr;
    GDBusConnection* bus = g_bus_get_finish(result, &error);
    if (!bus)
        return tell(error);
    const auto ask = [bus](const char* method, GVariant* arguments) {
        g_dbus_connection_call(bus, "org.freedesktop.RealtimeKit1", "/org/freedesktop/RealtimeKit1",
                               "org.freedesktop.RealtimeKit1", method, arguments, nullptr,
                               G_DBUS_CALL_FLAGS_NONE, -1, nullptr, onAnswer, nullptr);
    };
    const auto thread = static_cast<guint64>(gettid());
    if (priority() > guardsNice)
        ask("MakeThreadHighPriority", g_variant_new("(ti)", thread, guardsNice));
    ask("MakeThreadRealtime", g_variant_new("(tu)", thread, lowest));
    g_object_unref(bus);
}

} // namespace

void raisePriority() {
    raised = gettid();
    if (!runOrdinarily(raised))
        g_debug("no short slices: %s", std::strerror(errno));
    const bool high = priority() <= guardsNice || setpriority(PRIO_PROCESS, 0, guardsNice) == 0;
    if (!limitTurns() || (runInRealTime() && high))
        return;
    g_bus_get(G_BUS_TYPE_SYSTEM, nullptr, onBus, nullptr);
}

void keepPriority() {
    if (overran == 0)
        return;
    overran = 0;
    g_message("had to compute for more than 50 ms at a time");
    raisePriority();
}

int priority() {
    return getpriority(PRIO_PROCESS, 0);
}

bool runsInRealTime() {
    SchedulingAttributes attributes;
    return syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) == 0 &&
           attributes.policy != ordinary;
}

} // namespace micguard
