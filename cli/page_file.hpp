// SPDX-License-Identifier: GPL-3.0-or-later
//
// A page goes where somebody says: into a file, as a whole or not at all; into what is no regular file, as it comes.
#pragma once

#include <string>
#include <string_view>

namespace micguard::cli {

// "-" is standard output. A file that is there is replaced and one behind a link is the one that is meant; a device or a
// pipe is written to and stays. What is made is readable by its owner only. "" or what went wrong.
std::string writePage(const std::string& path, std::string_view text);

} // namespace micguard::cli
