// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/guard.hpp"

#include "tests/support/analyser.hpp"

#include <systemd/sd-bus.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace micguard::test {
namespace {

constexpr const char* name = "org.micguard.MicGuard1";
constexpr const char* path = "/org/micguard/MicGuard1";

void check(int result, const char* what) {
    if (result < 0)
        throw std::runtime_error(std::string(what) + ": " + strerror(-result));
}

} // namespace

Guard::Guard(const PrivateSession& session)
    : session_(session) {
    check(sd_bus_new(&bus_), "sd_bus_new");
    check(sd_bus_set_address(bus_, session.busAddress().c_str()), "sd_bus_set_address");
    check(sd_bus_set_bus_client(bus_, 1), "sd_bus_set_bus_client");
    check(sd_bus_start(bus_), "sd_bus_start");
    // Any change of the guard's or of the name's owner wakes whoever waits.
    check(sd_bus_match_signal(bus_, nullptr, name, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                              nullptr, nullptr),
          "sd_bus_match_signal");
    check(sd_bus_match_signal(bus_, nullptr, "org.freedesktop.DBus", nullptr, "org.freedesktop.DBus",
                              "NameOwnerChanged", nullptr, nullptr),
          "sd_bus_match_signal");
}

Guard::~Guard() { sd_bus_flush_close_unref(bus_); }

template <typename... Args>
std::string Guard::call(const char* member, const char* types, Args... args) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    called_ = monotonicNsec();
    const int result = sd_bus_call_method(bus_, name, path, name, member, &error, nullptr, types, args...);
    replied_ = monotonicNsec();
    std::string text;
    if (result < 0)
        text = std::string(error.name ? error.name : strerror(-result)) + ": " + (error.message ? error.message : "");
    sd_bus_error_free(&error);
    return text;
}

void Guard::setMuted(bool muted) {
    if (const auto error = trySetMuted(muted); !error.empty())
        throw std::runtime_error("SetMuted: " + error);
}

std::string Guard::trySetMuted(bool muted) { return call("SetMuted", "b", static_cast<int>(muted)); }

void Guard::setMode(const std::string& mode) {
    if (const auto error = call("SetMode", "s", mode.c_str()); !error.empty())
        throw std::runtime_error("SetMode: " + error);
}

void Guard::release() {
    if (const auto error = call("Release", ""); !error.empty())
        throw std::runtime_error("Release: " + error);
}

void Guard::setConfig(const std::string& key, const std::string& word) {
    if (const auto error = call("SetConfig", "sv", key.c_str(), "s", word.c_str()); !error.empty())
        throw std::runtime_error("SetConfig: " + error);
}

void Guard::setRules(const std::string& toml) {
    const auto folder = session_.directory() / "config" / "micguard";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "micguard.toml") << toml;
    if (const auto error = call("Reload", ""); !error.empty())
        throw std::runtime_error("Reload: " + error);
}

bool Guard::muted() {
    int value = 0;
    check(sd_bus_get_property_trivial(bus_, name, path, name, "Muted", nullptr, 'b', &value), "Muted");
    return value != 0;
}

std::string Guard::state() { return text("State"); }
std::string Guard::admission() { return text("Admission"); }

std::string Guard::text(const char* property) {
    char* value = nullptr;
    if (sd_bus_get_property_string(bus_, name, path, name, property, nullptr, &value) < 0)
        return {};
    std::string read(value);
    free(value);
    return read;
}

std::vector<std::pair<std::string, std::string>> Guard::warnings() {
    sd_bus_message* reply = nullptr;
    check(sd_bus_get_property(bus_, name, path, name, "Warnings", nullptr, &reply, "a(ss)"), "Warnings");
    std::vector<std::pair<std::string, std::string>> found;
    sd_bus_message_enter_container(reply, 'a', "(ss)");
    const char* id = nullptr;
    const char* text = nullptr;
    while (sd_bus_message_read(reply, "(ss)", &id, &text) > 0)
        found.emplace_back(id, text);
    sd_bus_message_unref(reply);
    return found;
}

bool Guard::hasWarning(const std::string& id) {
    for (const auto& [have, text] : warnings())
        if (have == id)
            return true;
    return false;
}

bool Guard::waitState(const std::string& wanted, Milliseconds timeout) {
    const std::int64_t deadline = monotonicNsec() + std::chrono::nanoseconds(timeout).count();
    while (state() != wanted) {
        const std::int64_t left = deadline - monotonicNsec();
        if (left <= 0)
            return false;
        while (sd_bus_process(bus_, nullptr) > 0) {
        }
        if (state() == wanted)
            return true;
        sd_bus_wait(bus_, static_cast<std::uint64_t>(std::min<std::int64_t>(left, 100'000'000)) / 1000);
    }
    return true;
}

bool Guard::waitName(bool present, Milliseconds timeout) {
    const std::int64_t deadline = monotonicNsec() + std::chrono::nanoseconds(timeout).count();
    for (;;) {
        sd_bus_creds* creds = nullptr;
        const bool there = sd_bus_get_name_creds(bus_, name, 0, &creds) >= 0;
        sd_bus_creds_unref(creds);
        if (there == present)
            return true;
        const std::int64_t left = deadline - monotonicNsec();
        if (left <= 0)
            return false;
        while (sd_bus_process(bus_, nullptr) > 0) {
        }
        sd_bus_wait(bus_, static_cast<std::uint64_t>(std::min<std::int64_t>(left, 100'000'000)) / 1000);
    }
}

} // namespace micguard::test
