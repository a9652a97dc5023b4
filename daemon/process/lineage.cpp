// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/lineage.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace micguard {
namespace {

constexpr std::size_t longestLineage = 32;

struct Stat {
    std::uint32_t parent = 0;
    std::uint64_t started = 0;
};

// The fields of proc_pid_stat(5), counted from 1.
constexpr int firstField = 3, parentField = 4, startField = 22;

std::optional<Stat> readStat(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return std::nullopt;
    std::array<char, 1024> buffer{};
    const ssize_t size = read(fd, buffer.data(), buffer.size());
    close(fd);
    std::string_view text(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    // The process chooses its name, which may hold anything, ") S 1" too.
    const auto name = text.rfind(") ");
    if (name == std::string_view::npos)
        return std::nullopt;
    text.remove_prefix(name + 2);
    Stat stat;
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

} // namespace

Lineage readLineage(std::uint32_t pid, const std::string& procRoot) {
    Lineage lineage;
    while (pid != 0 && lineage.size() < longestLineage) {
        const std::string base = procRoot + "/" + std::to_string(pid);
        const auto stat = readStat(base + "/stat");
        if (!stat)
            break;
        ProcessLink link{pid, stat->started};
        struct statx file {};
        if (statx(AT_FDCWD, (base + "/exe").c_str(), AT_STATX_DONT_SYNC, STATX_INO, &file) == 0) {
            link.device = makedev(file.stx_dev_major, file.stx_dev_minor);
            link.inode = file.stx_ino;
        }
        lineage.push_back(link);
        pid = stat->parent;
    }
    return lineage;
}

} // namespace micguard
