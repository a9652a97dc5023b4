// SPDX-License-Identifier: GPL-3.0-or-later
//
// The calls of the guard that are about its history. None of them starts it.
#pragma once

#include "cli/guard.hpp"
#include "cli/history_facts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace micguard::cli {

struct HistoryFilter {
    std::optional<std::uint64_t> since, until; // µs since the epoch
    std::optional<std::string> app, source;
    std::vector<std::string> kinds; // empty: all
    std::optional<std::uint32_t> limit;
};

// The newest first.
Answer<std::vector<EntryFacts>> askHistory(const Guard& guard, const HistoryFilter& filter);
// By `app` and `until`. How many entries were cleared.
Answer<std::uint64_t> clearHistory(const Guard& guard, const HistoryFilter& filter);

} // namespace micguard::cli
