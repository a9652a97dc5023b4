// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/process.hpp"

#include "daemon/process/flatpak.hpp"
#include "daemon/process/sandbox.hpp"
#include "daemon/process/script.hpp"
#include "daemon/process/want.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace micguard {
namespace {

// A mount table may be long; of everything else the beginning will do.
constexpr std::size_t longestFile = 1 << 20;
constexpr std::size_t shortFile = 4096;
// The fields of proc_pid_stat(5), counted from 1; before these comes the name.
constexpr int firstField = 3, parentField = 4, startField = 22;

std::string readFile(const std::string& path, std::size_t most) {
    const int fd = notingWant(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (fd < 0)
        return {};
    std::string text;
    std::array<char, 4096> buffer{};
    ssize_t size = 0;
    while (text.size() < most && (size = read(fd, buffer.data(), buffer.size())) > 0)
        text.append(buffer.data(), static_cast<std::size_t>(size));
    close(fd);
    return text;
}

bool isUnit(std::string_view part) {
    return part.ends_with(".service") || part.ends_with(".scope");
}

struct Unit {
    std::string name;
    bool known = false;
};

// Below user@UID.service every cgroup is the user's own, and any of his processes can move itself into any of
// them or make one of any name; the same holds for what a service makes below itself. Above, units are
// root's.
Unit unitOf(std::string_view cgroups) {
    // The unified hierarchy's line is "0::/path".
    auto start = cgroups.find("0::");
    while (start != std::string_view::npos && start != 0 && cgroups[start - 1] != '\n')
        start = cgroups.find("0::", start + 1);
    if (start == std::string_view::npos)
        return {};
    auto path = cgroups.substr(start + 3);
    path = path.substr(0, path.find('\n'));
    Unit unit;
    bool delegated = false;
    int units = 0;
    while (!path.empty()) {
        const auto slash = path.find('/');
        const auto part = path.substr(0, slash);
        delegated = delegated || part.starts_with("user@");
        if (isUnit(part)) {
            unit.name = part;
            units++;
        }
        path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    }
    unit.known = !delegated && units == 1;
    return unit;
}

// Without following symbolic links: the kernel names what runs without them, so where we find one, the name
// was made up elsewhere. -1 if it cannot be had.
int openPlain(const std::string& path) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_NO_SYMLINKS;
    const int fd =
        notingWant(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd;
    // A kernel before 5.6, or a container that does not know the call.
    const int followed = notingWant(open(path.c_str(), O_PATH | O_CLOEXEC));
    std::array<char, 4096> real{};
    const ssize_t size =
        readlink(("/proc/self/fd/" + std::to_string(followed)).c_str(), real.data(), real.size());
    if (followed >= 0 &&
        (size < 0 || path != std::string_view(real.data(), static_cast<std::size_t>(size)))) {
        close(followed);
        return -1;
    }
    return followed;
}

// Whether the file of this name in our own mount namespace is the one that runs.
bool isThere(const std::string& path, const struct statx& running) {
    const int fd = openPlain(path);
    if (fd < 0)
        return false;
    struct statx named {};
    const bool read = statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &named) == 0;
    close(fd);
    return read && running.stx_dev_major == named.stx_dev_major &&
           running.stx_dev_minor == named.stx_dev_minor && running.stx_ino == named.stx_ino;
}

// Where the file that runs has to be, by its name; "" if nothing vouches for that.
std::string placeOf(const std::string& base, const ProcessFacts& facts) {
    if (facts.sandbox != "flatpak")
        return facts.executable;
    // Its root is looked at only if it is none of a FUSE file system (sandbox.cpp), or it would have no id.
    return facts.sandboxId.empty() ? std::string{}
                                   : deployedFile(readFile(base + "/root/.flatpak-info", longestFile),
                                                  facts.executable, flatpakInstallations());
}

void readExecutable(const std::string& base, const std::string& procRoot, ProcessFacts& facts) {
    std::array<char, 4096> link{};
    const ssize_t size = readlink((base + "/exe").c_str(), link.data(), link.size() - 1);
    if (size <= 0)
        return;
    facts.executable.assign(link.data(), static_cast<std::size_t>(size));
    const auto place = placeOf(base, facts);
    struct statx running {};
    if (place.empty() || crossesFuse(readFile(procRoot + "/self/mountinfo", longestFile), place) ||
        statx(AT_FDCWD, (base + "/exe").c_str(), AT_STATX_DONT_SYNC, STATX_INO | STATX_UID | STATX_MODE,
              &running) != 0)
        return;
    facts.executableTrue = isThere(place, running);
    facts.executableWritable = running.stx_uid != 0 || (running.stx_mode & (S_IWGRP | S_IWOTH)) != 0;
}

} // namespace

bool crossesFuse(std::string_view mountinfo, std::string_view path) {
    // "36 35 98:0 /mnt1 /mnt2 rw master:1 - ext3 /dev/root rw": field 5 is the mount point, the type follows
    // " - ".
    while (!mountinfo.empty()) {
        const auto line = mountinfo.substr(0, mountinfo.find('\n'));
        mountinfo.remove_prefix(std::min(line.size() + 1, mountinfo.size()));
        const auto dash = line.find(" - ");
        if (dash == std::string_view::npos || !line.substr(dash + 3).starts_with("fuse"))
            continue;
        std::size_t start = 0;
        for (int field = 1; field < 5 && start != std::string_view::npos; ++field) {
            const auto space = line.find(' ', start);
            start = space == std::string_view::npos ? space : space + 1;
        }
        if (start == std::string_view::npos)
            continue;
        const auto point = line.substr(start, line.find(' ', start) - start);
        // Written with escapes; whatever has one is taken for the beginning of everything.
        const auto plain = point.substr(0, point.find('\\'));
        if (path.starts_with(plain) && (plain.size() != point.size() || plain == "/" ||
                                        path.size() == plain.size() || path[plain.size()] == '/'))
            return true;
    }
    return false;
}

std::optional<ProcessStat> readStat(std::uint32_t pid, const std::string& procRoot) {
    const auto file = readFile(procRoot + "/" + std::to_string(pid) + "/stat", shortFile);
    std::string_view text = file;
    // The process chooses its name, which may hold anything, ") S 1" too.
    const auto name = text.rfind(") ");
    if (name == std::string_view::npos)
        return std::nullopt;
    text.remove_prefix(name + 2);
    ProcessStat stat;
    for (int field = firstField; field <= startField && !text.empty(); field++) {
        const std::string_view word = text.substr(0, text.find(' '));
        if (field == parentField)
            std::from_chars(word.data(), word.data() + word.size(), stat.parent);
        else if (field == startField)
            std::from_chars(word.data(), word.data() + word.size(), stat.started);
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return stat;
}

std::uint64_t readStartTime(std::uint32_t pid, const std::string& procRoot) {
    return readStat(pid, procRoot).value_or(ProcessStat{}).started;
}

std::string readSecurityLabel(std::uint32_t pid, const std::string& procRoot) {
    auto label = readFile(procRoot + "/" + std::to_string(pid) + "/attr/current", shortFile);
    label.erase(std::find_if(label.begin(), label.end(), [](char c) { return c == '\n' || c == '\0'; }),
                label.end());
    return label;
}

ProcessFacts readProcess(std::uint32_t pid, const std::string& procRoot, const std::string& securityLabel) {
    ProcessFacts facts;
    if (pid == 0)
        return facts;
    takeWant();
    const std::string base = procRoot + "/" + std::to_string(pid);
    facts.pid = pid;
    facts.startTime = readStartTime(pid, procRoot);
    auto sandbox = identifyProcess(procRoot, {pid, 0, false, securityLabel}).sandbox;
    facts.sandbox = std::move(sandbox.sandbox);
    facts.sandboxId = std::move(sandbox.id);
    readExecutable(base, procRoot, facts);
    auto unit = unitOf(readFile(base + "/cgroup", shortFile));
    facts.unit = std::move(unit.name);
    facts.unitKnown = unit.known;
    if (facts.executableTrue && facts.sandbox.empty())
        facts.script = scriptOf(facts.executable, readFile(base + "/cmdline", shortFile));
    facts.unread = takeWant();
    return facts;
}

} // namespace micguard
