// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace micguard {

// What follows the last slash; all of it, if there is none.
constexpr std::string_view baseName(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

} // namespace micguard
