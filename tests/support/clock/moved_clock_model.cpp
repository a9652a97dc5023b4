// SPDX-License-Identifier: GPL-3.0-or-later
//
// A model of a machine whose clock is set, for the one program that it is preloaded into: CLOCK_REALTIME is
// ahead by the seconds that the file $MICGUARD_TEST_CLOCK says, from the moment on at which that file is
// replaced. Timers on that clock follow, and are cancelled where they ask for it, as Linux does it
// (fs/timerfd.c: timerfd_clock_was_set(), do_timerfd_settime(), timerfd_read()). The same happens after a
// suspend. Monotonic time goes on unmoved.
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <mutex>
#include <pthread.h>
#include <string>

namespace {

constexpr std::int64_t nsecPerSecond = 1'000'000'000;

struct Timer {
    itimerspec asked{}; // by the moved clock
    int flags = 0;
    bool cancelled = false;
};

std::atomic<std::int64_t> ahead{0}; // ns
std::mutex timersMutex;
std::map<int, Timer>& timers() {
    static auto* all = new std::map<int, Timer>; // outlives whoever reads the clock last
    return *all;
}

bool isMoved(clockid_t clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

std::int64_t nsecOf(const timespec& time) {
    return time.tv_sec * nsecPerSecond + time.tv_nsec;
}

timespec timeOf(std::int64_t nsec) {
    return {nsec / nsecPerSecond, nsec % nsecPerSecond};
}

int realSettime(int fd, int flags, const itimerspec& when, itimerspec* before) {
    return static_cast<int>(syscall(SYS_timerfd_settime, fd, flags, &when, before));
}

// On the real clock. What has passed already expires at once: 0 would disarm it.
int arm(int fd, const Timer& timer, itimerspec* before) {
    itimerspec real = timer.asked;
    const bool armed = nsecOf(real.it_value) != 0;
    if (armed && (timer.flags & TFD_TIMER_ABSTIME) != 0)
        real.it_value = timeOf(std::max<std::int64_t>(nsecOf(real.it_value) - ahead, 1));
    return realSettime(fd, timer.flags, real, before);
}

void set(std::int64_t nsec) {
    const std::lock_guard lock(timersMutex);
    ahead = nsec;
    for (auto& [fd, timer] : timers()) {
        if ((timer.flags & TFD_TIMER_ABSTIME) == 0)
            continue;
        if ((timer.flags & TFD_TIMER_CANCEL_ON_SET) != 0) {
            timer.cancelled = true;
            realSettime(fd, 0, {{0, 0}, {0, 1}}, nullptr); // readable
        } else {
            arm(fd, timer, nullptr);
        }
    }
}

void* watch(void* argument) {
    const std::string& path = *static_cast<std::string*>(argument);
    const int events = inotify_init1(IN_CLOEXEC);
    inotify_add_watch(events, path.substr(0, path.rfind('/')).c_str(), IN_MOVED_TO);
    alignas(inotify_event) std::array<char, 4096> buffer{};
    do {
        double seconds = 0;
        if (std::ifstream(path) >> seconds)
            set(static_cast<std::int64_t>(seconds * static_cast<double>(nsecPerSecond)));
    } while (syscall(SYS_read, events, buffer.data(), buffer.size()) > 0);
    return nullptr;
}

[[gnu::constructor]] void begin() {
    const char* path = std::getenv("MICGUARD_TEST_CLOCK");
    if (!path)
        return;
    double seconds = 0;
    if (std::ifstream(path) >> seconds)
        ahead = static_cast<std::int64_t>(seconds * static_cast<double>(nsecPerSecond));
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // signals are the program's business
    pthread_t thread{};
    pthread_create(&thread, nullptr, watch, new std::string(path));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

} // namespace

extern "C" {

[[gnu::visibility("default")]] int clock_gettime(clockid_t clock, timespec* time) noexcept {
    const int result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
    if (result == 0 && isMoved(clock))
        *time = timeOf(nsecOf(*time) + ahead);
    return result;
}

[[gnu::visibility("default")]] int gettimeofday(timeval* time, void*) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    *time = {now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

[[gnu::visibility("default")]] time_t time(time_t* into) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (into)
        *into = now.tv_sec;
    return now.tv_sec;
}

[[gnu::visibility("default")]] int timerfd_create(int clock, int flags) noexcept {
    const int fd = static_cast<int>(syscall(SYS_timerfd_create, clock, flags));
    if (fd >= 0 && isMoved(clock)) {
        const std::lock_guard lock(timersMutex);
        timers()[fd] = {};
    }
    return fd;
}

[[gnu::visibility("default")]] int timerfd_settime(int fd, int flags, const itimerspec* when,
                                                   itimerspec* before) noexcept {
    const std::lock_guard lock(timersMutex);
    const auto timer = timers().find(fd);
    if (timer == timers().end())
        return realSettime(fd, flags, *when, before);
    const bool cancelled = timer->second.cancelled && nsecOf(when->it_value) != 0;
    timer->second = {*when, flags, timer->second.cancelled && !cancelled};
    const int result = arm(fd, timer->second, before);
    if (result < 0 || !cancelled)
        return result;
    errno = ECANCELED; // set all the same
    return -1;
}

[[gnu::visibility("default")]] ssize_t read(int fd, void* into, size_t size) {
    const ssize_t result = syscall(SYS_read, fd, into, size);
    if (result <= 0)
        return result;
    const std::lock_guard lock(timersMutex);
    const auto timer = timers().find(fd);
    if (timer == timers().end() || !timer->second.cancelled)
        return result;
    timer->second.cancelled = false;
    errno = ECANCELED;
    return -1;
}

[[gnu::visibility("default")]] int close(int fd) {
    {
        const std::lock_guard lock(timersMutex);
        timers().erase(fd);
    }
    return static_cast<int>(syscall(SYS_close, fd));
}

} // extern "C"
