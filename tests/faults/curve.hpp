// SPDX-License-Identifier: GPL-3.0-or-later
// What micguardd costs over a run of faults. Judged is the process that was looked at most: one that a fault ends begins anew.
#pragma once

#include "tests/support/guard.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace micguard::test {

class Curve {
  public:
    void sample(pid_t pid, Guard& guard);
    // Prints what there is, and checks (Catch2) the longest life if it has samples enough; `wanted`: it has to. `anonymousMay`:
    // KiB that there may be more of from third to third.
    void check(bool wanted, std::uint64_t anonymousMay) const;

  private:
    struct Life {
        pid_t pid = 0;
        std::vector<std::uint64_t> allocated, anonymous,
            descriptors; // the first is empty where the guard does not tell
    };
    std::vector<Life> lives_; // of those that ended the longest alone is kept
};

} // namespace micguard::test
