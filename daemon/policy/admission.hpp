// SPDX-License-Identifier: GPL-3.0-or-later
//
// Strict admission: the server gives a new client nothing until we say what it may do. Which clients those
// are is the server's word (`pipewire.access`), which no client can set.
#pragma once

#include "daemon/model/model.hpp"

#include <cstdint>
#include <set>
#include <string_view>

namespace micguard {

struct Verdicts;

// The server's configuration for it (systemd/admission.conf) names them so.
inline constexpr std::string_view admissionAccess = "micguard";

struct Admission {
    std::uint32_t any = 0; // what it may do with everything that nothing more particular is said of
    bool once = false;     // afterwards it sees to that itself: it hands its connection on with less
    bool shield = true;    // others' Client objects are out of its reach
    bool operator==(const Admission&) const = default;
};

// The settings list it among the mixers; by what is known of it alone. A sandbox's name counts where somebody trusted gives it.
bool isMixer(const Settings& settings, const Client& client);

bool isAdmissionOurs(const Client& client);

// It waits, and there is nothing yet by which to judge it.
bool isUndecided(const Model& model, const Client& client);
bool anyUndecided(const Model& model);

// After everything else has been judged: what its permissions on single objects are belongs to the verdict.
void admit(const Model& model, const std::set<GlobalId>& managers, Verdicts& verdicts);

} // namespace micguard
