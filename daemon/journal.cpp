// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/journal.hpp"

#include "systemd/message_ids.hpp"

#include <cstdint>
#include <cstdio>
#include <sys/uio.h>
#include <syslog.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

namespace micguard::journal {
namespace {

const char* messageId(Kind kind) {
    switch (kind) {
    case Kind::Muted:
        return message_id::muted;
    case Kind::Unmuted:
        return message_id::unmuted;
    case Kind::Blocked:
        return message_id::blocked;
    case Kind::Degraded:
        return message_id::degraded;
    }
    return message_id::degraded;
}

} // namespace

void send(Kind kind, const std::string& message, const std::vector<std::pair<std::string, std::string>>& fields) {
    std::vector<std::string> lines = {
        "MESSAGE=" + message, std::string("MESSAGE_ID=") + messageId(kind),
        "PRIORITY=" + std::to_string(kind == Kind::Degraded ? LOG_WARNING : LOG_NOTICE), "SYSLOG_IDENTIFIER=micguardd"};
    for (const auto& [name, value] : fields)
        lines.push_back(name + "=" + value);
    std::vector<iovec> parts;
    parts.reserve(lines.size());
    for (auto& line : lines)
        parts.push_back({line.data(), line.size()});
    if (sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) < 0)
        std::fprintf(stderr, "micguardd: %s\n", message.c_str());
}

void notify(const std::string& state) { sd_notify(0, state.c_str()); }

unsigned watchdogIntervalMs() {
    std::uint64_t period = 0;
    if (sd_watchdog_enabled(0, &period) <= 0)
        return 0;
    return static_cast<unsigned>(period / 2000);
}

} // namespace micguard::journal
