// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/bus/history_messages.hpp"

#include "daemon/bus/dictionary.hpp"
#include "daemon/bus/rule_messages.hpp"
#include "daemon/bus/text.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace micguard {
namespace {

using history::Entry;
using history::Filter;
using history::Kind;

struct FilterKey {
    std::string_view name;
    const char* type;
    const char* meaning;
};
constexpr std::array filterKeys = {FilterKey{"since", "t", "microseconds since 1970"},
                                   FilterKey{"until", "t", "microseconds since 1970"},
                                   FilterKey{"app", "s", "an AppId"},
                                   FilterKey{"source", "s", "the Name of a source"},
                                   FilterKey{"kinds", "as", "session, mute, block, answer, warning"},
                                   FilterKey{"limit", "u", "how many at most"}};

Result<std::set<Kind>> readKinds(sd_bus_message* message) {
    std::set<Kind> kinds;
    sd_bus_message_enter_container(message, 'a', "s");
    for (const char* word = nullptr; sd_bus_message_read_basic(message, 's', &word) > 0;) {
        const auto kind = history::kindFromString(word);
        if (!kind)
            return tl::unexpected(
                invalid(fmt::format("there is no kind {}; there are session, mute, block, answer and warning",
                                    busText(word, 60))));
        kinds.insert(*kind);
    }
    sd_bus_message_exit_container(message);
    if (kinds.empty())
        return tl::unexpected(invalid("kinds is empty; leave it out to mean all of them"));
    return kinds;
}

Result<void> readValue(sd_bus_message* message, std::string_view key, Filter& filter) {
    if (key == "since" || key == "until") {
        auto& moment = key == "since" ? filter.since : filter.until;
        sd_bus_message_read_basic(message, 't', &moment.emplace());
    } else if (key == "app" || key == "source") {
        const char* name = "";
        sd_bus_message_read_basic(message, 's', &name);
        if (auto fault = nameFault(name, key == "app" ? "app" : "source"))
            return tl::unexpected(std::move(*fault));
        (key == "app" ? filter.app : filter.source) = name;
    } else if (key == "kinds") {
        auto kinds = readKinds(message);
        if (!kinds)
            return tl::unexpected(kinds.error());
        filter.kinds = std::move(*kinds);
    } else {
        sd_bus_message_read_basic(message, 'u', &filter.limit);
        if (filter.limit == 0 || filter.limit > history::largestLimit)
            return tl::unexpected(invalid(
                fmt::format("limit is a number from 1 to {}, not {}", history::largestLimit, filter.limit)));
    }
    return {};
}

Result<Filter> readFilter(sd_bus_message* message, std::initializer_list<std::string_view> allowed) {
    Filter filter;
    sd_bus_message_enter_container(message, 'a', "{sv}");
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        const char* key = "";
        sd_bus_message_read_basic(message, 's', &key);
        const FilterKey* known = nullptr;
        std::string names;
        for (const auto& one : filterKeys)
            for (const auto name : allowed)
                if (name == one.name) {
                    names.append(names.empty() ? "" : ", ").append(name);
                    known = one.name == key ? &one : known;
                }
        if (!known)
            return tl::unexpected(
                invalid(fmt::format("there is no filter {}; there are {}", busText(key, 60), names)));
        if (const auto type = typeOf(message); type != known->type)
            return tl::unexpected(invalid(fmt::format("filter {} is of type {}, wants {}: {}", key, type,
                                                      known->type, known->meaning)));
        sd_bus_message_enter_container(message, 'v', known->type);
        if (auto read = readValue(message, known->name, filter); !read)
            return tl::unexpected(read.error());
        sd_bus_message_exit_container(message);
        sd_bus_message_exit_container(message);
    }
    if (filter.since && filter.until && *filter.since > *filter.until)
        return tl::unexpected(invalid("since is after until"));
    return filter;
}

int append(sd_bus_message* message, const Entry& entry) {
    const bool ofApplication =
        entry.kind == Kind::Session || entry.kind == Kind::Block || entry.kind == Kind::Answer;
    const bool ofSource = entry.kind == Kind::Session || entry.kind == Kind::Block;
    Entries entries(message);
    entries.text("kind", std::string(toString(entry.kind)));
    entries.number("start", 't', entry.start);
    entries.number("end", 't', entry.end);
    if (ofApplication) {
        entries.text("app", entry.who.appId);
        entries.text("name", entry.who.name);
        entries.text("identity", entry.who.identity);
    }
    if (ofSource)
        entries.text("source", entry.source);
    if (entry.kind == Kind::Session)
        entries.flag("level-meter", entry.levelMeter);
    if (entry.kind == Kind::Block || entry.kind == Kind::Refusal)
        entries.number("count", 'u', entry.count);
    if (entry.kind == Kind::Mute || entry.kind == Kind::Answer || entry.kind == Kind::Refusal)
        entries.text("by", entry.by);
    if (entry.kind == Kind::Warning)
        entries.text("id", entry.by);
    if (entry.kind != Kind::Session)
        entries.text("reason", entry.reason);
    return entries.end();
}

} // namespace

Result<Filter> readHistoryFilter(sd_bus_message* message) {
    return readFilter(message, {"since", "until", "app", "source", "kinds", "limit"});
}

Result<history::ReportFilter> readReportFilter(sd_bus_message* message) {
    return readFilter(message, {"since", "until", "app"}).map([](const Filter& filter) {
        return history::ReportFilter{filter.since, filter.until, filter.app};
    });
}

Result<history::ClearFilter> readClearFilter(sd_bus_message* message) {
    return readFilter(message, {"app", "until"}).map([](const Filter& filter) {
        return history::ClearFilter{filter.app, filter.until};
    });
}

int appendEntries(sd_bus_message* message, std::span<const Entry> entries) {
    int result = 0;
    for (const auto& entry : entries)
        if (result >= 0)
            result = append(message, entry);
    return result;
}

} // namespace micguard
