// SPDX-License-Identifier: GPL-3.0-or-later
//
// See file_text.hpp.
#include "config/file_text.hpp"

#include <array>
#include <cerrno>
#include <system_error>

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

tl::unexpected<FileFault> fault(std::string what, bool missing = false) {
    return tl::unexpected(FileFault{missing, std::move(what)});
}

} // namespace

tl::expected<std::string, FileFault> readRegularFile(const std::string& path, std::size_t limit) {
    const OpenFile file(path);
    if (file.get() < 0) {
        const int number = errno;
        return fault("cannot be opened: " + errorText(number), number == ENOENT || number == ENOTDIR);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) < 0)
        return fault("cannot be examined: " + errorText(errno));
    if (!S_ISREG(status.st_mode))
        return fault(kindOf(status.st_mode));

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
            return fault("is larger than " + std::to_string(limit / 1024) + " KiB");
    }
}

} // namespace micguard
