// SPDX-License-Identifier: GPL-3.0-or-later
//
// The stand-in's history: what it was asked, said back as text, and entries of which some are not fit for a terminal.
#pragma once

#include <cstdint>
#include <string>

#include <systemd/sd-bus.h>

struct FakeHistory {
    bool refuse = false, empty = false;
};

// Negative errno. `history` must outlive the bus.
int attachHistory(sd_bus* bus, FakeHistory& history);
