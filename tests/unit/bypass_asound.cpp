// SPDX-License-Identifier: GPL-3.0-or-later
//
// /proc/asound as the kernel writes it, in made-up trees.
#include "daemon/bypass/asound.hpp"

#include "tests/unit/bypass_tree.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;
namespace fs = std::filesystem;

namespace {

class Asound : public Tree {
  public:
    AsoundReport report() const { return captureHolders(root() / "asound", root() / "proc"); }
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
    CHECK_FALSE(parsePcmStatus("closed\n"));
    REQUIRE(parsePcmStatus(running));
    CHECK(parsePcmStatus(running)->thread == 4711);
    CHECK(parsePcmStatus(running)->state == "RUNNING");
    CHECK_FALSE(parsePcmStatus(""));
    CHECK(parsePcmStatus("owner_pid: 12").value().thread == 12);
    CHECK_FALSE(parsePcmStatus("owner_pid   : 12x\n"));
    CHECK_FALSE(parsePcmStatus("owner_pid   : -3\n"));
    CHECK_FALSE(parsePcmStatus("owner_pid   : 99999999999999\n"));
    CHECK(parsePcmStatus("not_owner_pid : 5\nowner_pid : 6\n").value().thread == 6);
    // Opened from another pid namespace: it is held, by whom the kernel does not say here.
    CHECK(parsePcmStatus("state: RUNNING\nowner_pid   : 0\n").value().thread == 0);
}

TEST_CASE("the process behind a thread that holds a capture device") {
    Asound tree;
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
    CHECK(alsaName(holder) == "hw:0,0");
    CHECK(nodeName(holder) == "pcmC0D0c");
    CHECK(holder.thread == 4711);
    CHECK(holder.process == 4700);
    CHECK(holder.name == "recorder");
    CHECK(holder.executable == "/usr/bin/recorder");
}

TEST_CASE("several cards come in the order of their numbers, aliases are not counted twice") {
    Asound tree;
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
    CHECK(alsaName(report.holders[1]) == "hw:10,0,1");
}

TEST_CASE("no sound card at all") {
    Asound tree;
    CHECK_FALSE(tree.report().readable);
    fs::create_directory(tree.root() / "asound");
    CHECK(tree.report().readable);
    CHECK(tree.report().holders.empty());
}
