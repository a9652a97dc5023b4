// SPDX-License-Identifier: GPL-3.0-or-later
//
// One look at made-up /proc trees, and at this machine's real processes.
#include "daemon/bypass/look.hpp"
#include "tests/unit/bypass_tree.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;
namespace fs = std::filesystem;

namespace {

// As `grep dev /proc/PID/mountinfo` shows it, of an ordinary session.
constexpr char host[] = "24 30 0:22 / /proc rw,nosuid - proc proc rw\n"
                        "25 30 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw,size=1k\n"
                        "26 25 0:23 / /dev/pts rw,nosuid - devpts devpts rw\n"
                        "30 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n";
BypassPlaces placesIn(const Tree& tree) {
    return {tree.root() / "dev/snd", tree.root() / "asound", tree.root() / "proc", tree.root() / "profiles"};
}

} // namespace

TEST_CASE("who sees the kernel's capture devices, by its mounts") {
    CHECK(seesCards(host));
    CHECK_FALSE(seesCards(flatpak));
    CHECK(seesCards(flatpakWithDevices));
    const std::string snd = "413 410 0:5 /snd /dev/snd rw - devtmpfs udev rw\n";
    const std::string one = "413 410 0:5 /snd/pcmC0D0c /dev/snd/pcmC0D0c rw - devtmpfs udev rw\n";
    const std::string speaker = "413 410 0:5 /snd/pcmC0D0p /dev/snd/pcmC0D0p rw - devtmpfs udev rw\n";
    const std::string hidden = "414 410 0:60 / /dev/snd rw - tmpfs tmpfs rw\n";
    const std::string other = "413 410 0:61 /snd /dev/snd rw - ext4 /dev/sda1 rw\n";
    CHECK(seesCards(flatpak + snd));
    CHECK(seesCards(flatpak + one));
    CHECK_FALSE(seesCards(flatpak + speaker));
    CHECK_FALSE(seesCards(flatpak + other));
    CHECK_FALSE(seesCards(flatpak + snd + hidden));
    CHECK_FALSE(seesCards(flatpakWithDevices + hidden));
    CHECK_FALSE(seesCards(""));
    CHECK_FALSE(seesCards("25 30 0:5 /\n - devtmpfs\nx - \n"));
}

TEST_CASE("a Snap's profile says whether it may open them") {
    CHECK(profileOpensCards("  # alsa\n  /dev/snd/  r,\n  /dev/snd/* rw,\n"));
    CHECK_FALSE(profileOpensCards("  /dev/shm/pulse-shm* rwk,\n  /dev/snd/ r,\n  # /dev/snd/* rw,\n"));
    CHECK_FALSE(profileOpensCards(""));
}

TEST_CASE("a sandbox that was given the sound cards is named once, whoever of it is looked at") {
    Tree tree;
    process(tree, 1, host, "mnt:[1]");
    fs::create_directory_symlink("1", tree.root() / "proc/self");
    sandboxed(tree, 20, "org.example.Caller", flatpakWithDevices);
    sandboxed(tree, 21, "org.example.Caller", flatpakWithDevices);
    sandboxed(tree, 30, "org.example.Player", flatpak);
    process(tree, 40, flatpakWithDevices,
            "mnt:[40]"); // no sandbox: its user could as well have opened them himself
    const auto places = placesIn(tree);
    CHECK(lookForBypasses(places, {}).sandboxes.empty());
    CHECK(lookForBypasses(places, {{30}, false}).sandboxes.empty());
    const std::vector<SandboxWithCards> caller{{20, "flatpak", "org.example.Caller"}};
    CHECK(lookForBypasses(places, {{20, 21, 30, 99}, false}).sandboxes == caller);
    CHECK(lookForBypasses(places, {{}, true}).sandboxes == caller);
}

TEST_CASE("a Snap sees every device; what it may open is in its profile") {
    Tree tree;
    process(tree, 50, host, "mnt:[50]");
    tree.file("proc/50/attr/current", "snap.caller.app (enforce)\n");
    const auto places = placesIn(tree);
    CHECK(lookForBypasses(places, {{50}, false}).sandboxes.empty());
    tree.file("profiles/snap.caller.app", "profile \"snap.caller.app\" {\n  /dev/snd/* rw,\n}\n");
    CHECK(lookForBypasses(places, {{50}, false}).sandboxes ==
          std::vector<SandboxWithCards>{{50, "snap", "caller"}});
    // Classic, or made for development: nothing is enforced, and it is no sandbox.
    tree.file("proc/50/attr/current", "snap.caller.app (complain)\n");
    CHECK(lookForBypasses(places, {{50}, false}).sandboxes.empty());
}

TEST_CASE("more sandboxes and devices than are listed are counted") {
    Tree tree;
    std::set<std::uint32_t> pids;
    for (std::uint32_t pid = 100; pid < 120; pid++) {
        sandboxed(tree, pid, "org.example.A" + std::to_string(pid), flatpakWithDevices);
        pids.insert(pid);
        tree.file("asound/card" + std::to_string(pid) + "/pcm0c/sub0/status",
                  "state: OPEN\nowner_pid   : 1\n");
    }
    const auto found = lookForBypasses(placesIn(tree), {pids, false});
    CHECK(found.sandboxes.size() == 16);
    CHECK(found.holders.size() == 16);
    CHECK(found.omitted == 8);
}

TEST_CASE("who has a device open whose opener is gone is found by the device itself") {
    Tree tree;
    tree.file("asound/card0/pcm0c/sub0/status", "state: RUNNING\nowner_pid   : 999999999\n");
    tree.file("dev/snd/pcmC0D0c", "");
    auto places = placesIn(tree);
    places.proc = "/proc"; // ourselves, for real
    auto found = lookForBypasses(places, {});
    REQUIRE(found.holders.size() == 1);
    CHECK(found.holders[0].process.pid == 0);
    const int open = ::open((tree.root() / "dev/snd/pcmC0D0c").c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(open >= 0);
    found = lookForBypasses(places, {});
    CHECK(found.holders[0].process.pid == static_cast<std::uint32_t>(getpid()));
    CHECK_FALSE(found.holders[0].name.empty());
    ::close(open);
}
