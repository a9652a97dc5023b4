// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/guard.hpp"

#include "tests/support/analyser.hpp"

#include <systemd/sd-bus.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include <unistd.h>

namespace micguard::test {
namespace {

constexpr const char* name = "org.micguard.MicGuard1";
constexpr const char* path = "/org/micguard/MicGuard1";

void check(int result, const char* what) {
    if (result < 0)
        throw std::runtime_error(std::string(what) + ": " + strerror(-result));
}

constexpr const char* applicationInterface = "org.micguard.MicGuard1.Application";

void readProperty(sd_bus_message* reply, ShownApplication& application) {
    const char* key = nullptr;
    sd_bus_message_read(reply, "s", &key);
    const std::pair<const char*, std::string ShownApplication::*> texts[] = {
        {"AppId", &ShownApplication::appId},           {"Name", &ShownApplication::name},
        {"Executable", &ShownApplication::executable}, {"Identity", &ShownApplication::identity},
        {"State", &ShownApplication::state},           {"Reason", &ShownApplication::reason}};
    for (const auto& [property, member] : texts)
        if (key == std::string(property)) {
            const char* text = nullptr;
            sd_bus_message_read(reply, "v", "s", &text);
            application.*member = text;
            return;
        }
    int muted = 0;
    if (key != std::string("Muted"))
        sd_bus_message_skip(reply, "v");
    else if (sd_bus_message_read(reply, "v", "b", &muted) > 0)
        application.muted = muted != 0;
}

// The names of what is asked about, or blocked, are all that these signals are kept for.
int keepPath(sd_bus_message* signal, void* list, sd_bus_error*) noexcept {
    const char* application = nullptr;
    if (sd_bus_message_read_basic(signal, 'o', &application) > 0)
        static_cast<std::vector<std::string>*>(list)->emplace_back(application);
    return 0;
}

// What Muted has become, of the guard's own changes.
int keepMuted(sd_bus_message* signal, void* list, sd_bus_error*) noexcept {
    if (sd_bus_message_skip(signal, "s") < 0 || sd_bus_message_enter_container(signal, 'a', "{sv}") < 0)
        return 0;
    while (sd_bus_message_enter_container(signal, 'e', "sv") > 0) {
        const char* key = nullptr;
        int muted = 0;
        if (sd_bus_message_read(signal, "s", &key) < 0)
            return 0;
        if (std::string_view(key) != "Muted")
            sd_bus_message_skip(signal, "v");
        else if (sd_bus_message_read(signal, "v", "b", &muted) > 0)
            static_cast<std::vector<bool>*>(list)->push_back(muted != 0);
        sd_bus_message_exit_container(signal);
    }
    return 0;
}

} // namespace

Guard::Guard(const PrivateSession& session)
    : session_(session) {
    check(sd_bus_new(&bus_), "sd_bus_new");
    check(sd_bus_set_address(bus_, session.busAddress().c_str()), "sd_bus_set_address");
    check(sd_bus_set_bus_client(bus_, 1), "sd_bus_set_bus_client");
    check(sd_bus_start(bus_), "sd_bus_start");
    // Any change of the guard's or of the name's owner wakes whoever waits.
    check(sd_bus_match_signal(bus_, nullptr, name, path, "org.freedesktop.DBus.Properties",
                              "PropertiesChanged", keepMuted, &mutedTold_),
          "sd_bus_match_signal");
    check(sd_bus_match_signal(bus_, nullptr, name, path, name, "Asked", keepPath, &asked_),
          "sd_bus_match_signal");
    check(sd_bus_match_signal(bus_, nullptr, name, path, name, "Blocked", keepPath, &blocked_),
          "sd_bus_match_signal");
    check(sd_bus_match_signal(bus_, nullptr, name, nullptr, "org.freedesktop.DBus.Properties",
                              "PropertiesChanged", nullptr, nullptr),
          "sd_bus_match_signal");
    check(sd_bus_match_signal(bus_, nullptr, "org.freedesktop.DBus", nullptr, "org.freedesktop.DBus",
                              "NameOwnerChanged", nullptr, nullptr),
          "sd_bus_match_signal");
}

Guard::~Guard() {
    sd_bus_flush_close_unref(bus_);
}

namespace {

std::string textOf(int result, sd_bus_error& error) {
    std::string text;
    if (result < 0)
        text = std::string(error.name ? error.name : strerror(-result)) + ": " +
               (error.message ? error.message : "");
    sd_bus_error_free(&error);
    return text;
}

} // namespace

template <typename... Args>
std::string Guard::call(const char* member, const char* types, Args... args) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    called_ = monotonicNsec();
    const int result = sd_bus_call_method(bus_, name, path, name, member, &error, nullptr, types, args...);
    replied_ = monotonicNsec();
    return textOf(result, error);
}

template <typename... Args>
std::string Guard::callApplication(const std::string& application, const char* member, const char* types,
                                   Args... args) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    called_ = monotonicNsec();
    const int result = sd_bus_call_method(bus_, name, application.c_str(), applicationInterface, member,
                                          &error, nullptr, types, args...);
    replied_ = monotonicNsec();
    return textOf(result, error);
}

std::string Guard::trySetApplicationMuted(const std::string& application, bool muted) {
    return callApplication(application, "SetMuted", "b", static_cast<int>(muted));
}

std::string Guard::tryAnswer(const std::string& application, bool allow, const std::string& scope) {
    return callApplication(application, "Answer", "bs", static_cast<int>(allow), scope.c_str());
}

void Guard::readSignals() {
    while (sd_bus_process(bus_, nullptr) > 0) {
    }
}

void Guard::ping() {
    called_ = monotonicNsec();
    const int result =
        sd_bus_call_method(bus_, name, path, "org.freedesktop.DBus.Peer", "Ping", nullptr, nullptr, "");
    replied_ = monotonicNsec();
    check(result, "Ping");
}

// Whatever was emitted before the answer to this call is here by then.
const std::vector<std::string>& Guard::asked() {
    state();
    readSignals();
    return asked_;
}

const std::vector<std::string>& Guard::blocked() {
    state();
    readSignals();
    return blocked_;
}

const std::vector<bool>& Guard::mutedTold() {
    state();
    readSignals();
    return mutedTold_;
}

std::vector<ShownApplication> Guard::applications() {
    sd_bus_message* reply = nullptr;
    check(sd_bus_call_method(bus_, name, path, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                             nullptr, &reply, ""),
          "GetManagedObjects");
    std::vector<ShownApplication> found;
    sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");
    while (sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
        ShownApplication application;
        bool isOne = false;
        const char* text = nullptr;
        sd_bus_message_read(reply, "o", &text);
        application.path = text;
        sd_bus_message_enter_container(reply, 'a', "{sa{sv}}");
        while (sd_bus_message_enter_container(reply, 'e', "sa{sv}") > 0) {
            sd_bus_message_read(reply, "s", &text);
            const bool wanted = text == std::string(applicationInterface);
            isOne = isOne || wanted;
            sd_bus_message_enter_container(reply, 'a', "{sv}");
            while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                if (wanted)
                    readProperty(reply, application);
                else
                    sd_bus_message_skip(reply, "sv");
                sd_bus_message_exit_container(reply);
            }
            sd_bus_message_exit_container(reply);
            sd_bus_message_exit_container(reply);
        }
        sd_bus_message_exit_container(reply);
        sd_bus_message_exit_container(reply);
        if (isOne)
            found.push_back(std::move(application));
    }
    sd_bus_message_unref(reply);
    return found;
}

ShownApplication Guard::waitApplication(const std::string& program,
                                        const std::function<bool(const ShownApplication&)>& isSo) {
    const std::int64_t deadline = monotonicNsec() + std::chrono::nanoseconds(kPatience).count();
    std::string seen;
    while (monotonicNsec() < deadline) {
        readSignals();
        seen.clear();
        for (const auto& application : applications()) {
            seen += "\n" + application.name + " (" + application.executable + "): " + application.state +
                    ", " + application.reason;
            if ((application.executable.ends_with("/" + program) || application.appId == program) &&
                isSo(application))
                return application;
        }
        sd_bus_wait(bus_, 100'000);
    }
    throw std::runtime_error(program + " does not come to what was waited for; there are" + seen);
}

void Guard::setMuted(bool muted) {
    if (const auto error = trySetMuted(muted); !error.empty())
        throw std::runtime_error("SetMuted: " + error);
}

std::string Guard::trySetMuted(bool muted) {
    return call("SetMuted", "b", static_cast<int>(muted));
}

std::string Guard::tryReload() {
    return call("Reload", "");
}

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

std::string Guard::state() {
    return text("State");
}
std::string Guard::admission() {
    return text("Admission");
}

std::string Guard::text(const char* property) {
    char* value = nullptr;
    if (sd_bus_get_property_string(bus_, name, path, name, property, nullptr, &value) < 0)
        return {};
    std::string read(value);
    free(value);
    return read;
}

std::map<std::string, std::string> Guard::diagnostics() {
    sd_bus_message* reply = nullptr;
    check(sd_bus_call_method(bus_, name, path, name, "Diagnostics", nullptr, &reply, ""), "Diagnostics");
    std::map<std::string, std::string> facts;
    sd_bus_message_enter_container(reply, 'a', "{ss}");
    const char* key = nullptr;
    const char* value = nullptr;
    while (sd_bus_message_read(reply, "{ss}", &key, &value) > 0)
        facts[key] = value;
    sd_bus_message_unref(reply);
    return facts;
}

std::vector<std::pair<std::string, std::string>> Guard::warnings() {
    sd_bus_message* reply = nullptr;
    check(sd_bus_get_property(bus_, name, path, name, "Warnings", nullptr, &reply, "a(ss)"), "Warnings");
    std::vector<std::pair<std::string, std::string>> found;
    sd_bus_message_enter_container(reply, 'a', "(ss)");
    const char* id = nullptr;
    const char* text = nullptr;
    const std::string ours = "bypass:manager:" + std::to_string(getpid());
    while (sd_bus_message_read(reply, "(ss)", &id, &text) > 0)
        if (id != ours)
            found.emplace_back(id, text);
    sd_bus_message_unref(reply);
    return found;
}

bool Guard::waitWarning(const std::string& id, bool present, Milliseconds timeout) {
    return waitUntil([&] { return hasWarning(id) == present; }, timeout);
}

bool Guard::hasWarning(const std::string& id) {
    for (const auto& [have, text] : warnings())
        if (have == id)
            return true;
    return false;
}

bool Guard::waitUntil(const std::function<bool()>& isSo, Milliseconds timeout) {
    const std::int64_t deadline = monotonicNsec() + std::chrono::nanoseconds(timeout).count();
    while (!isSo()) {
        const std::int64_t left = deadline - monotonicNsec();
        if (left <= 0)
            return false;
        while (sd_bus_process(bus_, nullptr) > 0) {
        }
        if (isSo())
            return true;
        sd_bus_wait(bus_, static_cast<std::uint64_t>(std::min<std::int64_t>(left, 100'000'000)) / 1000);
    }
    return true;
}

bool Guard::waitState(const std::string& wanted, Milliseconds timeout) {
    return waitUntil([&] { return state() == wanted; }, timeout);
}

std::size_t Guard::connections() {
    char** names = nullptr;
    if (sd_bus_list_names(bus_, &names, nullptr) < 0)
        throw std::runtime_error("the bus does not list its names");
    std::size_t count = 0;
    for (char** one = names; *one; one++) {
        count += **one == ':' ? 1 : 0;
        free(*one);
    }
    free(names);
    return count;
}

bool Guard::waitConnections(std::size_t most, Milliseconds timeout) {
    return waitUntil([&] { return connections() <= most; }, timeout);
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
