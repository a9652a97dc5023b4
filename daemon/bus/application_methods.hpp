// SPDX-License-Identifier: GPL-3.0-or-later
//
// The methods of org.micguard.MicGuard1.Application. Only for files of this folder.
#pragma once

#include <vector>

#include <systemd/sd-bus.h>

namespace micguard {

// For a fallback vtable whose own userdata is Objects*, and which finds an ApplicationView for a path.
std::vector<sd_bus_vtable> applicationMethods();

} // namespace micguard
