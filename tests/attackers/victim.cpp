// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/attackers/victim.hpp"

namespace micguard::attack {

bool isGuard(const Global& client) {
    return client.property("application.name") == "micguardd";
}

bool isSessionManager(const Global& client) {
    return client.property("application.name").starts_with("WirePlumber") ||
           client.property("wireplumber.daemon") == "true";
}

bool destroy(Connection& connection, const Global& victim) {
    pw_registry_destroy(connection.registry(), victim.id);
    return true;
}

int attackVictims(const Options& options, int tier, const IsVictim& isVictim, const Strike& strike) {
    Report report(options, tier);
    Loop loop(options);
    const auto connection = Connection::open(loop, options, options.program);
    if (!connection)
        throw std::runtime_error("no server");
    std::map<std::uint32_t, std::string> serials; // of the victims, by id
    std::uint64_t victims = 0, gone = 0;
    std::unique_ptr<Connection> raiser;
    if (options.has("raised"))
        raiser = Connection::open(loop, options, options.program + ".raiser");
    const auto raise = [&](const Global& victim) {
        const pw_permission all{victim.id, PW_PERM_ALL};
        for (const Global& client : raiser->ofType(PW_TYPE_INTERFACE_Client))
            if (client.property("application.name") == options.program)
                if (auto* proxy = raiser->bind(client, PW_VERSION_CLIENT))
                    pw_client_update_permissions(reinterpret_cast<pw_client*>(proxy), 1, &all);
    };
    const auto hit = [&](const Global& client) {
        if (report.exhausted())
            return;
        if (raiser)
            raise(client);
        if (!strike(*connection, client))
            return;
        report.attempts++;
    };
    // Ahead of everybody who still has to hear of us.
    connection->onGlobal = [&](const Global& global) {
        if (global.type != PW_TYPE_INTERFACE_Client || !isVictim(global))
            return;
        if (serials[global.id] != global.property("object.serial"))
            ++victims;
        serials[global.id] = global.property("object.serial");
        hit(global);
    };
    connection->onGlobalRemoved = [&](std::uint32_t id) { gone += serials.erase(id); };
    // Links itself and has its own connection: with the session manager gone nobody else would link it, and silence for
    // that reason proves nothing; nor do its refusals count as those of the attack.
    const std::string own = options.program + ".listener";
    Options plain = options;
    plain.statsPath.clear();
    Report linking(plain, tier);
    const auto listener = Connection::open(loop, options, own);
    if (!listener)
        throw std::runtime_error("no server");
    FilterEar ear(*listener, report, own);
    Links links(*listener, linking);
    loop.every(std::chrono::milliseconds(10), [&] {
        if (links.standing() == 0)
            links.requestAll(options.source, own);
        for (const Global& client : connection->ofType(PW_TYPE_INTERFACE_Client))
            if (isVictim(client))
                hit(client);
        if (report.exhausted() || connection->lost())
            loop.end();
    });
    loop.run();
    report.refused = std::min(connection->errors(), report.attempts);
    report.accepted = report.attempts - report.refused;
    report.note("links_made", linking.accepted);
    report.note("victims", victims);
    report.note("victims_gone", gone);
    report.note("victims_alive", serials.size());
    report.print();
    return 0;
}

} // namespace micguard::attack
