// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who links himself to a microphone as soon as it appears hears of it when the guard does. The guard has less to do for
// it to be silent, but only if it gets to run: so it runs in real time, below everybody's audio and ahead of all else, and gives
// that up by itself as soon as it has to compute for long.
#pragma once

namespace micguard {

constexpr int guardsNice = -11; // PipeWire's own (1.4.2, pipewire.conf: module-rt, nice.level)

// Has the calling thread run in real time, and where it may not, or does not any more, ahead of ordinary programs (nice, short
// slices): by itself where its limits allow (RLIMIT_RTPRIO, RLIMIT_NICE), else by asking RTKit on the system bus, which desktops
// have. Without either it stays as it is. Returns at once; main context only. Takes SIGXCPU for the process.
void raisePriority();
// From whoever wakes every few seconds anyway: real time that was given up is asked for again.
void keepPriority();

// What it is now; nice is what is left when real time is given up.
int priority();
bool runsInRealTime();

} // namespace micguard
