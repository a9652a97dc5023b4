// SPDX-License-Identifier: GPL-3.0-or-later
//
// sd-bus has compared the types of the arguments with the vtable before a handler is called, so reading them
// cannot fail for the caller's fault.
#include "daemon/bus/guard_methods.hpp"

#include "daemon/bus/objects.hpp"
#include "daemon/bus/text.hpp"
#include "protocol/names.hpp"

#include <cerrno>

namespace micguard {

namespace {

RequestError tooMuchWaiting() {
    return {names::error::limitExceeded,
            "too many calls of this connection wait for the bus to say who it is"};
}

std::string readText(sd_bus_message* message) {
    const char* text = "";
    sd_bus_message_read_basic(message, 's', &text);
    return text;
}

template <typename T>
void reply(PendingCall& call, const Result<T>& result) {
    if (!result)
        call.refuse(result.error());
    else if constexpr (std::is_void_v<T>)
        call.answer();
    else
        call.answer(*result);
}

} // namespace

GuardMethods::GuardMethods(sd_bus* bus, Requests& requests)
    : requests_(requests)
    , holds_(requests)
    , callers_(bus, [this](const std::string& uniqueName) { holds_.ownerLeft(uniqueName); }) {}

template <GuardMethods::Serve serve>
int GuardMethods::handle(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept {
    GuardMethods& self = *static_cast<GuardObject*>(userdata)->methods;
    const char* sender = sd_bus_message_get_sender(message);
    const auto call = std::make_shared<PendingCall>(message);
    if (self.closing_ || !sender)
        return 1; // the call says that it was dropped
    if (!self.callers_.identify(sender, [&self, call](const Caller& caller) { (self.*serve)(caller, call); }))
        call->refuse(tooMuchWaiting());
    return 1;
}

void GuardMethods::setMuted(const Caller& caller, const Call& call) {
    int muted = 0;
    sd_bus_message_read_basic(call->message(), 'b', &muted);
    requests_.setMuted(caller, muted != 0, [call](Result<void> result) { reply(*call, result); });
}

void GuardMethods::toggleMuted(const Caller& caller, const Call& call) {
    requests_.toggleMuted(caller, [call](Result<bool> result) { reply(*call, result); });
}

void GuardMethods::setMode(const Caller& caller, const Call& call) {
    const std::string mode = readText(call->message());
    if (!isPrintable(mode, longestReason))
        return call->refuse({names::error::invalidArgument, "mode is silence or sever"});
    reply(*call, requests_.setMode(caller, mode));
}

void GuardMethods::hold(Holds::Kind kind, const Caller& caller, const Call& call) {
    const std::string reason = readText(call->message());
    if (!isPrintable(reason, longestReason))
        return call->refuse({names::error::invalidArgument,
                             "a reason is at most 256 bytes of printable UTF-8, without control characters"});
    auto request = holds_.reserve(kind, caller, call);
    if (!request)
        return call->refuse(request.error());
    const auto decided = [request = *request](Result<std::uint64_t> number) { request->decided(number); };
    if (kind == Holds::Kind::Mute)
        requests_.holdMute(caller, reason, decided);
    else
        requests_.holdUnmute(caller, reason, decided);
}

void GuardMethods::holdMute(const Caller& caller, const Call& call) {
    hold(Holds::Kind::Mute, caller, call);
}

void GuardMethods::holdUnmute(const Caller& caller, const Call& call) {
    hold(Holds::Kind::Unmute, caller, call);
}

void GuardMethods::release(const Caller& caller, const Call& call) {
    requests_.release(caller, [call](Result<void> result) { reply(*call, result); });
}

int GuardMethods::handleDiagnostics(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept {
    GuardMethods& self = *static_cast<GuardObject*>(userdata)->methods;
    auto facts = self.requests_.diagnostics();
    facts.emplace_back("bus.callers", std::to_string(self.callers_.count()));
    facts.emplace_back("bus.holds", std::to_string(self.holds_.count()));

    Message answer;
    int result = sd_bus_message_new_method_return(message, answer.fill());
    if (result >= 0)
        result = sd_bus_message_open_container(answer.get(), 'a', "{ss}");
    for (const auto& [key, value] : facts)
        if (result >= 0)
            result =
                sd_bus_message_append(answer.get(), "{ss}", busText(key).c_str(), busText(value).c_str());
    if (result >= 0)
        result = sd_bus_message_close_container(answer.get());
    return result < 0 ? result : sd_bus_message_send(answer.get());
}

std::vector<sd_bus_vtable> GuardMethods::vtable() {
    namespace method = names::guard::method;
    namespace signal = names::guard::signal;
    // Unprivileged: who may call is for Requests to say, not for sd-bus, which would ask in a blocking call.
    constexpr auto flags = SD_BUS_VTABLE_UNPRIVILEGED;
    return {
        SD_BUS_METHOD_WITH_ARGS(method::setMuted, SD_BUS_ARGS("b", muted), SD_BUS_NO_RESULT,
                                handle<&GuardMethods::setMuted>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::toggleMuted, SD_BUS_NO_ARGS, SD_BUS_RESULT("b", muted),
                                handle<&GuardMethods::toggleMuted>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::setMode, SD_BUS_ARGS("s", mode), SD_BUS_NO_RESULT,
                                handle<&GuardMethods::setMode>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::holdMute, SD_BUS_ARGS("s", reason), SD_BUS_RESULT("h", hold),
                                handle<&GuardMethods::holdMute>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::holdUnmute, SD_BUS_ARGS("s", reason), SD_BUS_RESULT("h", hold),
                                handle<&GuardMethods::holdUnmute>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::release, SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                handle<&GuardMethods::release>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::diagnostics, SD_BUS_NO_ARGS, SD_BUS_RESULT("a{ss}", facts),
                                handleDiagnostics, flags),
        SD_BUS_SIGNAL_WITH_ARGS(signal::captureStarted, SD_BUS_ARGS("o", application, "o", source), 0),
        SD_BUS_SIGNAL_WITH_ARGS(signal::captureStopped, SD_BUS_ARGS("o", application, "o", source), 0),
        SD_BUS_SIGNAL_WITH_ARGS(signal::blocked, SD_BUS_ARGS("o", application, "s", reason), 0),
    };
}

} // namespace micguard
