// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where micguard-verify is, for those that run it.
#pragma once

#include <cstdlib>
#include <string>

#include "micguard-config.h"

namespace micguard::proof {

// MICGUARD_VERIFY in the environment names another one, for tests and for running out of a build folder.
inline std::string programPath() {
    const char* other = std::getenv("MICGUARD_VERIFY");
    return other != nullptr && *other != '\0' ? other : MICGUARD_LIBEXECDIR "/micguard-verify";
}

} // namespace micguard::proof
