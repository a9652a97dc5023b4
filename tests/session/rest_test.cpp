// SPDX-License-Identifier: GPL-3.0-or-later
// Nothing polls: with nothing to do the guard does not run, whoever listens.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <string>

using namespace micguard::test;

namespace {

// How often the kernel has put the process on a core since it started.
std::uint64_t switches(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    std::uint64_t sum = 0;
    for (std::string line; std::getline(status, line);)
        if (line.find("ctxt_switches:") != std::string::npos)
            sum += std::stoull(line.substr(line.find(':') + 1));
    return sum;
}

} // namespace

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
        const std::uint64_t before = switches(session.pid(Daemon::micguardd));
        const StreamSnapshot audio = heard.front().listener->snapshot();
        REQUIRE(heard.front().listener->waitSamples(96000));
        const std::uint64_t woken = switches(session.pid(Daemon::micguardd)) - before;
        const std::uint64_t cycles = heard.front().listener->snapshot().buffers - audio.buffers;
        INFO((muted ? "muted" : "live") << ": woken " << woken << " times in " << cycles << " audio cycles");
        CHECK(cycles > 50);
        CHECK(woken * 20 < cycles);
    }
}
