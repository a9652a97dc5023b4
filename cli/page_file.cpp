// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/page_file.hpp"

#include "cli/guard.hpp"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace micguard::cli {

namespace {

bool writeAll(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

// Beside it, under a name that nobody can have put there before.
bool replace(const std::string& path, std::string_view text) {
    std::string fresh = path + ".XXXXXX";
    const Descriptor file(::mkostemp(fresh.data(), O_CLOEXEC)); // 0600
    if (!file.open())
        return false;
    if (writeAll(file.get(), text) && ::rename(fresh.c_str(), path.c_str()) == 0)
        return true;
    const int why = errno;
    ::unlink(fresh.c_str());
    errno = why;
    return false;
}

} // namespace

std::string writePage(const std::string& path, std::string_view text) {
    if (path == "-")
        return writeAll(STDOUT_FILENO, text) ? "" : std::strerror(errno);
    struct stat status {};
    const bool there = ::stat(path.c_str(), &status) == 0;
    if (there && !S_ISREG(status.st_mode)) {
        const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
        return file.open() && writeAll(file.get(), text) ? "" : std::strerror(errno);
    }
    char real[PATH_MAX];
    const bool known = there && ::realpath(path.c_str(), real) != nullptr;
    return replace(known ? real : path, text) ? "" : std::strerror(errno);
}

} // namespace micguard::cli
