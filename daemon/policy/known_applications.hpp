// SPDX-License-Identifier: GPL-3.0-or-later
//
// The conferencing applications of the study that began this, and the browsers in which the others run, in
// the shapes in which Linux has them. For what no desktop entry tells: whose launcher is not the program that
// captures. Pure.
#pragma once

#include <span>
#include <string_view>

namespace micguard {

struct KnownApplication {
    std::string_view desktopId; // of the native package
    std::string_view name;
    std::string_view icon;
    std::span<const std::string_view>
        executables; // in folders of root's; a star at the end: any name that goes on so
    std::span<const std::string_view> flatpaks;
    std::span<const std::string_view> snaps;
};

// nullptr: none of them.
const KnownApplication* knownByExecutable(std::string_view path);
const KnownApplication* knownByFlatpak(std::string_view id);
const KnownApplication* knownBySnap(std::string_view name);

} // namespace micguard
