// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel says that a process has cost.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>

namespace micguard::test {

struct Spent {
    std::chrono::nanoseconds cpu{};
    std::uint64_t contextSwitches = 0; // of the threads that are alive
};

// Since it started; 0 for a process that is gone.
Spent spentBy(pid_t pid);
Spent operator-(const Spent& later, const Spent& earlier);
// Its memory, shared pages by their share. 0 for a process that is gone.
std::uint64_t proportionalKib(pid_t pid);
// The same, shared pages in whole.
std::uint64_t residentKib(pid_t pid);
// A sanitizer keeps what is freed for a while: of such a process memory says nothing.
bool isSanitized(pid_t pid);
std::uint64_t openDescriptors(pid_t pid);

} // namespace micguard::test
