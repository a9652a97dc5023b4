// SPDX-License-Identifier: GPL-3.0-or-later
//
// See layers.hpp. Must not read files.
#include "config/layers.hpp"

#include "config/keys.hpp"

#include <algorithm>

namespace micguard {

namespace {

constexpr std::string_view fileName = "/micguard.toml";
constexpr std::string_view folderName = "/micguard";
constexpr std::string_view fragments = "/conf.d";

// Of what one layer made final, may one of this rank change it?
bool mayChange(LayerRank later, LayerRank finalBy) {
    return finalBy == LayerRank::Vendor && later == LayerRank::System;
}

} // namespace

void apply(const Layer& layer, Settings& settings) {
    for (const auto& [name, said] : layer.said)
        if (const auto* key = findKey(name))
            key->put(settings, said.value);
    settings.rules.insert(settings.rules.end(), layer.rules.begin(), layer.rules.end());
}

Configuration merge(const std::vector<Layer>& layers) {
    Configuration all;
    std::map<std::string, LayerRank, std::less<>> finalBy;
    for (const auto& layer : layers) {
        all.warnings.insert(all.warnings.end(), layer.warnings.begin(), layer.warnings.end());
        for (const auto& [name, said] : layer.said) {
            const auto* key = findKey(name);
            if (key == nullptr)
                continue;
            const auto final = finalBy.find(name);
            if (final == finalBy.end() || mayChange(layer.rank, final->second)) {
                key->put(all.settings, said.value);
                all.origins[name] = said.origin;
            } else if (key->take(all.settings) != said.value) {
                all.warnings.push_back(
                    {layer.file, said.origin.line, said.column,
                     name + " is final, by " + toString(all.finals[name]) + ", and keeps its value",
                     "remove this line", Severity::Warning});
            }
        }
        for (const auto& [name, origin] : layer.finals)
            if (finalBy.try_emplace(name, layer.rank).second)
                all.finals[name] = origin;
        all.settings.rules.insert(all.settings.rules.end(), layer.rules.begin(), layer.rules.end());
    }
    return all;
}

std::vector<ShownSetting> shownSettings(const Configuration& configuration) {
    std::vector<ShownSetting> shown;
    const auto where = [](const auto& origins, const std::string& key) {
        const auto found = origins.find(key);
        return found == origins.end() ? Origin{} : found->second;
    };
    for (const auto& key : settingKeys()) {
        const std::string name = key.dotted();
        const auto final = where(configuration.finals, name);
        if (const auto value = key.take(configuration.settings))
            shown.push_back({name, *value, toString(where(configuration.origins, name)),
                             final.file.empty() ? "" : toString(final)});
    }
    return shown;
}

std::string toString(const Origin& origin) {
    return origin.file.empty() ? "built-in" : origin.file + ":" + std::to_string(origin.line);
}

std::string_view toString(LayerRank rank) {
    switch (rank) {
    case LayerRank::BuiltIn:
        return "built-in";
    case LayerRank::Vendor:
        return "vendor";
    case LayerRank::System:
        return "system";
    case LayerRank::User:
        return "user";
    }
    return "user";
}

std::string userFolder(const ConfigFolders& folders) {
    if (folders.xdgConfigHome.starts_with('/'))
        return std::string(folders.xdgConfigHome).append(folderName);
    if (folders.home.starts_with('/'))
        return std::string(folders.home).append("/.config").append(folderName);
    return {};
}

std::vector<LayerFile> settingsFiles(const ConfigFolders& folders) {
    const auto below = [](const std::string& folder, std::string_view name) {
        return std::string(folder).append(folderName).append(name);
    };
    std::vector<LayerFile> files = {{below(folders.datadir, fileName), true, LayerRank::Vendor, false},
                                    {below(folders.sysconfdir, fileName), true, LayerRank::System, false},
                                    {below(folders.sysconfdir, fragments), true, LayerRank::System, true}};
    if (const auto user = userFolder(folders); !user.empty()) {
        files.push_back({user + std::string(fileName), true, LayerRank::User, false});
        files.push_back({user + std::string(fragments), true, LayerRank::User, true});
    }
    return files;
}

LayerRank rankOf(const std::string& path, const ConfigFolders& folders) {
    const auto within = [&](const std::string& folder) {
        return !folder.empty() && path.starts_with(folder + "/");
    };
    if (within(userFolder(folders)))
        return LayerRank::User;
    if (within(folders.datadir + std::string(folderName)))
        return LayerRank::Vendor;
    return LayerRank::System;
}

} // namespace micguard
