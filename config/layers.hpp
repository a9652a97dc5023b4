// SPDX-License-Identifier: GPL-3.0-or-later
//
// Settings come in layers: built-in, the system's file, the user's file. This knows the files, their order
// and what a layer over another means. It reads nothing.
#pragma once

#include "config/settings.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace micguard {

// What one file says; whatever it leaves out keeps the value of the layers below.
struct Layer {
    std::optional<Mode> mode;
    std::optional<Mode> bluetooth;
    std::optional<bool> led;
    std::optional<std::vector<std::string>> exempt; // replaces the list below, so that a user can shorten it
    bool operator==(const Layer&) const = default;
};

void apply(const Layer& layer, Settings& settings);

struct LayerFile {
    std::string path;
    bool mayBeMissing = true;
};

// The files in force, weakest first. A folder of fragments becomes further entries between these two.
// `xdgConfigHome` and `home` are the environment's, "" where unset; a relative one is ignored, as the XDG
// base directory specification asks.
std::vector<LayerFile> settingsFiles(std::string_view sysconfdir, std::string_view xdgConfigHome,
                                     std::string_view home);

// The settings as a file that reads back to the same value: for the last good configuration.
std::string toToml(const Settings& settings);

} // namespace micguard
