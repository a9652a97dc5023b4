// SPDX-License-Identifier: GPL-3.0-or-later
//
// A folder with made-up files of the kernel's in it, gone with its object.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace micguard::test {

class Tree {
  public:
    Tree() {
        std::string pattern = (std::filesystem::temp_directory_path() / "micguard-tree-XXXXXX").native();
        if (mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error("no temporary folder");
        root_ = pattern;
    }
    ~Tree() { std::filesystem::remove_all(root_); }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    void file(const std::string& path, const std::string& text) const {
        std::filesystem::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << text;
    }
    const std::filesystem::path& root() const { return root_; }

  private:
    std::filesystem::path root_;
};

// Of a Flatpak without and with devices=all, as bubblewrap makes them.
inline constexpr char flatpak[] = "400 380 0:50 / / ro,nosuid - tmpfs tmpfs rw\n"
                                  "410 400 0:51 / /dev rw,nosuid - tmpfs tmpfs rw\n"
                                  "411 410 0:5 /null /dev/null rw - devtmpfs udev rw\n"
                                  "412 410 0:5 /dri /dev/dri rw - devtmpfs udev rw\n";
inline constexpr char flatpakWithDevices[] = "400 380 0:50 / / ro,nosuid - tmpfs tmpfs rw\n"
                                             "410 400 0:5 / /dev rw,nosuid - devtmpfs udev rw\n"
                                             "412 410 0:52 / /dev/shm rw - tmpfs tmpfs rw\n";

inline void process(const Tree& tree, std::uint32_t pid, const std::string& mountinfo,
                    const std::string& namespaceId) {
    const std::string base = "proc/" + std::to_string(pid);
    tree.file(base + "/mountinfo", mountinfo);
    tree.file(base + "/comm", "program\n");
    tree.file(base + "/cgroup", "0::/user.slice\n");
    tree.file(base + "/status", "Name:\tprogram\nTgid:\t" + std::to_string(pid) + "\n");
    std::filesystem::create_directories(tree.root() / base / "ns");
    std::filesystem::create_symlink(namespaceId, tree.root() / base / "ns/mnt");
}

// Its root is a real folder, where its .flatpak-info lies.
inline void sandboxed(const Tree& tree, std::uint32_t pid, const std::string& id,
                      const std::string& mountinfo) {
    process(tree, pid, mountinfo, "mnt:[" + std::to_string(pid) + "]");
    const std::string root = "roots/" + std::to_string(pid);
    tree.file(root + "/.flatpak-info", "[Application]\nname=" + id + "\n[Context]\ndevices=all;\n");
    std::filesystem::create_symlink(tree.root() / root, tree.root() / "proc" / std::to_string(pid) / "root");
}

} // namespace micguard::test
