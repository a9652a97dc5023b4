// SPDX-License-Identifier: GPL-3.0-or-later
// Opens and closes a capture stream as fast as it can, each as soon as its predecessor has heard something, was paused or
// has waited for --wait ms (50); with --reconnect on a new connection each. Tier 1 (cooperative, if impatient).
#include "tests/attackers/client.hpp"

#include <cstdlib>

namespace micguard::attack {
namespace {

int attack(const Options& options) {
    Report report(options, 1);
    Loop loop(options);
    const std::chrono::milliseconds wait(std::atoi(options.value("wait", "50").c_str()));
    std::unique_ptr<Connection> connection;
    while (!loop.ended() && !report.exhausted()) {
        if (!connection || connection->lost() || options.has("reconnect")) {
            connection.reset();
            connection = Connection::open(loop, options, "churn");
        }
        if (!connection) {
            loop.runUntil([] { return false; }, std::chrono::milliseconds(1));
            continue;
        }
        StreamEar ear(*connection, report, options.source);
        report.attempts++;
        const std::uint64_t buffers = report.stats().buffers;
        const auto served = [&] { return report.stats().buffers > buffers; };
        if (loop.runUntil([&] { return served() || connection->lost(); }, wait) && served())
            report.accepted++;
    }
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv, {"reconnect"}, {"wait"});
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
