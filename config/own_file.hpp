// SPDX-License-Identifier: GPL-3.0-or-later
//
// The guard's own file among the user's: what was answered, and what was set on D-Bus. It is written whole;
// what a user wrote by hand is in other files and is never touched. A file that is broken is not replaced
// either.
#pragma once

#include "config/layers.hpp"
#include "config/value.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace micguard {

inline constexpr std::size_t ownRulesLimit = 4096;

// conf.d/90-micguard.toml in the user's folder; "" if there is no such folder.
std::string ownFilePath(const ConfigFolders& folders);

// What it says now; an empty layer if there is none.
tl::expected<Layer, Diagnostics> readOwnFile(const std::string& path);

// The names stand for themselves, whatever pattern characters are in them.
Rule ruleFor(std::string_view app, const std::optional<std::string>& source, Ruling action,
             std::int32_t priority = 0, std::optional<std::uint64_t> until = std::nullopt);

// Whether `rule` is the newer word on all that `old` speaks of: about the same, and on every source or on that of `old`. A
// rule with an end leaves alone those without, which hold again after it.
bool replaces(const Rule& rule, const Rule& old);

// Takes the place of what it replaces, else comes last. What has run out by `now` (µs since the epoch) goes. False: there
// are ownRulesLimit already.
enum class Replaces { AlsoNarrower, Same };
bool remember(Layer& own, Rule rule, std::uint64_t now, Replaces what = Replaces::AlsoNarrower);

// Removes every rule for this application, on whatever source; how many there were.
std::size_t forget(Layer& own, std::string_view app);

// Why something was not done. `error`: a name of the D-Bus contract.
struct ConfigRefusal {
    std::string error;
    std::string message;
};

// A change to the guard's own file.
struct OwnFileChange {
    std::function<std::optional<ConfigRefusal>(Layer& own)> make;
    // Would what comes out of it be what was meant? May be empty.
    std::function<std::optional<ConfigRefusal>(const Configuration& ahead)> check;
};

// Of one setting; the empty string takes back what the file says of it. The key is one of settingKeys(). Refused if another
// file's word would count all the same.
OwnFileChange settingChange(const std::string& key, const SettingValue& value);

// Rewrites it. Nothing is written if the outcome would be refused, or is not what `check` wants. Blocks. Of several processes each has
// its turn.
std::optional<ConfigRefusal> changeOwnFile(const std::vector<LayerFile>& files, const std::string& ownFile,
                                           const OwnFileChange& change);

// With a header that says whose it is.
std::string ownFileText(const Layer& own);

// Replaces the file, making the folders above it (0700) as needed. A reader sees the old one or the new one;
// after success the new one is on the disk. Blocks. Error: a sentence.
tl::expected<void, std::string> replaceFile(const std::string& path, std::string_view text);

} // namespace micguard
