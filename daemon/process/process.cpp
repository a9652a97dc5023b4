// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/process.hpp"

#include "daemon/process/flatpak.hpp"
#include "daemon/process/process_folder.hpp"
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

// The fields of proc_pid_stat(5), counted from 1; before these comes the name.
constexpr int firstField = 3, parentField = 4, startField = 22;

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
int openPlain(const std::string& path, std::uint64_t resolve) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_NO_SYMLINKS | resolve;
    return notingWant(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

// As above, where the kernel is older than 5.6, or a container does not know the call.
int openAndCompare(const std::string& path) {
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

// The file of this name in our own mount namespace. -1 with EXDEV if a file system of somebody else's would have to
// be touched for it.
int openOwn(const std::string& path, const std::string& procRoot) {
    // What lies on the file system of our root needs no look at the mount table, which is the dearest read of all.
    const int fd = openPlain(path, RESOLVE_NO_XDEV);
    if (fd >= 0 || (errno != EXDEV && errno != ENOSYS && errno != EPERM))
        return fd;
    const bool unknownCall = errno != EXDEV;
    const auto mounts = ProcessFolder(procRoot, "self").text("mountinfo");
    if (!mounts || crossesFuse(*mounts, path)) {
        errno = EXDEV;
        return -1;
    }
    return unknownCall ? openAndCompare(path) : openPlain(path, 0);
}

bool isSameFile(const Descriptor& file, const struct statx& other) {
    struct statx own {};
    return file && statx(file.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &own) == 0 &&
           own.stx_dev_major == other.stx_dev_major && own.stx_dev_minor == other.stx_dev_minor &&
           own.stx_ino == other.stx_ino;
}

// Where the file that runs has to be, by its name; "" if nothing vouches for that.
std::string placeOf(const ProcessFolder& process, const ProcessFacts& facts) {
    if (facts.sandbox != "flatpak")
        return facts.executable;
    // Its root is looked at only if it is none of a FUSE file system (sandbox.cpp), or it would have no id.
    if (facts.sandboxId.empty())
        return {};
    return deployedFile(readForeign(process.get(), "root/.flatpak-info").value_or(std::string{}),
                        facts.executable, flatpakInstallations());
}

void proveExecutable(const ProcessFolder& process, const std::string& procRoot, ProcessFacts& facts) {
    const auto place = placeOf(process, facts);
    if (place.empty())
        return;
    facts.executableWritable = true; // until it is seen not to be
    const Descriptor named(openOwn(place, procRoot));
    struct statx running {};
    if ((!named && errno == EXDEV) ||
        statx(process.get(), "exe", AT_STATX_DONT_SYNC, STATX_INO | STATX_UID | STATX_MODE, &running) != 0)
        return;
    facts.executableTrue = isSameFile(named, running);
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
    const auto file = ProcessFolder(procRoot, pid).beginning("stat");
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
    auto label = ProcessFolder(procRoot, pid).beginning("attr/current");
    label.erase(std::find_if(label.begin(), label.end(), [](char c) { return c == '\n' || c == '\0'; }),
                label.end());
    return label;
}

ProcessFacts readProcess(std::uint32_t pid, const std::string& procRoot, const std::string& securityLabel) {
    ProcessFacts facts;
    if (pid == 0)
        return facts;
    takeWant();
    const ProcessFolder process(procRoot, pid);
    auto identity = identifyProcess(procRoot, process, securityLabel);
    facts.pid = pid;
    facts.sandbox = std::move(identity.sandbox.sandbox);
    facts.sandboxId = std::move(identity.sandbox.id);
    facts.executable = std::move(identity.named);
    if (!facts.executable.empty())
        proveExecutable(process, procRoot, facts);
    auto unit = unitOf(identity.cgroup);
    facts.unit = std::move(unit.name);
    facts.unitKnown = unit.known;
    if (facts.executableTrue && facts.sandbox.empty() && isInterpreter(facts.executable))
        facts.script = scriptOf(facts.executable, process.beginning("cmdline"));
    facts.unread = takeWant();
    return facts;
}

} // namespace micguard
