// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/dbus_value.hpp"

#include <cerrno>
#include <string>

#include <nlohmann/json.hpp>
#include <systemd/sd-bus.h>

namespace micguard::cli {

namespace {

using nlohmann::json;

constexpr int deepest = 32; // far beyond the contract's a{oa{sa{sv}}}

int read(sd_bus_message* message, json& into, int depth);

template <typename T>
int readBasic(sd_bus_message* message, char type, json& into) {
    T value{};
    const int r = sd_bus_message_read_basic(message, type, &value);
    if (r > 0)
        into = value;
    return r;
}

int readBasicOf(sd_bus_message* message, char type, json& into) {
    switch (type) {
    case SD_BUS_TYPE_BYTE:
        return readBasic<std::uint8_t>(message, type, into);
    case SD_BUS_TYPE_INT16:
        return readBasic<std::int16_t>(message, type, into);
    case SD_BUS_TYPE_UINT16:
        return readBasic<std::uint16_t>(message, type, into);
    case SD_BUS_TYPE_INT32:
        return readBasic<std::int32_t>(message, type, into);
    case SD_BUS_TYPE_UINT32:
        return readBasic<std::uint32_t>(message, type, into);
    case SD_BUS_TYPE_INT64:
        return readBasic<std::int64_t>(message, type, into);
    case SD_BUS_TYPE_UINT64:
        return readBasic<std::uint64_t>(message, type, into);
    case SD_BUS_TYPE_DOUBLE:
        return readBasic<double>(message, type, into);
    case SD_BUS_TYPE_BOOLEAN: {
        int value = 0; // sd-bus writes an int
        const int r = sd_bus_message_read_basic(message, type, &value);
        if (r > 0)
            into = value != 0;
        return r;
    }
    case SD_BUS_TYPE_STRING:
    case SD_BUS_TYPE_OBJECT_PATH:
    case SD_BUS_TYPE_SIGNATURE:
        return readBasic<const char*>(message, type, into);
    default:
        return -EBADMSG;
    }
}

int readDictionary(sd_bus_message* message, const char* entry, json& into, int depth) {
    into = json::object();
    const std::string inside(entry + 1, std::char_traits<char>::length(entry) - 2);
    int r = 0;
    while ((r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, inside.c_str())) > 0) {
        json key, value;
        if ((r = read(message, key, depth + 1)) <= 0 || (r = read(message, value, depth + 1)) <= 0)
            return r < 0 ? r : -EBADMSG;
        into[key.is_string() ? key.get<std::string>() : key.dump()] = std::move(value);
        if ((r = sd_bus_message_exit_container(message)) < 0)
            return r;
    }
    return r;
}

int readSequence(sd_bus_message* message, json& into, int depth) {
    into = json::array();
    int r = 0;
    while ((r = sd_bus_message_at_end(message, 0)) == 0) {
        json value;
        if ((r = read(message, value, depth + 1)) <= 0)
            return r < 0 ? r : -EBADMSG;
        into.push_back(std::move(value));
    }
    return r < 0 ? r : 0;
}

int read(sd_bus_message* message, json& into, int depth) {
    if (depth > deepest)
        return -EBADMSG;
    char type = 0;
    const char* contents = nullptr;
    int r = sd_bus_message_peek_type(message, &type, &contents);
    if (r <= 0)
        return r;
    if (type != SD_BUS_TYPE_ARRAY && type != SD_BUS_TYPE_VARIANT && type != SD_BUS_TYPE_STRUCT)
        return readBasicOf(message, type, into);
    if ((r = sd_bus_message_enter_container(message, type, contents)) <= 0)
        return r < 0 ? r : -EBADMSG;
    if (type == SD_BUS_TYPE_VARIANT)
        r = read(message, into, depth + 1);
    else if (type == SD_BUS_TYPE_ARRAY && contents[0] == '{')
        r = readDictionary(message, contents, into, depth);
    else
        r = readSequence(message, into, depth);
    if (r < 0)
        return r;
    r = sd_bus_message_exit_container(message);
    return r < 0 ? r : 1;
}

} // namespace

int readValue(sd_bus_message* message, nlohmann::json& into) {
    return read(message, into, 0);
}

} // namespace micguard::cli
