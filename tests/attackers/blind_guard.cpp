// SPDX-License-Identifier: GPL-3.0-or-later
// Takes the guard's sight of the microphone and of everything else away, through the guard's own Client object, the
// moment it sees it and 100 times a second from then on; with --quietly in the order in which an unplugged microphone
// goes. Tier 4 (unsandboxed and hostile).
#include "tests/attackers/victim.hpp"

#include <pipewire/permission.h>

namespace {

using namespace micguard::attack;

bool blind(Connection& connection, const Global& victim, bool quietly) {
    auto* client = reinterpret_cast<pw_client*>(connection.bind(victim, PW_VERSION_CLIENT));
    if (client == nullptr)
        return false;
    std::vector<pw_permission> nothing, ports;
    for (const Global& node : connection.ofType(PW_TYPE_INTERFACE_Node)) {
        if (!node.property("media.class").starts_with("Audio/Source"))
            continue;
        nothing.push_back({node.id, 0});
        for (const std::uint32_t port : connection.formerPorts(node.id, "out"))
            ports.push_back({port, 0});
    }
    // Ports ahead of their node is what an unplugged microphone looks like.
    nothing.insert(quietly ? nothing.begin() : nothing.end(), ports.begin(), ports.end());
    if (!quietly)
        nothing.push_back({PW_ID_ANY, 0}); // what is to come
    pw_client_update_permissions(client, static_cast<std::uint32_t>(nothing.size()), nothing.data());
    return true;
}

} // namespace

int main(int argc, char** argv) {
    const Options options = parseOptions(argc, argv, {"quietly", "raised"});
    const auto strike = [&](Connection& connection, const Global& victim) {
        return blind(connection, victim, options.has("quietly"));
    };
    return runAttack(argc, argv, options, [&] { return attackVictims(options, 4, isGuard, strike); });
}
