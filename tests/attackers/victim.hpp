// SPDX-License-Identifier: GPL-3.0-or-later
// What the attacks on the guard's and the session manager's own connections share: choose the victims among
// the clients, strike the moment one is seen and 100 times a second from then on, listen all the while, tell
// who survived. With --raised a second connection gives the first one, ahead of each strike, the rights on
// the victim that it was denied.
#pragma once

#include "tests/attackers/client.hpp"

namespace micguard::attack {

using IsVictim = std::function<bool(const Global& client)>;
// True if a message was sent.
using Strike = std::function<bool(Connection& connection, const Global& victim)>;

int attackVictims(const Options& options, int tier, const IsVictim& isVictim, const Strike& strike);

bool isGuard(const Global& client);
bool isSessionManager(const Global& client);
bool destroy(Connection& connection, const Global& victim);

} // namespace micguard::attack
