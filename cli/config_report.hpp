// SPDX-License-Identifier: GPL-3.0-or-later
//
// What micguardctl config prints: the files, what is wrong with them, what they come to. Reads files and asks
// nobody: it has to help where the guard does not run.
#pragma once

#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "config/layers.hpp"

#include <string>

namespace micguard::cli {

struct ConfigReport {
    std::string out;   // for standard output
    std::string error; // for standard error
    Exit code = Exit::Ok;
};

enum class Form { Text, Json };

// Of all files in force, or of one.
ConfigReport checkConfig(const ConfigFolders& folders, Form form);
ConfigReport checkConfigFile(const ConfigFolders& folders, const std::string& path, Form form);
ConfigReport showConfig(const ConfigFolders& folders, Form form);
ConfigReport configPaths(const ConfigFolders& folders, Form form, const Terminal& terminal);

} // namespace micguard::cli
