// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reading calls as the verbs want them: the guard's answer, checked and typed.
#pragma once

#include "cli/guard.hpp"
#include "cli/snapshot.hpp"

#include <string>

namespace micguard::cli {

Answer<GuardFacts> askGuard(Guard& guard);
// One property that is text.
Answer<std::string> askText(Guard& guard, const char* property);
// Who keeps the microphones muted, in words; "" if nobody does, or it cannot be told.
std::string stillMutedBy(Guard& guard);
Answer<Objects> askObjects(Guard& guard);
// The application that is meant by what a person wrote.
Answer<ApplicationFacts> askApplication(Guard& guard, const std::string& called);

} // namespace micguard::cli
