// SPDX-License-Identifier: GPL-3.0-or-later
//
// See layers.hpp. Must not read files.
#include "config/layers.hpp"

#include <array>
#include <cstdio>

namespace micguard {

namespace {

// TOML's basic string. Bytes beyond ASCII go through as they are: what was read from TOML is UTF-8.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(byte));
            out += escape.data();
        } else {
            out += c;
        }
    }
    return out + "\"";
}

} // namespace

void apply(const Layer& layer, Settings& settings) {
    if (layer.mode)
        settings.mute.mode = *layer.mode;
    if (layer.bluetooth)
        settings.mute.bluetooth = layer.bluetooth;
    if (layer.led)
        settings.mute.led = *layer.led;
    if (layer.exempt)
        settings.sources.exempt = *layer.exempt;
}

std::vector<LayerFile> settingsFiles(std::string_view sysconfdir, std::string_view xdgConfigHome,
                                     std::string_view home) {
    constexpr std::string_view below = "/micguard/micguard.toml";
    std::vector<LayerFile> files;
    files.push_back({std::string(sysconfdir).append(below), true});
    if (xdgConfigHome.starts_with('/'))
        files.push_back({std::string(xdgConfigHome).append(below), true});
    else if (home.starts_with('/'))
        files.push_back({std::string(home).append("/.config").append(below), true});
    return files;
}

std::string toToml(const Settings& settings) {
    std::string out = "[mute]\nmode = " + quoted(toString(settings.mute.mode)) + "\n";
    if (settings.mute.bluetooth)
        out += "bluetooth = " + quoted(toString(*settings.mute.bluetooth)) + "\n";
    out += settings.mute.led ? "led = true\n" : "led = false\n";
    out += "\n[sources]\nexempt = [";
    for (const auto& pattern : settings.sources.exempt)
        out += "\n  " + quoted(pattern) + ",";
    out += settings.sources.exempt.empty() ? "]\n" : "\n]\n";
    return out;
}

} // namespace micguard
