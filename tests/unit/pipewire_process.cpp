// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is read from /proc, against a made-up one.
#include "daemon/pipewire/process.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

namespace fs = std::filesystem;

struct MadeUpProc {
    MadeUpProc() {
        std::string pattern = (fs::temp_directory_path() / "micguard-proc.XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        root = pattern;
        fs::create_directories(root / "42");
    }
    ~MadeUpProc() {
        std::error_code ignored;
        fs::remove_all(root, ignored);
    }
    MadeUpProc(const MadeUpProc&) = delete;
    MadeUpProc& operator=(const MadeUpProc&) = delete;

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

TEST_CASE("outside of any unit there is none") {
    const MadeUpProc proc;
    for (const char* text : {"", "\n", "0::/\n", "0::/user.slice\n", "0::", "garbage",
                             "1:name=systemd:/a.service\n", "0::/service\n", "0::/a.service.d\n"}) {
        INFO(text);
        CHECK(proc.unit(text).empty());
    }
}

TEST_CASE("a cgroup text of any size is read as far as it goes") {
    const MadeUpProc proc;
    CHECK(proc.unit("0::/" + std::string(100000, 'x') + "/a.service\n").empty());
    CHECK(proc.unit("0::/a.service/" + std::string(100000, 'x')) == "a.service");
}
