// SPDX-License-Identifier: GPL-3.0-or-later
// Nothing polls: with nothing to do the guard does not run, whoever listens.
#include "tests/session/trial.hpp"
#include "tests/support/figures.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdio>

using namespace micguard::test;

TEST_CASE("at rest the guard sleeps, muted or live, while applications capture", "[rest]") {
    PrivateSession session(guardedSession({MicKind::tone, MicKind::acp, MicKind::otherProcess}));
    Guard guard(session);
    std::vector<Heard> heard;
    for (const char* name : {"tone", "acp", "otherProcess"})
        heard.push_back(listenTo(session, name));
    for (const bool muted : {false, true}) {
        guard.setMuted(muted);
        // What the change itself causes has come to an end once a second of audio has passed.
        REQUIRE(heard.front().listener->waitSamples(48000));
        const std::uint64_t before = spentBy(session.pid(Daemon::micguardd)).contextSwitches;
        const StreamSnapshot audio = heard.front().listener->snapshot();
        REQUIRE(heard.front().listener->waitSamples(480000));
        const std::uint64_t woken = spentBy(session.pid(Daemon::micguardd)).contextSwitches - before;
        const std::uint64_t cycles = heard.front().listener->snapshot().buffers - audio.buffers;
        INFO((muted ? "muted" : "live") << ": woken " << woken << " times in " << cycles << " audio cycles");
        std::printf("%s: woken %llu times in %llu audio cycles\n", muted ? "muted" : "live", static_cast<unsigned long long>(woken),
                    static_cast<unsigned long long>(cycles));
        CHECK(cycles > 250);
        CHECK(woken * 20 < cycles);
    }
}
