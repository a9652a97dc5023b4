// SPDX-License-Identifier: GPL-3.0-or-later
// Each process of the session killed, and stopped and continued, at random moments while muted and while
// live.
#include "tests/faults/ordeal.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <set>
#include <vector>

using namespace micguard::test;
using namespace std::chrono_literals;

namespace {

const std::vector<MicKind> kinds = {MicKind::tone, MicKind::nullVirtual, MicKind::acp};
const std::vector<Daemon> all = {Daemon::micguardd, Daemon::wireplumber, Daemon::pulse, Daemon::pipewire,
                                 Daemon::bus};

void addPulse(Ordeal& ordeal) {
    ordeal.add("tone",
               [&ordeal] { return parecordListener(ordeal.session, {.target = "tone", .latencyMsec = 20}); });
    ordeal.relisten();
    hearAgain(ordeal.session, ordeal.heard);
}

void killedByTurns(Daemon daemon, const std::string& mode) {
    Ordeal ordeal(withOutcast(guardedSession(kinds)), mode,
                  std::string("native, Pulse × three kinds × kill -9 of ") + nameOf(daemon));
    addPulse(ordeal);
    ordeal.addOutcast("tone");
    if (daemon != Daemon::micguardd)
        ordeal.guardLives();
    const pid_t guard = ordeal.session.pid(Daemon::micguardd);
    for (unsigned run = 0; run < rounds(1); run++) {
        INFO("round " << run << ", MICGUARD_SEED=" << faultSeed());
        ordeal.round([&] { ordeal.session.kill(daemon); }, [&] { ordeal.recover(); });
        // One that had ended by itself recover() would have started again without a word.
        CHECK((daemon == Daemon::micguardd || ordeal.session.pid(Daemon::micguardd) == guard));
    }
}

void stoppedByTurns(Daemon daemon, const std::string& mode) {
    Ordeal ordeal(withOutcast(guardedSession(kinds)), mode,
                  std::string("native, Pulse × three kinds × SIGSTOP, SIGCONT of ") + nameOf(daemon));
    addPulse(ordeal);
    ordeal.addOutcast("tone");
    ordeal.guardLives();
    for (unsigned run = 0; run < rounds(1); run++) {
        INFO("round " << run << ", MICGUARD_SEED=" << faultSeed());
        ordeal.round([&] { ordeal.session.pause(daemon); }, [&] { ordeal.session.resume(daemon); });
    }
}

// The check ends with the first buffer that is heard. So one does not tell a guard that was a moment late from one that stands still:
// how much comes within a second does, and what the server has in force by then.
void tellWhatWasHeard(const Ordeal& ordeal, Listener& listener, const std::string& mode) {
    listener.waitSamples(48000, Milliseconds(1000));
    const StreamSnapshot now = listener.snapshot();
    // It leaves real time if it has computed for too long at a time (daemon/desktop/priority).
    const int policy = ::sched_getscheduler(ordeal.session.pid(Daemon::micguardd)) & ~SCHED_RESET_ON_FORK;
    std::printf("      within a second of the first buffer %llu of %llu samples were heard, for %.1f ms; the "
                "guard runs %s\n",
                static_cast<unsigned long long>(listener.madeIn(1, now)),
                static_cast<unsigned long long>(now.samples),
                static_cast<double>(now.lastNsec[1] - now.firstNsec[1]) / 1e6,
                policy == SCHED_RR ? "in real time" : "at ordinary priority");
    for (const auto& wrong :
         openings(readServer(ordeal.session), ordeal.session, Admission::relaxed, mode == "sever"))
        std::printf("      after it: %s\n", wrong.c_str());
    std::fflush(stdout);
}

// While the bus is stopped, which goes on at the end of this. The guard that kept it silent has to be the one that was there: one that had
// ended, and was started again by the next recover(), is not told from it by what is heard.
void plugLate(Ordeal& ordeal, const std::string& mode) {
    const pid_t guard = ordeal.session.pid(Daemon::micguardd);
    ordeal.session.plug({.kind = MicKind::tone, .name = "late", .phase = 1});
    {
        Heard late{"late", nativeListener(ordeal.session, {.target = "late", .realTime = false})};
        late.listener->start();
        if (mode == "silence")
            REQUIRE(late.listener->waitSamples(4800));
        else // Severed it is given nothing; from here on it could be linked.
            REQUIRE(late.listener->waitUntil([](const StreamSnapshot& now) {
                return now.nodeId != 0 && now.nodeId != std::numeric_limits<std::uint32_t>::max();
            }));
        hearsNothingNew(late, ordeal.tally, Milliseconds(mode == "silence" ? 0 : 150));
        if (late.counted > 0)
            tellWhatWasHeard(ordeal, *late.listener, mode);
    }
    CHECK(ordeal.session.ended() == "");
    CHECK(ordeal.session.pid(Daemon::micguardd) == guard);
    ordeal.session.unplug("late");
    ordeal.session.resume(Daemon::bus);
}

} // namespace

TEST_CASE("control: without its rule the outcast hears", "[faults][daemons][control]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    const auto listener = nativeListener(session, {.target = "tone", .name = "outcast", .outcast = true});
    listener->start();
    CHECK(listener->waitAudible(0));
}

TEST_CASE("killed: micguardd", "[faults][daemons]") {
    killedByTurns(Daemon::micguardd, GENERATE("silence", "sever"));
}
TEST_CASE("killed: WirePlumber", "[faults][daemons]") {
    killedByTurns(Daemon::wireplumber, GENERATE("silence", "sever"));
}
TEST_CASE("killed: pipewire-pulse", "[faults][daemons]") {
    killedByTurns(Daemon::pulse, GENERATE("silence", "sever"));
}
TEST_CASE("killed: PipeWire", "[faults][server]") {
    killedByTurns(Daemon::pipewire, GENERATE("silence", "sever"));
}
TEST_CASE("killed: the bus", "[faults][bus]") {
    killedByTurns(Daemon::bus, GENERATE("silence", "sever"));
}

TEST_CASE("stopped and continued: micguardd", "[faults][stopped]") {
    stoppedByTurns(Daemon::micguardd, GENERATE("silence", "sever"));
}
TEST_CASE("stopped and continued: WirePlumber", "[faults][stopped]") {
    stoppedByTurns(Daemon::wireplumber, GENERATE("silence", "sever"));
}
TEST_CASE("stopped and continued: pipewire-pulse", "[faults][stopped]") {
    stoppedByTurns(Daemon::pulse, GENERATE("silence", "sever"));
}
TEST_CASE("stopped and continued: PipeWire", "[faults][stopped]") {
    stoppedByTurns(Daemon::pipewire, GENERATE("silence", "sever"));
}
TEST_CASE("stopped and continued: the bus", "[faults][bus]") {
    stoppedByTurns(Daemon::bus, GENERATE("silence", "sever"));
}

// By turns the whole order, everybody killed, and some of it by some means. Only the former goes on to the next of the 120 orders in
// which five can be killed, and the second mode where the first has ended: together, from fifty rounds on, they have all of them.
TEST_CASE("several at once and in every order, killed or stopped", "[faults][together]") {
    const std::string mode = GENERATE("silence", "sever");
    Ordeal ordeal(withOutcast(guardedSession(kinds)), mode,
                  "native, Pulse × three kinds × several processes killed or stopped at once");
    addPulse(ordeal);
    ordeal.addOutcast("tone");
    constexpr std::size_t orders = 120;
    static std::set<std::vector<Daemon>> had;
    // From a random one on, so that a short run has not always the same.
    static std::vector<Daemon> order = [&] {
        std::vector<Daemon> first = all;
        std::shuffle(first.begin(), first.end(), ordeal.random);
        return first;
    }();
    bool whole = false;
    std::vector<Daemon> stopped;
    std::string what;
    const auto strike = [&] {
        whole = !whole;
        std::vector<Daemon> now;
        if (whole) {
            std::next_permutation(order.begin(), order.end()); // after the last one the first
            had.insert(order);
            now = order;
        } else {
            now = all;
            std::shuffle(now.begin(), now.end(), ordeal.random);
            now.resize(2 + ordeal.below(3));
        }
        what.clear();
        for (const Daemon daemon : now) {
            const bool stop = !whole && ordeal.below(2) == 0;
            what += std::string(stop ? " stop " : " kill ") + nameOf(daemon);
            // What the server's end has taken with it may be gone.
            if (stop && ordeal.session.running(daemon)) {
                ordeal.session.pause(daemon);
                stopped.push_back(daemon);
            } else if (!stop) {
                ordeal.session.kill(daemon);
            }
            ordeal.moment(3ms);
        }
    };
    const auto mend = [&] {
        UNSCOPED_INFO("it was:" << what);
        // The guard first: a stopped one sees nobody who comes (docs/threat-model.md), and who starts anew
        // comes.
        std::stable_partition(stopped.begin(), stopped.end(),
                              [](Daemon one) { return one == Daemon::micguardd; });
        for (const Daemon daemon : stopped)
            ordeal.session.resume(daemon);
        stopped.clear();
        ordeal.recover();
    };
    const bool everyOrder = rounds(2) >= 50 && mode == "sever";
    for (unsigned run = 0; run < rounds(2) || (everyOrder && run < 4 * rounds(2) && had.size() < orders);
         run++) {
        INFO("round " << run << ", MICGUARD_SEED=" << faultSeed());
        ordeal.round(strike, mend);
    }
    std::printf("      %zu of %zu orders so far\n", had.size(), orders);
    CHECK((!everyOrder || had.size() == orders));
}

TEST_CASE("a guard that starts while the bus does not answer guards all the same", "[faults][bus]") {
    const std::string mode = GENERATE("silence", "sever");
    Ordeal ordeal(guardedSession(kinds), mode,
                  "native × three kinds × guard started while the bus is stopped with SIGSTOP");
    for (unsigned run = 0; run < rounds(1); run++) {
        INFO("round " << run << ", MICGUARD_SEED=" << faultSeed());
        ordeal.mute();
        ordeal.session.kill(Daemon::micguardd);
        ordeal.session.pause(Daemon::bus);
        ordeal.moment(20ms);
        // READY is said when everything is silent, which is no business of the bus.
        ordeal.session.start(Daemon::micguardd);
        plugLate(ordeal, mode);
        REQUIRE(ordeal.guard->waitName(true));
        ordeal.expectMuted();
        ordeal.listen();
        ordeal.unmute();
    }
}

TEST_CASE("a bus that comes back and does not answer holds up no guard", "[faults][bus]") {
    const std::string mode = GENERATE("silence", "sever");
    Ordeal ordeal(guardedSession(kinds), mode,
                  "native × three kinds × bus restarted and stopped with SIGSTOP");
    for (unsigned run = 0; run < rounds(1); run++) {
        INFO("round " << run << ", MICGUARD_SEED=" << faultSeed());
        ordeal.mute();
        ordeal.session.kill(Daemon::bus);
        ordeal.session.start(Daemon::bus);
        ordeal.session.pause(Daemon::bus);
        // Longer than the guard waits before it looks for a bus again: it has found one by now, and waits for
        // its answer.
        REQUIRE(ordeal.heard.front().listener->waitSamples(mode == "sever" ? 0 : 60000));
        if (mode == "sever")
            ordeal.listen(Milliseconds(1250));
        plugLate(ordeal, mode);
        ordeal.guard.reset(); // its connection was to the bus before
        ordeal.recover();
        ordeal.expectMuted();
        ordeal.listen();
        ordeal.unmute();
    }
}
