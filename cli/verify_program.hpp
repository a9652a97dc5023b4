// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs micguard-verify and reads what it prints: a line of JSON for each source, one for each step on the
// way, one for the whole.
#pragma once

#include "cli/guard.hpp"

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace micguard::cli {

// Waits for its end; `onLine` is called for each line that is an object. Its exit status, 128 + N for signal
// N. It ends with us. Error: it could not be run.
Answer<int> runVerify(const std::vector<std::string>& arguments,
                      const std::function<void(const nlohmann::json&)>& onLine);

} // namespace micguard::cli
