// SPDX-License-Identifier: GPL-3.0-or-later
//
// The history as D-Bus arguments: what History, Report and ClearHistory are asked, and what History answers. Only for files of this folder.
#pragma once

#include "daemon/bus/bus.hpp"
#include "daemon/history/query.hpp"

#include <span>

#include <systemd/sd-bus.h>

namespace micguard {

// The a{sv} that comes next.
Result<history::Filter> readHistoryFilter(sd_bus_message* message);
Result<history::ReportFilter> readReportFilter(sd_bus_message* message);
Result<history::ClearFilter> readClearFilter(sd_bus_message* message);

// As many a{sv}. Negative errno if the message cannot hold them.
int appendEntries(sd_bus_message* message, std::span<const history::Entry> entries);

} // namespace micguard
