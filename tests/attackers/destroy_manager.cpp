// SPDX-License-Identifier: GPL-3.0-or-later
// Destroys the session manager's connections the moment it sees them, and 100 times a second from then on.
// Tier 4 (unsandboxed and hostile); a Flatpak's permissions would do for it, too (tier 3).
#include "tests/attackers/victim.hpp"

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv, {"raised"});
    return runAttack(argc, argv, options,
                     [&] { return attackVictims(options, 4, isSessionManager, destroy); });
}
