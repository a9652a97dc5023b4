// SPDX-License-Identifier: GPL-3.0-or-later
// Records as an ordinary application does, and says of its connection that the Pulse server made it, for somebody else. In a sandbox
// tier 3.
#include "tests/attackers/client.hpp"

#include <stdexcept>

namespace micguard::attack {
namespace {

int attack(const Options& options) {
    Report report(options, 3);
    Loop loop(options);
    const Properties claims{{"client.api", "pipewire-pulse"}, {"application.id", "org.other.App"}};
    const auto connection = Connection::open(loop, options, "other_api", claims);
    if (!connection || !connection->roundTrip())
        throw std::runtime_error("no server");
    StreamEar ear(*connection, report, options.source);
    loop.run();
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
