// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/journal/line.hpp"

#include "config/wording.hpp"
#include "systemd/message_ids.hpp"

#include <algorithm>
#include <cstdint>

#include <syslog.h>

namespace micguard::journal {
namespace {

constexpr std::size_t longestMessage = 800, longestField = 400;

void append(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    if (value.find('\n') == std::string_view::npos) {
        out.append("=").append(value).append("\n");
        return;
    }
    out += '\n';
    for (unsigned byte = 0; byte < 8; byte++)
        out += static_cast<char>((static_cast<std::uint64_t>(value.size()) >> (8 * byte)) & 0xff);
    out.append(value).append("\n");
}

std::string quoted(std::string_view value) {
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + "\"";
}

} // namespace

const std::vector<KindFacts>& kinds() {
    using Fields = std::vector<std::string_view>;
    static const Fields application{"MICGUARD_APP", "MICGUARD_APP_NAME", "MICGUARD_IDENTITY",
                                    "MICGUARD_PID", "MICGUARD_SOURCE",   "MICGUARD_REASON"};
    static const Fields answer{"MICGUARD_APP",    "MICGUARD_APP_NAME", "MICGUARD_IDENTITY", "MICGUARD_PID",
                               "MICGUARD_SOURCE", "MICGUARD_REASON",   "MICGUARD_ANSWER"};
    static const Fields warning{"MICGUARD_WARNING", "MICGUARD_REASON"};
    static const Fields bypass{"MICGUARD_WARNING", "MICGUARD_REASON", "MICGUARD_APP", "MICGUARD_PID",
                               "MICGUARD_DEVICE"};
    static const std::vector<KindFacts> table{
        {Kind::Muted, "muted", message_id::muted, LOG_NOTICE, {"MICGUARD_REASON", "MICGUARD_MODE"}},
        {Kind::Unmuted, "unmuted", message_id::unmuted, LOG_NOTICE, {"MICGUARD_REASON"}},
        {Kind::Blocked, "blocked", message_id::blocked, LOG_NOTICE, application},
        {Kind::Asked, "asked", message_id::asked, LOG_NOTICE, application},
        {Kind::Answered, "answered", message_id::answered, LOG_NOTICE, answer},
        {Kind::Lapsed, "lapsed", message_id::lapsed, LOG_NOTICE, application},
        {Kind::Refused,
         "refused",
         message_id::refused,
         LOG_WARNING,
         {"MICGUARD_APP", "MICGUARD_PID", "MICGUARD_REASON"}},
        {Kind::Warned, "warned", message_id::warned, LOG_WARNING, warning},
        {Kind::Degraded, "degraded", message_id::degraded, LOG_WARNING, warning},
        {Kind::WarningOver, "warning-over", message_id::warningOver, LOG_NOTICE, warning},
        {Kind::Bypassed, "bypassed", message_id::bypassed, LOG_WARNING, bypass},
        {Kind::BypassOver, "bypass-over", message_id::bypassOver, LOG_NOTICE, bypass},
        {Kind::Omitted,
         "omitted",
         message_id::omitted,
         LOG_WARNING,
         {"MICGUARD_OMITTED", "MICGUARD_KIND", "MICGUARD_APP"}},
    };
    return table;
}

const KindFacts& factsOf(Kind kind) {
    const auto found = std::find_if(kinds().begin(), kinds().end(),
                                    [kind](const KindFacts& facts) { return facts.kind == kind; });
    return found == kinds().end() ? kinds().front() : *found;
}

Line lineOf(Kind kind, std::string_view message,
            std::vector<std::pair<std::string_view, std::string>> fields) {
    Line line{kind, printable(message, longestMessage), {}};
    for (const std::string_view name : factsOf(kind).fields) {
        const auto said = std::find_if(fields.begin(), fields.end(),
                                       [&](const auto& field) { return field.first == name; });
        line.fields.emplace_back(name, said == fields.end() ? std::string()
                                                            : printable(said->second, longestField));
    }
    return line;
}

std::string nativeForm(const Line& line) {
    const KindFacts& facts = factsOf(line.kind);
    std::string out;
    append(out, "MESSAGE", line.message);
    append(out, "MESSAGE_ID", facts.messageId);
    append(out, "PRIORITY", std::to_string(facts.priority));
    append(out, "SYSLOG_IDENTIFIER", "micguardd");
    for (const auto& [name, value] : line.fields)
        append(out, name, value);
    return out;
}

std::string plainForm(const Line& line) {
    std::string out = "[MESSAGE_ID=" + quoted(factsOf(line.kind).messageId);
    for (const auto& [name, value] : line.fields)
        out.append(" ").append(name).append("=").append(quoted(value));
    return out + "] " + line.message;
}

} // namespace micguard::journal
