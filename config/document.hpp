// SPDX-License-Identifier: GPL-3.0-or-later
//
// A TOML text as a tree of values with their places, before anything is known of what they mean. Nothing of
// the library that parses it shows here. Survives any input.
#pragma once

#include "config/diagnostic.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace micguard {

struct Item {
    // Moment: a date and time with an offset. LocalTime: any date or time without.
    enum class Kind { Table, List, Text, Integer, Number, Flag, Moment, LocalTime };

    Kind kind = Kind::Table;
    std::uint32_t line = 0, column = 0;
    std::string key; // of a table's member
    std::uint32_t keyLine = 0, keyColumn = 0;

    std::string text;
    std::int64_t integer = 0;
    bool flag = false;
    std::int64_t moment = 0;    // µs since the epoch
    std::vector<Item> children; // of a list in its order, of a table by place; none below the eighth level
};

// "a table", "a list" …
std::string_view article(const Item& item);

inline constexpr std::size_t fileSizeLimit = std::size_t{4} * 1024 * 1024;

// The root table. Error: why it is no TOML, or more of it than anybody needs.
tl::expected<Item, Diagnostic> parseDocument(std::string_view text, const std::string& file);

} // namespace micguard
