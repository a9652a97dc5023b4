// SPDX-License-Identifier: GPL-3.0-or-later
//
// A call is about the application by its key: the view that sd-bus found may be another one by the time that
// the caller is identified.
#include "daemon/bus/application_methods.hpp"

#include "daemon/bus/guard_methods.hpp"
#include "daemon/bus/objects.hpp"
#include "daemon/bus/text.hpp"
#include "protocol/names.hpp"

namespace micguard {

namespace {

// What a handler gets is the view. The Objects that it is among are what the vtable was registered with.
GuardMethods& methodsOf(sd_bus_message* message) {
    sd_bus_slot* vtable = sd_bus_get_current_slot(sd_bus_message_get_bus(message));
    return static_cast<Objects*>(sd_bus_slot_get_userdata(vtable))->methods();
}

ReplyVoid replyTo(const GuardMethods::Call& call) {
    return [call](const Result<void>& result) {
        if (result)
            call->answer();
        else
            call->refuse(result.error());
    };
}

int setMuted(sd_bus_message* message, void* view, sd_bus_error*) noexcept {
    GuardMethods& methods = methodsOf(message);
    const std::uint64_t key = static_cast<const ApplicationView*>(view)->key;
    methods.take(message, [&methods, key](const Caller& caller, const GuardMethods::Call& call) {
        int muted = 0;
        sd_bus_message_read_basic(call->message(), 'b', &muted);
        methods.requests().setApplicationMuted(caller, key, muted != 0, replyTo(call));
    });
    return 1;
}

int answer(sd_bus_message* message, void* view, sd_bus_error*) noexcept {
    GuardMethods& methods = methodsOf(message);
    const std::uint64_t key = static_cast<const ApplicationView*>(view)->key;
    methods.take(message, [&methods, key](const Caller& caller, const GuardMethods::Call& call) {
        int allow = 0;
        const char* scope = "";
        sd_bus_message_read(call->message(), "bs", &allow, &scope);
        if (!isPrintable(scope, longestReason))
            return call->refuse({names::error::invalidArgument, "scope is once, run or always"});
        methods.requests().answer(caller, key, allow != 0, scope, replyTo(call));
    });
    return 1;
}

} // namespace

std::vector<sd_bus_vtable> applicationMethods() {
    namespace method = names::application::method;
    // As in guard_methods.cpp.
    constexpr auto flags = SD_BUS_VTABLE_UNPRIVILEGED;
    return {
        SD_BUS_METHOD_WITH_ARGS(method::setMuted, SD_BUS_ARGS("b", muted), SD_BUS_NO_RESULT, setMuted, flags),
        SD_BUS_METHOD_WITH_ARGS(method::answer, SD_BUS_ARGS("b", allow, "s", scope), SD_BUS_NO_RESULT, answer,
                                flags),
    };
}

} // namespace micguard
