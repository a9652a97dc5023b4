// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/state/admission_links.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace micguard {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view linkName = "/90-micguard-admission.conf";
constexpr std::string_view bluetoothLinkName = "/90-micguard-bluetooth-admission.conf";

std::vector<std::string> dataFolders(const Environment& environment, const std::string& datadir) {
    std::vector<std::string> folders{datadir};
    std::string others = environment("XDG_DATA_DIRS");
    if (others.empty())
        others = "/usr/local/share:/usr/share";
    for (std::size_t at = 0; at <= others.size();) {
        const auto end = std::min(others.find(':', at), others.size());
        if (end > at && others[at] == '/')
            folders.push_back(others.substr(at, end - at));
        at = end + 1;
    }
    return folders;
}

// In the first of the folders that has it; else in the first one.
std::string inData(const std::vector<std::string>& folders, const std::string& name) {
    std::error_code ignored;
    for (const auto& folder : folders)
        if (fs::exists(folder + name, ignored))
            return folder + name;
    return folders.front() + name;
}

std::string configFolder(const Environment& environment, const char* own, const std::string& name) {
    if (const std::string named = environment(own); !named.empty())
        return named.substr(0, named.find(':'));
    if (const std::string config = environment("XDG_CONFIG_HOME"); config.starts_with('/'))
        return config + "/" + name;
    return environment("HOME") + "/.config/" + name;
}

bool isOurs(const fs::path& path) {
    std::error_code error;
    const fs::path target = fs::read_symlink(path, error);
    return !error && target.parent_path().filename() == "micguard" &&
           target.filename().string().ends_with("admission.conf");
}

std::string make(const AdmissionLink& link) {
    std::error_code error;
    if (!fs::exists(link.target, error))
        return link.target + " is not installed";
    if (fs::read_symlink(link.path, error) == link.target && !error)
        return "";
    const auto kind = fs::symlink_status(link.path, error).type();
    if (kind != fs::file_type::not_found && !isOurs(link.path))
        return link.path + " is in the way";
    fs::create_directories(fs::path(link.path).parent_path(), error);
    // Never without one: PipeWire may be starting at this moment.
    const std::string fresh = link.path + ".new";
    fs::remove(fresh, error);
    fs::create_symlink(link.target, fresh, error);
    if (!error)
        fs::rename(fresh, link.path, error);
    return error ? "cannot make " + link.path + ": " + error.message() : "";
}

std::string remove(const AdmissionLink& link) {
    std::error_code error;
    if (isOurs(link.path))
        fs::remove(link.path, error);
    return error ? "cannot remove " + link.path + ": " + error.message() : "";
}

} // namespace

std::vector<AdmissionLink> admissionLinks(const Environment& environment, const std::string& datadir) {
    const auto folders = dataFolders(environment, datadir);
    const auto hasScript = [&](const std::string& name) {
        std::error_code ignored;
        return fs::exists(inData(folders, "/wireplumber/scripts/" + name), ignored);
    };
    const std::string name(linkName), bluetoothName(bluetoothLinkName);
    const std::string server =
        configFolder(environment, "PIPEWIRE_CONFIG_DIR", "pipewire") + "/pipewire.conf.d";
    const std::string manager =
        configFolder(environment, "WIREPLUMBER_CONFIG_DIR", "wireplumber") + "/wireplumber.conf.d";
    return {{server + name, inData(folders, "/micguard/admission.conf")},
            {manager + name, inData(folders, "/micguard/wireplumber-admission.conf"),
             hasScript("client/select-access.lua")},
            {manager + bluetoothName, inData(folders, "/micguard/wireplumber-bluetooth-admission.conf"),
             hasScript("monitors/bluez.lua")}};
}

std::string makeAdmissionLinks(const std::vector<AdmissionLink>& links) {
    for (const auto& link : links)
        if (const std::string fault = link.needed ? make(link) : remove(link); !fault.empty())
            return fault;
    return "";
}

std::string removeAdmissionLinks(const std::vector<AdmissionLink>& links) {
    for (const auto& link : links)
        if (const std::string fault = remove(link); !fault.empty())
            return fault;
    return "";
}

} // namespace micguard
