// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a caller on the bus may ask of the App, by what the bus and the kernel say of it.
#pragma once

#include "config/settings.hpp"
#include "daemon/bus/bus.hpp"
#include "daemon/model/process_facts.hpp"

#include <string>

namespace micguard {

// For people: "obs (pid 12)".
std::string nameOf(const Caller& caller);

// As rules and the journal name an application: its executable or the sandbox's id.
std::string idOf(const Caller& caller);

// What keeps a caller from having any say; `what` ends the sentence that says no: "mute everybody".
Result<void> controlledBy(const Caller& caller, const char* what);

// What keeps one who has a say from making anything looser. `process`: the caller's, as it is now.
Result<void> loosenedBy(const Caller& caller, const Settings::Bus& bus, const ProcessFacts& process,
                        const char* what);

} // namespace micguard
