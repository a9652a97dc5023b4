// SPDX-License-Identifier: GPL-3.0-or-later
// micguard-demo --report: imitations of the study's ten applications capture speech while micguard mutes three times, and
// the report has to say of each what it did.
#pragma once

#include "tests/demo/table.hpp"

#include <string>

namespace micguard::test {

enum class Shown {
    rightly, // each in its class, and verified if this micguardctl can
    wrongly,
    nothing // could not be carried out
};

// Writes the page to `page`. Prints as it goes.
Shown runReport(const std::string& page, Paint paint);

} // namespace micguard::test
