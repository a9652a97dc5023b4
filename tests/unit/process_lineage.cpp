// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where processes come from, read from the real /proc and from one that lies.
#include "daemon/process/lineage.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

class MadeUpProc {
  public:
    MadeUpProc() {
        std::string pattern = (std::filesystem::temp_directory_path() / "micguard-proc-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()));
        root_ = pattern;
    }
    ~MadeUpProc() { std::filesystem::remove_all(root_); }
    MadeUpProc(const MadeUpProc&) = delete;
    MadeUpProc& operator=(const MadeUpProc&) = delete;

    void add(int pid, const std::string& name, int parent, const std::string& program = "") {
        const auto folder = root_ / std::to_string(pid);
        std::filesystem::create_directories(folder);
        std::ofstream(folder / "stat")
            << pid << " (" << name << ") S " << parent << " 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "
            << pid * 100 << " 1000 200 1\n";
        if (!program.empty())
            std::filesystem::create_symlink(program, folder / "exe");
    }
    Lineage of(std::uint32_t pid) const { return readLineage(pid, root_.string()); }

  private:
    std::filesystem::path root_;
};

} // namespace

TEST_CASE("our own lineage begins with us and goes on with our parent") {
    const Lineage lineage = readLineage(static_cast<std::uint32_t>(getpid()));
    REQUIRE(lineage.size() >= 2);
    CHECK(lineage[0].pid == static_cast<std::uint32_t>(getpid()));
    CHECK(lineage[1].pid == static_cast<std::uint32_t>(getppid()));
    CHECK(lineage[0].started > 0);
    CHECK(lineage[0].inode != 0);
    CHECK(lineage[0].sameProgram(lineage[0]));
}

TEST_CASE("a process that is not there has no lineage") {
    CHECK(readLineage(0).empty());
    CHECK(readLineage(0x7fffffff).empty());
}

TEST_CASE("a name with brackets, blanks and numbers in it changes no parent") {
    MadeUpProc proc;
    proc.add(1, "init", 0);
    proc.add(30, "shell", 1, "/bin/sh");
    proc.add(40, "evil) S 1 (1", 30, "/bin/sh");
    const Lineage lineage = proc.of(40);
    REQUIRE(lineage.size() == 3);
    CHECK(lineage[1].pid == 30);
    CHECK(lineage[0].started == 4000);
    CHECK(lineage[0].sameProgram(lineage[1]));
    CHECK_FALSE(lineage[2].sameProgram(lineage[2])); // unreadable: like no other
}

TEST_CASE("a lineage that goes round in a circle comes to an end") {
    MadeUpProc proc;
    proc.add(2, "a", 3);
    proc.add(3, "b", 2);
    CHECK(proc.of(2).size() == 32);
}
