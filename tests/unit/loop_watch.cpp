// SPDX-License-Identifier: GPL-3.0-or-later
//
// What keeps a loop from its next turn: its own work, a call that blocks, and a neighbour that has the processor. The last is not
// its doing.
#include "daemon/loop/loop_watch.hpp"

#include <chrono>
#include <csignal>
#include <ctime>
#include <fstream>
#include <thread>

#include <glib.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace std::chrono_literals;

namespace {

// The figures at the beginning of a turn.
LoopTimes beginTurn() {
    static const bool watched = [] {
        watchLoop();
        return true;
    }();
    REQUIRE(watched);
    g_main_context_iteration(nullptr, FALSE);
    return loopTimes();
}

// One turn in which that is done; the figures at its end.
LoopTimes endTurn(void (*action)()) {
    g_idle_add(
        [](gpointer data) noexcept -> gboolean {
            reinterpret_cast<void (*)()>(data)();
            return G_SOURCE_REMOVE;
        },
        reinterpret_cast<gpointer>(action));
    g_main_context_iteration(nullptr, FALSE);
    return beginTurn();
}

// The least that the longest of the turns between two looks took, in µs.
std::uint64_t longestSince(const TurnCounts& before, const TurnCounts& now) {
    for (std::size_t power = now.size() - 1; power > 0; power--)
        if (now.at(power) > before.at(power))
            return std::uint64_t{1} << (power - 1);
    return 0;
}

std::chrono::nanoseconds worked() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// Nothing where the kernel does not tell.
std::chrono::nanoseconds waited() {
    std::int64_t ran = 0, wait = 0;
    std::ifstream("/proc/thread-self/schedstat") >> ran >> wait;
    return std::chrono::nanoseconds(wait);
}

std::chrono::nanoseconds waitedInTurn{}, workedInTurn{};

void workBesideNeighbour() {
    const auto before = waited(), began = worked();
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (waited() - before < 40ms && std::chrono::steady_clock::now() < until) {
    }
    waitedInTurn = waited() - before;
    workedInTurn = worked() - began;
}

} // namespace

TEST_CASE("a call that blocks keeps the loop away, though it is no work", "[loop]") {
    const LoopTimes before = beginTurn();
    const LoopTimes now = endTurn([] { std::this_thread::sleep_for(40ms); });
    CHECK(longestSince(before.turnsByAway, now.turnsByAway) >= 32'768);
    CHECK(now.longestAwayUsec >= 40'000);
    CHECK(longestSince(before.turnsByWork, now.turnsByWork) <
          longestSince(before.turnsByAway, now.turnsByAway));
}

TEST_CASE("work keeps the loop away", "[loop]") {
    const LoopTimes before = beginTurn();
    const LoopTimes now = endTurn([] {
        const auto until = worked() + 40ms;
        while (worked() < until) {
        }
    });
    CHECK(longestSince(before.turnsByWork, now.turnsByWork) >= 32'768);
    CHECK(longestSince(before.turnsByAway, now.turnsByAway) >= 32'768);
}

TEST_CASE("what a neighbour takes of the processor does not count against the loop", "[loop]") {
    cpu_set_t all{}, one{};
    REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
    CPU_SET(sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        SKIP("no choice of processors here");
    const pid_t neighbour = fork();
    if (neighbour == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        volatile bool computing = true;
        while (computing) {
        }
    }
    REQUIRE(neighbour > 0);
    const LoopTimes before = beginTurn();
    const auto began = std::chrono::steady_clock::now();
    const LoopTimes now = endTurn(workBesideNeighbour);
    const auto took = std::chrono::steady_clock::now() - began; // the turn, and a little more
    kill(neighbour, SIGKILL);
    waitpid(neighbour, nullptr, 0);
    sched_setaffinity(0, sizeof all, &all);
    if (waitedInTurn < 40ms)
        SKIP("this kernel does not tell how long a thread waits for a processor");
    const std::chrono::microseconds away(longestSince(before.turnsByAway, now.turnsByAway));
    INFO("waited " << waitedInTurn.count() << " ns, worked " << workedInTurn.count() << ", in all "
                   << took.count() << "; away for " << away.count() << " µs at least");
    CHECK(away + waitedInTurn <= took);
    CHECK(2 * away >= workedInTurn); // and its own work does
}
