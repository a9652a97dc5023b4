// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who links himself to a microphone as soon as it appears hears of it when the guard does. The guard has less to do for
// it to be silent, but only if it gets to run: so it runs ahead of ordinary programs, as PipeWire does,
// and as soon as it wakes.
#pragma once

namespace micguard {

constexpr int guardsNice = -11; // PipeWire's own (1.4.2, pipewire.conf: module-rt, nice.level)

// Has the calling thread run in short slices and raises its priority, by itself where its limits allow (RLIMIT_NICE), else
// by asking RTKit on the system bus, which desktops have. Without either it stays as it is. Returns at once; main context only.
void raisePriority();

// What it is now.
int priority();

} // namespace micguard
