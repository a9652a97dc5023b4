// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules as D-Bus arguments: what SetRule is told, and what Rules and Explain say. Only for files of this
// folder.
#pragma once

#include "daemon/bus/bus.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <systemd/sd-bus.h>

namespace micguard {

// What keeps a text from naming anything; `what` it is called in the contract.
std::optional<RequestError> nameFault(const std::string& name, const char* what);

// The a{sv} that comes next.
Result<RuleOptions> readRuleOptions(sd_bus_message* message);

// Into an open aa{sv}; an a{sv}. Negative errno if the message cannot hold it.
int appendRules(sd_bus_message* message, std::span<const RuleView> rules);
int appendExplanation(sd_bus_message* message, const Explanation& explanation);

} // namespace micguard
