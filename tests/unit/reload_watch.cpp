// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is noticed of changes to the configuration's files: with real folders, and the main loop for as long
// as it takes.
#include "daemon/reload/config_watch.hpp"
#include "tests/unit/reload_folder.hpp"

using namespace micguard;
using namespace micguard::test;

namespace {

// A watch as the daemon has it: looks anew at each change.
struct Watched {
    explicit Watched(std::vector<LayerFile> watchedFiles)
        : files(std::move(watchedFiles)) {
        CHECK(watch.watch(files).empty());
    }
    bool sees(const std::function<void()>& change) {
        const int before = changes;
        change();
        return runUntil([&] { return changes > before; });
    }
    // Nothing by the time that something else is seen for certain.
    bool ignores(const std::function<void()>& change, const std::function<void()>& certain) {
        changes = 0;
        change();
        const bool early = runUntil([&] { return changes > 0; }, 4 * ConfigWatch::quietMs);
        return !early && sees(certain);
    }

    std::vector<LayerFile> files;
    int changes = 0;
    ConfigWatch watch{[this] {
        ++changes;
        CHECK(watch.watch(files).empty());
    }};
};

std::vector<LayerFile> filesIn(const TestFolder& folder) {
    return settingsFiles({folder / "share", folder / "etc", folder / "home/.config", ""});
}

} // namespace

TEST_CASE("a file that is written, replaced, removed and made again is noticed each time") {
    const TestFolder folder;
    folder.write("home/.config/micguard/micguard.toml", "");
    Watched watched(filesIn(folder));
    const std::string name = "home/.config/micguard/micguard.toml";
    CHECK(watched.sees([&] { folder.write(name, "in place"); }));
    CHECK(watched.sees([&] { folder.replace(name, "renamed over"); }));
    CHECK(watched.sees([&] { folder.replace(name, "and again: the watch did not stay with the old file"); }));
    CHECK(watched.sees([&] { fs::remove(folder / name); }));
    CHECK(watched.sees([&] { folder.write(name, ""); }));
    CHECK(watched.sees([&] { fs::permissions(folder / name, fs::perms::owner_all); }));
}

TEST_CASE("folders that come later, go and come again are noticed, and what is in them") {
    const TestFolder folder;
    fs::create_directories(folder / "home");
    Watched watched(filesIn(folder));
    const std::string fragment = "home/.config/micguard/conf.d/10.toml";
    CHECK(watched.sees([&] { folder.write(fragment, ""); }));
    // Whatever was made in the same instant: from now on the innermost folder is watched.
    runUntil([] { return false; }, 3 * ConfigWatch::quietMs);
    CHECK(watched.sees([&] { folder.replace(fragment, "x"); }));
    CHECK(watched.sees([&] { folder.write("home/.config/micguard/conf.d/20.toml", ""); }));
    CHECK(watched.sees([&] { fs::remove_all(folder / "home/.config/micguard"); }));
    CHECK(watched.sees([&] { folder.write("home/.config/micguard/micguard.toml", ""); }));
    CHECK(watched.sees([&] { folder.write("etc/micguard/micguard.toml", ""); }));
    CHECK(watched.sees([&] { fs::rename(folder / "home/.config/micguard", folder / "home/.config/away"); }));
}

TEST_CASE("a folder that is replaced by another of the same name goes on being watched") {
    const TestFolder folder;
    folder.write("home/.config/micguard/conf.d/10.toml", "");
    folder.write("other/10.toml", "");
    Watched watched(filesIn(folder));
    CHECK(watched.sees([&] {
        fs::remove_all(folder / "home/.config/micguard/conf.d");
        fs::rename(folder / "other", folder / "home/.config/micguard/conf.d");
    }));
    runUntil([] { return false; }, 3 * ConfigWatch::quietMs);
    CHECK(watched.sees([&] { folder.replace("home/.config/micguard/conf.d/10.toml", "x"); }));
}

TEST_CASE("what a symbolic link leads to is watched as well") {
    const TestFolder folder;
    folder.write("dotfiles/micguard.toml", "");
    folder.write("dotfiles/conf/10.toml", "");
    fs::create_directories(folder / "home/.config/micguard");
    fs::create_symlink(folder / "dotfiles/micguard.toml", folder / "home/.config/micguard/micguard.toml");
    fs::create_directory_symlink(folder / "dotfiles/conf", folder / "home/.config/micguard/conf.d");
    Watched watched(filesIn(folder));
    CHECK(watched.sees([&] { folder.replace("dotfiles/micguard.toml", "x"); }));
    CHECK(watched.sees([&] { folder.write("dotfiles/conf/10.toml", "x"); }));
}

TEST_CASE("what others do in the folders above is nobody's business here") {
    const TestFolder folder;
    folder.write("home/.config/micguard/micguard.toml", "");
    fs::create_directories(folder / "etc");
    Watched watched(filesIn(folder));
    CHECK(watched.ignores(
        [&] {
            folder.write("home/.config/other.toml", "");
            folder.write("etc/resolv.conf", "");
            folder.write("home/.config/micguard/notes.txt", "");
        },
        [&] { folder.write("home/.config/micguard/micguard.toml", "x"); }));
}

TEST_CASE("a hundred events close together are one change") {
    const TestFolder folder;
    folder.write("home/.config/micguard/conf.d/0.toml", "");
    Watched watched(filesIn(folder));
    for (int i = 0; i < 100; ++i)
        folder.write("home/.config/micguard/conf.d/" + std::to_string(i) + ".toml", "x");
    CHECK(runUntil([&] { return watched.changes > 0; }));
    runUntil([] { return false; }, 3 * ConfigWatch::quietMs);
    CHECK(watched.changes <= 3);
}

TEST_CASE("changes without an end are told all the same") {
    const TestFolder folder;
    folder.write("home/.config/micguard/micguard.toml", "");
    Watched watched(filesIn(folder));
    int written = 0;
    CHECK(runUntil([&] {
        folder.replace("home/.config/micguard/micguard.toml", std::to_string(++written));
        return watched.changes > 0;
    }));
}

TEST_CASE("of a folder that is not there, the nearest that is there is watched") {
    const TestFolder folder;
    fs::create_directories(folder / "home");
    const auto watched =
        watchedNames({{folder / "home/.config/micguard/conf.d", true, LayerRank::User, true}});
    CHECK(watched == WatchedNames{{folder / "home", {".config"}}, {folder.path(), {"home"}}});
}
