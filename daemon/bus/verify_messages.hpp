// SPDX-License-Identifier: GPL-3.0-or-later
//
// A proof as D-Bus arguments: what Verify is told, and what it says. Only for files of this folder.
#pragma once

#include "daemon/bus/bus.hpp"

#include <vector>

#include <systemd/sd-bus.h>

namespace micguard {

// The a{sv} that comes next.
Result<VerifyOptions> readVerifyOptions(sd_bus_message* message);

// aa{sv}. Negative errno if the message cannot hold it.
int appendVerifyResults(sd_bus_message* message, const std::vector<VerifyResult>& results);

} // namespace micguard
