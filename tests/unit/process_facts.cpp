// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is read from /proc, against a made-up one.
#include "daemon/process/flatpak.hpp"
#include "daemon/process/process.hpp"
#include "tests/unit/reload_folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using micguard::test::TestFolder;

namespace {

namespace fs = std::filesystem;

struct MadeUpProc {
    MadeUpProc() {
        std::string pattern = (fs::temp_directory_path() / "micguard-proc.XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        root = pattern;
        fs::create_directories(root / "42");
        fs::create_directories(root / "self");
        mounts("20 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    }
    ~MadeUpProc() {
        std::error_code ignored;
        fs::remove_all(root, ignored);
    }
    MadeUpProc(const MadeUpProc&) = delete;
    MadeUpProc& operator=(const MadeUpProc&) = delete;

    void mounts(const std::string& table) const { std::ofstream(root / "self/mountinfo") << table; }
    void executable(const fs::path& target) const { fs::create_symlink(target, root / "42/exe"); }
    void cgroup(const std::string& text) const {
        std::ofstream(root / "42/cgroup", std::ios::binary) << text;
    }
    ProcessFacts read(std::uint32_t pid = 42) const { return readProcess(pid, root.string()); }
    std::string unit(const std::string& text) const {
        cgroup(text);
        return read().unit;
    }

    fs::path root;
};

} // namespace

TEST_CASE("our own process reads as what it is") {
    const auto facts = readProcess(static_cast<std::uint32_t>(getpid()));
    CHECK(facts.executable == fs::read_symlink("/proc/self/exe").string());
    CHECK(facts.executableTrue);
}

TEST_CASE("no process, no pid, no proc: nothing is known and nothing is true") {
    const MadeUpProc proc;
    for (const std::uint32_t pid : {0U, 43U, 0xffffffffU}) {
        CHECK(proc.read(pid).executable.empty());
        CHECK_FALSE(proc.read(pid).executableTrue);
        CHECK(proc.read(pid).unit.empty());
    }
    CHECK(proc.read().executable.empty());
    CHECK(readProcess(42, "/nonexistent").executable.empty());
}

TEST_CASE(
    "what cannot be read for want of descriptors is said to be unread, and is read once there are some") {
    const auto own = static_cast<std::uint32_t>(getpid());
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    // Below what is open: no further one.
    for (const rlim_t left : {rlim_t{0}, rlim_t{3}}) {
        const rlimit none{left, before.rlim_max};
        REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
        const ProcessFacts facts = readProcess(own);
        REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
        CHECK(facts.unread);
        CHECK_FALSE(facts.executableTrue);
    }
    const ProcessFacts facts = readProcess(own);
    CHECK_FALSE(facts.unread);
    CHECK(facts.executableTrue);
    CHECK_FALSE(readProcess(0x7fffffff).unread); // not ours: there is no such process
}

TEST_CASE("an executable that is not there under its name is not true") {
    const MadeUpProc proc;
    proc.executable("/usr/bin/wireplumber (deleted)");
    CHECK(proc.read().executable == "/usr/bin/wireplumber (deleted)");
    CHECK_FALSE(proc.read().executableTrue);
}

TEST_CASE("an executable that is there under its name is true") {
    const MadeUpProc proc;
    std::ofstream(proc.root / "wireplumber") << "x";
    proc.executable(proc.root / "wireplumber");
    CHECK(proc.read().executable == (proc.root / "wireplumber").string());
    CHECK(proc.read().executableTrue);
}

TEST_CASE("the unit is the innermost service or scope") {
    const MadeUpProc proc;
    CHECK(proc.unit("0::/user.slice/user-1000.slice/user@1000.service/session.slice/wireplumber.service\n") ==
          "wireplumber.service");
    CHECK(proc.unit("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-1.scope/tab\n") ==
          "app-firefox-1.scope");
    CHECK(proc.unit("0::/user.slice/user-1000.slice/session-2.scope\n") == "session-2.scope");
    CHECK(proc.unit("12:pids:/other.service\n0::/a.service\n") == "a.service");
    CHECK(proc.unit("0::/a.service") == "a.service");
}

TEST_CASE("only a unit that root made, and that nobody could make another one in, is known") {
    const MadeUpProc proc;
    const auto known = [&](const std::string& text) {
        proc.cgroup(text);
        return proc.read().unitKnown;
    };
    CHECK(known("0::/system.slice/call.service\n"));
    CHECK(known("0::/user.slice/user-1000.slice/session-2.scope\n"));
    CHECK_FALSE(known("0::/user.slice/user-1000.slice/user@1000.service/session.slice/call.service\n"));
    CHECK_FALSE(known("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-zoom-1.scope\n"));
    CHECK_FALSE(known("0::/user.slice/user-1000.slice/user@1000.service\n"));
    CHECK_FALSE(known("0::/system.slice/container.service/call.service\n")); // delegated, perhaps
    CHECK_FALSE(known("0::/\n"));
    CHECK_FALSE(known(""));
}

TEST_CASE("a name that leads through a symbolic link here was made up elsewhere") {
    const MadeUpProc proc;
    std::ofstream(proc.root / "call") << "x";
    fs::create_symlink(proc.root / "call", proc.root / "link");
    proc.executable(proc.root / "link");
    CHECK_FALSE(proc.read().executableTrue);
}

TEST_CASE("a file system of somebody else's is not touched") {
    constexpr const char* mounts =
        "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 20 0:50 / /home/me/trap rw - fuse.trap t rw\n"
        "31 20 0:51 / /home/me/a\\040b rw - fuse t rw\n";
    CHECK(crossesFuse(mounts, "/home/me/trap/call"));
    CHECK(crossesFuse(mounts, "/home/me/trap"));
    CHECK(crossesFuse(mounts, "/home/me/a b/call"));
    CHECK_FALSE(crossesFuse(mounts, "/home/me/trapped/call"));
    CHECK_FALSE(crossesFuse(mounts, "/usr/bin/call"));
    CHECK_FALSE(crossesFuse("", "/usr/bin/call"));
    CHECK(crossesFuse("1 0 0:9 / / rw - fuse.x x rw\n", "/usr/bin/call"));
}

TEST_CASE("a program on another file system than our root's is true only where the mount table says whose "
          "that is") {
    const MadeUpProc proc;
    std::string name = "/dev/shm/micguard-program.XXXXXX";
    const int fd = mkstemp(name.data());
    REQUIRE(fd >= 0);
    close(fd);
    struct stat root {};
    struct stat program {};
    REQUIRE(stat("/", &root) == 0);
    REQUIRE(stat(name.c_str(), &program) == 0);
    if (root.st_dev == program.st_dev)
        SKIP("/dev/shm is of the root's file system here");
    proc.executable(name);
    CHECK(proc.read().executableTrue);
    proc.mounts("20 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 20 0:50 / /dev/shm rw - fuse.trap x rw\n");
    CHECK_FALSE(proc.read().executableTrue);
    INFO("of what was not looked at it is not known that it is root's");
    CHECK(proc.read().executableWritable);
    INFO("what cannot be read may say anything");
    fs::remove(proc.root / "self/mountinfo");
    CHECK_FALSE(proc.read().executableTrue);
    CHECK(proc.read().executableWritable);
    fs::remove(name);
}

TEST_CASE("the start of a process tells two of the same pid apart, whatever it calls itself") {
    const MadeUpProc proc;
    std::ofstream(proc.root / "42/stat")
        << "42 (a) b) R 1 42 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 123456 9 9\n";
    CHECK(readStartTime(42, proc.root.string()) == 123456);
    CHECK(readStartTime(43, proc.root.string()) == 0);
    CHECK(readStartTime(static_cast<std::uint32_t>(getpid())) > 0);
}

TEST_CASE("a Flatpak's program is the file that it has installed, outside of the sandbox") {
    const std::vector<std::string> installations{"/var/lib/flatpak"};
    const std::string info = "[Application]\nname=org.call\n[Instance]\n"
                             "app-path=/var/lib/flatpak/app/org.call/x86_64/stable/abc/files\n";
    const std::string place = "/var/lib/flatpak/app/org.call/x86_64/stable/abc/files/bin/call";
    CHECK(deployedFile(info, "/app/bin/call", installations) == place);
    CHECK(deployedFile(info, "/newroot/app/bin/call", installations) == place);
    CHECK(deployedFile(info, "/usr/bin/python3", installations).empty()); // of the runtime: anybody's
    const auto with = [&](const std::string& name, const std::string& path) {
        return deployedFile("[Application]\nname=" + name + "\n[Instance]\napp-path=" + path + "\n",
                            "/app/bin/call", installations);
    };
    CHECK(with("org.call", "/home/me/app/org.call/files").empty());
    CHECK(with("org.call", "/var/lib/flatpak/app/org.other/x86_64/stable/abc/files").empty());
    CHECK(with("org.call", "/var/lib/flatpak/app/org.call/../org.other/files").empty());
    CHECK(with("", "/var/lib/flatpak/app//files").empty());
    CHECK(deployedFile("nonsense", "/app/bin/call", installations).empty());
}

// The user's own installation is anybody's to write who runs in no sandbox.
TEST_CASE("what is installed for everybody is not what somebody calls so in the user's own Flatpaks") {
    const TestFolder folder;
    const std::string system = fs::path(folder / "system"), own = fs::path(folder / "own");
    const auto in = [&](const std::string& id) {
        return deployedFile("[Application]\nname=" + id + "\n[Instance]\napp-path=" + own + "/app/" + id +
                                "/x/files\n",
                            "/app/bin/call", {system, own});
    };
    CHECK(in("org.call") == own + "/app/org.call/x/files/bin/call");
    fs::create_directories(system + "/app/org.call");
    CHECK(in("org.call").empty());
    CHECK_FALSE(in("org.other").empty());
}

TEST_CASE("outside of any unit there is none") {
    const MadeUpProc proc;
    for (const char* text : {"", "\n", "0::/\n", "0::/user.slice\n", "0::", "garbage",
                             "1:name=systemd:/a.service\n", "0::/service\n", "0::/a.service.d\n"}) {
        INFO(text);
        CHECK(proc.unit(text).empty());
    }
}

TEST_CASE("a cgroup text is read whole, or tells nothing") {
    const MadeUpProc proc;
    CHECK(proc.unit("0::/" + std::string(100000, 'x') + "/a.service\n") == "a.service");
    CHECK(proc.unit("0::/a.service/" + std::string(100000, 'x')) == "a.service");
    CHECK(proc.unit("0::/a.service/" + std::string(2000000, 'x')).empty());
    CHECK(proc.read().sandbox == "unknown");
}
