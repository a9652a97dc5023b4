// SPDX-License-Identifier: GPL-3.0-or-later
//
// What micguard-verify was told. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace micguard::proof {

struct Options {
    static constexpr std::uint32_t defaultSeconds = 2, mostSeconds = 60;

    std::uint32_t seconds = defaultSeconds; // to record while muted
    std::vector<std::string> sources;       // names; empty: all
    bool bluetooth = false;
    bool tone = false;
};

// Error: one line.
tl::expected<Options, std::string> parse(std::span<const char* const> words);

} // namespace micguard::proof
