// SPDX-License-Identifier: GPL-3.0-or-later
//
// Takes the keys of a dictionary over, one after the other, and remembers the first that did not fit.
#pragma once

#include "cli/json_take.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace micguard::cli {

inline bool take(const nlohmann::json& from, std::int64_t& into) {
    if (!from.is_number_integer())
        return false;
    into = from.get<std::int64_t>();
    return true;
}
inline bool take(const nlohmann::json& from, std::vector<std::string>& into) {
    if (!from.is_array() || !std::all_of(from.begin(), from.end(), [](const auto& entry) { return entry.is_string(); }))
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
        into.emplace_back(key, value.template get<std::string>());
    }
    return true;
}

class Keys {
  public:
    explicit Keys(const nlohmann::json& from)
        : from_(from) {
        if (!from.is_object())
            wrong_ = "what should be a dictionary is none";
    }
    template <typename T>
    Keys& operator()(const char* key, T& into) {
        if (wrong_.empty() && from_.find(key) == from_.end())
            wrong_ = std::string(key) + " is missing";
        return optional(key, into);
    }
    // One that need not be there.
    template <typename T>
    Keys& optional(const char* key, T& into) {
        if (!wrong_.empty())
            return *this;
        if (const auto found = from_.find(key); found != from_.end() && !take(*found, into))
            wrong_ = std::string(key) + " is of another type";
        return *this;
    }
    const std::string& wrong() const { return wrong_; }

  private:
    const nlohmann::json& from_;
    std::string wrong_;
};

} // namespace micguard::cli
