// SPDX-License-Identifier: GPL-3.0-or-later
//
// Takes a value over if it is of the type that is wanted; else `into` stays as it is.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include <nlohmann/json.hpp>

namespace micguard::cli {

inline bool take(const nlohmann::json& from, std::string& into) {
    if (!from.is_string())
        return false;
    into = from.get<std::string>();
    return true;
}

inline bool take(const nlohmann::json& from, bool& into) {
    if (!from.is_boolean())
        return false;
    into = from.get<bool>();
    return true;
}

template <typename Number>
bool takeNumber(const nlohmann::json& from, Number& into) {
    if (!from.is_number_unsigned() || from.get<std::uint64_t>() > std::numeric_limits<Number>::max())
        return false;
    into = from.get<Number>();
    return true;
}
inline bool take(const nlohmann::json& from, std::uint64_t& into) { return takeNumber(from, into); }
inline bool take(const nlohmann::json& from, std::uint32_t& into) { return takeNumber(from, into); }

} // namespace micguard::cli
