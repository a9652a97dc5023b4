// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any D-Bus value as JSON, so that one reader serves properties, managed objects and systemd's answers.
// Dictionaries become objects (keys that are no strings are written out), other arrays and structs become
// arrays, variants what they hold. Reads only; file descriptors are refused.
#pragma once

#include <nlohmann/json_fwd.hpp>

struct sd_bus_message;

namespace micguard::cli {

// Reads the next complete value of the message. Negative errno if it is malformed or too deep; 0 at the end.
int readValue(sd_bus_message* message, nlohmann::json& into);

} // namespace micguard::cli
