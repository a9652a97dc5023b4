// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/policy/action.hpp"

struct pw_core;
struct pw_proxy;

namespace micguard {

// Asks the server for a link. The proxy is the caller's, nullptr where the connection takes nothing more; of a link that lingers it
// may be destroyed at once.
pw_proxy* askForLink(pw_core* core, const action::CreateLink& link);

} // namespace micguard
