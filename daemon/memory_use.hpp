// SPDX-License-Identifier: GPL-3.0-or-later
//
// What this process has allocated, apart from what the allocator keeps of what was freed: growth of the one is a leak, growth of the
// other is holes. For doctor and tests.
#pragma once

#include <cstdint>
#include <optional>

namespace micguard {

struct MemoryUse {
    std::uint64_t allocatedKib = 0;
    std::uint64_t fromSystemKib = 0;
};

// Nothing where the C library does not tell.
std::optional<MemoryUse> memoryUse();

} // namespace micguard
