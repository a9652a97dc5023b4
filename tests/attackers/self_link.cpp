// SPDX-License-Identifier: GPL-3.0-or-later
// Brings no session manager: links the microphone's ports, and those of every Audio/Source/Internal node, to itself 100
// times a second. Tier 2 (careless); with --media-class, which claims to be something that does not listen, tier 4.
#include "tests/attackers/client.hpp"

namespace micguard::attack {
namespace {

constexpr const char* own = "self_link";

int attack(const Options& options) {
    Report report(options, options.values.contains("media-class") ? 4 : 2);
    Loop loop(options);
    const auto connection = Connection::open(loop, options, own);
    if (!connection || !connection->roundTrip())
        throw std::runtime_error("no server");
    Properties properties{{"node.autoconnect", "false"}};
    if (const std::string claimed = options.value("media-class", ""); !claimed.empty())
        properties["media.class"] = claimed;
    FilterEar ear(*connection, report, own, properties);
    Links links(*connection, report);
    unsigned ticks = 0;
    loop.every(std::chrono::milliseconds(10), [&] {
        // A link that stands is given up now and then, so that it has to be made again.
        if (++ticks % 50 == 0)
            links.dropAll();
        if (links.standing() == 0) {
            links.requestAll(options.source, own);
            for (const Global& node : connection->ofType(PW_TYPE_INTERFACE_Node))
                if (node.property("media.class") == "Audio/Source/Internal" &&
                    node.property("node.name") != options.source)
                    links.requestAll(node.property("node.name"), own);
        }
        if (report.exhausted() || connection->lost())
            loop.end();
    });
    loop.run();
    report.note("standing", links.standing());
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv, {}, {"media-class"});
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
