// SPDX-License-Identifier: GPL-3.0-or-later
//
// Dictionaries of variants, written and read. Only for files of this folder.
#pragma once

#include "daemon/bus/bus.hpp"
#include "daemon/bus/text.hpp"
#include "protocol/names.hpp"

#include <string>
#include <utility>
#include <vector>

#include <systemd/sd-bus.h>

namespace micguard {

inline RequestError invalid(std::string message) {
    return {names::error::invalidArgument, std::move(message)};
}

// Entries of a dictionary of variants. The first failure stays; what follows is not written.
class Entries {
  public:
    explicit Entries(sd_bus_message* message)
        : message_(message) {
        keep(sd_bus_message_open_container(message_, 'a', "{sv}"));
    }

    void text(const char* key, const std::string& value) { basic(key, 's', busText(value).c_str()); }
    void flag(const char* key, bool value) {
        const int written = value;
        basic(key, 'b', &written);
    }
    template <typename T>
    void number(const char* key, char type, T value) {
        basic(key, type, &value);
    }
    void words(const char* key, const std::vector<std::pair<std::string, std::string>>& pairs) {
        list(key, "a{ss}", pairs, [this](const auto& pair) {
            return sd_bus_message_append(message_, "{ss}", busText(pair.first).c_str(),
                                         busText(pair.second).c_str());
        });
    }
    void texts(const char* key, const std::vector<std::string>& values) {
        list(key, "as", values, [this](const auto& value) {
            return sd_bus_message_append(message_, "s", busText(value).c_str());
        });
    }
    // `write` each value into an array of this type.
    template <typename T, typename Write>
    void list(const char* key, const char* type, const std::vector<T>& values, Write write) {
        open(key, type);
        keepWith([&] { return sd_bus_message_open_container(message_, 'a', type + 1); });
        for (const auto& value : values)
            keepWith([&] { return write(value); });
        keepWith([&] { return sd_bus_message_close_container(message_); });
        close();
    }

    int end() {
        keepWith([&] { return sd_bus_message_close_container(message_); });
        return result_;
    }

  private:
    void keep(int result) {
        if (result_ >= 0)
            result_ = result;
    }
    template <typename Step>
    void keepWith(Step step) {
        if (result_ >= 0)
            result_ = step();
    }
    void open(const char* key, const char* type) {
        keepWith([&] { return sd_bus_message_open_container(message_, 'e', "sv"); });
        keepWith([&] { return sd_bus_message_append_basic(message_, 's', key); });
        keepWith([&] { return sd_bus_message_open_container(message_, 'v', type); });
    }
    void close() {
        keepWith([&] { return sd_bus_message_close_container(message_); });
        keepWith([&] { return sd_bus_message_close_container(message_); });
    }
    void basic(const char* key, char type, const void* value) {
        const char signature[] = {type, '\0'};
        open(key, signature);
        keepWith([&] { return sd_bus_message_append_basic(message_, type, value); });
        close();
    }

    sd_bus_message* message_;
    int result_ = 0;
};

// Of the variant that comes next.
inline std::string typeOf(sd_bus_message* message) {
    char type = 0;
    const char* contents = nullptr;
    return sd_bus_message_peek_type(message, &type, &contents) > 0 && contents ? contents : "";
}

} // namespace micguard
