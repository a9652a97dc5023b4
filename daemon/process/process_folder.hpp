// SPDX-License-Identifier: GPL-3.0-or-later
//
// /proc/PID, held open: whatever is read through it is of one and the same process, also if that ends and its pid is
// used again meanwhile. Never throws and waits for nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace micguard {

// Closes itself.
class Descriptor {
  public:
    explicit Descriptor(int fd)
        : fd_(fd) {}
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    explicit operator bool() const { return fd_ >= 0; }
    int get() const { return fd_; }

  private:
    int fd_;
};

std::optional<std::string> readLink(int folder, const char* name);
// What the process could have made itself: a regular file alone, a pipe could keep us waiting. Otherwise as text().
std::optional<std::string> readForeign(int folder, const char* name);

class ProcessFolder {
  public:
    ProcessFolder(const std::filesystem::path& procRoot, std::uint32_t pid);
    ProcessFolder(const std::filesystem::path& procRoot, const char* name); // "self"

    int get() const { return folder_.get(); } // -1: there is no such process

    // None if it cannot be read, errno saying why: ENOENT only if there is none, EFBIG if it is longer than a mount table
    // of a machine with many containers.
    std::optional<std::string> text(const char* name) const;
    Descriptor open(const char* folder) const;
    std::string beginning(const char* name) const; // some thousand characters; "" if it cannot be read
    std::optional<std::string> link(const char* name) const { return readLink(folder_.get(), name); }

  private:
    Descriptor folder_;
};

} // namespace micguard
