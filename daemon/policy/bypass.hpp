// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who goes around PipeWire, or could, and is neither PipeWire itself nor one of those that belong to it: as
// warnings for people. No verdict depends on it, for none could reach them.
#pragma once

#include "daemon/model/model.hpp"
#include "daemon/model/view.hpp"

#include <set>
#include <vector>

namespace micguard {

// Ids are "bypass:alsa:hw:0,0", "bypass:manager:PID", "bypass:sandbox:APPID", and "bypass:more" for those
// that are not listed.
std::vector<WarningView> bypassWarnings(const Model& model);

// Somebody with a reason to be on the manager socket: a session manager, the guard, the portal, PipeWire's
// own programs that only look or turn volumes, whoever the settings list as a mixer. By what the kernel says
// of its executable.
bool belongsOnManagerSocket(const Model& model, const std::set<GlobalId>& managers, const Client& client);

} // namespace micguard
