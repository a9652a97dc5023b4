// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pipewire/process.hpp"

#include <array>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace micguard {
namespace {

// procfs answers short files in one read.
std::string readShort(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return {};
    std::array<char, 4096> buffer{};
    const ssize_t size = read(fd, buffer.data(), buffer.size());
    close(fd);
    return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string{};
}

std::string unitOf(std::string_view cgroups) {
    // The unified hierarchy's line is "0::/path".
    auto start = cgroups.find("0::");
    while (start != std::string_view::npos && start != 0 && cgroups[start - 1] != '\n')
        start = cgroups.find("0::", start + 1);
    if (start == std::string_view::npos)
        return {};
    auto path = cgroups.substr(start + 3);
    path = path.substr(0, path.find('\n'));
    while (!path.empty()) {
        const auto slash = path.rfind('/');
        const auto part = slash == std::string_view::npos ? path : path.substr(slash + 1);
        if (part.ends_with(".service") || part.ends_with(".scope"))
            return std::string(part);
        if (slash == std::string_view::npos)
            break;
        path = path.substr(0, slash);
    }
    return {};
}

} // namespace

ProcessFacts readProcess(std::uint32_t pid, const std::string& procRoot) {
    ProcessFacts facts;
    if (pid == 0)
        return facts;
    const std::string base = procRoot + "/" + std::to_string(pid);
    std::array<char, 4096> link{};
    const ssize_t size = readlink((base + "/exe").c_str(), link.data(), link.size() - 1);
    if (size > 0) {
        facts.executable.assign(link.data(), static_cast<std::size_t>(size));
        struct stat running{}, named{};
        facts.executableTrue = stat((base + "/exe").c_str(), &running) == 0 &&
                               stat(facts.executable.c_str(), &named) == 0 && running.st_dev == named.st_dev &&
                               running.st_ino == named.st_ino;
        facts.executableWritable = running.st_uid != 0 || (running.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    }
    facts.unit = unitOf(readShort(base + "/cgroup"));
    return facts;
}

} // namespace micguard
