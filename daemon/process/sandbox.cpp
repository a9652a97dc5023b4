// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads who a process is from /proc. Unknown means the stricter answer.
#include "daemon/process/sandbox.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include <fcntl.h>

#include <glib.h>

namespace micguard {

namespace fs = std::filesystem;

namespace {

const SandboxIdentity unknownSandbox{"unknown", ""};

// What the process's own root says: nothing (""), flatpak, or unknown.
SandboxIdentity sandboxOfRoot(const ProcessFolder& process, bool sameRoot) {
    if (!sameRoot) {
        const auto mounts = process.text("mountinfo");
        if (!mounts || rootIsForeign(*mounts))
            return unknownSandbox;
    }
    // By itself: of a process that has ended, too, the kernel says that there is no such file.
    const Descriptor root = process.open("root");
    if (!root)
        return unknownSandbox;
    const auto info = readForeign(root.get(), ".flatpak-info");
    if (info)
        return sandboxOfFlatpakInfo(*info);
    return errno == ENOENT ? SandboxIdentity{} : unknownSandbox;
}

} // namespace

SandboxIdentity sandboxOfFlatpakInfo(const std::string& keyFile) {
    const std::unique_ptr<GKeyFile, decltype(&g_key_file_unref)> file(g_key_file_new(), g_key_file_unref);
    // The file's being there is what says that it is a sandbox; what is in it only says which.
    if (!g_key_file_load_from_data(file.get(), keyFile.data(), keyFile.size(), G_KEY_FILE_NONE, nullptr))
        return {"flatpak", ""};
    for (const char* group : {"Application", "Runtime"}) {
        const std::unique_ptr<char, decltype(&g_free)> name(
            g_key_file_get_string(file.get(), group, "name", nullptr), g_free);
        if (name)
            return {"flatpak", std::string(name.get())};
    }
    return {"flatpak", ""};
}

SandboxIdentity sandboxOfCgroup(std::string_view cgroup) {
    // Any process may make itself a scope of any name. So this can only make the answer stricter: it names a
    // kind of sandbox, never whose.
    while (!cgroup.empty()) {
        const std::string_view line = cgroup.substr(0, cgroup.find('\n'));
        cgroup.remove_prefix(std::min(line.size() + 1, cgroup.size()));
        for (std::size_t slash = line.find('/'); slash != line.npos; slash = line.find('/', slash + 1)) {
            const std::string_view unit = line.substr(slash + 1, line.find('/', slash + 1) - slash - 1);
            if (unit.starts_with("app-flatpak-") && unit.ends_with(".scope"))
                return {"flatpak", ""};
            if (unit.starts_with("snap.") && (unit.ends_with(".scope") || unit.ends_with(".service")))
                return {"snap", ""};
        }
    }
    return {};
}

SandboxIdentity sandboxOfSecurityLabel(std::string_view label) {
    constexpr std::string_view prefix = "snap.";
    if (!label.starts_with(prefix))
        return {};
    label.remove_prefix(prefix.size());
    label = label.substr(0, label.find_first_of(". "));
    return {"snap", std::string(label)};
}

bool rootIsForeign(std::string_view mountinfo) {
    // "36 35 98:0 /mnt1 / rw,noatime master:1 - ext3 /dev/root rw,errors=continue": field 5 is the mount
    // point, the file system's type follows " - ". The last mount on a point is the one that is seen.
    bool rootFound = false;
    bool foreign = false;
    while (!mountinfo.empty()) {
        const std::string_view line = mountinfo.substr(0, mountinfo.find('\n'));
        mountinfo.remove_prefix(std::min(line.size() + 1, mountinfo.size()));
        std::size_t start = 0;
        for (int field = 1; field < 5 && start != line.npos; ++field) {
            const std::size_t space = line.find(' ', start);
            start = space == line.npos ? line.npos : space + 1;
        }
        const std::size_t dash = line.find(" - ");
        if (start == line.npos || dash == line.npos)
            continue;
        const std::string_view point = line.substr(start, line.find(' ', start) - start);
        const bool fuse = line.substr(dash + 3).starts_with("fuse");
        if (point == "/") {
            rootFound = true;
            foreign = fuse;
        } else if (point == "/.flatpak-info" && fuse) {
            foreign = true;
        }
    }
    return foreign || !rootFound;
}

ProcessIdentity identifyProcess(const fs::path& proc, const Credentials& credentials) {
    if (credentials.pid == 0) {
        ProcessIdentity identity;
        identity.sandbox = sandboxOfSecurityLabel(credentials.securityLabel);
        if (identity.sandbox.sandbox.empty())
            identity.sandbox = unknownSandbox;
        return identity;
    }
    return identifyProcess(proc, ProcessFolder(proc, credentials.pid), credentials.securityLabel);
}

ProcessIdentity identifyProcess(const fs::path& proc, const ProcessFolder& process,
                                const std::string& securityLabel) {
    ProcessIdentity identity;
    const auto ourMounts = readLink(AT_FDCWD, (proc / "self/ns/mnt").c_str());
    const auto mounts = process.link("ns/mnt");
    const auto root = process.link("root");
    const auto executable = process.link("exe");
    const auto cgroup = process.text("cgroup");
    const bool sameRoot = ourMounts && mounts == ourMounts && root == "/";
    identity.named = executable.value_or("");
    identity.cgroup = cgroup.value_or("");
    if (sameRoot)
        identity.executable = identity.named;

    identity.sandbox = sandboxOfSecurityLabel(securityLabel);
    if (!identity.sandbox.sandbox.empty())
        return identity;
    // A D-Bus proxy speaks for a sandbox behind it. Flatpak's runs in a root with the application's
    // .flatpak-info; one without it belongs to a sandbox of another make.
    identity.sandbox = sandboxOfRoot(process, sameRoot);
    if (!identity.sandbox.sandbox.empty())
        return identity;
    identity.sandbox = cgroup ? sandboxOfCgroup(*cgroup) : unknownSandbox;
    const bool proxy = fs::path(identity.named).filename() == "xdg-dbus-proxy";
    if (identity.sandbox.sandbox.empty() && (proxy || !executable))
        identity.sandbox = unknownSandbox;
    return identity;
}

} // namespace micguard
