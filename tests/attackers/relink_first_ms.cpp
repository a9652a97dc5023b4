// SPDX-License-Identifier: GPL-3.0-or-later
// Connects, has its link to the microphone under way with its very first messages, listens for some cycles, disconnects,
// and begins anew. Tier 2 (careless): this is what a program looks like that restarts all the time.
#include "tests/attackers/client.hpp"

#include <cstdlib>

namespace micguard::attack {
namespace {

int attack(const Options& options) {
    Report report(options, 2);
    Loop loop(options);
    const std::chrono::milliseconds hold(std::atoi(options.value("hold", "60").c_str()));
    std::uint64_t rounds = 0, linked = 0;
    while (!loop.ended() && !report.exhausted()) {
        const auto connection = Connection::open(loop, options, "relink_first_ms");
        if (!connection) {
            loop.runUntil([] { return false; }, std::chrono::milliseconds(1));
            continue;
        }
        ++rounds;
        const std::string own = "relink_first_ms." + std::to_string(rounds);
        FilterEar ear(*connection, report, own);
        Links links(*connection, report);
        const auto end = std::chrono::steady_clock::now() + hold;
        bool wasLinked = false;
        // The first one goes out with the greeting, before anything was heard from the server.
        while (!loop.ended() && !connection->lost() && std::chrono::steady_clock::now() < end) {
            if (links.standing() == 0 && !report.exhausted())
                links.request(options.source, "0", own, "0");
            wasLinked = wasLinked || links.standing() > 0;
            loop.runUntil([] { return false; }, std::chrono::microseconds(500));
        }
        linked += wasLinked ? 1 : 0;
    }
    report.note("rounds", rounds);
    report.note("rounds_linked", linked);
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv, {}, {"hold"});
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
