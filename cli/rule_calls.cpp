// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/rule_calls.hpp"

#include "cli/dbus_value.hpp"
#include "protocol/names.hpp"

#include <nlohmann/json.hpp>
#include <systemd/sd-bus.h>

namespace micguard::cli {

namespace {

using nlohmann::json;
namespace method = names::guard::method;

tl::unexpected<CallError> noText() {
    return tl::unexpected(CallError{Exit::No, "the name of an application or a microphone is no valid text"});
}

Answer<MessageHandle> callAbout(const Guard& guard, const char* member, const std::string& app) {
    auto message = guardCall(guard.bus(), member, Start::Never);
    if (message && sd_bus_message_append_basic(message->get(), SD_BUS_TYPE_STRING, app.c_str()) < 0)
        return noText();
    return message;
}

// What `read` makes of the answer.
template <typename T>
Answer<T> answerTo(const Guard& guard, const Answer<MessageHandle>& call,
                   tl::expected<T, std::string> (*read)(const json&)) {
    if (!call)
        return tl::unexpected(call.error());
    auto reply = send(guard.bus(), call->get(), readPatience);
    if (!reply)
        return tl::unexpected(reply.error());
    json value;
    if (readValue(reply->get(), value) <= 0)
        return unreadable("answer", "it cannot be read");
    auto facts = read(value);
    if (!facts)
        return unreadable("answer", facts.error());
    return std::move(*facts);
}

} // namespace

Answer<std::vector<RuleFacts>> askRules(const Guard& guard) {
    return answerTo(guard, guardCall(guard.bus(), method::rules, Start::Never), rulesFrom);
}

Answer<ExplanationFacts> askExplanation(const Guard& guard, const std::string& app) {
    return answerTo(guard, callAbout(guard, method::explain, app), explanationFrom);
}

Answer<void> setRule(const Guard& guard, const std::string& app, const std::string& action,
                     const std::optional<std::string>& source, std::uint64_t until) {
    auto message = callAbout(guard, method::setRule, app);
    if (!message)
        return tl::unexpected(message.error());
    int r = sd_bus_message_append(message->get(), "s", action.c_str());
    if (r >= 0)
        r = sd_bus_message_open_container(message->get(), SD_BUS_TYPE_ARRAY, "{sv}");
    if (r >= 0 && source)
        r = sd_bus_message_append(message->get(), "{sv}", "source", "s", source->c_str());
    if (r >= 0 && until != 0)
        r = sd_bus_message_append(message->get(), "{sv}", "until", "t", until);
    if (r >= 0)
        r = sd_bus_message_close_container(message->get());
    if (r < 0)
        return noText();
    return send(guard.bus(), message->get(), changePatience).map([](const MessageHandle&) {});
}

Answer<void> forgetRules(const Guard& guard, const std::string& app) {
    auto message = callAbout(guard, method::forget, app);
    if (!message)
        return tl::unexpected(message.error());
    return send(guard.bus(), message->get(), changePatience).map([](const MessageHandle&) {});
}

} // namespace micguard::cli
