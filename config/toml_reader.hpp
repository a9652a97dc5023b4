// SPDX-License-Identifier: GPL-3.0-or-later
//
// TOML to settings. The only room that knows toml++; nothing of it shows here. Survives any input: the worst
// that a file can do is to be refused.
#pragma once

#include "config/diagnostic.hpp"
#include "config/layers.hpp"
#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace micguard {

// `file` is only named in diagnostics. A file with anything wrong in it counts for nothing as a whole: half a
// configuration is not what its author asked for.
tl::expected<Layer, Diagnostics> parseLayer(std::string_view text, const std::string& file);

// A missing file is an error here.
tl::expected<Layer, Diagnostics> readLayer(const std::string& path);

// The built-in defaults with every file over them, the later the stronger. Reads on after a bad file, so that
// one look shows everything that is wrong.
tl::expected<Settings, Diagnostics> readSettings(const std::vector<LayerFile>& files);

} // namespace micguard
