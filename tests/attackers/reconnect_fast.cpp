// SPDX-License-Identifier: GPL-3.0-or-later
// Is connected again as soon as the server is back, with the link to the microphone among its first messages, and stays
// until the server goes the next time. Tier 2 (careless).
#include "tests/attackers/client.hpp"

namespace micguard::attack {
namespace {

int attack(const Options& options) {
    Report report(options, 2);
    Loop loop(options);
    std::uint64_t connections = 0, linked = 0;
    while (!loop.ended() && !report.exhausted()) {
        const auto connection = Connection::open(loop, options, "reconnect_fast");
        if (!connection) {
            // A socket that is there and refuses, or none: there is no event that would come sooner.
            loop.runUntil([] { return false; }, std::chrono::microseconds(500));
            continue;
        }
        const std::string own = "reconnect_fast." + std::to_string(++connections);
        FilterEar ear(*connection, report, own);
        Links links(*connection, report);
        bool wasLinked = false;
        while (!loop.ended() && !connection->lost() && !report.exhausted()) {
            if (links.standing() == 0)
                links.request(options.source, "0", own, "0");
            wasLinked = wasLinked || links.standing() > 0;
            loop.runUntil([&] { return connection->lost(); }, std::chrono::milliseconds(1));
        }
        linked += wasLinked ? 1 : 0;
    }
    report.note("connections", connections);
    report.note("connections_linked", linked);
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv);
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
