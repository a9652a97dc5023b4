// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/bus/stop_job.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include <systemd/sd-bus.h>

namespace micguard {
namespace {

constexpr char manager[] = "org.freedesktop.systemd1";
constexpr std::uint64_t patienceUsec = 2'000'000;

struct CloseBus {
    void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
struct UnrefMessage {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
struct Free {
    void operator()(char* text) const { std::free(text); } // as sd-bus hands strings out
};
using Message = std::unique_ptr<sd_bus_message, UnrefMessage>;

} // namespace

namespace {

// "" if there is none or systemd does not answer.
std::string jobOfOwnUnit() {
    sd_bus* connection = nullptr;
    if (sd_bus_open_user(&connection) < 0)
        return {};
    const std::unique_ptr<sd_bus, CloseBus> bus(connection);
    sd_bus_set_method_call_timeout(connection, patienceUsec);

    // Process 0 is the caller.
    sd_bus_message* raw = nullptr;
    if (sd_bus_call_method(connection, manager, "/org/freedesktop/systemd1",
                           "org.freedesktop.systemd1.Manager", "GetUnitByPID", nullptr, &raw, "u", 0U) < 0)
        return {};
    const Message unit(raw);
    const char* unitPath = nullptr;
    raw = nullptr;
    if (sd_bus_message_read(unit.get(), "o", &unitPath) < 0 ||
        sd_bus_get_property(connection, manager, unitPath, "org.freedesktop.systemd1.Unit", "Job", nullptr,
                            &raw, "(uo)") < 0)
        return {};
    const Message job(raw);
    std::uint32_t number = 0;
    const char* jobPath = nullptr;
    char* type = nullptr;
    if (sd_bus_message_read(job.get(), "(uo)", &number, &jobPath) < 0 || number == 0 ||
        sd_bus_get_property_string(connection, manager, jobPath, "org.freedesktop.systemd1.Job", "JobType",
                                   nullptr, &type) < 0)
        return {};
    const std::unique_ptr<char, Free> owned(type);
    return type;
}

} // namespace

// A "restart" is a stop with a start to follow.
bool unitIsBeingStopped() {
    return jobOfOwnUnit() == "stop";
}
bool unitIsBeingRestarted() {
    return jobOfOwnUnit() == "restart";
}

bool startUnit(const char* unit) {
    sd_bus* connection = nullptr;
    if (sd_bus_open_user(&connection) < 0)
        return false;
    const std::unique_ptr<sd_bus, CloseBus> bus(connection);
    sd_bus_set_method_call_timeout(connection, patienceUsec);
    return sd_bus_call_method(connection, manager, "/org/freedesktop/systemd1",
                              "org.freedesktop.systemd1.Manager", "StartUnit", nullptr, nullptr, "ss", unit,
                              "replace") >= 0;
}

} // namespace micguard
