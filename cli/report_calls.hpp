// SPDX-License-Identifier: GPL-3.0-or-later
//
// The exposure report asked of the running guard.
#pragma once

#include "cli/guard.hpp"
#include "cli/report_facts.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace micguard::cli {

Answer<ExposureReport> askReport(const Guard& guard, std::uint64_t since, std::uint64_t until,
                                 const std::optional<std::string>& app);

} // namespace micguard::cli
