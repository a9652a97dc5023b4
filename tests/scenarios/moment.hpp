// SPDX-License-Identifier: GPL-3.0-or-later
//
// "mon 09:00" (of the week that begins on 2026-11-23) or "2026-11-25 17:59", in UTC, as the time that it then
// is.
#pragma once

#include "daemon/model/event.hpp"

#include <string>
#include <vector>

namespace micguard::test {

event::TimeCame momentOf(const std::vector<std::string>& words); // throws std::runtime_error

} // namespace micguard::test
