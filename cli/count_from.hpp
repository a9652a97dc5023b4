// SPDX-License-Identifier: GPL-3.0-or-later
//
// Numbers that people write behind an option.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace micguard::cli {

// A number from 1 to `most`, and nothing besides.
inline std::optional<std::uint32_t> countFrom(std::string_view text, std::uint32_t most) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > most)
        return std::nullopt;
    return value;
}

} // namespace micguard::cli
