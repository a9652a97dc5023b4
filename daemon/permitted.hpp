// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a caller on the bus may ask of the App, by what the bus says of it.
#pragma once

#include "daemon/bus/bus.hpp"

#include <string>

namespace micguard {

// For people: "obs (pid 12)".
std::string nameOf(const Caller& caller);

// `what` ends the sentence that says no: "mute everybody".
Result<void> mayControl(const Caller& caller, const char* what);

} // namespace micguard
