// SPDX-License-Identifier: GPL-3.0-or-later
//
// Files that are missing, broken, in the way, or on a full disk.
#include "daemon/state/store.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

namespace fs = std::filesystem;

constexpr const char* mutedText = R"({"version":1,"muted":true})";
constexpr const char* liveText = R"({"version":1,"muted":false})";

struct Folders {
    Folders() {
        std::string pattern = (fs::temp_directory_path() / "micguard-store.XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        root = pattern;
    }
    ~Folders() {
        std::error_code ignored;
        fs::remove_all(root, ignored);
    }
    Folders(const Folders&) = delete;
    Folders& operator=(const Folders&) = delete;

    fs::path runtime() const { return root / "run/deep/micguard"; }
    fs::path state() const { return root / "state/micguard"; }
    fs::path markerFile() const { return runtime() / "marker.json"; }
    fs::path stateFile() const { return state() / "state.json"; }
    Store store() const {
        return Store(runtime(), state(), [](const std::string&) {});
    }
    Found load() const { return store().load(); }
    void write(const fs::path& path, const std::string& text) const {
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }
    std::string read(const fs::path& path) const {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    fs::path root;
};

} // namespace

TEST_CASE("the first start finds nothing and is live") {
    const Folders folders;
    const auto found = folders.load();
    CHECK_FALSE(found.memory.muted);
    CHECK(found.warning.empty());
}

TEST_CASE("muted if the marker or the state says so") {
    const Folders folders;
    folders.write(folders.stateFile(), mutedText);
    CHECK(folders.load().memory.muted);
    folders.write(folders.markerFile(), liveText);
    CHECK(folders.load().memory.muted);
    folders.write(folders.markerFile(), mutedText);
    folders.write(folders.stateFile(), liveText);
    CHECK(folders.load().memory.muted);
    folders.write(folders.markerFile(), liveText);
    CHECK_FALSE(folders.load().memory.muted);
    CHECK(folders.load().warning.empty());
}

TEST_CASE("a mode that was chosen is kept, whichever of the two has it") {
    const Folders folders;
    folders.write(folders.stateFile(), R"({"version":1,"muted":true,"mode":"sever"})");
    CHECK(folders.load().memory.mode == Mode::Sever);
    folders.write(folders.markerFile(), mutedText);
    CHECK(folders.load().memory.mode == Mode::Sever);
    folders.write(folders.markerFile(), R"({"version":1,"muted":true,"mode":"silence"})");
    CHECK(folders.load().memory.mode == Mode::Silence);
}

TEST_CASE("what is there and unreadable never opens a microphone, and is said") {
    for (const char* text :
         {"", "{", "\xff", R"({"version":1,"muted":"no"})", R"({"version":"x","muted":false})"}) {
        INFO(text);
        const Folders folders;
        folders.write(folders.stateFile(), text);
        CHECK(folders.load().memory.muted);
        CHECK(folders.load().warning.find("state.json is unreadable") != std::string::npos);
        const Folders others;
        others.write(others.markerFile(), text);
        CHECK(others.load().memory.muted);
        CHECK(others.load().warning.find("marker.json is unreadable") != std::string::npos);
    }
}

TEST_CASE("an unreadable state with a readable one before it: the newest readable counts") {
    const Folders folders;
    folders.write(folders.stateFile(), "half");
    folders.write(folders.state() / "state.json.old", liveText);
    CHECK_FALSE(folders.load().memory.muted);
    CHECK_FALSE(folders.load().warning.empty());
    folders.write(folders.state() / "state.json.old", mutedText);
    CHECK(folders.load().memory.muted);
    folders.write(folders.stateFile(), liveText);
    CHECK_FALSE(folders.load().memory.muted);
}

TEST_CASE("a state that was being replaced when the machine went off is not lost") {
    const Folders folders;
    folders.write(folders.state() / "state.json.old", mutedText);
    CHECK(folders.load().memory.muted);
    folders.write(folders.state() / "state.json.old", liveText);
    CHECK_FALSE(folders.load().memory.muted);
    folders.write(folders.state() / "state.json.old", "half");
    CHECK(folders.load().memory.muted);
}

TEST_CASE("an unreadable marker is muted, whatever the state beside it says, which is not hidden by it") {
    for (const auto& text : {mutedText, liveText}) {
        const Folders folders;
        folders.write(folders.markerFile(), "half");
        folders.write(folders.stateFile(), text);
        CHECK(folders.load().memory.muted);
        CHECK(folders.load().memory.mode == readMemory(text)->mode);
        CHECK(folders.load().warning.find("marker.json is unreadable; muted until you unmute") !=
              std::string::npos);
    }
}

TEST_CASE("a folder, a link or a pipe in the file's place is unreadable, and nothing waits for it") {
    SECTION("folder") {
        const Folders folders;
        fs::create_directories(folders.stateFile());
        CHECK(folders.load().memory.muted);
    }
    SECTION("link") {
        const Folders folders;
        folders.write(folders.root / "elsewhere", liveText);
        fs::create_directories(folders.state());
        fs::create_symlink(folders.root / "elsewhere", folders.stateFile());
        CHECK(folders.load().memory.muted);
    }
    SECTION("pipe") {
        const Folders folders;
        fs::create_directories(folders.state());
        REQUIRE(mkfifo(folders.stateFile().c_str(), 0600) == 0);
        CHECK(folders.load().memory.muted);
    }
    SECTION("a file of gigabytes") {
        const Folders folders;
        folders.write(folders.stateFile(), "{");
        fs::resize_file(folders.stateFile(), std::uintmax_t{1} << 33);
        CHECK(folders.load().memory.muted);
    }
}

TEST_CASE("the marker is written at once, for the owner only, and removed with an empty text") {
    const Folders folders;
    auto store = folders.store();
    CHECK(store.setMarker(mutedText).empty());
    CHECK(folders.read(folders.markerFile()) == mutedText);
    CHECK((fs::status(folders.markerFile()).permissions() & fs::perms::all) == fs::perms(0600));
    CHECK((fs::status(folders.runtime()).permissions() & fs::perms::all) == fs::perms(0700));
    CHECK(store.setMarker("").empty());
    CHECK_FALSE(fs::exists(folders.markerFile()));
    CHECK(store.setMarker("").empty());
}

TEST_CASE("a marker that a run before left is removed by the first empty one") {
    const Folders folders;
    folders.write(folders.markerFile(), mutedText);
    auto store = folders.store();
    CHECK(store.setMarker("").empty());
    CHECK_FALSE(fs::exists(folders.markerFile()));
}

TEST_CASE("a marker that cannot be written is one sentence, and is tried again") {
    const Folders folders;
    folders.write(folders.root / "run", "a file in the way");
    auto store = folders.store();
    const auto error = store.setMarker(mutedText);
    CHECK(error.find("micguard") != std::string::npos);
    CHECK(error.find('\n') == std::string::npos);
    fs::remove(folders.root / "run");
    CHECK(store.setMarker(mutedText).empty());
    CHECK(folders.read(folders.markerFile()) == mutedText);
}

TEST_CASE("the newest state wins, and drain waits for it") {
    const Folders folders;
    auto store = folders.store();
    for (int i = 0; i < 200; i++)
        store.setState("{\"version\":1,\"muted\":false,\"since\":" + std::to_string(i) + "}");
    store.setState(mutedText);
    store.drain();
    CHECK(folders.read(folders.stateFile()) == mutedText);
    CHECK(store.load().memory.muted);
}

TEST_CASE("a state handed over just before the end is written") {
    const Folders folders;
    {
        auto store = folders.store();
        store.setState(mutedText);
    }
    CHECK(folders.read(folders.stateFile()) == mutedText);
}

TEST_CASE("a state that cannot be written is told, and so is the end of it") {
    const Folders folders;
    std::atomic<int> failures = 0, recoveries = 0;
    folders.write(folders.root / "state", "a file in the way");
    Store store(folders.runtime(), folders.state(),
                [&](const std::string& error) { (error.empty() ? recoveries : failures)++; });
    store.setState(mutedText);
    store.drain();
    CHECK(failures == 1);
    fs::remove(folders.root / "state");
    store.setState(mutedText); // the same text: it never arrived
    store.drain();
    CHECK(recoveries == 1);
    CHECK(folders.read(folders.stateFile()) == mutedText);
}

TEST_CASE("a folder in the state file's place is reported, not removed") {
    const Folders folders;
    fs::create_directories(folders.stateFile() / "keep");
    std::atomic<int> failures = 0;
    Store store(folders.runtime(), folders.state(),
                [&](const std::string& error) { failures += error.empty() ? 0 : 1; });
    store.setState(mutedText);
    store.drain();
    const bool kept =
        fs::exists(folders.stateFile() / "keep") || fs::exists(folders.state() / "state.json.old/keep");
    CHECK(kept);
    CHECK((failures == 1 || folders.read(folders.stateFile()) == mutedText));
}

TEST_CASE("a full disk is told and loses neither the mute nor the state before") {
    const Folders folders;
    fs::create_directories(folders.root / "state");
    const auto disk = (folders.root / "state").string();
    if (geteuid() != 0 ||
        mount("micguard-test", disk.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") != 0)
        SKIP("a small disk of its own needs root");
    struct Unmount {
        std::string path;
        ~Unmount() { umount2(path.c_str(), MNT_DETACH); }
    } const unmount{disk};

    std::atomic<int> failures = 0;
    Store store(folders.runtime(), folders.state(),
                [&](const std::string& error) { failures += error.empty() ? 0 : 1; });
    store.setState(mutedText);
    store.drain();
    REQUIRE(failures == 0);
    {
        std::ofstream filler(folders.root / "state/filler", std::ios::binary);
        const std::string block(4096, 'x');
        while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
    }
    for (int again = 0; again < 3; again++) {
        store.setState("{\"version\":1,\"muted\":false,\"since\":" + std::to_string(again) + "}");
        store.drain();
        // Not written: the newest readable one still says muted.
        CHECK(store.load().memory.muted);
    }
    CHECK(failures == 3);
    CHECK(store.setMarker(liveText).empty());
    fs::remove(folders.root / "state/filler");
    store.setState(liveText);
    store.drain();
    CHECK_FALSE(store.load().memory.muted);
}
