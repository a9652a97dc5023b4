// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/flatpak.hpp"

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <glib.h>
#include <unistd.h>

namespace micguard {
namespace {

using KeyFile = std::unique_ptr<GKeyFile, decltype(&g_key_file_unref)>;

std::string valueOf(const KeyFile& file, const char* group, const char* key) {
    const std::unique_ptr<char, decltype(&g_free)> text(
        g_key_file_get_string(file.get(), group, key, nullptr), g_free);
    return text ? text.get() : "";
}

// Also where that cannot be told.
bool perhapsThere(const std::string& path) {
    return access(path.c_str(), F_OK) == 0 || errno != ENOENT;
}

bool goesUp(std::string_view path) {
    return path.find("/../") != path.npos || path.ends_with("/..");
}

} // namespace

std::vector<std::string> flatpakInstallations() {
    std::vector<std::string> folders{"/var/lib/flatpak"};
    const char* data = std::getenv("XDG_DATA_HOME");
    const char* home = std::getenv("HOME");
    if (data && *data == '/')
        folders.push_back(data + std::string("/flatpak"));
    else if (home && *home == '/')
        folders.push_back(home + std::string("/.local/share/flatpak"));
    return folders;
}

std::string deployedFile(const std::string& flatpakInfo, const std::string& executable,
                         const std::vector<std::string>& installations) {
    const KeyFile file(g_key_file_new(), g_key_file_unref);
    if (!g_key_file_load_from_data(file.get(), flatpakInfo.data(), flatpakInfo.size(), G_KEY_FILE_NONE,
                                   nullptr))
        return {};
    const auto id = valueOf(file, "Application", "name");
    const auto folder = valueOf(file, "Instance", "app-path");
    std::string_view inside = executable;
    // As bubblewrap leaves its root, seen from outside.
    constexpr std::string_view newRoot = "/newroot";
    if (inside.starts_with(newRoot))
        inside.remove_prefix(newRoot.size());
    constexpr std::string_view app = "/app/";
    if (id.empty() || id.find('/') != id.npos || goesUp(folder) || !inside.starts_with(app))
        return {};
    for (const std::string& installation : installations) {
        const std::string its = installation + "/app/" + id;
        if (folder.starts_with(its + "/"))
            return folder + "/" + std::string(inside.substr(app.size()));
        if (perhapsThere(its))
            break;
    }
    return {};
}

} // namespace micguard
