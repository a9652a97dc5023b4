// SPDX-License-Identifier: GPL-3.0-or-later
//
// Replies. A reply that cannot be sent is no error of ours: its caller, or the bus, has gone.
#include "daemon/bus/handles.hpp"

#include "daemon/bus/text.hpp"
#include "protocol/names.hpp"

#include <cstring>

namespace micguard {

std::string errnoText(int negative) {
    return std::strerror(-negative);
}

PendingCall::~PendingCall() {
    if (!answered_ && call_.get())
        sd_bus_reply_method_errorf(call_.get(), SD_BUS_ERROR_NO_REPLY, "the guard has dropped the call");
}

void PendingCall::send(sd_bus_message* reply) {
    answered_ = true;
    sd_bus_send(sd_bus_message_get_bus(reply), reply, nullptr);
}

void PendingCall::answer() {
    if (answered_)
        return;
    answered_ = true;
    sd_bus_reply_method_return(call_.get(), nullptr);
}

void PendingCall::answer(bool value) {
    if (answered_)
        return;
    answered_ = true;
    sd_bus_reply_method_return(call_.get(), "b", static_cast<int>(value));
}

void PendingCall::answer(const UniqueFd& descriptor) {
    if (answered_)
        return;
    Message reply;
    if (sd_bus_message_new_method_return(call_.get(), reply.fill()) < 0)
        return;
    // Fails when descriptors run out, or when the caller's transport carries none.
    if (sd_bus_message_append(reply.get(), "h", descriptor.get()) < 0)
        return refuse({names::error::limitExceeded, "no descriptor could be passed"});
    send(reply.get());
}

void PendingCall::answer(const Message& reply) {
    if (!answered_)
        send(reply.get());
}

void PendingCall::refuse(const RequestError& error) {
    if (answered_)
        return;
    answered_ = true;
    const std::string name = names::error::prefix + error.name;
    sd_bus_reply_method_errorf(call_.get(), name.c_str(), "%s", busText(error.message).c_str());
}

} // namespace micguard
