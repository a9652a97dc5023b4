// SPDX-License-Identifier: GPL-3.0-or-later
// Nothing polls: with nothing to do the guard does not run, whoever listens.
#include "tests/session/trial.hpp"
#include "tests/support/figures.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdio>
#include <sstream>

using namespace micguard::test;

namespace {

constexpr unsigned pingSeconds = 2, restSeconds = 10;

// Of the daemon to the session bus.
std::size_t busConnections(const PrivateSession& session) {
    const Finished list = session.run(
        {"busctl", "--address=" + session.busAddress(), "--no-pager", "--no-legend", "--unique", "list"});
    REQUIRE(list.exitCode == 0);
    std::istringstream lines(list.output);
    std::size_t count = 0;
    for (std::string line, name, pid; std::getline(lines, line);)
        if (std::istringstream(line) >> name >> pid && pid == std::to_string(session.pid(Daemon::micguardd)))
            count++;
    return count;
}

} // namespace

TEST_CASE("at rest the guard sleeps but for the watchdog's pings, muted or live, while applications capture",
          "[rest]") {
    SessionOptions options = guardedSession({MicKind::tone, MicKind::acp, MicKind::otherProcess});
    options.environment.push_back("WATCHDOG_USEC=" + std::to_string(2 * pingSeconds * 1'000'000));
    PrivateSession session(options);
    Guard guard(session);
    std::vector<Heard> heard;
    for (const char* name : {"tone", "acp", "otherProcess"})
        heard.push_back(listenTo(session, name));
    for (const bool muted : {false, true}) {
        guard.setMuted(muted);
        // What the change itself causes (the lamp after 2 s the last of it, the history written) has come to an end.
        REQUIRE(heard.front().listener->waitSamples(48000 * 4));
        const Spent before = spentBy(session.pid(Daemon::micguardd));
        const StreamSnapshot audio = heard.front().listener->snapshot();
        REQUIRE(heard.front().listener->waitSamples(48000 * restSeconds));
        const std::uint64_t woken = (spentBy(session.pid(Daemon::micguardd)) - before).sleeps;
        const std::uint64_t cycles = heard.front().listener->snapshot().buffers - audio.buffers;
        INFO((muted ? "muted" : "live") << ": woken " << woken << " times in " << cycles << " audio cycles");
        std::printf("%s: woken %llu times in %llu audio cycles\n", muted ? "muted" : "live",
                    static_cast<unsigned long long>(woken), static_cast<unsigned long long>(cycles));
        CHECK(cycles > 250);
        // By pings; one more is on the edge, one is for whoever asks in between.
        CHECK(woken >= restSeconds / pingSeconds - 1);
        CHECK(woken <= restSeconds / pingSeconds + 2);
    }
}

TEST_CASE("what is switched off is not connected to, until it is switched on", "[rest]") {
    const std::string off =
        "[notify]\nquestions = false\ncapture = \"off\"\nblocked = false\nbypass = false\n"
        "[policy]\npermission-store = false\n";
    SessionOptions options = guardedSession({MicKind::tone});
    options.micguardConfig = off;
    PrivateSession session(options);
    Guard guard(session);
    REQUIRE(guard.state() == "live");
    const std::size_t without = busConnections(session);
    guard.setConfig("notify.capture", "first");
    CHECK(eventually([&] { return busConnections(session) == without + 1; }));
}
