// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads who a process is from /proc. Unknown means the stricter answer.
#include "daemon/process/sandbox.hpp"

#include "daemon/process/want.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

namespace micguard {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longestFile = 1 << 20; // mountinfo of a machine with many containers

const SandboxIdentity unknownSandbox{"unknown", ""};

struct Descriptor {
    int fd;
    explicit Descriptor(int value)
        : fd(value) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd >= 0)
            close(fd);
    }
};

// nullopt: unreadable or longer than `longestFile`. Only regular files: a pipe could keep us waiting.
std::optional<std::string> readRegular(int folder, const char* name) {
    const Descriptor file(notingWant(openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)));
    struct stat status {};
    if (file.fd < 0 || fstat(file.fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        if (file.fd >= 0)
            errno = EINVAL;
        return std::nullopt;
    }
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t count = read(file.fd, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 || text.size() > longestFile) {
            errno = EFBIG; // never ENOENT, which means "there is none"
            return std::nullopt;
        }
        if (count == 0)
            return text;
        text.append(buffer, static_cast<std::size_t>(count));
    }
}

std::optional<std::string> readLink(const fs::path& path) {
    std::error_code error;
    const fs::path target = fs::read_symlink(path, error);
    if (error)
        return std::nullopt;
    return target.string();
}

// What the process's own root says: nothing (""), flatpak, or unknown.
SandboxIdentity sandboxOfRoot(const fs::path& process, bool sameRoot) {
    if (!sameRoot) {
        const auto mounts = readRegular(AT_FDCWD, (process / "mountinfo").c_str());
        if (!mounts || rootIsForeign(*mounts))
            return unknownSandbox;
    }
    const Descriptor root(notingWant(open((process / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)));
    if (root.fd < 0)
        return unknownSandbox;
    const auto info = readRegular(root.fd, ".flatpak-info");
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
    ProcessIdentity identity;
    const SandboxIdentity labelled = sandboxOfSecurityLabel(credentials.securityLabel);
    if (credentials.pid == 0) {
        identity.sandbox = labelled.sandbox.empty() ? unknownSandbox : labelled;
        return identity;
    }

    const fs::path process = proc / std::to_string(credentials.pid);
    const auto ourMounts = readLink(proc / "self/ns/mnt");
    const auto mounts = readLink(process / "ns/mnt");
    const auto root = readLink(process / "root");
    const auto executable = readLink(process / "exe");
    const bool sameRoot = ourMounts && mounts == ourMounts && root == "/";
    if (sameRoot && executable)
        identity.executable = *executable;

    if (!labelled.sandbox.empty()) {
        identity.sandbox = labelled;
        return identity;
    }
    // A D-Bus proxy speaks for a sandbox behind it. Flatpak's runs in a root with the application's
    // .flatpak-info; one without it belongs to a sandbox of another make.
    identity.sandbox = sandboxOfRoot(process, sameRoot);
    if (!identity.sandbox.sandbox.empty())
        return identity;
    const auto cgroup = readRegular(AT_FDCWD, (process / "cgroup").c_str());
    identity.sandbox = cgroup ? sandboxOfCgroup(*cgroup) : unknownSandbox;
    const bool proxy = executable && fs::path(*executable).filename() == "xdg-dbus-proxy";
    if (identity.sandbox.sandbox.empty() && (proxy || !executable))
        identity.sandbox = unknownSandbox;
    return identity;
}

} // namespace micguard
