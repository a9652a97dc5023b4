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

TEST_CASE("a configuration of a mebibyte is read, a byte more is refused") {
    const Folder folder;
    constexpr std::size_t mebibyte = 1048576;
    const std::string start = "[mute]\nmode = 'sever'\n#";
    const auto full = folder.write("full.toml", start + std::string(mebibyte - start.size(), 'x'));
    const auto got = readSettings({full});
    REQUIRE(got);
    CHECK(got->mute.mode == Mode::Sever);
    const auto more = folder.write("more.toml", start + std::string(mebibyte - start.size() + 1, 'x'));
    CHECK(soleFault(readSettings({more})) == "is larger than 1024 KiB");
}

TEST_CASE("an unreadable configuration is a fault, not a missing file") {
    if (::geteuid() == 0)
        SKIP("root reads everything");
    const Folder folder;
    const auto file = folder.write("secret.toml", "[mute]\n");
    REQUIRE(::chmod(file.path.c_str(), 0) == 0);
    CHECK(soleFault(readSettings({file})).find("Permission denied") != std::string::npos);
}

TEST_CASE("the files in force, weakest first") {
    const auto paths = [](const std::vector<LayerFile>& files) {
        std::vector<std::string> names;
        for (const auto& file : files) {
            CHECK(file.mayBeMissing);
            names.push_back(file.path);
        }
        return names;
    };
    using Names = std::vector<std::string>;
    CHECK(paths(settingsFiles("/etc", "/x", "/home/me")) ==
          Names{"/etc/micguard/micguard.toml", "/x/micguard/micguard.toml"});
    CHECK(paths(settingsFiles("/etc", "", "/home/me")) ==
          Names{"/etc/micguard/micguard.toml", "/home/me/.config/micguard/micguard.toml"});
    // A relative XDG_CONFIG_HOME would make the settings depend on where the daemon was started.
    CHECK(paths(settingsFiles("/etc", "conf", "/home/me")).back() ==
          "/home/me/.config/micguard/micguard.toml");
    CHECK(paths(settingsFiles("/etc", "", "")) == Names{"/etc/micguard/micguard.toml"});
}
