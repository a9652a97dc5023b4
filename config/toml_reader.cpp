// SPDX-License-Identifier: GPL-3.0-or-later
//
// See toml_reader.hpp.
#include "config/toml_reader.hpp"

#include "config/document.hpp"
#include "config/faults.hpp"
#include "config/keys.hpp"
#include "config/rule_reader.hpp"
#include "config/wording.hpp"

#include <algorithm>

namespace micguard {

namespace {

constexpr std::string_view ruleTable = "rule";
constexpr std::string_view finalTable = "policy", finalKey = "final";
constexpr std::size_t longestPath = 4096;
// Of all files together; it also bounds what is kept as the last good configuration.
constexpr std::size_t totalLimit = std::size_t{16} * 1024 * 1024;

constexpr std::array otherTables = {Synonym{"rules", "rule"}, Synonym{"microphones", "sources"},
                                    Synonym{"policies", "policy"}};

std::vector<std::string_view> tableNames() {
    std::vector<std::string_view> names;
    for (const auto& key : settingKeys())
        if (std::find(names.begin(), names.end(), key.table) == names.end())
            names.push_back(key.table);
    return names;
}

std::vector<std::string_view> keyNames(std::string_view table) {
    std::vector<std::string_view> names;
    for (const auto& key : settingKeys())
        if (key.table == table)
            names.push_back(key.name);
    if (table == finalTable)
        names.push_back(finalKey);
    return names;
}

// Where a key of this name would be right; "" if nowhere.
std::string homesOf(std::string_view name) {
    std::string homes;
    for (const auto& key : settingKeys())
        if (key.name == name)
            homes.append(homes.empty() ? "[" : " or [").append(key.table).append("]");
    return homes;
}

std::optional<SettingValue> readGlobs(const SettingKey& key, const Item& item, Faults& faults) {
    const auto name = key.dotted();
    if (item.kind != Item::Kind::List) {
        faults.at(item, name + " is " + std::string(article(item)) + ", wants a list of strings",
                  item.kind == Item::Kind::Text ? "put it in brackets: [\"…\"]" : "write [\"…\", \"…\"]");
        return std::nullopt;
    }
    if (const auto fault = lengthFault(key, item.children.size())) {
        faults.at(item, fault->what, fault->mend);
        return std::nullopt;
    }
    std::vector<std::string> patterns;
    for (const auto& entry : item.children) {
        if (entry.kind != Item::Kind::Text)
            faults.at(entry,
                      "an entry of " + name + " is " + std::string(article(entry)) + ", wants a string",
                      "put it in quotes");
        else if (const auto fault = entryFault(key, entry.text))
            faults.at(entry, fault->what, fault->mend);
        else
            patterns.push_back(entry.text);
    }
    return patterns;
}

std::optional<SettingValue> readValue(const SettingKey& key, const Item& item, Faults& faults) {
    const auto name = key.dotted();
    switch (key.shape) {
    case SettingKey::Shape::Flag:
        if (item.kind == Item::Kind::Flag)
            return item.flag;
        faults.at(item, name + " is " + std::string(article(item)) + ", wants a boolean",
                  "write true or false, without quotes");
        return std::nullopt;
    case SettingKey::Shape::Globs:
        return readGlobs(key, item, faults);
    case SettingKey::Shape::Number:
        if (item.kind != Item::Kind::Integer) {
            faults.at(item, name + " is " + std::string(article(item)) + ", wants a whole number",
                      "write one from " + std::to_string(key.least) + " to " + std::to_string(key.most) +
                          ", without quotes");
            return std::nullopt;
        }
        if (const auto fault = numberFault(key, item.integer)) {
            faults.at(item, fault->what, fault->mend);
            return std::nullopt;
        }
        return item.integer;
    case SettingKey::Shape::Word:
    case SettingKey::Shape::Keys:
        break;
    }
    if (item.kind == Item::Kind::Text) {
        const auto fault = valueFault(key, item.text);
        if (!fault)
            return item.text;
        faults.at(item, fault->what, fault->mend);
    } else if (key.shape == SettingKey::Shape::Keys) {
        faults.at(item, name + " is " + std::string(article(item)) + ", wants a string",
                  "write keys as \"LOGO+space\"");
    } else {
        faults.at(item, name + " is " + std::string(article(item)) + ", wants a string",
                  "write " + quotedWords(key.words));
    }
    return std::nullopt;
}

void readFinals(const Item& item, Layer& layer, Faults& faults) {
    if (layer.rank == LayerRank::User)
        return faults.atKey(item, "a user's file cannot make a key final",
                            "remove this, or have it put into the system's configuration");
    if (item.kind != Item::Kind::List)
        return faults.at(item, "policy.final is " + std::string(article(item)) + ", wants a list of strings",
                         "write [\"mute.mode\"]");
    std::vector<std::string> names;
    names.reserve(settingKeys().size());
    for (const auto& key : settingKeys())
        names.push_back(key.dotted());
    for (const auto& entry : item.children) {
        if (entry.kind != Item::Kind::Text)
            faults.at(entry,
                      "an entry of policy.final is " + std::string(article(entry)) + ", wants a string",
                      "name a key, as in \"mute.mode\"");
        else if (findKey(entry.text) == nullptr)
            faults.at(entry, "policy.final names an unknown key " + cited(entry.text),
                      instead(entry.text, {names.begin(), names.end()}, "keys"));
        else
            layer.finals.try_emplace(entry.text, Origin{layer.file, entry.line});
    }
}

void readTable(const Item& table, Layer& layer, Faults& faults) {
    for (const auto& item : table.children) {
        if (const auto* key = findKey(table.key, item.key)) {
            if (auto value = readValue(*key, item, faults))
                layer.said[key->dotted()] = {std::move(*value), {layer.file, item.line}, item.column};
        } else if (table.key == finalTable && item.key == finalKey) {
            readFinals(item, layer, faults);
        } else {
            const auto homes = homesOf(item.key);
            faults.atKey(item, "unknown key " + cited(item.key) + " in [" + table.key + "]",
                         homes.empty() ? instead(item.key, keyNames(table.key), "keys")
                                       : "it belongs into " + homes);
        }
    }
}

void readRoot(const Item& root, Layer& layer, Faults& faults) {
    const auto tables = tableNames();
    auto known = tables;
    known.push_back(ruleTable);
    for (const auto& item : root.children) {
        const bool isKnown = std::find(tables.begin(), tables.end(), item.key) != tables.end();
        if (item.key == ruleTable) {
            layer.rules = readRules(item, layer.rank, faults);
        } else if (isKnown && item.kind == Item::Kind::Table) {
            readTable(item, layer, faults);
        } else if (isKnown) {
            faults.atKey(item, cited(item.key) + " is " + std::string(article(item)) + ", wants a table",
                         "write [" + item.key + "] on a line of its own, and its keys below");
        } else if (const auto homes = homesOf(item.key); !homes.empty()) {
            faults.atKey(item, "unknown key " + cited(item.key) + " outside of a table",
                         "it belongs into " + homes);
        } else {
            const bool isTable = item.kind == Item::Kind::Table || article(item) == "an array of tables";
            faults.atKey(item, std::string(isTable ? "unknown table " : "unknown key ") + cited(item.key),
                         instead(item.key, known, "tables", otherTables));
        }
    }
}

Diagnostics whole(const std::string& file, std::string what, std::string mend) {
    return {Diagnostic{file, 0, 0, std::move(what), std::move(mend)}};
}

tl::expected<std::string, Diagnostics> readText(const std::string& path, Trust trust) {
    auto text = readRegularFile(path, fileSizeLimit, trust);
    if (!text)
        return tl::unexpected(whole(printable(path, longestPath), text.error().what, text.error().mend));
    return std::move(*text);
}

// What is sound in it; the rest in `errors`.
Layer soundPart(std::string_view text, const std::string& file, LayerRank rank, Diagnostics& errors) {
    Layer layer;
    layer.rank = rank;
    layer.file = printable(file, longestPath);
    const auto document = parseDocument(text, layer.file);
    if (!document) {
        errors.push_back(document.error());
        return layer;
    }
    Faults faults(layer.file);
    readRoot(*document, layer, faults);
    layer.warnings = Faults(faults).warnings();
    for (auto& error : std::move(faults).errors())
        errors.push_back(std::move(error));
    return layer;
}

} // namespace

tl::expected<Layer, Diagnostics> parseLayer(std::string_view text, const std::string& file, LayerRank rank) {
    Diagnostics errors;
    Layer layer = soundPart(text, file, rank, errors);
    if (!errors.empty())
        return tl::unexpected(std::move(errors));
    return layer;
}

tl::expected<Layer, Diagnostics> readLayer(const std::string& path, LayerRank rank, Trust trust) {
    const auto text = readText(path, trust);
    if (!text)
        return tl::unexpected(text.error());
    return parseLayer(*text, path, rank);
}

std::vector<LayerFile> presentFiles(const std::vector<LayerFile>& files, Diagnostics& errors,
                                    const std::string& alsoThere) {
    std::vector<LayerFile> present;
    for (const auto& file : files) {
        if (!file.folder) {
            if (!file.mayBeMissing || file.path == alsoThere || !isMissing(file.path))
                present.push_back(file);
            continue;
        }
        auto names = readFolder(file.path, ".toml");
        if (!names && !(names.error().missing && file.mayBeMissing)) {
            errors.push_back(
                {printable(file.path, longestPath), 0, 0, names.error().what, names.error().mend});
            continue;
        }
        std::vector<std::string> paths;
        if (names)
            for (const auto& name : *names)
                paths.push_back(file.path + "/" + name);
        const auto slash = alsoThere.rfind('/');
        if (slash != std::string::npos && alsoThere.substr(0, slash) == file.path &&
            std::find(paths.begin(), paths.end(), alsoThere) == paths.end())
            paths.insert(std::upper_bound(paths.begin(), paths.end(), alsoThere), alsoThere);
        for (auto& path : paths)
            present.push_back({std::move(path), true, file.rank, false});
    }
    return present;
}

Loaded load(const std::vector<LayerFile>& files, const std::optional<Replacement>& instead) {
    Loaded loaded;
    std::vector<Layer> layers;
    std::size_t rules = 0, size = 0;
    for (const auto& file : presentFiles(files, loaded.errors, instead ? instead->path : "")) {
        auto text = instead && file.path == instead->path
                        ? tl::expected<std::string, Diagnostics>(instead->text)
                        : readText(file.path, Trust::OwnerOnly);
        auto layer = text ? parseLayer(*text, file.path, file.rank) : tl::unexpected(text.error());
        if (layer && (size += text->size()) > totalLimit)
            layer = tl::unexpected(whole(layer->file,
                                         "with this, the files together are larger than " +
                                             std::to_string(totalLimit / 1024) + " KiB",
                                         "shorten them"));
        if (layer && (rules += layer->rules.size()) > rulesLimit)
            layer = tl::unexpected(whole(layer->file,
                                         "with this, there are more than " + std::to_string(rulesLimit) +
                                             " rules in all files together",
                                         "a pattern with * stands for many"));
        if (!layer) {
            loaded.errors.insert(loaded.errors.end(), layer.error().begin(), layer.error().end());
            continue;
        }
        layers.push_back(std::move(*layer));
        loaded.sources.push_back({file.rank, file.path, std::move(*text)});
    }
    loaded.configuration = merge(layers);
    return loaded;
}

Loaded configurationOf(const std::vector<SourceText>& sources) {
    Loaded loaded;
    std::vector<Layer> layers;
    layers.reserve(sources.size());
    for (const auto& source : sources)
        layers.push_back(soundPart(source.text, source.path, source.rank, loaded.errors));
    loaded.configuration = merge(layers);
    loaded.sources = sources;
    auto& fallback = loaded.configuration.settings.policy.fallback;
    if (!loaded.errors.empty() && fallback == Ruling::Allow)
        fallback = Ruling::Ask;
    return loaded;
}

tl::expected<Settings, Diagnostics> readSettings(const std::vector<LayerFile>& files) {
    auto loaded = load(files);
    if (!loaded.errors.empty())
        return tl::unexpected(std::move(loaded.errors));
    return std::move(loaded.configuration.settings);
}

} // namespace micguard
