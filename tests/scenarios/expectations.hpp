// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a line below "then" says, held against the world.
#pragma once

#include "config/layers.hpp"
#include "tests/unit/world.hpp"

#include <string>

namespace micguard::test {

// One line as README.md has them; throws std::runtime_error on one that it does not know.
void expect(World& world, const Configuration& configuration, const std::string& line);

} // namespace micguard::test
