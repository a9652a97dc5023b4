// SPDX-License-Identifier: GPL-3.0-or-later
//
// See guard.hpp. Everything here blocks until the guard has answered: micguardctl has nothing else to do.
#include "cli/guard.hpp"

#include "cli/dbus_value.hpp"
#include "cli/text.hpp"
#include "protocol/names.hpp"

#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <systemd/sd-bus.h>
#include <unistd.h>

namespace micguard::cli {

namespace {

using nlohmann::json;

constexpr std::string_view howToStart = "start it with: systemctl --user start micguard";

class Error {
  public:
    Error() = default;
    Error(const Error&) = delete;
    Error& operator=(const Error&) = delete;
    ~Error() { sd_bus_error_free(&error_); }
    sd_bus_error* get() { return &error_; }

  private:
    sd_bus_error error_{};
};

tl::unexpected<CallError> noMemory() {
    return tl::unexpected(
        CallError{Exit::Failed, "cannot put a call together: " + std::string(strerror(ENOMEM))});
}

tl::unexpected<CallError> nonsense(std::string_view what) {
    return tl::unexpected(
        CallError{Exit::Failed, "cannot make sense of the guard's answer to " + std::string(what)});
}

Answer<MessageHandle> call(sd_bus* bus, const char* path, const char* interface, const char* member,
                           Start start) {
    sd_bus_message* raw = nullptr;
    if (sd_bus_message_new_method_call(bus, &raw, names::busName, path, interface, member) < 0)
        return noMemory();
    MessageHandle message(raw);
    if (sd_bus_message_set_auto_start(raw, start == Start::Allowed ? 1 : 0) < 0)
        return noMemory();
    return message;
}

Answer<json> value(sd_bus* bus, sd_bus_message* call, std::string_view what) {
    auto reply = send(bus, call, readPatience);
    if (!reply)
        return tl::unexpected(reply.error());
    json result;
    if (readValue(reply->get(), result) <= 0 || !result.is_object())
        return nonsense(what);
    return result;
}

} // namespace

tl::unexpected<CallError> unreadable(const std::string& what, const std::string& why) {
    return tl::unexpected(CallError{Exit::Failed, "cannot make sense of the guard's " + what + " (" + why +
                                                      "); is it of another version?"});
}

void Descriptor::close() {
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = -1;
}

void BusCloser::operator()(sd_bus* bus) const {
    sd_bus_flush_close_unref(bus);
}
void MessageUnref::operator()(sd_bus_message* message) const {
    sd_bus_message_unref(message);
}

CallError callError(const char* name, const char* message, int errnum) {
    const std::string_view error = name != nullptr ? name : "";
    const std::string text = message != nullptr ? shown(message, 300) : "";
    if (error.starts_with(names::error::prefix))
        return {Exit::No, text.empty() ? std::string(error.substr(std::strlen(names::error::prefix))) : text};
    if (error == SD_BUS_ERROR_ACCESS_DENIED)
        return {Exit::No, "the bus does not let this process talk to the guard: " + text};
    if (error == SD_BUS_ERROR_NAME_HAS_NO_OWNER || error == SD_BUS_ERROR_SERVICE_UNKNOWN)
        return {Exit::NotRunning, "micguardd is not running; " + std::string(howToStart)};
    if (error.starts_with("org.freedesktop.DBus.Error.Spawn.") ||
        error.starts_with("org.freedesktop.systemd1."))
        return {Exit::NotRunning, "micguardd is not running and could not be started (" + text + "); " +
                                      std::string(howToStart)};
    if (error == SD_BUS_ERROR_NO_REPLY || error == SD_BUS_ERROR_TIMEOUT ||
        error == "org.freedesktop.DBus.Error.TimedOut" || errnum == ETIMEDOUT)
        return {Exit::Failed, "micguardd has not answered" + (text.empty() ? "" : ": " + text)};
    if (error == SD_BUS_ERROR_UNKNOWN_METHOD || error == SD_BUS_ERROR_UNKNOWN_INTERFACE ||
        error == SD_BUS_ERROR_UNKNOWN_OBJECT)
        return {Exit::Failed,
                "the running micguardd does not know this call (is it of another version?): " + text};
    if (!text.empty())
        return {Exit::Failed, text};
    return {Exit::Failed,
            "the call failed: " + std::string(errnum != 0 ? strerror(errnum) : "unknown error")};
}

Answer<MessageHandle> guardCall(sd_bus* bus, const char* member, Start start) {
    return call(bus, names::rootPath, names::guard::interface, member, start);
}

Answer<MessageHandle> send(sd_bus* bus, sd_bus_message* call, std::chrono::microseconds patience) {
    Error error;
    sd_bus_message* raw = nullptr;
    const int r = sd_bus_call(bus, call, static_cast<std::uint64_t>(patience.count()), error.get(), &raw);
    if (r < 0)
        return tl::unexpected(callError(error.get()->name, error.get()->message, -r));
    return MessageHandle(raw);
}

Answer<Descriptor> holdOf(sd_bus_message* reply) {
    int fd = -1;
    if (sd_bus_message_read_basic(reply, SD_BUS_TYPE_UNIX_FD, &fd) <= 0)
        return nonsense("a hold");
    Descriptor hold(fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!hold.open())
        return tl::unexpected(
            CallError{Exit::Failed, "cannot keep the hold: " + std::string(strerror(errno))});
    return hold;
}

Answer<Guard> Guard::connect() {
    sd_bus* raw = nullptr;
    const int r = sd_bus_open_user_with_description(&raw, "micguardctl");
    if (r < 0)
        return tl::unexpected(
            CallError{Exit::Failed, "cannot reach the session bus: " + std::string(strerror(-r))});
    return Guard(BusHandle(raw));
}

Answer<json> Guard::properties() {
    auto message = call(bus(), names::rootPath, "org.freedesktop.DBus.Properties", "GetAll", Start::Never);
    if (!message)
        return tl::unexpected(message.error());
    if (sd_bus_message_append_basic(message->get(), SD_BUS_TYPE_STRING, names::guard::interface) < 0)
        return noMemory();
    return value(bus(), message->get(), "GetAll");
}

Answer<json> Guard::property(const char* name) {
    auto message = call(bus(), names::rootPath, "org.freedesktop.DBus.Properties", "Get", Start::Never);
    if (!message)
        return tl::unexpected(message.error());
    if (sd_bus_message_append(message->get(), "ss", names::guard::interface, name) < 0)
        return noMemory();
    auto reply = send(bus(), message->get(), readPatience);
    if (!reply)
        return tl::unexpected(reply.error());
    json result;
    if (readValue(reply->get(), result) <= 0)
        return nonsense(name);
    return result;
}

Answer<json> Guard::objects() {
    auto message =
        call(bus(), names::rootPath, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", Start::Never);
    if (!message)
        return tl::unexpected(message.error());
    return value(bus(), message->get(), "GetManagedObjects");
}

Answer<json> Guard::diagnostics() {
    auto message = guardCall(bus(), names::guard::method::diagnostics, Start::Never);
    if (!message)
        return tl::unexpected(message.error());
    return value(bus(), message->get(), names::guard::method::diagnostics);
}

namespace {

Answer<void> setMuted(sd_bus* bus, int muted, Start start) {
    auto message = guardCall(bus, names::guard::method::setMuted, start);
    if (!message)
        return tl::unexpected(message.error());
    if (sd_bus_message_append_basic(message->get(), SD_BUS_TYPE_BOOLEAN, &muted) < 0)
        return noMemory();
    return send(bus, message->get(), changePatience).map([](const MessageHandle&) {});
}

Answer<Descriptor> hold(sd_bus* bus, const char* member, const std::string& reason, Start start) {
    auto message = guardCall(bus, member, start);
    if (!message)
        return tl::unexpected(message.error());
    if (const int r = sd_bus_message_append_basic(message->get(), SD_BUS_TYPE_STRING, reason.c_str()); r < 0)
        return tl::unexpected(CallError{Exit::No, "the reason is no valid text"});
    auto reply = send(bus, message->get(), changePatience);
    if (!reply)
        return tl::unexpected(reply.error());
    return holdOf(reply->get());
}

} // namespace

Answer<void> Guard::mute() {
    return setMuted(bus(), 1, Start::Allowed);
}
Answer<void> Guard::unmute() {
    return setMuted(bus(), 0, Start::Never);
}

Answer<bool> Guard::toggle() {
    auto message = guardCall(bus(), names::guard::method::toggleMuted, Start::Allowed);
    if (!message)
        return tl::unexpected(message.error());
    auto reply = send(bus(), message->get(), changePatience);
    if (!reply)
        return tl::unexpected(reply.error());
    int muted = 0;
    if (sd_bus_message_read_basic(reply->get(), SD_BUS_TYPE_BOOLEAN, &muted) <= 0)
        return nonsense(names::guard::method::toggleMuted);
    return muted != 0;
}

Answer<void> Guard::setMode(const std::string& mode) {
    auto message = guardCall(bus(), names::guard::method::setMode, Start::Never);
    if (!message)
        return tl::unexpected(message.error());
    if (sd_bus_message_append_basic(message->get(), SD_BUS_TYPE_STRING, mode.c_str()) < 0)
        return noMemory();
    return send(bus(), message->get(), changePatience).map([](const MessageHandle&) {});
}

Answer<void> Guard::setApplicationMuted(const std::string& path, bool muted) {
    namespace application = names::application;
    auto message =
        call(bus(), path.c_str(), application::interface, application::method::setMuted, Start::Never);
    if (!message)
        return tl::unexpected(message.error());
    if (sd_bus_message_append(message->get(), "b", static_cast<int>(muted)) < 0)
        return noMemory();
    return send(bus(), message->get(), changePatience).map([](const MessageHandle&) {});
}

Answer<void> Guard::answer(const std::string& path, bool allow, const std::string& scope) {
    namespace application = names::application;
    auto message =
        call(bus(), path.c_str(), application::interface, application::method::answer, Start::Never);
    if (!message)
        return tl::unexpected(message.error());
    if (sd_bus_message_append(message->get(), "bs", static_cast<int>(allow), scope.c_str()) < 0)
        return noMemory();
    return send(bus(), message->get(), changePatience).map([](const MessageHandle&) {});
}

namespace {

int append(sd_bus_message* call, const SettingValue& value) {
    if (const auto* flag = std::get_if<bool>(&value))
        return sd_bus_message_append(call, "v", "b", static_cast<int>(*flag));
    if (const auto* number = std::get_if<std::int64_t>(&value))
        return sd_bus_message_append(call, "v", "x", *number);
    if (const auto* word = std::get_if<std::string>(&value))
        return sd_bus_message_append(call, "v", "s", word->c_str());
    int r = sd_bus_message_open_container(call, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'a', "s");
    for (const auto& entry : std::get<std::vector<std::string>>(value))
        if (r >= 0)
            r = sd_bus_message_append_basic(call, 's', entry.c_str());
    for (int open = 0; r >= 0 && open < 2; ++open)
        r = sd_bus_message_close_container(call);
    return r;
}

} // namespace

Answer<void> Guard::setConfig(const std::string& key, const SettingValue& value) {
    auto message = guardCall(bus(), names::guard::method::setConfig, Start::Never);
    if (!message)
        return tl::unexpected(message.error());
    if (sd_bus_message_append_basic(message->get(), 's', key.c_str()) < 0 ||
        append(message->get(), value) < 0)
        return tl::unexpected(CallError{Exit::No, "the key or its value is no valid text"});
    return send(bus(), message->get(), changePatience).map([](const MessageHandle&) {});
}

Answer<void> Guard::release() {
    auto message = guardCall(bus(), names::guard::method::release, Start::Never);
    if (!message)
        return tl::unexpected(message.error());
    bool gone = false;
    const std::string match =
        std::string("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
                    "arg0='") +
        names::busName + "',arg2=''";
    const auto onGone = [](sd_bus_message*, void* flag, sd_bus_error*) noexcept {
        *static_cast<bool*>(flag) = true;
        return 0;
    };
    sd_bus_slot* raw = nullptr;
    if (const int r = sd_bus_add_match(bus(), &raw, match.c_str(), onGone, &gone); r < 0)
        return tl::unexpected(callError(nullptr, nullptr, -r));
    const std::unique_ptr<sd_bus_slot, decltype(&sd_bus_slot_unref)> slot(raw, sd_bus_slot_unref);
    if (auto reply = send(bus(), message->get(), changePatience); !reply)
        return tl::unexpected(reply.error());
    const auto end = std::chrono::steady_clock::now() + changePatience;
    while (!gone) {
        const int processed = sd_bus_process(bus(), nullptr);
        if (processed > 0)
            continue;
        const auto left =
            std::chrono::duration_cast<std::chrono::microseconds>(end - std::chrono::steady_clock::now())
                .count();
        if (processed < 0 || left <= 0)
            return tl::unexpected(CallError{Exit::Failed, "micguardd has agreed to end, but goes on"});
        sd_bus_wait(bus(), static_cast<std::uint64_t>(left));
    }
    return {};
}

Answer<Descriptor> Guard::holdMute(const std::string& reason) {
    return hold(bus(), names::guard::method::holdMute, reason, Start::Allowed);
}

Answer<Descriptor> Guard::holdUnmute(const std::string& reason) {
    return hold(bus(), names::guard::method::holdUnmute, reason, Start::Never);
}

Answer<Guard::Owner> Guard::owner() {
    sd_bus_creds* creds = nullptr;
    const int r =
        sd_bus_get_name_creds(bus(), names::busName, SD_BUS_CREDS_PID | SD_BUS_CREDS_UNIQUE_NAME, &creds);
    if (r < 0)
        return tl::unexpected(callError(r == -ENXIO ? SD_BUS_ERROR_NAME_HAS_NO_OWNER : nullptr, nullptr, -r));
    Owner owner;
    pid_t pid = 0;
    if (sd_bus_creds_get_pid(creds, &pid) >= 0 && pid > 0)
        owner.pid = static_cast<unsigned>(pid);
    const char* unique = nullptr;
    if (sd_bus_creds_get_unique_name(creds, &unique) >= 0 && unique != nullptr)
        owner.uniqueName = unique;
    sd_bus_creds_unref(creds);
    return owner;
}

} // namespace micguard::cli
