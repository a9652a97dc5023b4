// SPDX-License-Identifier: GPL-3.0-or-later
//
// The exposure report as D-Bus arguments. Only for files of this folder.
#pragma once

#include "daemon/history/report.hpp"

#include <span>

#include <systemd/sd-bus.h>

namespace micguard {

// As many a{sv}. Negative errno if the message cannot hold them.
int appendRows(sd_bus_message* message, std::span<const history::ReportRow> rows);

} // namespace micguard
