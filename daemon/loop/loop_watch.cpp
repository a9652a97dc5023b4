// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/loop/loop_watch.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <fmt/format.h>
#include <glib.h>
#include <unistd.h>

namespace micguard {
namespace {

LoopTimes times;
GPollFunc pollBefore = nullptr;
std::uint64_t turnBegan = 0, workBegan = 0, waitedBefore = 0;
int schedule = -1; // of the loop's thread, for good

std::uint64_t usec(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

// How long the thread was ever ready to run and had no processor: the second of the file's numbers, in ns.
std::uint64_t waitedUsec() {
    char text[80];
    const ssize_t size = pread(schedule, text, sizeof text - 1, 0);
    if (size <= 0)
        return 0;
    text[size] = '\0';
    const char* second = std::strchr(text, ' ');
    return second ? std::strtoull(second, nullptr, 10) / 1000 : 0;
}

void count(TurnCounts& counts, std::uint64_t& longest, std::uint64_t took) {
    longest = std::max(longest, took);
    counts.at(std::min<std::size_t>(std::bit_width(took), counts.size() - 1))++;
}

// A short turn was short, whatever it was made of: of those (nearly all) the wait is not asked for a second time.
constexpr std::uint64_t longTurnUsec = 1000;

gint pollAndMeasure(GPollFD* descriptors, guint number, gint timeout) {
    if (turnBegan != 0) {
        const auto turn = usec(CLOCK_MONOTONIC) - turnBegan;
        const auto work = usec(CLOCK_THREAD_CPUTIME_ID) - workBegan;
        const auto waited = turn < longTurnUsec ? 0 : waitedUsec() - waitedBefore;
        times.longestTurnUsec = std::max(times.longestTurnUsec, turn);
        count(times.turnsByWork, times.longestWorkUsec, work);
        count(times.turnsByAway, times.longestAwayUsec, turn - std::min(turn, waited));
    }
    const gint result = pollBefore(descriptors, number, timeout);
    // Before each turn, half a microsecond, for of none it is known that it will be long. Asked at the long ones' ends alone, what it
    // takes to be run after each wake would be taken off a turn that blocked.
    waitedBefore = waitedUsec();
    turnBegan = usec(CLOCK_MONOTONIC);
    workBegan = usec(CLOCK_THREAD_CPUTIME_ID);
    return result;
}

} // namespace

void watchLoop() {
    schedule = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    pollBefore = g_main_context_get_poll_func(nullptr);
    g_main_context_set_poll_func(nullptr, pollAndMeasure);
}

LoopTimes loopTimes() {
    return times;
}

std::string turnsText(const TurnCounts& counts) {
    std::string text;
    for (std::size_t power = 0; power < counts.size(); power++)
        if (counts.at(power) > 0)
            text +=
                fmt::format("{}<{}:{}", text.empty() ? "" : " ", std::uint64_t{1} << power, counts.at(power));
    return text;
}

} // namespace micguard
