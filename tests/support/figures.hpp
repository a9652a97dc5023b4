// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel says that a process has cost.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace micguard::test {

struct Spent {
    std::chrono::nanoseconds cpu{};
    std::uint64_t contextSwitches = 0; // of the threads that are alive
    // Of these, those by which a thread went to wait: each is a wake as well.
    std::uint64_t sleeps = 0;
    struct Switches {
        std::uint64_t all = 0, sleeps = 0;
    };
    std::map<int, Switches> threads; // the same, by thread
};

// Since it started; 0 for a process that is gone.
Spent spentBy(pid_t pid);
// A thread that has ended meanwhile takes nothing off what the others did.
Spent operator-(const Spent& later, const Spent& earlier);
// Its memory, shared pages by their share. 0 for a process that is gone.
std::uint64_t proportionalKib(pid_t pid);
// What it allocated itself (heap, stacks, what it wrote over): growth shows there, whoever else maps the same files.
std::uint64_t anonymousKib(pid_t pid);
// All that it has in memory, shared pages in whole.
std::uint64_t residentKib(pid_t pid);
// A sanitizer keeps what is freed for a while: of such a process memory says nothing.
bool isSanitized(pid_t pid);
std::uint64_t openDescriptors(pid_t pid);
// The shared objects that it has mapped, by path.
std::vector<std::string> loadedLibraries(pid_t pid);

} // namespace micguard::test
