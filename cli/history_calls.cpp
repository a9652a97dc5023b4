// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/history_calls.hpp"

#include "cli/dbus_value.hpp"
#include "protocol/names.hpp"

#include <nlohmann/json.hpp>
#include <systemd/sd-bus.h>

namespace micguard::cli {

namespace {

namespace method = names::guard::method;

// Negative errno if the message cannot hold it.
int append(sd_bus_message* call, const HistoryFilter& filter) {
    int r = sd_bus_message_open_container(call, SD_BUS_TYPE_ARRAY, "{sv}");
    const auto number = [&](const char* key, const std::optional<std::uint64_t>& value) {
        if (r >= 0 && value)
            r = sd_bus_message_append(call, "{sv}", key, "t", *value);
    };
    const auto text = [&](const char* key, const std::optional<std::string>& value) {
        if (r >= 0 && value)
            r = sd_bus_message_append(call, "{sv}", key, "s", value->c_str());
    };
    number("since", filter.since);
    number("until", filter.until);
    text("app", filter.app);
    text("source", filter.source);
    if (r >= 0 && filter.limit)
        r = sd_bus_message_append(call, "{sv}", "limit", "u", *filter.limit);
    if (filter.kinds.empty())
        return r < 0 ? r : sd_bus_message_close_container(call);
    std::vector<char*> words;
    for (const auto& kind : filter.kinds)
        words.push_back(const_cast<char*>(kind.c_str())); // sd-bus only reads
    words.push_back(nullptr);
    r = r < 0 ? r : sd_bus_message_open_container(call, SD_BUS_TYPE_DICT_ENTRY, "sv");
    r = r < 0 ? r : sd_bus_message_append(call, "s", "kinds");
    r = r < 0 ? r : sd_bus_message_open_container(call, SD_BUS_TYPE_VARIANT, "as");
    r = r < 0 ? r : sd_bus_message_append_strv(call, words.data());
    for (int level = 0; level < 3; ++level)
        r = r < 0 ? r : sd_bus_message_close_container(call);
    return r;
}

Answer<MessageHandle> asked(const Guard& guard, const char* member, const HistoryFilter& filter,
                            std::chrono::microseconds patience) {
    auto message = guardCall(guard.bus(), member, Start::Never);
    if (!message)
        return message;
    if (append(message->get(), filter) < 0)
        return tl::unexpected(
            CallError{Exit::No, "the name of an application or a microphone is no valid text"});
    return send(guard.bus(), message->get(), patience);
}

} // namespace

Answer<std::vector<EntryFacts>> askHistory(const Guard& guard, const HistoryFilter& filter) {
    auto reply = asked(guard, method::history, filter, readPatience);
    if (!reply)
        return tl::unexpected(reply.error());
    nlohmann::json value;
    if (readValue(reply->get(), value) <= 0)
        return unreadable("history", "it cannot be read");
    auto entries = entriesFrom(value);
    if (!entries)
        return unreadable("history", entries.error());
    return std::move(*entries);
}

Answer<std::uint64_t> clearHistory(const Guard& guard, const HistoryFilter& filter) {
    auto reply =
        asked(guard, method::clearHistory, {.until = filter.until, .app = filter.app}, changePatience);
    if (!reply)
        return tl::unexpected(reply.error());
    std::uint64_t cleared = 0;
    if (sd_bus_message_read_basic(reply->get(), SD_BUS_TYPE_UINT64, &cleared) <= 0)
        return unreadable("history", "it is no number");
    return cleared;
}

} // namespace micguard::cli
