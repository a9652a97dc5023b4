// SPDX-License-Identifier: GPL-3.0-or-later
//
// A bus connection beside other descriptors in one ppoll().
#pragma once

#include <ctime>
#include <poll.h>

struct sd_bus;

namespace micguard::cli {

// Fills in what the bus waits for. Returns the time to wait at most, in `storage`, or null: for ever.
const timespec* prepare(sd_bus* bus, pollfd& into, timespec& storage);

} // namespace micguard::cli
