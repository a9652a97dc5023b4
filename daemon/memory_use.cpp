// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/memory_use.hpp"

#include <cstdlib> // names the C library

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace micguard {

std::optional<MemoryUse> memoryUse() {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    // Of all arenas; blocks with a mapping of their own are counted apart.
    const auto now = mallinfo2();
    return MemoryUse{(now.uordblks + now.hblkhd) / 1024, (now.arena + now.hblkhd) / 1024};
#else
    return std::nullopt;
#endif
}

} // namespace micguard
