// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl monitor: follows the guard's signals until nobody reads us any more. Survives restarts of the
// guard; without one at the beginning it ends at once.
#include "cli/bar.hpp"
#include "cli/bus_poll.hpp"
#include "cli/dbus_value.hpp"
#include "cli/events.hpp"
#include "cli/guard.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"
#include "protocol/names.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <poll.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

namespace micguard::cli {

namespace {

using nlohmann::json;

struct SlotUnref {
    void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};
using Slot = std::unique_ptr<sd_bus_slot, SlotUnref>;

class Monitor {
  public:
    Monitor(Guard guard, const Invocation& how, std::optional<Bar> bar, const Terminal& terminal)
        : guard_(std::move(guard))
        , json_(how.json)
        , bar_(bar)
        , terminal_(terminal)
        , events_([this](const MonitorEvent& event) { write(event); }) {}
    Monitor(const Monitor&) = delete; // the bus holds our address
    Monitor& operator=(const Monitor&) = delete;

    int run();

  private:
    bool watch();
    void load();
    void write(const MonitorEvent& event);
    void showBar();
    void refuse(sd_bus_message* reply);
    void signal(sd_bus_message* message);
    bool fromGuard(sd_bus_message* message) const;

    static int onSignal(sd_bus_message* message, void* self, sd_bus_error*) noexcept;
    static int onOwnerChanged(sd_bus_message* message, void* self, sd_bus_error*) noexcept;
    static int onObjects(sd_bus_message* message, void* self, sd_bus_error*) noexcept;
    static int onProperties(sd_bus_message* message, void* self, sd_bus_error*) noexcept;

    Guard guard_;
    bool json_;
    std::optional<Bar> bar_;
    std::string barShown_;
    bool loading_ = false;
    const Terminal& terminal_;
    Events events_;
    // Of the guard that answered. A signal can be sent to us by anybody, past every match rule: only those of
    // this sender count.
    std::string owner_;
    bool everLoaded_ = false;
    std::optional<int> exit_;
    Slot objectsCall_, propertiesCall_;
};

int Monitor::run() {
    if (!watch()) {
        complain("cannot follow the guard's signals");
        return raw(Exit::Failed);
    }
    load();
    while (!exit_) {
        int r = 0;
        while (!exit_ && (r = sd_bus_process(guard_.bus(), nullptr)) > 0) {
        }
        if (exit_)
            break;
        if (r < 0) {
            complain("the session bus is gone");
            return raw(Exit::Failed);
        }
        showBar();
        if (exit_)
            break;
        pollfd fds[2] = {{-1, 0, 0}, {STDOUT_FILENO, 0, 0}};
        timespec storage{};
        const timespec* patience = prepare(guard_.bus(), fds[0], storage);
        if (ppoll(fds, 2, patience, nullptr) < 0 && errno != EINTR)
            return raw(Exit::Failed);
        if ((fds[1].revents & POLLERR) != 0) // the reader of our pipe has gone; it need not wait for an event
            return raw(Exit::Ok);
    }
    return *exit_;
}

bool Monitor::watch() {
    const std::string signals =
        std::string("type='signal',sender='") + names::busName + "',path_namespace='" + names::rootPath + "'";
    const std::string owner =
        std::string("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
                    "arg0='") +
        names::busName + "'";
    return sd_bus_add_match(guard_.bus(), nullptr, signals.c_str(), onSignal, this) >= 0 &&
           sd_bus_add_match(guard_.bus(), nullptr, owner.c_str(), onOwnerChanged, this) >= 0;
}

// Asynchronous on purpose: a blocking call would put its reply ahead of signals that came before it.
void Monitor::load() {
    loading_ = true;
    const auto ask = [&](const char* interface, const char* member, const char* argument,
                         sd_bus_message_handler_t done, Slot& slot) {
        sd_bus_message* call = nullptr;
        if (sd_bus_message_new_method_call(guard_.bus(), &call, names::busName, names::rootPath, interface,
                                           member) < 0)
            return;
        const MessageHandle owned(call);
        sd_bus_message_set_auto_start(call, 0);
        if (argument != nullptr)
            sd_bus_message_append_basic(call, SD_BUS_TYPE_STRING, argument);
        sd_bus_slot* raw = nullptr;
        sd_bus_call_async(guard_.bus(), &raw, call, done, this,
                          static_cast<std::uint64_t>(readPatience.count()));
        slot.reset(raw);
    };
    ask("org.freedesktop.DBus.ObjectManager", "GetManagedObjects", nullptr, onObjects, objectsCall_);
    ask("org.freedesktop.DBus.Properties", "GetAll", names::guard::interface, onProperties, propertiesCall_);
}

// Once all that has come is read, and only if it looks different. While the guard is asked, what was shown stays.
void Monitor::showBar() {
    if (!bar_ || loading_)
        return;
    std::string line = barLine(*bar_, events_.guard(), events_.objects());
    if (line == barShown_)
        return;
    if (const int status = print(line); status != 0)
        exit_ = status;
    barShown_ = std::move(line);
}

void Monitor::write(const MonitorEvent& event) {
    // Once it could not be written, it has been said.
    if (bar_ || exit_)
        return;
    const std::uint64_t now = nowInMicroseconds();
    std::string line;
    if (json_) {
        json data = event.data;
        data["time"] = now;
        data["event"] = event.name;
        line = written(data, -1) + "\n";
    } else {
        const bool urgent = event.name == "warning" || event.name == "blocked" || event.name == "asked" ||
                            event.name == "guard-gone";
        line = terminal_.painted(clockTime(now, now), Colour::Dim) + "  " +
               terminal_.painted(padded(event.name, 16), urgent ? Colour::Yellow : Colour::Bold) +
               event.text + "\n";
    }
    if (const int status = print(line); status != 0)
        exit_ = status;
}

// An error in answer to load(). At the beginning it ends us; later the guard may still be on its way.
// A bar outlives every guard, and one that hangs is asked until it goes on or goes: what is not asked for again is not told, either.
void Monitor::refuse(sd_bus_message* reply) {
    loading_ = false;
    const sd_bus_error* error = sd_bus_message_get_error(reply);
    if (bar_) {
        if (error != nullptr && sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) > 0) {
            load();
            loading_ = false; // nobody can vouch for what was shown
        }
        return;
    }
    const CallError why = error != nullptr
                              ? callError(error->name, error->message, 0)
                              : CallError{Exit::Failed, "cannot make sense of the guard's answer"};
    if (everLoaded_ && why.code == Exit::NotRunning)
        return;
    exit_ = failed(why);
}

int Monitor::onObjects(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
    auto& monitor = *static_cast<Monitor*>(self);
    json managed;
    if (sd_bus_message_is_method_error(message, nullptr) > 0 || readValue(message, managed) <= 0 ||
        !monitor.events_.objectsLoaded(managed)) {
        monitor.propertiesCall_.reset();
        monitor.refuse(message);
        return 0;
    }
    const char* sender = sd_bus_message_get_sender(message);
    monitor.owner_ = sender != nullptr ? sender : "";
    return 0;
}

int Monitor::onProperties(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
    auto& monitor = *static_cast<Monitor*>(self);
    json properties;
    if (sd_bus_message_is_method_error(message, nullptr) > 0 || readValue(message, properties) <= 0 ||
        !monitor.events_.propertiesLoaded(properties)) {
        monitor.refuse(message);
        return 0;
    }
    monitor.everLoaded_ = true;
    monitor.loading_ = false;
    return 0;
}

int Monitor::onOwnerChanged(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
    auto& monitor = *static_cast<Monitor*>(self);
    const char *sender = sd_bus_message_get_sender(message), *name = nullptr, *before = nullptr,
               *now = nullptr;
    if (sender == nullptr || std::string_view(sender) != "org.freedesktop.DBus" ||
        sd_bus_message_read(message, "sss", &name, &before, &now) <= 0)
        return 0;
    monitor.owner_.clear();
    monitor.objectsCall_.reset();
    monitor.propertiesCall_.reset();
    monitor.loading_ = false;
    if (monitor.everLoaded_)
        monitor.events_.guardGone();
    if (*now != '\0')
        monitor.load();
    return 0;
}

bool Monitor::fromGuard(sd_bus_message* message) const {
    const char* sender = sd_bus_message_get_sender(message);
    return sender != nullptr && !owner_.empty() && owner_ == sender;
}

int Monitor::onSignal(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
    auto& monitor = *static_cast<Monitor*>(self);
    if (monitor.fromGuard(message))
        monitor.signal(message);
    return 0;
}

void Monitor::signal(sd_bus_message* message) {
    const char *first = nullptr, *second = nullptr;
    json data;
    const std::string path = sd_bus_message_get_path(message);
    namespace s = names::guard::signal;
    if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.Properties", "PropertiesChanged") > 0) {
        if (sd_bus_message_read(message, "s", &first) > 0 && readValue(message, data) > 0)
            events_.propertiesChanged(path, first, data);
    } else if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded") >
               0) {
        if (sd_bus_message_read(message, "o", &first) > 0 && readValue(message, data) > 0)
            events_.interfacesAdded(first, data);
    } else if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved") >
               0) {
        if (sd_bus_message_read(message, "o", &first) > 0)
            events_.interfacesRemoved(first);
    } else if (sd_bus_message_is_signal(message, names::guard::interface, s::captureStarted) > 0) {
        if (sd_bus_message_read(message, "oo", &first, &second) > 0)
            events_.captureStarted(first, second);
    } else if (sd_bus_message_is_signal(message, names::guard::interface, s::captureStopped) > 0) {
        if (sd_bus_message_read(message, "oo", &first, &second) > 0)
            events_.captureStopped(first, second);
    } else if (sd_bus_message_is_signal(message, names::guard::interface, s::blocked) > 0) {
        if (sd_bus_message_read(message, "os", &first, &second) > 0)
            events_.blocked(first, second);
    } else if (sd_bus_message_is_signal(message, names::guard::interface, s::asked) > 0) {
        if (sd_bus_message_read(message, "o", &first) > 0)
            events_.asked(first);
    }
}

} // namespace

int verbs::monitor(const Invocation& how, const Terminal& terminal) {
    std::optional<Bar> bar;
    if (const auto format = how.option("--format")) {
        bar = barCalled(*format);
        if (!bar) {
            complain("unknown format '" + shown(*format, 40) +
                     "'; there are waybar, i3status-rust and polybar");
            return raw(Exit::Usage);
        }
    }
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    return Monitor(std::move(*guard), how, bar, terminal).run();
}

} // namespace micguard::cli
