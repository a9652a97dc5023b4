// SPDX-License-Identifier: GPL-3.0-or-later
//
// The stand-in's exposure report, with texts that neither a terminal nor a page should get.
#pragma once

#include <systemd/sd-bus.h>

// Negative errno. Whoever asks for the application "nobody" gets an empty one; what was asked for is in the row's figures:
// `samples` is the length of the time in µs.
int attachReport(sd_bus* bus);
