// SPDX-License-Identifier: GPL-3.0-or-later
//
// A stand-in for micguardd on a private bus: the contract's objects without any PipeWire behind them, so that
// micguardctl's tests can put it into every state. Takes one command per line on standard input, writes one
// "done" for each, and "ready" at the start. It says nothing about how the real daemon behaves.
//
// FAKE_REFUSE=1 in the environment: every change is refused. FAKE_NAME_ONLY=1: owns the name, answers
// nothing.
#include "protocol/names.hpp"
#include "tests/session/cli_fake_history.hpp"
#include "tests/session/cli_fake_report.hpp"
#include "tests/session/cli_fake_rules.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

namespace {

namespace names = micguard::names;

// What no application should be able to do to a terminal: clear it, ring, write from right to left.
constexpr char hostileName[] = "Evil\x1b[2J\x07 App\xe2\x80\xae!";

struct Fake;

struct HoldEntry {
    Fake* fake;
    int fd; // our end
    bool mute;
    std::string reason;
    sd_event_source* watch;
};

struct SourceEntry {
    std::string name, description, method = "volume", led = "off";
    bool guarded = true;
};

struct Fake {
    sd_bus* bus = nullptr;
    sd_event* event = nullptr;
    bool refuse = false;
    bool button = false;
    std::string mode = "silence";
    bool appMuted = false;
    std::string appState, answer; // "": as the guard's; what was answered last
    std::string admission = "relaxed";
    std::string forcedState; // "" : live or muted
    std::string warning;
    std::vector<HoldEntry*> holds;
    std::map<std::string, SourceEntry> sources; // path
    std::string calls;                          // members, since somebody asked for them
    bool muted() const {
        bool live = false;
        for (const HoldEntry* hold : holds) {
            if (hold->mute)
                return true;
            live = true;
        }
        return button && !live;
    }
    std::string state() const { return !forcedState.empty() ? forcedState : muted() ? "muted" : "live"; }
    void changed() const {
        namespace p = names::guard::property;
        sd_bus_emit_properties_changed(bus, names::rootPath, names::guard::interface, p::state, p::muted,
                                       p::mutedSince, p::holds, p::mode, p::warnings, nullptr);
    }
};

int getGuard(sd_bus*, const char*, const char*, const char* property, sd_bus_message* reply, void* data,
             sd_bus_error*) {
    const Fake& fake = *static_cast<Fake*>(data);
    const std::string name = property;
    namespace p = names::guard::property;
    if (name == p::state)
        return sd_bus_message_append(reply, "s", fake.state().c_str());
    if (name == p::muted)
        return sd_bus_message_append(reply, "b", fake.muted() ? 1 : 0);
    if (name == p::mutedSince)
        return sd_bus_message_append(reply, "t", fake.muted() ? UINT64_C(1700000000000000) : UINT64_C(0));
    if (name == p::mode)
        return sd_bus_message_append(reply, "s", fake.mode.c_str());
    if (name == p::connected)
        return sd_bus_message_append(reply, "b", 1);
    if (name == p::capturing)
        return sd_bus_message_append(reply, "u", 1u);
    if (name == p::admission)
        return sd_bus_message_append(reply, "s", fake.admission.c_str());
    if (name == p::version)
        return sd_bus_message_append(reply, "s", "0.0.fake");
    if (name == p::holds) {
        sd_bus_message_open_container(reply, 'a', "(sss)");
        for (const HoldEntry* hold : fake.holds)
            sd_bus_message_append(reply, "(sss)", hold->mute ? "hold-mute" : "hold-unmute", "tester (pid 1)",
                                  hold->reason.c_str());
        if (fake.button)
            sd_bus_message_append(reply, "(sss)", "user", "", "");
        return sd_bus_message_close_container(reply);
    }
    sd_bus_message_open_container(reply, 'a', "(ss)");
    if (!fake.warning.empty())
        sd_bus_message_append(reply, "(ss)", "fake", fake.warning.c_str());
    return sd_bus_message_close_container(reply);
}

int refused(Fake& fake, sd_bus_error* error) {
    if (!fake.refuse)
        return 0;
    return sd_bus_error_set(error, "org.micguard.MicGuard1.Error.AccessDenied",
                            "not for the \x1b[31mlikes of you");
}

int dropHold(sd_event_source*, int, uint32_t, void* data) {
    auto* hold = static_cast<HoldEntry*>(data);
    Fake& fake = *hold->fake;
    std::erase(fake.holds, hold);
    sd_event_source_unref(hold->watch);
    close(hold->fd);
    delete hold;
    fake.changed();
    return 0;
}

void press(Fake& fake, bool button) {
    fake.button = button;
    const std::vector<HoldEntry*> holds = fake.holds;
    for (HoldEntry* hold : holds)
        if (button && !hold->mute)
            dropHold(nullptr, -1, 0, hold);
    fake.changed();
}

int setMuted(sd_bus_message* call, void* data, sd_bus_error* error) {
    Fake& fake = *static_cast<Fake*>(data);
    if (const int r = refused(fake, error); r < 0)
        return r;
    int muted = 0;
    sd_bus_message_read(call, "b", &muted);
    press(fake, muted != 0);
    return sd_bus_reply_method_return(call, "");
}

int toggleMuted(sd_bus_message* call, void* data, sd_bus_error* error) {
    Fake& fake = *static_cast<Fake*>(data);
    if (const int r = refused(fake, error); r < 0)
        return r;
    press(fake, !fake.button);
    return sd_bus_reply_method_return(call, "b", fake.button ? 1 : 0);
}

int setMode(sd_bus_message* call, void* data, sd_bus_error* error) {
    Fake& fake = *static_cast<Fake*>(data);
    if (const int r = refused(fake, error); r < 0)
        return r;
    const char* mode = nullptr;
    sd_bus_message_read(call, "s", &mode);
    fake.mode = mode;
    fake.changed();
    return sd_bus_reply_method_return(call, "");
}

// A guard that needs no restart for it.
int setConfig(sd_bus_message* call, void* data, sd_bus_error* error) {
    Fake& fake = *static_cast<Fake*>(data);
    if (const int r = refused(fake, error); r < 0)
        return r;
    const char* key = nullptr;
    const char* word = nullptr;
    if (sd_bus_message_read(call, "sv", &key, "s", &word) < 0 || std::string(key) != "admission.mode")
        return sd_bus_error_set(error, "org.micguard.MicGuard1.Error.InvalidArgument", "no such setting");
    fake.admission = word;
    return sd_bus_reply_method_return(call, "");
}

int takeHold(sd_bus_message* call, Fake& fake, bool mute, sd_bus_error* error) {
    if (const int r = refused(fake, error); r < 0)
        return r;
    const char* reason = nullptr;
    sd_bus_message_read(call, "s", &reason);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    auto* hold = new HoldEntry{&fake, ends[1], mute, reason, nullptr};
    sd_event_add_io(fake.event, &hold->watch, ends[1], 0, dropHold, hold); // EPOLLERR: no reader is left
    fake.holds.push_back(hold);
    fake.changed();
    const int r = sd_bus_reply_method_return(call, "h", ends[0]);
    close(ends[0]);
    return r;
}

int holdMute(sd_bus_message* call, void* data, sd_bus_error* error) {
    return takeHold(call, *static_cast<Fake*>(data), true, error);
}

int holdUnmute(sd_bus_message* call, void* data, sd_bus_error* error) {
    return takeHold(call, *static_cast<Fake*>(data), false, error);
}

int releaseGuard(sd_bus_message* call, void* data, sd_bus_error* error) {
    Fake& fake = *static_cast<Fake*>(data);
    if (const int r = refused(fake, error); r < 0)
        return r;
    const int r = sd_bus_reply_method_return(call, "");
    sd_bus_flush(fake.bus);
    sd_event_exit(fake.event, 0);
    return r;
}

int diagnostics(sd_bus_message* call, void*, sd_bus_error*) {
    return sd_bus_reply_method_return(call, "a{ss}", 4, "pipewire.version", "1.4.2", "pipewire.pid", "1",
                                      "session-manager.executable", "/usr/bin/wireplumber",
                                      "session-manager.version", "0.5.8");
}

int getApp(sd_bus*, const char*, const char*, const char* property, sd_bus_message* reply, void* data,
           sd_bus_error*) {
    const Fake& fake = *static_cast<Fake*>(data);
    namespace p = names::application::property;
    const std::string name = property;
    if (name == p::since)
        return sd_bus_message_append(reply, "t", UINT64_C(1700000000000000));
    if (name == p::levelMeterOnly || name == p::muted)
        return sd_bus_message_append(reply, "b", name == p::muted && fake.appMuted ? 1 : 0);
    if (name == p::streams)
        return sd_bus_message_append(reply, "ao", 1, "/org/micguard/MicGuard1/streams/7");
    const std::map<std::string, std::string> texts = {{p::appId, "org.evil.App"},
                                                      {p::name, hostileName},
                                                      {p::executable, "/usr/bin/evil"},
                                                      {p::identity, "kernel"},
                                                      {p::reason, fake.answer},
                                                      {p::state, !fake.appState.empty() ? fake.appState
                                                                 : fake.muted()         ? "silenced"
                                                                                        : "capturing"}};
    const auto found = texts.find(name);
    return sd_bus_message_append(reply, "s", found == texts.end() ? "" : found->second.c_str());
}

int setAppMuted(sd_bus_message* call, void* data, sd_bus_error* error) {
    Fake& fake = *static_cast<Fake*>(data);
    if (const int r = refused(fake, error); r < 0)
        return r;
    int muted = 0;
    sd_bus_message_read(call, "b", &muted);
    fake.appMuted = muted != 0;
    return sd_bus_reply_method_return(call, "");
}

int answerApp(sd_bus_message* call, void* data, sd_bus_error* error) {
    Fake& fake = *static_cast<Fake*>(data);
    if (const int r = refused(fake, error); r < 0)
        return r;
    int allow = 0;
    const char* scope = nullptr;
    sd_bus_message_read(call, "bs", &allow, &scope);
    fake.answer = std::string(allow ? "allow " : "deny ") + scope;
    fake.appState.clear();
    return sd_bus_reply_method_return(call, "");
}

int getStream(sd_bus*, const char*, const char*, const char* property, sd_bus_message* reply, void* data,
              sd_bus_error*) {
    const Fake& fake = *static_cast<Fake*>(data);
    namespace p = names::stream::property;
    const std::string name = property;
    if (name == p::application)
        return sd_bus_message_append(reply, "o", "/org/micguard/MicGuard1/apps/1");
    if (name == p::source)
        return sd_bus_message_append(reply, "o", "/org/micguard/MicGuard1/sources/5");
    if (name == p::name)
        return sd_bus_message_append(reply, "s", "record");
    if (name == p::pid)
        return sd_bus_message_append(reply, "u", 4242u);
    if (name == p::state)
        return sd_bus_message_append(reply, "s", fake.muted() ? "silenced" : "capturing");
    if (name == p::levelMeter)
        return sd_bus_message_append(reply, "b", 0);
    return sd_bus_message_append(reply, "t", UINT64_C(1700000000000000));
}

int findSource(sd_bus*, const char* path, const char*, void* data, void** found, sd_bus_error*) {
    Fake& fake = *static_cast<Fake*>(data);
    *found = &fake;
    return fake.sources.contains(path) ? 1 : 0;
}

int getSource(sd_bus*, const char* path, const char*, const char* property, sd_bus_message* reply, void* data,
              sd_bus_error*) {
    const Fake& fake = *static_cast<Fake*>(data);
    const SourceEntry& source = fake.sources.at(path);
    namespace p = names::source::property;
    const std::string name = property;
    if (name == p::guarded)
        return sd_bus_message_append(reply, "b", source.guarded ? 1 : 0);
    if (name == p::silenced)
        return sd_bus_message_append(reply, "b", source.guarded && fake.muted() ? 1 : 0);
    if (name == p::inUse)
        return sd_bus_message_append(reply, "b", 1);
    const std::map<std::string, std::string> texts = {{p::name, source.name},
                                                      {p::description, source.description},
                                                      {p::kind, "hardware"},
                                                      {p::method, source.method},
                                                      {p::led, source.led}};
    const auto found = texts.find(name);
    return sd_bus_message_append(reply, "s", found == texts.end() ? "" : found->second.c_str());
}

int enumerateSources(sd_bus*, const char*, void* data, char*** paths, sd_bus_error*) {
    const Fake& fake = *static_cast<Fake*>(data);
    *paths = static_cast<char**>(calloc(fake.sources.size() + 1, sizeof(char*)));
    char** next = *paths;
    for (const auto& [path, source] : fake.sources)
        *next++ = strdup(path.c_str());
    return 0;
}

sd_bus_vtable readable(const char* name, const char* type, sd_bus_property_get_t get) {
    return SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE);
}

void command(Fake& fake, const std::string& line) {
    const std::string apps = "/org/micguard/MicGuard1/apps/1", source = "/org/micguard/MicGuard1/sources/5",
                      plugged = "/org/micguard/MicGuard1/sources/6";
    if (line.starts_with("state ")) {
        fake.forcedState = line.substr(6);
        fake.changed();
    } else if (line.starts_with("warning ")) {
        fake.warning = line.substr(8);
        fake.changed();
    } else if (line == "capture") {
        sd_bus_emit_signal(fake.bus, names::rootPath, names::guard::interface,
                           names::guard::signal::captureStarted, "oo", apps.c_str(), source.c_str());
    } else if (line == "blocked") {
        sd_bus_emit_signal(fake.bus, names::rootPath, names::guard::interface, names::guard::signal::blocked,
                           "os", apps.c_str(), "muted\nby the user");
    } else if (line == "ask") {
        fake.appState = "pending";
        sd_bus_emit_signal(fake.bus, names::rootPath, names::guard::interface, names::guard::signal::asked,
                           "o", apps.c_str());
    } else if (line == "plug") {
        fake.sources[plugged] = {"usb", "USB microphone"};
        sd_bus_emit_interfaces_added(fake.bus, plugged.c_str(), names::source::interface, nullptr);
    } else if (line == "unplug") {
        sd_bus_emit_interfaces_removed(fake.bus, plugged.c_str(), names::source::interface, nullptr);
        fake.sources.erase(plugged);
    } else if (line == "calls") {
        std::cout << std::exchange(fake.calls, {}) << "\n";
    } else if (line == "drop-holds") {
        const std::vector<HoldEntry*> holds = fake.holds;
        for (HoldEntry* hold : holds)
            dropHold(nullptr, -1, 0, hold);
    } else {
        std::cerr << "cli_fake_guard: unknown command " << line << "\n";
        std::exit(1);
    }
}

int noteCall(sd_bus_message* message, void* data, sd_bus_error*) {
    std::string& calls = static_cast<Fake*>(data)->calls;
    if (sd_bus_message_is_method_call(message, nullptr, nullptr) > 0)
        calls.append(calls.empty() ? "" : " ").append(sd_bus_message_get_member(message));
    return 0; // it is handled as ever
}

int onCommand(sd_event_source* watch, int fd, uint32_t, void* data) {
    Fake& fake = *static_cast<Fake*>(data);
    char text[4096];
    const ssize_t count = read(fd, text, sizeof text - 1);
    if (count <= 0)
        return sd_event_source_set_enabled(watch, SD_EVENT_OFF);
    std::string lines(text, static_cast<std::size_t>(count));
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        command(fake, lines.substr(0, end));
        sd_bus_flush(fake.bus);
        std::cout << "done" << std::endl;
        lines.erase(0, end == std::string::npos ? end : end + 1);
    }
    return 0;
}

} // namespace

int main() {
    Fake fake;
    fake.refuse = std::getenv("FAKE_REFUSE") != nullptr;
    fake.sources["/org/micguard/MicGuard1/sources/5"] = {"alsa_input.pci", "Built-in Audio 内蔵"};
    sd_event_default(&fake.event);
    if (sd_bus_open_user(&fake.bus) < 0) {
        std::cerr << "cli_fake_guard: no bus\n";
        return 1;
    }
    namespace g = names::guard;
    const sd_bus_vtable guard[] = {
        SD_BUS_VTABLE_START(0),
        readable(g::property::state, "s", getGuard),
        readable(g::property::muted, "b", getGuard),
        readable(g::property::mutedSince, "t", getGuard),
        readable(g::property::mode, "s", getGuard),
        readable(g::property::holds, "a(sss)", getGuard),
        readable(g::property::connected, "b", getGuard),
        readable(g::property::capturing, "u", getGuard),
        readable(g::property::admission, "s", getGuard),
        readable(g::property::warnings, "a(ss)", getGuard),
        readable(g::property::version, "s", getGuard),
        SD_BUS_METHOD(g::method::setMuted, "b", "", setMuted, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(g::method::toggleMuted, "", "b", toggleMuted, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(g::method::setMode, "s", "", setMode, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(g::method::setConfig, "sv", "", setConfig, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(g::method::holdMute, "s", "h", holdMute, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(g::method::holdUnmute, "s", "h", holdUnmute, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(g::method::release, "", "", releaseGuard, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(g::method::diagnostics, "", "a{ss}", diagnostics, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END};
    std::vector<sd_bus_vtable> app = {SD_BUS_VTABLE_START(0)}, stream = app, source = app;
    namespace a = names::application::property;
    for (const char* name :
         {a::appId, a::name, a::iconName, a::executable, a::sandbox, a::identity, a::state, a::reason})
        app.push_back(readable(name, "s", getApp));
    app.insert(app.end(), {readable(a::since, "t", getApp), readable(a::levelMeterOnly, "b", getApp),
                           readable(a::muted, "b", getApp), readable(a::streams, "ao", getApp),
                           SD_BUS_METHOD(names::application::method::setMuted, "b", "", setAppMuted,
                                         SD_BUS_VTABLE_UNPRIVILEGED),
                           SD_BUS_METHOD(names::application::method::answer, "bs", "", answerApp,
                                         SD_BUS_VTABLE_UNPRIVILEGED),
                           SD_BUS_VTABLE_END});
    namespace s = names::stream::property;
    stream.insert(stream.end(),
                  {readable(s::application, "o", getStream), readable(s::source, "o", getStream),
                   readable(s::name, "s", getStream), readable(s::pid, "u", getStream),
                   readable(s::state, "s", getStream), readable(s::levelMeter, "b", getStream),
                   readable(s::since, "t", getStream), SD_BUS_VTABLE_END});
    namespace m = names::source::property;
    for (const char* name : {m::name, m::description, m::kind, m::method, m::led})
        source.push_back(readable(name, "s", getSource));
    source.insert(source.end(), {readable(m::guarded, "b", getSource), readable(m::silenced, "b", getSource),
                                 readable(m::inUse, "b", getSource), SD_BUS_VTABLE_END});

    const bool answers = std::getenv("FAKE_NAME_ONLY") == nullptr;
    sd_bus_add_filter(fake.bus, nullptr, noteCall, &fake);
    sd_bus_add_object_manager(fake.bus, nullptr, names::rootPath);
    sd_bus_add_object_vtable(fake.bus, nullptr, names::rootPath, g::interface, guard, &fake);
    FakeRules rules;
    rules.refuse = fake.refuse;
    attachRules(fake.bus, rules);
    FakeHistory history;
    history.refuse = fake.refuse;
    history.empty = std::getenv("FAKE_EMPTY_HISTORY") != nullptr;
    attachHistory(fake.bus, history);
    attachReport(fake.bus);
    sd_bus_add_object_vtable(fake.bus, nullptr, "/org/micguard/MicGuard1/apps/1",
                             names::application::interface, app.data(), &fake);
    sd_bus_add_object_vtable(fake.bus, nullptr, "/org/micguard/MicGuard1/streams/7", names::stream::interface,
                             stream.data(), &fake);
    sd_bus_add_fallback_vtable(fake.bus, nullptr, names::source::folder, names::source::interface,
                               source.data(), findSource, &fake);
    sd_bus_add_node_enumerator(fake.bus, nullptr, names::source::folder, enumerateSources, &fake);
    if (sd_bus_request_name(fake.bus, names::busName, 0) < 0) {
        std::cerr << "cli_fake_guard: the name is taken\n";
        return 1;
    }
    if (answers) {
        sd_bus_attach_event(fake.bus, fake.event, 0);
        sd_bus_set_exit_on_disconnect(fake.bus, 1);
    }
    sd_event_source* watch = nullptr;
    sd_event_add_io(fake.event, &watch, STDIN_FILENO, 1 /* EPOLLIN */, onCommand, &fake);
    std::cout << "ready" << std::endl;
    sd_event_loop(fake.event);
    sd_event_source_unref(watch);
    sd_bus_flush_close_unref(fake.bus);
    sd_event_unref(fake.event);
}
