// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who listened when, drawn in a terminal: a row for each application, the mutes as one of their own, time
// from left to right. Pure.
#pragma once

#include "cli/history_facts.hpp"
#include "cli/output.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace micguard::cli {

struct Span {
    std::uint64_t from = 0, to = 0; // µs since the epoch
};

// `shownSpan`: from the left edge to the right one. What goes on ends `now`.
std::string timeline(const std::vector<EntryFacts>& entries, const Span& shownSpan, std::uint64_t now,
                     const Terminal& terminal);

} // namespace micguard::cli
