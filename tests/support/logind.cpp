// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/logind.hpp"

#include "tests/support/analyser.hpp"

#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <systemd/sd-bus.h>
#include <unistd.h>

namespace micguard::test {
namespace {

constexpr const char* name = "org.freedesktop.login1";
constexpr const char* manager = "/org/freedesktop/login1";
constexpr const char* mockInterface = "org.freedesktop.DBus.Mock";
constexpr const char* session = "/org/freedesktop/login1/session/1";

std::string userPath() {
    return "/org/freedesktop/login1/user/" + std::to_string(getuid());
}

void check(int result, const char* what) {
    if (result < 0)
        throw std::runtime_error(std::string("model of logind: ") + what + ": " + strerror(-result));
}

struct Unref {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, Unref>;

} // namespace

Logind::Logind() {
    std::string pattern = "/dev/shm/micguard-logind-XXXXXX";
    if (!mkdtemp(pattern.data()))
        throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    writeFile(folder_ / "bus.conf",
              "<busconfig><type>system</type><listen>unix:path=" + (folder_ / "bus").string() +
                  "</listen><policy context='default'><allow send_destination='*'/><allow own='*'/>"
                  "<allow receive_sender='*'/></policy></busconfig>");
    startBus(false);
}

void Logind::startBus(bool locked) {
    SpawnOptions options;
    options.log = folder_ / "log";
    daemon_ = Process::spawn(
        {"dbus-daemon", "--config-file=" + (folder_ / "bus.conf").string(), "--nofork", "--nopidfile"},
        options);
    const std::int64_t deadline = monotonicNsec() + std::chrono::nanoseconds(kPatience).count();
    for (;;) {
        check(sd_bus_new(&bus_), "sd_bus_new");
        check(sd_bus_set_address(bus_, address().c_str()), "address");
        check(sd_bus_set_bus_client(bus_, 1), "client");
        if (sd_bus_start(bus_) >= 0)
            break;
        bus_ = sd_bus_unref(bus_);
        if (!daemon_.running() || monotonicNsec() > deadline)
            throw std::runtime_error("no system bus: " + readFile(folder_ / "log"));
        usleep(5000); // the socket is not there yet
    }
    check(sd_bus_match_signal(bus_, nullptr, "org.freedesktop.DBus", nullptr, "org.freedesktop.DBus",
                              "NameOwnerChanged", nullptr, nullptr),
          "match");
    start(locked);
}

void Logind::stopBus() {
    bus_ = sd_bus_flush_close_unref(bus_);
    mock_.stop();
    daemon_.stop();
}

Logind::~Logind() {
    stopBus();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string Logind::address() const {
    return "unix:path=" + (folder_ / "bus").string();
}

void Logind::call(const char* path, const char* interface, const char* member, const char* types, ...) {
    sd_bus_message* made = nullptr;
    check(sd_bus_message_new_method_call(bus_, &made, name, path, interface, member), member);
    const Message message(made);
    va_list arguments;
    va_start(arguments, types);
    const int added = sd_bus_message_appendv(made, types, arguments);
    va_end(arguments);
    check(added, member);
    sd_bus_error error = SD_BUS_ERROR_NULL;
    const int result = sd_bus_call(bus_, made, 0, &error, nullptr);
    const std::string text = error.message ? error.message : "";
    sd_bus_error_free(&error);
    check(result, (std::string(member) + ": " + text).c_str());
}

void Logind::start(bool locked) {
    SpawnOptions options;
    options.log = folder_ / "log";
    for (const char* kept : {"PATH", "LC_ALL", "HOME"})
        if (const char* value = std::getenv(kept))
            options.environment.push_back(std::string(kept) + "=" + value);
    options.environment.push_back("DBUS_SYSTEM_BUS_ADDRESS=" + address());
    mock_ =
        Process::spawn({"/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind"}, options);
    const std::int64_t deadline = monotonicNsec() + std::chrono::nanoseconds(kPatience).count();
    for (;;) {
        int owned = 0;
        sd_bus_message* reply = nullptr;
        check(sd_bus_call_method(bus_, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner",
                                 nullptr, &reply, "s", name),
              "NameHasOwner");
        const Message kept(reply);
        check(sd_bus_message_read(reply, "b", &owned), "NameHasOwner");
        if (owned)
            break;
        if (!mock_.running() || monotonicNsec() > deadline)
            throw std::runtime_error("no model of logind: " + readFile(folder_ / "log"));
        check(sd_bus_wait(bus_, 1'000'000), "wait");
        while (sd_bus_process(bus_, nullptr) > 0) {
        }
    }
    call(manager, mockInterface, "AddSession", "ssusb", "1", "seat0", static_cast<unsigned>(getuid()),
         "tester", 1);
    lock(locked);
    setDisplay("1");
    // The real one has read who is there before it takes its name. Until this the model gives an error to who asks for the user: the
    // template's own method puts text and number together (0.28.7).
    call(manager, mockInterface, "AddMethod", "sssss", "org.freedesktop.login1.Manager", "GetUser", "u", "o",
         "ret = '/org/freedesktop/login1/user/%d' % args[0]");
    call(manager, mockInterface, "EmitSignal", "sssav", "org.freedesktop.login1.Manager", "SessionNew", "so",
         2, "s", "1", "o", session);
}

void Logind::setDisplay(const std::string& number) {
    const std::string path = number.empty() ? "/" : "/org/freedesktop/login1/session/" + number;
    call(userPath().c_str(), "org.freedesktop.DBus.Properties", "Set", "ssv", "org.freedesktop.login1.User",
         "Display", "(so)", number.c_str(), path.c_str());
}

void Logind::addSession(const std::string& number) {
    call(manager, mockInterface, "AddSession", "ssusb", number.c_str(), "seat0",
         static_cast<unsigned>(getuid()), "tester", 1);
}

void Logind::lock(bool locked) {
    call(session, mockInterface, "UpdateProperties", "sa{sv}", "org.freedesktop.login1.Session", 1,
         "LockedHint", "b", static_cast<int>(locked));
}

void Logind::prepareForSleep(bool asleep) {
    call(manager, mockInterface, "UpdateProperties", "sa{sv}", "org.freedesktop.login1.Manager", 1,
         "PreparingForSleep", "b", static_cast<int>(asleep));
    call(manager, mockInterface, "EmitSignal", "sssav", "org.freedesktop.login1.Manager", "PrepareForSleep",
         "b", 1, "b", static_cast<int>(asleep));
}

std::size_t Logind::inhibitors() {
    sd_bus_message* reply = nullptr;
    check(sd_bus_call_method(bus_, name, manager, "org.freedesktop.login1.Manager", "ListInhibitors", nullptr,
                             &reply, ""),
          "ListInhibitors");
    const Message kept(reply);
    std::size_t count = 0;
    const char *what = nullptr, *who = nullptr, *why = nullptr, *mode = nullptr;
    std::uint32_t uid = 0, pid = 0;
    check(sd_bus_message_enter_container(reply, 'a', "(ssssuu)"), "ListInhibitors");
    while (sd_bus_message_read(reply, "(ssssuu)", &what, &who, &why, &mode, &uid, &pid) > 0)
        count +=
            std::string(who) == "micguard" && std::string(what) == "sleep" && std::string(mode) == "delay";
    return count;
}

bool Logind::waitInhibitors(std::size_t count) {
    const std::int64_t deadline = monotonicNsec() + std::chrono::nanoseconds(kPatience).count();
    // The model sends no signal when one comes or goes: asking it is the only way.
    while (inhibitors() != count)
        if (monotonicNsec() > deadline)
            return false;
    return true;
}

void Logind::restart(bool locked) {
    stop();
    start(locked);
}

} // namespace micguard::test
