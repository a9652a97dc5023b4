// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which script an interpreter runs, by what its command line says. The process can rewrite that line, and
// what it reads besides: it tells honest programs apart and proves nothing.
#pragma once

#include <string>
#include <string_view>

namespace micguard {

bool isInterpreter(std::string_view executable);

// `commandLine`: /proc/PID/cmdline. "" if the executable is no interpreter, or runs no file that is named.
std::string scriptOf(std::string_view executable, std::string_view commandLine);

} // namespace micguard
