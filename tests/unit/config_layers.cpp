// SPDX-License-Identifier: GPL-3.0-or-later
//
// Files on disk: which ones count, in which order, and what is refused before it is parsed.
#include "config/layers.hpp"
#include "config/toml_reader.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace micguard;
namespace fs = std::filesystem;

class Folder {
  public:
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "micguard-config.XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    fs::path operator/(const char* name) const { return path_ / name; }
    LayerFile write(const char* name, std::string_view text, bool mayBeMissing = true) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return {(path_ / name).string(), mayBeMissing};
    }

  private:
    fs::path path_;
};

std::string soleFault(const tl::expected<Settings, Diagnostics>& got) {
    REQUIRE_FALSE(got.has_value());
    REQUIRE(got.error().size() == 1);
    return got.error().front().what;
}

} // namespace

TEST_CASE("no file at all gives the built-in settings") {
    const Folder folder;
    const auto got =
        readSettings({{(folder / "none.toml").string(), true}, {(folder / "no/such.toml").string(), true}});
    REQUIRE(got);
    CHECK(*got == Settings{});
}

TEST_CASE("the user's file wins over the system's, key by key") {
    const Folder folder;
    const auto system =
        folder.write("system.toml", "[mute]\nmode = 'sever'\nled = false\n[sources]\nexempt = ['a', 'b']\n");
    const auto user = folder.write(
        "user.toml", "[mute]\nmode = 'silence'\nbluetooth = 'sever'\n[sources]\nexempt = ['c']\n");

    const auto both = readSettings({system, user});
    REQUIRE(both);
    CHECK(both->mute.mode == Mode::Silence);
    CHECK(both->mute.bluetooth == Mode::Sever);
    CHECK_FALSE(both->mute.led);
    CHECK(both->sources.exempt == std::vector<std::string>{"c"});

    const auto swapped = readSettings({user, system});
    REQUIRE(swapped);
    CHECK(swapped->mute.mode == Mode::Sever);
    CHECK(swapped->sources.exempt == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a fault in either file refuses the whole and names both") {
    const Folder folder;
    const auto system = folder.write("system.toml", "[mute]\nmod = 1\n");
    const auto good = folder.write("good.toml", "[mute]\nmode = 'sever'\n");
    const auto user = folder.write("user.toml", "[sources]\nexempt = 1\n");
    const auto got = readSettings({system, good, user});
    REQUIRE_FALSE(got);
    REQUIRE(got.error().size() == 2);
    CHECK(got.error()[0].file == system.path);
    CHECK(got.error()[0].line == 2);
    CHECK(got.error()[1].file == user.path);
}

TEST_CASE("a file named by the user has to be there") {
    const Folder folder;
    CHECK(soleFault(readSettings({{(folder / "none.toml").string(), false}})).find("No such file") !=
          std::string::npos);
}

TEST_CASE("a configuration that is not a regular file is refused, and a pipe does not hang the reader") {
    const Folder folder;
    CHECK(soleFault(readSettings({{(folder / "").string(), true}})) == "is a directory, not a file");
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    CHECK(soleFault(readSettings({{(folder / "pipe").string(), true}})) == "is a pipe, not a regular file");
    CHECK(soleFault(readSettings({{"/dev/zero", true}})) == "is a device, not a regular file");
}

TEST_CASE("a link to a regular file is followed, a link into nowhere is a missing file") {
    const Folder folder;
    const auto real = folder.write("real.toml", "[mute]\nled = false\n");
    fs::create_symlink(real.path, folder / "link.toml");
    const auto got = readSettings({{(folder / "link.toml").string(), true}});
    REQUIRE(got);
    CHECK_FALSE(got->mute.led);
    fs::create_symlink("/no/such/file", folder / "dangling.toml");
    CHECK(readSettings({{(folder / "dangling.toml").string(), true}}).has_value());
}

TEST_CASE("a configuration of four mebibytes is read, a byte more is refused") {
    const Folder folder;
    constexpr std::size_t mebibytes = 4 * 1048576;
    const std::string start = "[mute]\nmode = 'sever'\n#";
    const auto full = folder.write("full.toml", start + std::string(mebibytes - start.size(), 'x'));
    const auto got = readSettings({full});
    REQUIRE(got);
    CHECK(got->mute.mode == Mode::Sever);
    const auto more = folder.write("more.toml", start + std::string(mebibytes - start.size() + 1, 'x'));
    CHECK(soleFault(readSettings({more})) == "is larger than 4096 KiB");
}

TEST_CASE("an unreadable configuration is a fault, not a missing file") {
    if (::geteuid() == 0)
        SKIP("root reads everything");
    const Folder folder;
    const auto file = folder.write("secret.toml", "[mute]\n");
    REQUIRE(::chmod(file.path.c_str(), 0) == 0);
    CHECK(soleFault(readSettings({file})).find("Permission denied") != std::string::npos);
}

TEST_CASE("a configuration of ten mebibytes is refused without being read to its end") {
    const Folder folder;
    const auto file = folder.write("large.toml", "");
    REQUIRE(::truncate(file.path.c_str(), off_t{10} * 1024 * 1024) == 0);
    CHECK(soleFault(readSettings({file})) == "is larger than 4096 KiB");
}

TEST_CASE("a symbolic link that leads back to itself is refused") {
    const Folder folder;
    fs::create_symlink("b.toml", folder / "a.toml");
    fs::create_symlink("a.toml", folder / "b.toml");
    CHECK(soleFault(readSettings({{(folder / "a.toml").string(), true}})).find("symbolic link") !=
          std::string::npos);
    fs::create_symlink("conf.d", folder / "conf.d");
    CHECK(soleFault(readSettings({{(folder / "conf.d").string(), true, LayerRank::User, true}}))
              .find("symbolic link") != std::string::npos);
}

TEST_CASE("a configuration that others can write to, or replace, is refused") {
    const Folder folder;
    const auto file = folder.write("open.toml", "[mute]\nled = false\n");
    REQUIRE(::chmod(file.path.c_str(), 0646) == 0);
    CHECK(soleFault(readSettings({file})).find("can be written by others") == 0);
    REQUIRE(::chmod(file.path.c_str(), 0664) == 0); // a group of one's own may
    CHECK(readSettings({file}).has_value());

    REQUIRE(::chmod((folder / "").c_str(), 0777) == 0);
    CHECK(soleFault(readSettings({file})).find("is in a folder that can be written by others") == 0);
    REQUIRE(::chmod((folder / "").c_str(), 01777) == 0); // as /tmp: nobody replaces what is another's
    CHECK(readSettings({file}).has_value());
    REQUIRE(::chmod((folder / "").c_str(), 0700) == 0);

    fs::create_directory(folder / "conf.d");
    const LayerFile fragments{(folder / "conf.d").string(), true, LayerRank::User, true};
    CHECK(readSettings({fragments}).has_value());
    REQUIRE(::chmod(fragments.path.c_str(), 0777) == 0);
    CHECK(soleFault(readSettings({fragments})).find("can be written by others") == 0);
}

TEST_CASE("a configuration that belongs to somebody else is refused") {
    if (::geteuid() != 0)
        SKIP("only root gives files away");
    const Folder folder;
    const auto file = folder.write("foreign.toml", "[mute]\nled = false\n");
    REQUIRE(::chown(file.path.c_str(), 12345, 0) == 0);
    CHECK(soleFault(readSettings({file})).find("belongs to user 12345") == 0);
    // Whoever only has a look at a file may look at anybody's.
    CHECK(readLayer(file.path).has_value());
}

TEST_CASE("fragments are read by name, after the file beside their folder") {
    const Folder folder;
    const auto main = folder.write("micguard.toml", "[mute]\nmode = 'sever'\nled = false\n");
    fs::create_directory(folder / "conf.d");
    folder.write("conf.d/b.toml", "[mute]\nbluetooth = 'silence'\n[[rule]]\naction = 'ask'\n");
    folder.write("conf.d/B.toml", "[mute]\nbluetooth = 'sever'\n[[rule]]\naction = 'deny'\n");
    folder.write("conf.d/10.toml", "[mute]\nmode = 'silence'\n");
    folder.write("conf.d/.hidden.toml", "nonsense");
    folder.write("conf.d/b.toml~", "nonsense");
    folder.write("conf.d/README", "nonsense");
    const auto got = load({main, {(folder / "conf.d").string(), true, LayerRank::User, true}});
    INFO(toString(got.errors));
    REQUIRE(got.errors.empty());
    const auto& settings = got.configuration.settings;
    CHECK(settings.mute.mode == Mode::Silence);
    CHECK_FALSE(settings.mute.led);
    CHECK(settings.mute.bluetooth == Mode::Silence); // "B" comes before "b" in the C locale
    REQUIRE(settings.rules.size() == 2);
    CHECK(settings.rules[0].action == Ruling::Deny);
    CHECK(settings.rules[1].origin == Origin{(folder / "conf.d/b.toml").string(), 3});
    CHECK(got.configuration.origins.at("mute.mode") == Origin{(folder / "conf.d/10.toml").string(), 2});
    CHECK(got.configuration.origins.at("mute.led") == Origin{main.path, 3});
    CHECK(got.configuration.origins.count("sources.exempt") == 0);
    CHECK(got.sources.size() == 4);
}

TEST_CASE("what stands where a folder of fragments belongs, or a fragment that is a folder, is refused") {
    const Folder folder;
    folder.write("conf.d", "");
    CHECK(soleFault(readSettings({{(folder / "conf.d").string(), true, LayerRank::User, true}})) ==
          "is a file, not a folder");
    fs::create_directories(folder / "other/x.toml");
    CHECK(soleFault(readSettings({{(folder / "other").string(), true, LayerRank::User, true}})) ==
          "is a directory, not a file");
    fs::create_directory(folder / "many");
    for (int i = 0; i <= 256; ++i)
        folder.write(("many/" + std::to_string(i) + ".toml").c_str(), "");
    CHECK(soleFault(readSettings({{(folder / "many").string(), true, LayerRank::User, true}}))
              .find("more than 256") != std::string::npos);
}

TEST_CASE("a look ahead reads a file as it will be, also where there is none yet") {
    const Folder folder;
    fs::create_directory(folder / "conf.d");
    folder.write("conf.d/50.toml", "[mute]\nmode = 'sever'\n");
    const std::vector<LayerFile> files = {{(folder / "conf.d").string(), true, LayerRank::User, true}};
    const auto with = [&](const char* name) {
        return load(files,
                    Replacement{(folder / "conf.d").string() + "/" + name, "[mute]\nmode = 'silence'\n"})
            .configuration.settings.mute.mode;
    };
    CHECK(with("90.toml") == Mode::Silence);
    CHECK(with("50.toml") == Mode::Silence);
    CHECK(with("10.toml") == Mode::Sever); // the later one wins
    const auto other = load({{(folder / "none/conf.d").string(), true, LayerRank::User, true}},
                            Replacement{(folder / "none/conf.d/90.toml").string(), "[mute]\nled = false\n"});
    CHECK(other.errors.empty());
    CHECK_FALSE(other.configuration.settings.mute.led);
}

TEST_CASE("the files in force, weakest first") {
    const auto paths = [](const std::vector<LayerFile>& files) {
        std::vector<std::string> names;
        for (const auto& file : files) {
            CHECK(file.mayBeMissing);
            CHECK(file.folder == file.path.ends_with("/conf.d"));
            names.push_back(std::string(toString(file.rank)) + " " + file.path);
        }
        return names;
    };
    using Names = std::vector<std::string>;
    CHECK(paths(settingsFiles({"/usr/share", "/etc", "/x", "/home/me"})) ==
          Names{"vendor /usr/share/micguard/micguard.toml", "system /etc/micguard/micguard.toml",
                "system /etc/micguard/conf.d", "user /x/micguard/micguard.toml", "user /x/micguard/conf.d"});
    CHECK(paths(settingsFiles({"/usr/share", "/etc", "", "/home/me"})).back() ==
          "user /home/me/.config/micguard/conf.d");
    // A relative XDG_CONFIG_HOME would make the settings depend on where the daemon was started.
    CHECK(paths(settingsFiles({"/usr/share", "/etc", "conf", "/home/me"})).back() ==
          "user /home/me/.config/micguard/conf.d");
    CHECK(paths(settingsFiles({"/usr/share", "/etc", "", ""})).back() == "system /etc/micguard/conf.d");
}

TEST_CASE("a file's place tells whose word it is") {
    const ConfigFolders folders{"/usr/share", "/etc", "/x", "/home/me"};
    CHECK(rankOf("/usr/share/micguard/micguard.toml", folders) == LayerRank::Vendor);
    CHECK(rankOf("/etc/micguard/conf.d/10.toml", folders) == LayerRank::System);
    CHECK(rankOf("/x/micguard/conf.d/10.toml", folders) == LayerRank::User);
    CHECK(rankOf("/x/micguard.toml", folders) == LayerRank::System);
    CHECK(rankOf("/srv/for-all-machines.toml", folders) == LayerRank::System);
}
