// SPDX-License-Identifier: GPL-3.0-or-later
//
// The links by which PipeWire is told of strict admission: made, removed, and nobody else's file touched.
#include "daemon/state/admission_links.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <unistd.h>

using namespace micguard;
namespace fs = std::filesystem;

namespace {

struct Home {
    Home() {
        std::string name = (fs::temp_directory_path() / "micguard-links-XXXXXX").string();
        path = mkdtemp(name.data());
        variables["HOME"] = (path / "home").string();
        variables["XDG_DATA_DIRS"] = (path / "share").string();
        install("micguard/admission.conf");
        install("micguard/wireplumber-admission.conf");
        install("micguard/wireplumber-bluetooth-admission.conf");
    }
    ~Home() { fs::remove_all(path); }
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;

    void install(const std::string& name) const { write(path / "share" / name); }
    static void write(const fs::path& file) {
        fs::create_directories(file.parent_path());
        std::ofstream(file) << "# a file\n";
    }
    std::vector<AdmissionLink> links() const {
        return admissionLinks(
            [this](const char* name) {
                const auto it = variables.find(name);
                return it == variables.end() ? std::string() : it->second;
            },
            (path / "prefix/share").string());
    }
    fs::path link(const std::string& whose) const {
        return path / "home/.config" / whose / (whose + ".conf.d") / "90-micguard-admission.conf";
    }

    fs::path path;
    std::map<std::string, std::string> variables;
};

} // namespace

TEST_CASE("links for admission lead to the package's files and go again") {
    const Home home;
    REQUIRE(makeAdmissionLinks(home.links()) == "");
    CHECK(fs::read_symlink(home.link("pipewire")) == home.path / "share/micguard/admission.conf");
    // This session manager lets nobody in by itself.
    CHECK_FALSE(fs::exists(fs::symlink_status(home.link("wireplumber"))));
    CHECK(makeAdmissionLinks(home.links()) == "");
    CHECK(removeAdmissionLinks(home.links()) == "");
    CHECK_FALSE(fs::exists(fs::symlink_status(home.link("pipewire"))));
    CHECK(removeAdmissionLinks(home.links()) == "");
}

TEST_CASE("a session manager that would let everybody in is told not to") {
    const Home home;
    home.install("wireplumber/scripts/client/select-access.lua");
    REQUIRE(makeAdmissionLinks(home.links()) == "");
    CHECK(fs::read_symlink(home.link("wireplumber")) ==
          home.path / "share/micguard/wireplumber-admission.conf");
    // An older one took its place.
    fs::remove(home.path / "share/wireplumber/scripts/client/select-access.lua");
    REQUIRE(makeAdmissionLinks(home.links()) == "");
    CHECK_FALSE(fs::exists(fs::symlink_status(home.link("wireplumber"))));
    CHECK(fs::exists(home.link("pipewire")));
}

TEST_CASE("a session manager that makes microphones in its own process is told to make them silent") {
    const Home home;
    const fs::path link = home.link("wireplumber").parent_path() / "90-micguard-bluetooth-admission.conf";
    REQUIRE(makeAdmissionLinks(home.links()) == "");
    CHECK_FALSE(fs::exists(fs::symlink_status(link)));
    home.install("wireplumber/scripts/monitors/bluez.lua");
    REQUIRE(makeAdmissionLinks(home.links()) == "");
    CHECK(fs::read_symlink(link) == home.path / "share/micguard/wireplumber-bluetooth-admission.conf");
    CHECK_FALSE(fs::exists(fs::symlink_status(home.link("wireplumber"))));
    CHECK(removeAdmissionLinks(home.links()) == "");
    CHECK_FALSE(fs::exists(fs::symlink_status(link)));
}

TEST_CASE("links follow where PipeWire is told to look") {
    Home home;
    home.variables["PIPEWIRE_CONFIG_DIR"] = (home.path / "elsewhere").string();
    REQUIRE(makeAdmissionLinks(home.links()) == "");
    CHECK(fs::is_symlink(home.path / "elsewhere/pipewire.conf.d/90-micguard-admission.conf"));
    home.variables.erase("PIPEWIRE_CONFIG_DIR");
    home.variables["XDG_CONFIG_HOME"] = (home.path / "config").string();
    REQUIRE(makeAdmissionLinks(home.links()) == "");
    CHECK(fs::is_symlink(home.path / "config/pipewire/pipewire.conf.d/90-micguard-admission.conf"));
}

TEST_CASE("admission without the package's file is refused") {
    const Home home;
    fs::remove(home.path / "share/micguard/admission.conf");
    CHECK(makeAdmissionLinks(home.links()) ==
          (home.path / "prefix/share/micguard/admission.conf").string() + " is not installed");
    CHECK_FALSE(fs::exists(fs::symlink_status(home.link("pipewire"))));
}

TEST_CASE("somebody else's file in the place of the link stays") {
    const Home home;
    Home::write(home.link("pipewire"));
    CHECK(makeAdmissionLinks(home.links()) == home.link("pipewire").string() + " is in the way");
    CHECK(removeAdmissionLinks(home.links()) == "");
    CHECK(fs::is_regular_file(fs::symlink_status(home.link("pipewire"))));
    fs::remove(home.link("pipewire"));
    fs::create_symlink("/dev/null", home.link("pipewire"));
    CHECK(makeAdmissionLinks(home.links()) == home.link("pipewire").string() + " is in the way");
    CHECK(removeAdmissionLinks(home.links()) == "");
    CHECK(fs::is_symlink(home.link("pipewire")));
}

TEST_CASE("a link that leads to a package that is gone is renewed and removed") {
    const Home home;
    fs::create_directories(home.link("pipewire").parent_path());
    fs::create_symlink("/gone/micguard/admission.conf", home.link("pipewire"));
    REQUIRE(makeAdmissionLinks(home.links()) == "");
    CHECK(fs::read_symlink(home.link("pipewire")) == home.path / "share/micguard/admission.conf");
    fs::remove(home.link("pipewire"));
    fs::create_symlink("/gone/micguard/admission.conf", home.link("pipewire"));
    CHECK(removeAdmissionLinks(home.links()) == "");
    CHECK_FALSE(fs::exists(fs::symlink_status(home.link("pipewire"))));
}
