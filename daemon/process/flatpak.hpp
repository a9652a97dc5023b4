// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whether a process that has a .flatpak-info in its root runs what that application has installed. Any
// process can make itself a root with such a file in it, and flatpak-run starts whatever it is told to in
// anybody's sandbox.
#pragma once

#include <string>
#include <vector>

namespace micguard {

// Where Flatpaks are installed for everybody and for this user.
std::vector<std::string> flatpakInstallations();

// The file outside of the sandbox that its /app/… is; "" if the executable is not of the application's own,
// or that is in none of the installations.
std::string deployedFile(const std::string& flatpakInfo, const std::string& executable,
                         const std::vector<std::string>& installations);

} // namespace micguard
