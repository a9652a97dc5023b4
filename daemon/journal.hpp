// SPDX-License-Identifier: GPL-3.0-or-later
//
// One structured line per thing worth knowing afterwards. To the journal when it is there, else to stderr.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace micguard::journal {

enum class Kind { Muted, Unmuted, Blocked, Degraded };

// `fields` are further NAME=value pairs; names in upper case.
void send(Kind kind, const std::string& message, const std::vector<std::pair<std::string, std::string>>& fields = {});

// systemd's notification protocol; does nothing where nobody listens.
void notify(const std::string& state);
// Half the watchdog's period in ms, 0 without a watchdog.
unsigned watchdogIntervalMs();

} // namespace micguard::journal
