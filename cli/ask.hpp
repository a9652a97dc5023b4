// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reading calls as the verbs want them: the guard's answer, checked and typed.
#pragma once

#include "cli/guard.hpp"
#include "cli/snapshot.hpp"

namespace micguard::cli {

Answer<GuardFacts> askGuard(Guard& guard);
Answer<Objects> askObjects(Guard& guard);
// The application that is meant by what a person wrote.
Answer<ApplicationFacts> askApplication(Guard& guard, const std::string& called);

} // namespace micguard::cli
