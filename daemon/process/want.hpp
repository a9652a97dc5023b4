// SPDX-License-Identifier: GPL-3.0-or-later
//
// What cannot be known because of what we lack ourselves is not unknown for good: whoever asked has to know that.
#pragma once

namespace micguard {

// No descriptor (the process's or the machine's) or no memory left.
bool isOurOwnWant(int error);

// Hands on what open(2) and its like returned; if they failed because of our own want, that is noted for this thread.
int notingWant(int descriptor);
// Whether so since it was last asked, by this thread.
bool takeWant();

} // namespace micguard
