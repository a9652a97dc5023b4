// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace micguard {

// What follows the last slash; all of it, if there is none.
constexpr std::string_view baseName(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

// What the kernel puts behind the path of a file that is gone: most likely an upgrade has replaced it while it ran. That it ever was at
// that path is then not to be proven.
inline constexpr std::string_view goneMark = " (deleted)";
constexpr bool isGone(std::string_view path) {
    return path.ends_with(goneMark);
}
constexpr std::string_view withoutGone(std::string_view path) {
    return isGone(path) ? path.substr(0, path.size() - goneMark.size()) : path;
}

} // namespace micguard
