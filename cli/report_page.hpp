// SPDX-License-Identifier: GPL-3.0-or-later
//
// The exposure report as one page of HTML that stands by itself: no scripts, nothing from elsewhere, light and dark,
// narrow and wide. What applications call themselves is text in it and nothing else. Pure.
#pragma once

#include "cli/report_facts.hpp"

#include <string>

namespace micguard::cli {

std::string toPage(const ExposureReport& report);

} // namespace micguard::cli
