// SPDX-License-Identifier: GPL-3.0-or-later
//
// A dictionary of the guard's read into a struct, key by key, and what --json writes for "none".
#pragma once

#include "cli/json_take.hpp"

#include <string>

namespace micguard::cli {

// One key after the other; remembers the first that did not fit.
class Keys {
  public:
    explicit Keys(const nlohmann::json& from)
        : from_(from) {
        if (!from.is_object())
            wrong_ = "what should be a dictionary is none";
    }
    template <typename T>
    Keys& operator()(const char* key, T& into) {
        if (!wrong_.empty())
            return *this;
        const auto found = from_.find(key);
        if (found == from_.end())
            wrong_ = std::string(key) + " is missing";
        else if (!take(*found, into))
            wrong_ = std::string(key) + " is of another type";
        return *this;
    }
    // One that may be absent.
    template <typename T>
    Keys& maybe(const char* key, T& into) {
        return wrong_.empty() && from_.contains(key) ? (*this)(key, into) : *this;
    }
    const std::string& wrong() const { return wrong_; }

  private:
    const nlohmann::json& from_;
    std::string wrong_;
};

inline nlohmann::json orNull(const std::string& text) {
    return text.empty() ? nlohmann::json(nullptr) : nlohmann::json(text);
}
inline nlohmann::json orNull(std::uint64_t number) {
    return number == 0 ? nlohmann::json(nullptr) : nlohmann::json(number);
}

} // namespace micguard::cli
