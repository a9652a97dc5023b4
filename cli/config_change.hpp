// SPDX-License-Identifier: GPL-3.0-or-later
//
// One setting in the guard's own file, through the guard if there is one.
#pragma once

#include "config/keys.hpp"
#include "config/layers.hpp"

#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace micguard::cli {

// What was written on the command line, as a value of that key. Error: a sentence with the key, and what it wants.
tl::expected<SettingValue, std::string> valueFrom(const SettingKey& key,
                                                  const std::vector<std::string>& words);

// Without words: takes back what the guard's own file says. Returns the exit status.
int changeConfig(const ConfigFolders& folders, const std::string& key, const std::vector<std::string>& words,
                 bool json);

} // namespace micguard::cli
