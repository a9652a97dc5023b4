// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads a small regular file whole, without ever hanging on a pipe or filling the memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace micguard {

struct FileFault {
    bool missing = false; // no such file: whether that is a fault is the caller's to say
    std::string what;     // a clause: "is a directory", "cannot be opened: Permission denied"
    std::string mend;     // "" where nothing better is known
};

// Whose word may be in a file.
enum class Trust {
    Anybody,
    OwnerOnly // it is ours or root's, and nobody else may write to it or replace it
};

// No file and no link that leads to one.
bool isMissing(const std::string& path);

inline constexpr std::size_t folderLimit = 256;

// The names of a folder that end in `ending` and do not begin with a dot, by their bytes. Error also for more
// than folderLimit of them, and for a folder in which others may put files.
tl::expected<std::vector<std::string>, FileFault> readFolder(const std::string& path,
                                                             std::string_view ending);

// Error also for anything but a regular file (behind symbolic links), and for more than `limit` bytes.
tl::expected<std::string, FileFault> readRegularFile(const std::string& path, std::size_t limit,
                                                     Trust trust = Trust::Anybody);

} // namespace micguard
