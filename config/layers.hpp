// SPDX-License-Identifier: GPL-3.0-or-later
//
// Settings come in layers: built-in, the vendor's file, the system's files, the user's. This knows the files,
// their order, what a layer over another means, and what is final. It reads nothing.
#pragma once

#include "config/diagnostic.hpp"
#include "config/settings.hpp"
#include "config/value.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace micguard {

// In all files together.
inline constexpr std::size_t rulesLimit = 20'000;

struct SaidValue {
    SettingValue value;
    Origin origin;
    std::uint32_t column = 0;
};

// What one file says; whatever it leaves out keeps the value of the layers below.
struct Layer {
    LayerRank rank = LayerRank::User;
    std::string file;
    // By the key's name with dots. Lists replace the list below, so that a user can shorten it.
    std::map<std::string, SaidValue, std::less<>> said;
    std::map<std::string, Origin, std::less<>> finals; // keys that no later file is to change
    std::vector<Rule> rules;                           // in the file's order
    Diagnostics warnings;
};

// Puts the layer over the settings, whatever is final.
void apply(const Layer& layer, Settings& settings);

// The layers as one.
struct Configuration {
    Settings settings;
    std::map<std::string, Origin, std::less<>> origins; // of the keys that are not built in
    std::map<std::string, Origin, std::less<>> finals;  // what made a key final
    Diagnostics warnings;
};

// Weakest first. A final key keeps its value against every later layer, except that the system's files may
// change what the vendor made final: the machine is the administrator's. A layer that tries is warned of, and
// counts otherwise: were it refused, a user's old file would keep an administrator's new policy from coming
// into force.
Configuration merge(const std::vector<Layer>& layers);

// Every key with a value in force, its origin, and what made it final.
std::vector<ShownSetting> shownSettings(const Configuration& configuration);

// "file:line", or "built-in".
std::string toString(const Origin& origin);
std::string_view toString(LayerRank rank); // built-in vendor system user

struct LayerFile {
    std::string path;
    bool mayBeMissing = true;
    LayerRank rank = LayerRank::User;
    bool folder = false; // of fragments: every *.toml in it, by name in the C locale

    bool operator==(const LayerFile&) const = default;
};

// Where files are looked for. `xdgConfigHome` and `home` are the environment's, "" where unset; a relative
// one is ignored, as the XDG base directory specification asks.
struct ConfigFolders {
    std::string datadir, sysconfdir, xdgConfigHome, home;
};

// The files in force, weakest first.
std::vector<LayerFile> settingsFiles(const ConfigFolders& folders);

// The user's folder, .../micguard; "" if there is none.
std::string userFolder(const ConfigFolders& folders);

// Whose word a file at this path would be. One that lies elsewhere is taken for the system's, which may say
// everything.
LayerRank rankOf(const std::string& path, const ConfigFolders& folders);

} // namespace micguard
