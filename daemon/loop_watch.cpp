// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/loop_watch.hpp"

#include <algorithm>
#include <bit>
#include <ctime>

#include <fmt/format.h>
#include <glib.h>

namespace micguard {
namespace {

LoopTimes times;
GPollFunc pollBefore = nullptr;
std::uint64_t turnBegan = 0, workBegan = 0;

std::uint64_t usec(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

gint pollAndMeasure(GPollFD* descriptors, guint count, gint timeout) {
    if (turnBegan != 0) {
        times.longestTurnUsec = std::max(times.longestTurnUsec, usec(CLOCK_MONOTONIC) - turnBegan);
        const auto work = usec(CLOCK_THREAD_CPUTIME_ID) - workBegan;
        times.longestWorkUsec = std::max(times.longestWorkUsec, work);
        times.turnsByWork.at(std::min<std::size_t>(std::bit_width(work), times.turnsByWork.size() - 1))++;
    }
    const gint result = pollBefore(descriptors, count, timeout);
    turnBegan = usec(CLOCK_MONOTONIC);
    workBegan = usec(CLOCK_THREAD_CPUTIME_ID);
    return result;
}

} // namespace

void watchLoop() {
    pollBefore = g_main_context_get_poll_func(nullptr);
    g_main_context_set_poll_func(nullptr, pollAndMeasure);
}

LoopTimes loopTimes() {
    return times;
}

std::string turnsText(const LoopTimes& times) {
    std::string text;
    for (std::size_t power = 0; power < times.turnsByWork.size(); power++)
        if (times.turnsByWork.at(power) > 0)
            text += fmt::format("{}<{}:{}", text.empty() ? "" : " ", std::uint64_t{1} << power,
                                times.turnsByWork.at(power));
    return text;
}

} // namespace micguard
