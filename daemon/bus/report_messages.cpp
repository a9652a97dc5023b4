// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/bus/report_messages.hpp"

#include "daemon/bus/dictionary.hpp"

#include <utility>
#include <vector>

namespace micguard {
namespace {

using history::Class;
using history::ReportRow;

std::string text(Class judged) {
    return std::string(toString(judged));
}

int append(sd_bus_message* message, const ReportRow& row) {
    std::vector<std::pair<Class, std::uint32_t>> counts;
    for (const Class one : history::classes)
        if (const auto count = row.counts[static_cast<std::size_t>(one)]; count != 0)
            counts.emplace_back(one, count);
    Entries entries(message);
    entries.text("app", row.app);
    entries.text("name", row.name);
    entries.text("identity", row.identity);
    entries.text("class", text(row.judged));
    entries.list("classes", "a{su}", counts, [message](const auto& one) {
        return sd_bus_message_append(message, "{su}", text(one.first).c_str(), one.second);
    });
    entries.number("mutes", 'u', row.mutes);
    entries.number("muted-usec", 't', row.mutedUsec);
    entries.number("asked-usec", 't', row.askedUsec);
    entries.number("held-usec", 't', row.heldUsec);
    entries.number("assumed-usec", 't', row.assumedUsec);
    entries.number("samples", 't', row.samples);
    entries.number("wakeups", 'u', row.wakeups);
    entries.flag("level-meter", row.levelMeter);
    entries.texts("sources", row.sources);
    if (row.ownMutedUsec != 0) {
        entries.text("own-mute-class", text(row.ownJudged));
        entries.number("own-muted-usec", 't', row.ownMutedUsec);
        entries.number("own-mute-asked-usec", 't', row.ownAskedUsec);
    }
    entries.list("periods", "a(tts)", row.periods, [message](const auto& period) {
        return sd_bus_message_append(message, "(tts)", period.start, period.end, text(period.judged).c_str());
    });
    entries.list("stretches", "a(ttsb)", row.stretches, [message](const auto& stretch) {
        return sd_bus_message_append(message, "(ttsb)", stretch.start, stretch.end,
                                     stretch.doing == history::Doing::Asking ? "asking" : "holding",
                                     static_cast<int>(stretch.assumed));
    });
    return entries.end();
}

} // namespace

int appendRows(sd_bus_message* message, std::span<const ReportRow> rows) {
    int result = 0;
    for (const auto& row : rows)
        if (result >= 0)
            result = append(message, row);
    return result;
}

} // namespace micguard
