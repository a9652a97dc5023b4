// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/units.hpp"

#include "cli/dbus_value.hpp"

#include <utility>

#include <nlohmann/json.hpp>
#include <systemd/sd-bus.h>

namespace micguard::cli {

namespace {

using nlohmann::json;

constexpr char manager[] = "org.freedesktop.systemd1";

Answer<MessageHandle> ask(sd_bus* bus, const char* path, const char* interface, const char* member,
                          const char* argument) {
    sd_bus_message* raw = nullptr;
    if (sd_bus_message_new_method_call(bus, &raw, manager, path, interface, member) < 0)
        return tl::unexpected(CallError{Exit::Failed, "out of memory"});
    const MessageHandle call(raw);
    // Outside of a systemd session the bus would start a pretender from its service file.
    if (sd_bus_message_set_auto_start(raw, 0) < 0 ||
        sd_bus_message_append_basic(raw, SD_BUS_TYPE_STRING, argument) < 0)
        return tl::unexpected(CallError{Exit::Failed, "out of memory"});
    return send(bus, raw, readPatience);
}

template <typename T>
void take(const json& properties, const char* name, T& into) {
    const auto found = properties.find(name);
    if (found == properties.end())
        return;
    if constexpr (std::is_same_v<T, std::string>) {
        if (found->is_string())
            into = found->get<std::string>();
    } else if constexpr (std::is_unsigned_v<T>) {
        if (found->is_number_unsigned())
            into = found->get<T>();
    } else if (found->is_array()) {
        for (const json& entry : *found)
            if (entry.is_string())
                into.push_back(entry.get<std::string>());
    }
}

} // namespace

UnitFacts unitFacts(std::string name, const json& properties) {
    UnitFacts unit;
    unit.name = std::move(name);
    if (!properties.is_object())
        return unit;
    take(properties, "LoadState", unit.loadState);
    take(properties, "ActiveState", unit.activeState);
    take(properties, "UnitFileState", unit.fileState);
    take(properties, "MainPID", unit.mainPid);
    take(properties, "NRestarts", unit.restarts);
    take(properties, "ExecMainStartTimestampMonotonic", unit.started);
    take(properties, "ActiveEnterTimestampMonotonic", unit.ready);
    take(properties, "After", unit.after);
    take(properties, "Before", unit.before);
    return unit;
}

Answer<UnitFacts> askUnit(sd_bus* bus, const std::string& name) {
    auto loaded =
        ask(bus, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "LoadUnit", name.c_str());
    if (!loaded)
        return tl::unexpected(loaded.error());
    const char* path = nullptr;
    if (sd_bus_message_read_basic(loaded->get(), SD_BUS_TYPE_OBJECT_PATH, &path) <= 0)
        return tl::unexpected(CallError{Exit::Failed, "cannot make sense of systemd's answer"});
    // The empty interface name stands for all of them: those of every unit and those of services.
    auto reply = ask(bus, path, "org.freedesktop.DBus.Properties", "GetAll", "");
    if (!reply)
        return tl::unexpected(reply.error());
    json properties;
    if (readValue(reply->get(), properties) <= 0)
        return tl::unexpected(CallError{Exit::Failed, "cannot make sense of systemd's answer"});
    return unitFacts(name, properties);
}

} // namespace micguard::cli
