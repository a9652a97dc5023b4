// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/process_folder.hpp"

#include "daemon/process/want.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace micguard {
namespace {

constexpr std::size_t longestFile = 1 << 20, someThousand = 4096;

Descriptor openIn(int folder, const char* name) {
    errno = ESRCH; // of a folder that could not be opened
    return Descriptor(
        folder < 0 ? -1 : notingWant(openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)));
}

std::optional<std::string> read(const Descriptor& file, std::size_t most) {
    if (!file)
        return std::nullopt;
    std::string text;
    std::array<char, someThousand> buffer; // not zeroed: read(2) says how much of it counts
    while (text.size() < most) {
        const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0) {
            errno = EIO;
            return std::nullopt;
        }
        if (size == 0)
            break;
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return text;
}

std::optional<std::string> whole(const Descriptor& file) {
    auto text = read(file, longestFile);
    if (text && text->size() >= longestFile) {
        errno = EFBIG;
        return std::nullopt;
    }
    return text;
}

} // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0)
        close(fd_);
}

ProcessFolder::ProcessFolder(const std::filesystem::path& procRoot, std::uint32_t pid)
    : ProcessFolder(procRoot, std::to_string(pid).c_str()) {}

ProcessFolder::ProcessFolder(const std::filesystem::path& procRoot, const char* name)
    : folder_(notingWant(::open((procRoot / name).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC))) {}

Descriptor ProcessFolder::open(const char* folder) const {
    return Descriptor(notingWant(openat(folder_.get(), folder, O_PATH | O_DIRECTORY | O_CLOEXEC)));
}

std::optional<std::string> ProcessFolder::text(const char* name) const {
    return whole(openIn(folder_.get(), name));
}

std::optional<std::string> readForeign(int folder, const char* name) {
    const Descriptor file = openIn(folder, name);
    struct stat status {};
    if (file && (fstat(file.get(), &status) < 0 || !S_ISREG(status.st_mode))) {
        errno = EINVAL;
        return std::nullopt;
    }
    return whole(file);
}

std::string ProcessFolder::beginning(const char* name) const {
    return read(openIn(folder_.get(), name), someThousand).value_or(std::string{});
}

std::optional<std::string> readLink(int folder, const char* name) {
    std::array<char, 4096> target; // as above
    const ssize_t size = readlinkat(folder, name, target.data(), target.size());
    if (size <= 0 || static_cast<std::size_t>(size) == target.size())
        return std::nullopt;
    return std::string(target.data(), static_cast<std::size_t>(size));
}

} // namespace micguard
