// SPDX-License-Identifier: GPL-3.0-or-later
// A disk of its own for a folder of a session's, and what becomes of folders.
#pragma once

#include "tests/session/trial.hpp"
#include "tests/support/session.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace micguard::test {

// As `rm -rf` by somebody who says it again until it is gone: the guard may be writing into the folder.
inline void deleteInUse(const std::filesystem::path& folder) {
    std::error_code last;
    const bool gone = eventually([&] {
        std::filesystem::remove_all(folder, last);
        return !last;
    });
    INFO(folder.string() << ": " << last.message());
    REQUIRE(gone);
}

// A small or read-only disk where the state would be, or another folder; gone with this.
class Disk {
  public:
    Disk(const PrivateSession& session, unsigned long flags, const char* options,
         const std::filesystem::path& folder = "state")
        : path_(session.directory() / folder) {
        std::filesystem::create_directories(path_);
        if (geteuid() != 0 ||
            mount("micguard-test", path_.c_str(), "tmpfs", flags | MS_NOSUID | MS_NODEV, options) != 0)
            SKIP("a disk of its own needs root");
    }
    ~Disk() { umount2(path_.c_str(), MNT_DETACH); }
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    void makeReadOnly(bool readOnly) const {
        if (mount(nullptr, path_.c_str(), nullptr,
                  static_cast<unsigned long>(readOnly ? MS_REMOUNT | MS_RDONLY : MS_REMOUNT), nullptr) != 0)
            throw std::system_error(errno, std::generic_category(), path_.string());
    }
    void fill() const {
        std::ofstream filler(path_ / "filler", std::ios::binary);
        const std::string block(1024, 'x');
        while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
    }
    void unfill() const { std::filesystem::remove(path_ / "filler"); }

  private:
    std::filesystem::path path_;
};

} // namespace micguard::test
