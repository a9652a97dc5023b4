// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every key that a configuration may set, outside of rules: its name, what values it takes, and where in
// Settings it lives. The one table by which files are read and written, and keys shown and set on D-Bus.
#pragma once

#include "config/settings.hpp"
#include "config/value.hpp"
#include "config/wording.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace micguard {

struct SettingKey {
    // Word: one of `words`. Number: a whole one, from `least` to `most`. Globs: patterns over names of sources or programs.
    // Keys: one or several at once, as the desktop's shortcuts are written, or "".
    enum class Shape { Flag, Word, Number, Globs, Keys };

    std::string_view table, name;
    Shape shape;
    std::vector<std::string_view> words;
    void (*put)(Settings& settings, const SettingValue& value);    // of a sound value
    std::optional<SettingValue> (*take)(const Settings& settings); // none: it has none of its own
    std::int64_t least = 0, most = 0;

    std::string dotted() const { return std::string(table) + "." + std::string(name); }
};

std::span<const SettingKey> settingKeys();
const SettingKey* findKey(std::string_view table, std::string_view name);
const SettingKey* findKey(std::string_view dotted);

// What is wrong with a value, and how to mend it.
struct ValueFault {
    std::string what; // begins with the key's or the pattern's name
    std::string mend;
};

std::optional<ValueFault> patternFault(std::string_view pattern, std::size_t longest);
// One pattern of a key's list.
std::optional<ValueFault> entryFault(const SettingKey& key, std::string_view pattern);
std::optional<ValueFault> wordFault(const std::string& name, std::string_view word,
                                    const std::vector<std::string_view>& words,
                                    std::span<const Synonym> synonyms);
std::optional<ValueFault> numberFault(const SettingKey& key, std::int64_t number);
std::optional<ValueFault> lengthFault(const SettingKey& key, std::size_t entries);

// Of a whole value, type included.
std::optional<ValueFault> valueFault(const SettingKey& key, const SettingValue& value);

extern const std::span<const Synonym> rulingSynonyms;

} // namespace micguard
