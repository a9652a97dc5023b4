// SPDX-License-Identifier: GPL-3.0-or-later
//
// See toml_reader.hpp. The only file that includes toml++.
#include "config/toml_reader.hpp"

#include "config/file_text.hpp"
#include "config/glob.hpp"
#include "config/wording.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include <toml++/toml.h>

namespace micguard {

namespace {

constexpr std::size_t sizeLimit = std::size_t{1024} * 1024;
constexpr std::size_t diagnosticsLimit = 20;
constexpr std::size_t patternsLimit = 256;
constexpr std::size_t patternLengthLimit = 256;

// Collects what is wrong with one file.
class Faults {
  public:
    explicit Faults(const std::string& file)
        : file_(file) {}

    void add(const toml::source_region& where, std::string what, std::string mend) {
        if (found_.size() == diagnosticsLimit)
            found_.push_back({file_, where.begin.line, where.begin.column, "more is wrong from here on",
                              "mend the lines above first"});
        if (found_.size() > diagnosticsLimit)
            return;
        found_.push_back({file_, where.begin.line, where.begin.column, std::move(what), std::move(mend)});
    }
    bool any() const { return !found_.empty(); }
    // Tables keep their keys in alphabetical order; people read files from the top.
    Diagnostics inOrder() && {
        std::stable_sort(found_.begin(), found_.end(), [](const Diagnostic& a, const Diagnostic& b) {
            return a.line != b.line ? a.line < b.line : a.column < b.column;
        });
        return std::move(found_);
    }

  private:
    const std::string& file_;
    Diagnostics found_;
};

std::string article(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::table:
        return "a table";
    case toml::node_type::array:
        return node.is_array_of_tables() ? "an array of tables" : "a list";
    case toml::node_type::string:
        return "a string";
    case toml::node_type::integer:
        return "an integer";
    case toml::node_type::floating_point:
        return "a number";
    case toml::node_type::boolean:
        return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
        return "a date or time";
    case toml::node_type::none:
        break;
    }
    return "nothing";
}

std::optional<Mode> readMode(const std::string& name, const toml::node& node, Faults& faults) {
    const std::vector<std::string_view> known = {toString(Mode::Silence), toString(Mode::Sever)};
    const auto* text = node.as_string();
    if (text == nullptr) {
        faults.add(node.source(), name + " is " + article(node) + ", wants a string",
                   "write \"silence\" or \"sever\"");
        return std::nullopt;
    }
    if (const auto mode = modeFromString(text->get()))
        return mode;
    const auto meant = nearest(text->get(), known);
    faults.add(node.source(), name + " cannot be " + cited(text->get()),
               meant ? "did you mean \"" + std::string(*meant) + "\"?" : "write \"silence\" or \"sever\"");
    return std::nullopt;
}

std::optional<bool> readFlag(const std::string& name, const toml::node& node, Faults& faults) {
    if (const auto* flag = node.as_boolean())
        return flag->get();
    faults.add(node.source(), name + " is " + article(node) + ", wants a boolean",
               "write true or false, without quotes");
    return std::nullopt;
}

std::optional<std::vector<std::string>> readPatterns(const std::string& name, const toml::node& node,
                                                     Faults& faults) {
    const auto* list = node.as_array();
    if (list == nullptr) {
        faults.add(node.source(), name + " is " + article(node) + ", wants a list of strings",
                   node.is_string() ? "put it in brackets: [\"…\"]" : "write [\"…\", \"…\"]");
        return std::nullopt;
    }
    if (list->size() > patternsLimit) {
        faults.add(node.source(), name + " has " + std::to_string(list->size()) + " entries",
                   "at most " + std::to_string(patternsLimit) + " are possible");
        return std::nullopt;
    }
    std::vector<std::string> patterns;
    for (const auto& entry : *list) {
        const auto* text = entry.as_string();
        if (text == nullptr) {
            faults.add(entry.source(), "an entry of " + name + " is " + article(entry) + ", wants a string",
                       "put it in quotes");
            continue;
        }
        const auto& pattern = text->get();
        if (pattern.size() > patternLengthLimit) {
            faults.add(entry.source(), cited(pattern) + " is too long for a pattern",
                       "at most " + std::to_string(patternLengthLimit) + " bytes are possible");
        } else if (const auto fault = globFault(pattern)) {
            faults.add(entry.source(), cited(pattern) + " " + *fault,
                       "patterns are as in the shell; a \\ before a character makes it stand for itself");
        } else if (pattern.find_first_not_of("*?") == std::string::npos) {
            // Exempting everything would leave a mute that mutes nothing and says it does.
            faults.add(entry.source(), cited(pattern) + " would exempt every microphone",
                       "name the ones to be left alone, as `micguardctl sources` shows them");
        } else {
            patterns.push_back(pattern);
        }
    }
    return patterns;
}

struct KnownKey {
    std::string_view table;
    std::string_view key;
    void (*read)(const std::string& name, const toml::node& node, Layer& layer, Faults& faults);
};

const std::array<KnownKey, 4> knownKeys = {{
    {"mute", "mode",
     [](const auto& name, const auto& node, Layer& l, Faults& f) { l.mode = readMode(name, node, f); }},
    {"mute", "bluetooth",
     [](const auto& name, const auto& node, Layer& l, Faults& f) { l.bluetooth = readMode(name, node, f); }},
    {"mute", "led",
     [](const auto& name, const auto& node, Layer& l, Faults& f) { l.led = readFlag(name, node, f); }},
    {"sources", "exempt",
     [](const auto& name, const auto& node, Layer& l, Faults& f) { l.exempt = readPatterns(name, node, f); }},
}};

std::vector<std::string_view> tableNames() {
    std::vector<std::string_view> names;
    for (const auto& known : knownKeys)
        if (std::find(names.begin(), names.end(), known.table) == names.end())
            names.push_back(known.table);
    return names;
}

std::vector<std::string_view> keyNames(std::string_view table) {
    std::vector<std::string_view> names;
    for (const auto& known : knownKeys)
        if (known.table == table)
            names.push_back(known.key);
    return names;
}

// The table that a key was meant for, if it is known in exactly one.
std::optional<std::string_view> tableOf(std::string_view key) {
    std::optional<std::string_view> table;
    for (const auto& known : knownKeys) {
        if (known.key != key)
            continue;
        if (table)
            return std::nullopt;
        table = known.table;
    }
    return table;
}

std::string instead(std::string_view text, const std::vector<std::string_view>& known,
                    std::string_view kind) {
    const auto meant = nearest(text, known);
    return (meant ? "did you mean '" + std::string(*meant) + "'? The " : std::string("the ")) +
           std::string(kind) + " known here: " + listed(known, "and");
}

void readTable(std::string_view tableName, const toml::table& table, Layer& layer, Faults& faults) {
    for (const auto& [key, node] : table) {
        const std::string_view name = key.str(); // a lambda cannot capture the binding itself in clang 14
        const auto known = std::find_if(knownKeys.begin(), knownKeys.end(), [&](const KnownKey& candidate) {
            return candidate.table == tableName && candidate.key == name;
        });
        if (known != knownKeys.end()) {
            known->read(std::string(tableName) + "." + std::string(known->key), node, layer, faults);
            continue;
        }
        const auto home = tableOf(name);
        faults.add(key.source(), "unknown key " + cited(name) + " in [" + std::string(tableName) + "]",
                   home ? "it belongs into [" + std::string(*home) + "]"
                        : instead(name, keyNames(tableName), "keys"));
    }
}

void readRoot(const toml::table& root, Layer& layer, Faults& faults) {
    const auto tables = tableNames();
    for (const auto& [key, node] : root) {
        const auto name = key.str();
        const bool known = std::find(tables.begin(), tables.end(), name) != tables.end();
        if (known && node.is_table()) {
            readTable(name, *node.as_table(), layer, faults);
        } else if (known) {
            faults.add(key.source(), cited(name) + " is " + article(node) + ", wants a table",
                       "write [" + std::string(name) + "] on a line of its own, and its keys below");
        } else if (const auto home = tableOf(name)) {
            faults.add(key.source(), "unknown key " + cited(name) + " outside of a table",
                       "it belongs into [" + std::string(*home) + "]");
        } else {
            faults.add(key.source(),
                       std::string(node.is_table() ? "unknown table " : "unknown key ") + cited(name),
                       instead(name, tables, "tables"));
        }
    }
}

std::string_view lineOf(std::string_view text, std::size_t number) {
    for (; number > 1; --number) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos)
            return {};
        text.remove_prefix(end + 1);
    }
    return text.substr(0, text.find('\n'));
}

// toml++ says what it stumbled over, not what the author forgot. By far the most frequent: quotes.
std::string mendSyntax(std::string_view fault, std::string_view line) {
    const auto start = line.find_first_not_of(" \t");
    if (fault.find("redefine") != std::string_view::npos)
        return "keep one of the two";
    if (fault.find("utf-8") != std::string_view::npos || fault.find("UTF-8") != std::string_view::npos)
        return "save the file as UTF-8";
    if (start != std::string_view::npos && line[start] == '[')
        return "a table is opened by its name in brackets, as in [mute]";
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
        return "a line is `key = value`, a [table], a comment behind # or empty";
    const auto value = line.find_first_not_of(" \t\r", equals + 1);
    if (value == std::string_view::npos)
        return "a value is missing behind the =";
    const char first = line[value];
    if (first == '"' || first == '\'')
        return "a text ends on its own line, with the quote it began with, and holds no control characters";
    if (first == '[')
        return "a list is [\"…\", \"…\"], and ends with a ]";
    if ((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z')) {
        const auto word = line.substr(value, line.find_first_of(" \t\r#", value) - value);
        if (nearest(word, {"true", "false"}))
            return "true and false are written in small letters, without quotes";
        return "a text stands in quotes: " + printable(line.substr(0, equals + 1), 60) + " \"" +
               printable(word, 60) + "\"";
    }
    return "micguard.toml(5) shows the form of the file";
}

Diagnostics whole(const std::string& file, std::string what, std::string mend) {
    return {Diagnostic{file, 0, 0, std::move(what), std::move(mend)}};
}

} // namespace

tl::expected<Layer, Diagnostics> parseLayer(std::string_view text, const std::string& file) {
    const auto shownFile = printable(file, 4096);
    if (text.size() > sizeLimit)
        return tl::unexpected(whole(shownFile, "is larger than 1024 KiB", "shorten it"));
    Layer layer;
    Faults faults(shownFile);
    try {
        readRoot(toml::parse(text), layer, faults);
    } catch (const toml::parse_error& error) {
        const auto fault = error.description();
        faults.add(error.source(), "this is not TOML (" + printable(fault) + ")",
                   mendSyntax(fault, lineOf(text, error.source().begin.line)));
    }
    if (faults.any())
        return tl::unexpected(std::move(faults).inOrder());
    return layer;
}

tl::expected<Layer, Diagnostics> readLayer(const std::string& path) {
    const auto text = readRegularFile(path, sizeLimit);
    if (!text)
        return tl::unexpected(whole(printable(path, 4096), text.error().what, ""));
    return parseLayer(*text, path);
}

tl::expected<Settings, Diagnostics> readSettings(const std::vector<LayerFile>& files) {
    Settings settings;
    Diagnostics all;
    for (const auto& file : files) {
        const auto text = readRegularFile(file.path, sizeLimit);
        if (!text && text.error().missing && file.mayBeMissing)
            continue;
        const auto layer = text ? parseLayer(*text, file.path)
                                : tl::unexpected(whole(printable(file.path, 4096), text.error().what, ""));
        if (layer)
            apply(*layer, settings);
        else
            all.insert(all.end(), layer.error().begin(), layer.error().end());
    }
    if (!all.empty())
        return tl::unexpected(std::move(all));
    return settings;
}

} // namespace micguard
