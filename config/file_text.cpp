// SPDX-License-Identifier: GPL-3.0-or-later
//
// See file_text.hpp.
#include "config/file_text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace micguard {

namespace {

class OpenFile {
  public:
    explicit OpenFile(const std::string& path)
        // O_NONBLOCK: opening a FIFO would wait for its writer, before fstat() could tell what it is.
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
    ~OpenFile() {
        if (fd_ >= 0)
            ::close(fd_);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    int get() const { return fd_; }

  private:
    int fd_;
};

std::string errorText(int number) {
    return std::generic_category().message(number);
}

const char* kindOf(mode_t mode) {
    if (S_ISDIR(mode))
        return "is a directory, not a file";
    if (S_ISFIFO(mode))
        return "is a pipe, not a regular file";
    if (S_ISSOCK(mode))
        return "is a socket, not a regular file";
    return "is a device, not a regular file";
}

tl::unexpected<FileFault> fault(std::string what, bool missing = false, std::string mend = "") {
    return tl::unexpected(FileFault{missing, std::move(what), std::move(mend)});
}

// A group is trusted where it is root's, or the one that a user's files belong to anyway: many systems give
// each user a group of his own, and let it write.
bool othersMayWrite(const struct stat& status) {
    if ((status.st_mode & S_IWOTH) != 0)
        return true;
    return (status.st_mode & S_IWGRP) != 0 && status.st_uid != 0 && status.st_gid != ::getegid() &&
           status.st_gid != 0;
}

std::optional<FileFault> trustFault(const struct stat& status, const char* kind) {
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return FileFault{false,
                         std::string("belongs to user ") + std::to_string(status.st_uid) +
                             ", so that the configuration would be that user's word",
                         std::string("make the ") + kind + " yours or root's: chown"};
    // In a folder such as /tmp, others cannot replace what is not theirs.
    if (othersMayWrite(status) && !(S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0))
        return FileFault{false, "can be written by others, so that the configuration would be anybody's word",
                         S_ISDIR(status.st_mode) ? "take that right away: chmod go-w on the folder"
                                                 : "take that right away: chmod go-w"};
    return std::nullopt;
}

std::optional<FileFault> folderFault(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) < 0)
        return std::nullopt; // the open that follows says why
    auto fault = trustFault(status, "folder");
    if (fault)
        fault->what = "is in a folder that " + fault->what;
    return fault;
}

} // namespace

bool isMissing(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

tl::expected<std::vector<std::string>, FileFault> readFolder(const std::string& path,
                                                             std::string_view ending) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
    if (!folder) {
        const int number = errno;
        if (number == ENOTDIR)
            return fault("is a file, not a folder", false, "its place is for a folder of *.toml files");
        return fault("cannot be opened: " + errorText(number), number == ENOENT,
                     number == ELOOP ? "a symbolic link leads back to itself; remove it" : "");
    }
    struct stat status {};
    if (::fstat(::dirfd(folder.get()), &status) < 0)
        return fault("cannot be examined: " + errorText(errno));
    if (auto distrust = trustFault(status, "folder"))
        return tl::unexpected(std::move(*distrust));
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(folder.get())) {
        const std::string_view name = entry->d_name;
        if (name.starts_with('.') || !name.ends_with(ending))
            continue;
        names.emplace_back(name);
        if (names.size() > folderLimit)
            return fault("holds more than " + std::to_string(folderLimit) + " files ending in " +
                             std::string(ending),
                         false, "put several into one");
    }
    if (errno != 0)
        return fault("cannot be read: " + errorText(errno));
    std::sort(names.begin(), names.end());
    return names;
}

tl::expected<std::string, FileFault> readRegularFile(const std::string& path, std::size_t limit,
                                                     Trust trust) {
    const OpenFile file(path);
    if (file.get() < 0) {
        const int number = errno;
        return fault("cannot be opened: " + errorText(number), number == ENOENT || number == ENOTDIR,
                     number == ELOOP ? "a symbolic link leads back to itself; remove it" : "");
    }
    struct stat status {};
    if (::fstat(file.get(), &status) < 0)
        return fault("cannot be examined: " + errorText(errno));
    if (!S_ISREG(status.st_mode))
        return fault(kindOf(status.st_mode), false, "put a file in its place, or remove it");
    if (trust == Trust::OwnerOnly) {
        if (auto distrust = trustFault(status, "file"))
            return tl::unexpected(std::move(*distrust));
        const auto slash = path.rfind('/');
        if (auto distrust = folderFault(slash == std::string::npos ? "."
                                        : slash == 0               ? "/"
                                                                   : path.substr(0, slash)))
            return tl::unexpected(std::move(*distrust));
    }

    // The size is not taken from fstat(): files of /proc say 0, and one that is being written grows.
    std::string text;
    std::array<char, 16384> block{};
    while (true) {
        const auto got = ::read(file.get(), block.data(), block.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault("cannot be read: " + errorText(errno));
        if (got == 0)
            return text;
        text.append(block.data(), static_cast<std::size_t>(got));
        if (text.size() > limit)
            return fault("is larger than " + std::to_string(limit / 1024) + " KiB", false, "shorten it");
    }
}

} // namespace micguard
