// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/lineage.hpp"

#include "daemon/process/process.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace micguard {
namespace {

constexpr std::size_t longestLineage = 32;

} // namespace

Lineage readLineage(std::uint32_t pid, const std::string& procRoot) {
    Lineage lineage;
    while (pid != 0 && lineage.size() < longestLineage) {
        const std::string base = procRoot + "/" + std::to_string(pid);
        const auto stat = readStat(pid, procRoot);
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
