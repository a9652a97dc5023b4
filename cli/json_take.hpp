// SPDX-License-Identifier: GPL-3.0-or-later
//
// Takes a value over if it is of the type that is wanted; else `into` stays as it is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

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
inline bool take(const nlohmann::json& from, std::uint64_t& into) {
    return takeNumber(from, into);
}
inline bool take(const nlohmann::json& from, std::uint32_t& into) {
    return takeNumber(from, into);
}

inline bool take(const nlohmann::json& from, std::int64_t& into) {
    if (!from.is_number_integer())
        return false;
    into = from.get<std::int64_t>();
    return true;
}
inline bool take(const nlohmann::json& from, std::vector<std::string>& into) {
    if (!from.is_array() ||
        !std::all_of(from.begin(), from.end(), [](const nlohmann::json& entry) { return entry.is_string(); }))
        return false;
    into = from.get<std::vector<std::string>>();
    return true;
}
inline bool take(const nlohmann::json& from, std::vector<std::pair<std::string, std::string>>& into) {
    if (!from.is_object())
        return false;
    for (const auto& [key, value] : from.items()) {
        if (!value.is_string())
            return false;
        into.emplace_back(key, value.get<std::string>());
    }
    return true;
}

} // namespace micguard::cli
