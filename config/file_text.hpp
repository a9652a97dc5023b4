// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads a small regular file whole, without ever hanging on a pipe or filling the memory.
#pragma once

#include <cstddef>
#include <string>

#include <tl/expected.hpp>

namespace micguard {

struct FileFault {
    bool missing = false; // no such file: whether that is a fault is the caller's to say
    std::string what;     // a clause: "is a directory", "cannot be opened: Permission denied"
};

// Error also for anything but a regular file (behind symbolic links), and for more than `limit` bytes.
tl::expected<std::string, FileFault> readRegularFile(const std::string& path, std::size_t limit);

} // namespace micguard
