// SPDX-License-Identifier: GPL-3.0-or-later
//
// /proc/asound as the kernel writes it, in made-up trees.
#include "cli/alsa_holders.hpp"

#include <cstdlib>
#include <fstream>

#include <catch2/catch_test_macros.hpp>

using namespace micguard::cli;
namespace fs = std::filesystem;

namespace {

class Tree {
  public:
    Tree() {
        std::string pattern = (fs::temp_directory_path() / "micguard-asound-XXXXXX").native();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        root_ = pattern;
    }
    ~Tree() { fs::remove_all(root_); }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    void file(const std::string& path, const std::string& text) const {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << text;
    }
    AsoundReport report() const { return captureHolders(root_ / "asound", root_ / "proc"); }
    const fs::path& root() const { return root_; }

  private:
    fs::path root_;
};

constexpr char running[] = "state: RUNNING\n"
                           "owner_pid   : 4711\n"
                           "trigger_time: 1234.567890123\n"
                           "tstamp      : 0.000000000\n"
                           "delay       : 256\n"
                           "avail       : 256\n"
                           "avail_max   : 1024\n"
                           "-----\n"
                           "hw_ptr      : 89088\n"
                           "appl_ptr    : 88832\n";

} // namespace

TEST_CASE("a status file as the kernel writes it") {
    CHECK(parsePcmStatus("closed\n").thread == 0);
    CHECK(parsePcmStatus(running).thread == 4711);
    CHECK(parsePcmStatus(running).state == "RUNNING");
    CHECK(parsePcmStatus("").thread == 0);
    CHECK(parsePcmStatus("owner_pid: 12").thread == 12);
    CHECK(parsePcmStatus("owner_pid   : 12x\n").thread == 0);
    CHECK(parsePcmStatus("owner_pid   : -3\n").thread == 0);
    CHECK(parsePcmStatus("owner_pid   : 99999999999999\n").thread == 0);
    CHECK(parsePcmStatus("not_owner_pid : 5\nowner_pid : 6\n").thread == 6);
}

TEST_CASE("the process behind a thread that holds a capture device") {
    Tree tree;
    tree.file("asound/card0/id", "PCH\n");
    tree.file("asound/card0/pcm0c/sub0/status", running);
    tree.file("asound/card0/pcm0p/sub0/status", running); // playback is not our business
    tree.file("asound/card0/pcm2c/sub0/status", "closed\n");
    tree.file("proc/4711/status", "Name:\tdata-loop\nTgid:\t4700\nPid:\t4711\n");
    tree.file("proc/4700/comm", "recorder\n");
    fs::create_symlink("/usr/bin/recorder", tree.root() / "proc/4700/exe");
    const AsoundReport report = tree.report();
    CHECK(report.readable);
    CHECK(report.captureDevices == 2);
    REQUIRE(report.holders.size() == 1);
    const CaptureHolder& holder = report.holders.front();
    CHECK(holder.device == "card0/pcm0c/sub0");
    CHECK(holder.card == "PCH");
    CHECK(holder.thread == 4711);
    CHECK(holder.process == 4700);
    CHECK(holder.name == "recorder");
    CHECK(holder.executable == "/usr/bin/recorder");
}

TEST_CASE("several cards come in the order of their numbers, aliases are not counted twice") {
    Tree tree;
    for (const char* card : {"card10", "card2"})
        tree.file(std::string("asound/") + card + "/pcm0c/sub1/status", "state: SETUP\nowner_pid   : 5\n");
    fs::create_directory_symlink("card2", tree.root() / "asound/USB");
    tree.file("asound/cards", " 2 [USB]\n");
    tree.file("asound/card2/pcm0cx/sub0/status", running);
    tree.file("asound/cardX/pcm0c/sub0/status", running);
    const AsoundReport report = tree.report();
    REQUIRE(report.holders.size() == 2);
    CHECK(report.holders[0].device == "card2/pcm0c/sub1");
    CHECK(report.holders[1].device == "card10/pcm0c/sub1");
    CHECK(report.holders[0].process == 0); // gone, or not to be looked at
}

TEST_CASE("no sound card at all") {
    Tree tree;
    CHECK_FALSE(tree.report().readable);
    fs::create_directory(tree.root() / "asound");
    CHECK(tree.report().readable);
    CHECK(tree.report().holders.empty());
}
