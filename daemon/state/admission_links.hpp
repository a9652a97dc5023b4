// SPDX-License-Identifier: GPL-3.0-or-later
//
// Strict admission is a matter of PipeWire's configuration: a symbolic link in the user's folder of
// fragments, to a file of the package's, so that without the package it leads nowhere and PipeWire starts as
// ever. Files only; no threads.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace micguard {

struct AdmissionLink {
    std::string path;
    std::string target;
    bool needed = true; // false: only to be removed
};

using Environment = std::function<std::string(const char*)>; // "" where unset

// PipeWire's; the session manager's where that is one which would let everybody in by itself, and where it makes microphones in its
// own process.
std::vector<AdmissionLink> admissionLinks(const Environment& environment, const std::string& datadir);

// What is wrong, "" if nothing is. Never touches what is not a link to a file of ours.
std::string makeAdmissionLinks(const std::vector<AdmissionLink>& links);
std::string removeAdmissionLinks(const std::vector<AdmissionLink>& links);

} // namespace micguard
