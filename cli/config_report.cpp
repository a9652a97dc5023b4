// SPDX-License-Identifier: GPL-3.0-or-later
//
// See config_report.hpp. What comes from files is fit for a terminal already: diagnostics and origins are
// made so, and strings are written as TOML with escapes.
#include "cli/config_report.hpp"

#include "cli/snapshot.hpp"
#include "config/own_file.hpp"
#include "config/toml_reader.hpp"
#include "config/toml_writer.hpp"
#include "config/wording.hpp"
#include "daemon/policy/rule_notes.hpp"

#include <filesystem>

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

using nlohmann::json;

constexpr std::size_t longestPath = 4096;

std::string counted(std::size_t number, const char* noun) {
    return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

json toJson(const Diagnostics& errors, const Diagnostics& warnings) {
    json list = json::array();
    for (const auto* diagnostics : {&errors, &warnings})
        for (const auto& diagnostic : *diagnostics)
            list.push_back({{"file", diagnostic.file},
                            {"line", diagnostic.line == 0 ? json() : json(diagnostic.line)},
                            {"column", diagnostic.column == 0 ? json() : json(diagnostic.column)},
                            {"severity", diagnostic.severity == Severity::Error ? "error" : "warning"},
                            {"text", diagnostic.what},
                            {"mend", diagnostic.mend}});
    return list;
}

// And of what the rules say together.
Diagnostics withIdleRules(Diagnostics warnings, const Settings& settings) {
    for (const auto& notes : {idleRules(settings), contradictoryRules(settings)})
        warnings.insert(warnings.end(), notes.begin(), notes.end());
    return warnings;
}

ConfigReport checked(const Diagnostics& errors, const Diagnostics& warnings, const std::string& fine,
                     Form form) {
    const auto code = errors.empty() ? Exit::Ok : Exit::No;
    if (form == Form::Json)
        return {written({{"ok", errors.empty()}, {"findings", toJson(errors, warnings)}}) + "\n", "", code};
    return {toString(errors) + toString(warnings) + (errors.empty() ? fine + "\n" : ""), "", code};
}

json toJson(const SettingValue& value) {
    return std::visit([](const auto& held) { return json(held); }, value);
}

json toJson(const Rule& rule) {
    json match = json::object(), when = json::object();
    const auto put = [](json& into, std::string_view key, const auto& value) {
        if (value)
            into[std::string(key)] = *value;
    };
    for (const auto& [key, member] : matchKeys)
        put(match, key, rule.match.*member);
    if (rule.when.days != 0x7f) {
        when["days"] = json::array();
        constexpr const char* names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
        for (unsigned day = 0; day < 7; ++day)
            if ((rule.when.days >> day & 1U) != 0)
                when["days"].push_back(names[day]);
    }
    if (rule.when.hours)
        when["hours"] = {rule.when.hours->first, rule.when.hours->second};
    put(when, "locked", rule.when.locked);
    put(when, "capturing", rule.when.capturing);
    return {{"match", match},
            {"when", when},
            {"action", toString(rule.action)},
            {"priority", rule.priority},
            {"final", rule.final},
            {"until", rule.until ? json(*rule.until) : json()},
            {"layer", toString(rule.rank)},
            {"file", rule.origin.file},
            {"line", rule.origin.line}};
}

struct PathLine {
    LayerFile file;
    std::string state; // read, missing, refused
};

std::vector<PathLine> pathLines(const ConfigFolders& folders) {
    std::vector<PathLine> lines;
    for (const auto& file : settingsFiles(folders)) {
        if (!file.folder) {
            const auto layer = readLayer(file.path, file.rank, Trust::OwnerOnly);
            lines.push_back({file, layer ? "read" : isMissing(file.path) ? "missing" : "refused"});
            continue;
        }
        Diagnostics errors;
        const auto fragments = presentFiles({file}, errors);
        lines.push_back({file, !errors.empty() ? "refused" : isMissing(file.path) ? "missing" : "read"});
        for (const auto& fragment : fragments)
            lines.push_back(
                {fragment, readLayer(fragment.path, fragment.rank, Trust::OwnerOnly) ? "read" : "refused"});
    }
    return lines;
}

} // namespace

ConfigReport checkConfig(const ConfigFolders& folders, Form form) {
    const auto loaded = load(settingsFiles(folders));
    const auto& configuration = loaded.configuration;
    return checked(loaded.errors, withIdleRules(configuration.warnings, configuration.settings),
                   loaded.sources.empty()
                       ? "no files, the built-in settings are in force"
                       : "no mistake in " + counted(loaded.sources.size(), "file") + " with " +
                             counted(configuration.settings.rules.size(), "rule"),
                   form);
}

ConfigReport checkConfigFile(const ConfigFolders& folders, const std::string& path, Form form) {
    std::error_code error;
    const auto whole = std::filesystem::absolute(path, error).lexically_normal().string();
    const auto rank = rankOf(error ? path : whole, folders);
    const auto layer = readLayer(path, rank);
    if (!layer)
        return checked(layer.error(), {}, "", form);
    Settings settings;
    apply(*layer, settings);
    return checked({}, withIdleRules(layer->warnings, settings),
                   "no mistake in " + printable(path, longestPath) + " with " +
                       counted(layer->rules.size(), "rule") + ", read as the " + std::string(toString(rank)) +
                       "'s",
                   form);
}

ConfigReport showConfig(const ConfigFolders& folders, Form form) {
    const auto loaded = load(settingsFiles(folders));
    if (!loaded.errors.empty())
        return {"",
                toString(loaded.errors) +
                    "While this is so, a running guard goes on with the settings from before.\n",
                Exit::No};
    const auto& configuration = loaded.configuration;
    if (form == Form::Text)
        return {toAnnotatedToml(configuration), toString(configuration.warnings), Exit::Ok};
    json settings = json::object(), rules = json::array();
    for (const auto& setting : shownSettings(configuration))
        settings[setting.key] = {{"value", toJson(setting.value)},
                                 {"origin", setting.origin},
                                 {"final", setting.final.empty() ? json() : json(setting.final)}};
    for (const auto& rule : configuration.settings.rules)
        rules.push_back(toJson(rule));
    return {written({{"settings", std::move(settings)}, {"rules", std::move(rules)}}) + "\n",
            toString(configuration.warnings), Exit::Ok};
}

ConfigReport configPaths(const ConfigFolders& folders, Form form, const Terminal& terminal) {
    const auto lines = pathLines(folders);
    const auto own = ownFilePath(folders);
    if (form == Form::Json) {
        json list = json::array();
        for (const auto& line : lines)
            list.push_back({{"layer", toString(line.file.rank)},
                            {"path", printable(line.file.path, longestPath)},
                            {"folder", line.file.folder},
                            {"state", line.state}});
        return {written({{"files", std::move(list)},
                         {"own", own.empty() ? json() : json(printable(own, longestPath))}}) +
                    "\n",
                "", Exit::Ok};
    }
    Table table({"LAYER", "STATE", "PATH"});
    for (const auto& line : lines)
        table.add({{std::string(toString(line.file.rank))},
                   {line.state == "missing" ? "not there" : line.state, line.state == "refused" ? Colour::Red
                                                                        : line.state == "read" ? Colour::Green
                                                                                               : Colour::Dim},
                   {printable(line.file.path, longestPath) + (line.file.folder ? "/*.toml" : "") +
                    (line.file.path == own ? "  (the guard's own)" : "")}});
    return {table.written(terminal), "", Exit::Ok};
}

} // namespace micguard::cli
