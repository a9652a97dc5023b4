// SPDX-License-Identifier: GPL-3.0-or-later
//
// A message may be 128 MiB long, and calls wait until the bus has said who sent them: so what is too long
// goes before it could wait. sd-bus does not tell a message's size, so its values are walked through until
// they are too many.
#include "daemon/bus/doorkeeper.hpp"

#include "protocol/names.hpp"

#include <array>
#include <cstring>
#include <string_view>

#include <glib.h>

namespace micguard {

namespace {

constexpr std::size_t mostText = 65'536;
constexpr int mostValues = 4'096;
constexpr int deepest = 8;
// Messages of ours that the bus has not taken. With more, only who mutes is served: a bus that does not read
// would otherwise fill our memory with answers.
constexpr std::uint64_t mostQueued = 256;

struct Left {
    std::size_t text = mostText;
    int values = mostValues;
};

bool readsText(sd_bus_message* message, char type, Left& left) {
    const char* text = nullptr;
    if (sd_bus_message_read_basic(message, type, &text) < 0)
        return false;
    const std::size_t size = strnlen(text, left.text + 1);
    if (size > left.text)
        return false;
    left.text -= size;
    return true;
}

// From where the message stands to the container's end. False if that is too much, or cannot be read.
bool fits(sd_bus_message* message, Left& left, int depth) {
    if (depth > deepest)
        return false;
    for (;;) {
        char type = 0;
        const char* contents = nullptr;
        const int more = sd_bus_message_peek_type(message, &type, &contents);
        if (more <= 0)
            return more == 0;
        if (--left.values < 0)
            return false;
        switch (type) {
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE:
            if (!readsText(message, type, left))
                return false;
            break;
        case SD_BUS_TYPE_ARRAY:
        case SD_BUS_TYPE_VARIANT:
        case SD_BUS_TYPE_STRUCT:
        case SD_BUS_TYPE_DICT_ENTRY:
            if (sd_bus_message_enter_container(message, type, contents) <= 0 ||
                !fits(message, left, depth + 1) || sd_bus_message_exit_container(message) < 0)
                return false;
            break;
        default: {
            std::uint64_t any = 0; // the largest of them; a descriptor stays the message's
            if (sd_bus_message_read_basic(message, type, &any) < 0)
                return false;
        }
        }
    }
}

bool argumentsFit(sd_bus_message* call) {
    Left left;
    const bool fit = fits(call, left, 0);
    return sd_bus_message_rewind(call, 1) >= 0 && fit;
}

double weightOf(sd_bus_message* call) {
    namespace method = names::guard::method;
    const char* member = sd_bus_message_get_member(call);
    if (!member)
        return 1;
    const auto among = [member](const auto& list) {
        for (const char* name : list)
            if (std::strcmp(name, member) == 0)
                return true;
        return false;
    };
    static constexpr std::array longAnswers = {
        "GetManagedObjects", "GetAll",       "Introspect",        method::history, method::report,
        method::rules,       method::config, method::diagnostics, method::explain, method::verify};
    static constexpr std::array changes = {
        method::setMuted,   method::toggleMuted,    method::setMode,      method::holdMute,
        method::holdUnmute, method::muteOwnStreams, method::setRule,      method::forget,
        method::setConfig,  method::reload,         method::clearHistory, names::application::method::answer};
    return among(longAnswers) ? 8 : among(changes) ? 4 : 1;
}

} // namespace

bool onlyMutes(sd_bus_message* call) {
    const char* path = sd_bus_message_get_path(call);
    const char* interface = sd_bus_message_get_interface(call);
    const char* member = sd_bus_message_get_member(call);
    const char* signature = sd_bus_message_get_signature(call, 1);
    if (!path || !member || !signature || std::strcmp(path, names::rootPath) != 0 ||
        (interface && std::strcmp(interface, names::guard::interface) != 0))
        return false;
    if (std::strcmp(member, names::guard::method::holdMute) == 0)
        return std::strcmp(signature, "s") == 0;
    if (std::strcmp(member, names::guard::method::setMuted) != 0 || std::strcmp(signature, "b") != 0)
        return false;
    int muted = 0;
    const bool read = sd_bus_message_read_basic(call, 'b', &muted) > 0;
    return sd_bus_message_rewind(call, 1) >= 0 && read && muted != 0;
}

int Doorkeeper::attach() {
    sd_bus_slot* slot = nullptr;
    const int result = sd_bus_add_filter(bus_, &slot, onMessage, this);
    filter_.reset(slot);
    return result;
}

Admission Doorkeeper::judge(sd_bus_message* call, const char* sender, bool mutes) const {
    std::uint64_t queued = 0;
    if (!mutes && sd_bus_get_n_queued_write(bus_, &queued) >= 0 && queued > mostQueued)
        return Admission::Drop;
    return callers_.admit(sender, weightOf(call), mutes, [this](const Caller& caller) {
        requests_.refused(caller, "calls more often than is served");
    });
}

int Doorkeeper::onMessage(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept {
    const auto& self = *static_cast<Doorkeeper*>(userdata);
    const char* sender = sd_bus_message_get_sender(message);
    std::uint8_t type = 0;
    if (!sender || sd_bus_message_get_type(message, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL)
        return 0;
    const bool mutes = onlyMutes(message);
    const Admission admission = self.judge(message, sender, mutes);
    if (admission == Admission::Serve && argumentsFit(message)) {
        if (!mutes)
            self.requests_.aboutToServe();
        return 0; // on to the objects
    }
    if (admission != Admission::Drop)
        PendingCall(message).refuse(
            {names::error::limitExceeded, admission == Admission::Refuse
                                              ? "too many calls, or too many connections, of this process"
                                              : "the arguments are longer than any member takes"});
    return 1;
}

} // namespace micguard
