// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who a caller is, from made-up /proc trees.
#include "daemon/process/sandbox.hpp"

#include <cstdlib>
#include <fstream>

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
namespace fs = std::filesystem;

namespace {

const std::string flatpakInfo = "[Application]\nname=org.example.Call\nruntime=runtime/org.gnome.Platform\n\n"
                                "[Instance]\ninstance-id=123\n";

// /proc with ourselves and one process, 42.
class ProcTree {
  public:
    ProcTree() {
        std::string pattern = (fs::temp_directory_path() / "micguard-proc-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        fs::create_directories(folder_ / "self/ns");
        fs::create_directories(process() / "ns");
        fs::create_symlink("mnt:[1]", folder_ / "self/ns/mnt");
        link("ns/mnt", "mnt:[1]");
        link("exe", "/usr/bin/call");
        link("root", "/");
        file("cgroup", "0::/user.slice/user@1000.service/app.slice/app-call-7.scope\n");
        file("mountinfo", "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    }
    ~ProcTree() { fs::remove_all(folder_); }
    ProcTree(const ProcTree&) = delete;
    ProcTree& operator=(const ProcTree&) = delete;

    fs::path process() const { return folder_ / "42"; }
    void file(const fs::path& name, const std::string& text) const {
        std::ofstream(process() / name) << text;
    }
    void link(const fs::path& name, const fs::path& target) const {
        fs::remove(process() / name);
        fs::create_symlink(target, process() / name);
    }
    // A root of its own with that in /.flatpak-info; "" for none.
    void ownRoot(const std::string& info) const {
        link("ns/mnt", "mnt:[2]");
        fs::create_directory(folder_ / "root");
        link("root", folder_ / "root");
        if (!info.empty())
            std::ofstream(folder_ / "root/.flatpak-info") << info;
    }
    ProcessIdentity identify(const std::string& label = "unconfined") const {
        return identifyProcess(folder_, {42, 1000, true, label});
    }
    const fs::path& folder() const { return folder_; }

  private:
    fs::path folder_;
};

} // namespace

TEST_CASE("an ordinary process has its executable and no sandbox", "[bus]") {
    const ProcTree tree;
    const auto identity = tree.identify();
    CHECK(identity.executable == "/usr/bin/call");
    CHECK(identity.sandbox == SandboxIdentity{"", ""});
}

TEST_CASE("a Flatpak is known by the .flatpak-info in its root, its bus proxy too", "[bus]") {
    const ProcTree tree;
    tree.ownRoot(flatpakInfo);
    for (const char* executable : {"/app/bin/call", "/usr/bin/xdg-dbus-proxy"}) {
        tree.link("exe", executable);
        const auto identity = tree.identify();
        CHECK(identity.sandbox == SandboxIdentity{"flatpak", "org.example.Call"});
        CHECK(identity.executable.empty()); // a path of another mount namespace
    }
}

TEST_CASE("a Flatpak whose .flatpak-info makes no sense is still one", "[bus]") {
    CHECK(sandboxOfFlatpakInfo("") == SandboxIdentity{"flatpak", ""});
    CHECK(sandboxOfFlatpakInfo("\xff\xfe garbage") == SandboxIdentity{"flatpak", ""});
    CHECK(sandboxOfFlatpakInfo("[Runtime]\nname=org.gnome.Sdk\n") ==
          SandboxIdentity{"flatpak", "org.gnome.Sdk"});
}

TEST_CASE("a Flatpak scope around a bus proxy makes it sandboxed, without believing whose", "[bus]") {
    const ProcTree tree;
    tree.link("exe", "/usr/bin/xdg-dbus-proxy");
    tree.file("cgroup", "0::/user.slice/user@1000.service/app.slice/app-flatpak-org.example.Call-99.scope\n");
    CHECK(tree.identify().sandbox == SandboxIdentity{"flatpak", ""});
}

TEST_CASE("a bus proxy of nobody known speaks for an unknown sandbox", "[bus]") {
    const ProcTree tree;
    tree.link("exe", "/usr/bin/xdg-dbus-proxy");
    CHECK(tree.identify().sandbox == SandboxIdentity{"unknown", ""});
}

TEST_CASE("a Snap is known by its security label", "[bus]") {
    const ProcTree tree;
    CHECK(tree.identify("snap.discord.discord (enforce)").sandbox == SandboxIdentity{"snap", "discord"});
    CHECK(tree.identify("snap.discord.discord").sandbox == SandboxIdentity{"snap", "discord"});
    CHECK(sandboxOfSecurityLabel("snapd").sandbox.empty());
    CHECK(sandboxOfSecurityLabel("/usr/bin/evince (enforce)").sandbox.empty());
    CHECK(sandboxOfSecurityLabel("").sandbox.empty());
}

TEST_CASE("a Snap scope makes it sandboxed where the kernel has no label", "[bus]") {
    const ProcTree tree;
    tree.file("cgroup", "0::/user.slice/user@1000.service/app.slice/snap.discord.discord-1f3.scope\n");
    CHECK(tree.identify("").sandbox == SandboxIdentity{"snap", ""});
    CHECK(sandboxOfCgroup("0::/user.slice/app-my-snap.discord.scope\n").sandbox.empty());
    CHECK(sandboxOfCgroup("1:name=systemd:/x\n0::/a/app-flatpak-x-1.scope/sub").sandbox == "flatpak");
    CHECK(sandboxOfCgroup("").sandbox.empty());
}

TEST_CASE("what cannot be read is unknown", "[bus]") {
    const ProcTree tree;
    SECTION("no pid") {
        CHECK(identifyProcess(tree.folder(), {0, 1000, true, ""}).sandbox.sandbox == "unknown");
    }
    SECTION("no pid but a label") {
        CHECK(identifyProcess(tree.folder(), {0, 1000, true, "snap.a.b"}).sandbox ==
              SandboxIdentity{"snap", "a"});
    }
    SECTION("gone") {
        CHECK(identifyProcess(tree.folder(), {43, 1000, true, ""}).sandbox.sandbox == "unknown");
    }
    SECTION("no root") {
        fs::remove(tree.process() / "root");
        CHECK(tree.identify().sandbox.sandbox == "unknown");
    }
    SECTION("no executable") {
        fs::remove(tree.process() / "exe");
        CHECK(tree.identify().sandbox.sandbox == "unknown");
    }
    SECTION("no cgroup") {
        fs::remove(tree.process() / "cgroup");
        CHECK(tree.identify().sandbox.sandbox == "unknown");
    }
    SECTION("a .flatpak-info that is a folder") {
        tree.ownRoot("");
        fs::create_directory(tree.folder() / "root/.flatpak-info");
        CHECK(tree.identify().sandbox.sandbox == "unknown");
    }
    SECTION("a FUSE root, which could keep us waiting") {
        tree.ownRoot(flatpakInfo);
        tree.file("mountinfo",
                  "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 20 0:50 / / rw - fuse.trap trap rw\n");
        CHECK(tree.identify().sandbox.sandbox == "unknown");
    }
}

TEST_CASE("a container without .flatpak-info is no sandbox, and its path proves nothing", "[bus]") {
    const ProcTree tree;
    tree.ownRoot("");
    const auto identity = tree.identify();
    CHECK(identity.sandbox == SandboxIdentity{"", ""});
    CHECK(identity.executable.empty());
}

TEST_CASE("mountinfo: the last mount on a point counts", "[bus]") {
    CHECK_FALSE(rootIsForeign("1 0 8:1 / / rw - ext4 a rw\n2 1 0:9 / /mnt rw shared:1 - fuse.x x rw\n"));
    CHECK_FALSE(rootIsForeign("1 0 0:9 / / rw - fuse.x x rw\n2 1 8:1 / / rw - tmpfs a rw\n"));
    CHECK(rootIsForeign("1 0 0:9 / / rw - fuseblk x rw\n"));
    CHECK(rootIsForeign("1 0 8:1 / / rw - ext4 a rw\n2 1 0:9 /i /.flatpak-info rw - fuse.x x rw\n"));
    CHECK(rootIsForeign(""));
    CHECK(rootIsForeign("nonsense\n"));
}

TEST_CASE("our own process is read from the real /proc", "[bus]") {
    const auto identity =
        identifyProcess("/proc", {static_cast<std::uint32_t>(getpid()), getuid(), true, ""});
    CHECK(identity.executable == fs::read_symlink("/proc/self/exe").string());
}
