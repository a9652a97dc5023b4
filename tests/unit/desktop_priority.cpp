// SPDX-License-Identifier: GPL-3.0-or-later
//
// The guard's real time, in a process of its own: had, given up by who computes for long, and had again.
#include "daemon/desktop/priority.hpp"

#include <chrono>
#include <thread>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

enum Outcome { asExpected, notHad, notGivenUp, threadHasIt, childHasIt, notHadAgain, heldOn };

void compute(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
    }
}

bool isOrdinary(pid_t who) {
    return (sched_getscheduler(who) & ~SCHED_RESET_ON_FORK) == SCHED_OTHER;
}

Outcome live() {
    raisePriority();
    if (!runsInRealTime())
        return notHad;
    bool ordinary = false;
    std::thread([&] { ordinary = isOrdinary(0); }).join();
    if (!ordinary)
        return threadHasIt;
    const pid_t child = fork();
    if (child == 0)
        _exit(isOrdinary(0) ? 0 : 1);
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0)
        return childHasIt;
    keepPriority();
    if (!runsInRealTime())
        return notHad;
    // Twice what is granted, at which the kernel kills.
    compute(std::chrono::milliseconds(400));
    if (runsInRealTime())
        return notGivenUp;
    keepPriority();
    if (!runsInRealTime())
        return notHadAgain;
    // Who sleeps now and then does not compute at a time.
    for (int turn = 0; turn < 10; turn++) {
        compute(std::chrono::milliseconds(20));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return runsInRealTime() ? asExpected : heldOn;
}

} // namespace

TEST_CASE("real time is had where it is granted, given up by who computes for long, and had again") {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0)
        _exit(live());
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == notHad)
        SKIP("this machine grants no real time");
    CHECK(WEXITSTATUS(status) == asExpected);
}
