// SPDX-License-Identifier: GPL-3.0-or-later
//
// Desktop files as they lie in folders, and what changes when one is installed.
#include "daemon/desktop/desktop_watch.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
namespace fs = std::filesystem;

namespace {

void install(const fs::path& folder, const std::string& id, const std::string& text) {
    std::ofstream(folder / "applications" / (id + ".desktop")) << "[Desktop Entry]\nType=Application\n"
                                                               << text;
}

// GLib looks at the environment once, and keeps what it has read until it notices a change: one home for all
// cases, furnished before anybody looks.
class Home {
  public:
    Home() {
        std::string pattern = (fs::temp_directory_path() / "micguard-desktop.XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
        const fs::path own = folder / "own", shared = folder / "shared";
        for (const auto& data : {own, shared})
            fs::create_directories(data / "applications");
        setenv("XDG_DATA_HOME", own.c_str(), 1);
        setenv("XDG_DATA_DIRS", shared.c_str(), 1);
        const fs::path program = folder / "call", link = folder / "launcher";
        std::ofstream(program) << "#!/bin/sh\n";
        chmod(program.c_str(), 0755);
        fs::create_symlink(program, link);
        install(own, "org.call",
                "Name=Call\nIcon=call-icon\nStartupWMClass=callwindow\nExec=" + link.string() + " %u\n");
        install(own, "org.boxed", "Name=Boxed\nX-Flatpak=org.boxed\nExec=/bin/true\n");
        install(own, "snapped", "Name=Snapped\nX-SnapInstanceName=snapped\nExec=/bin/true\n");
        install(own, "script", "Name=Script\nExec=/bin/sh -c \"whatever\"\n");
        install(shared, "open", "Name=Open\nExec=/bin/true\n");
        chmod((shared / "applications").c_str(), 0777);
    }
    ~Home() {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;

    fs::path folder;
};

const fs::path& home() {
    static const Home made;
    return made.folder;
}

const DesktopEntry* find(const std::vector<DesktopEntry>& entries, const std::string& id) {
    const auto it =
        std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.id == id; });
    return it == entries.end() ? nullptr : &*it;
}

} // namespace

TEST_CASE("an entry says what it is called, what it starts and whose sandbox it is") {
    const auto call = fs::canonical(home() / "call").string();
    const auto entries = readDesktopEntries();
    const auto* found = find(entries, "org.call");
    REQUIRE(found);
    CHECK(found->name == "Call");
    CHECK(found->icon == "call-icon");
    CHECK(found->executable == call); // behind the link
    CHECK(found->wmClass == "callwindow");
    REQUIRE(find(entries, "org.boxed"));
    CHECK(find(entries, "org.boxed")->flatpak == "org.boxed");
    REQUIRE(find(entries, "snapped"));
    CHECK(find(entries, "snapped")->snap == "snapped");
    REQUIRE(find(entries, "script"));
    CHECK(find(entries, "script")->executable.empty()); // a shell is nobody's
}

TEST_CASE("a folder that others may write is not the system's") {
    home();
    const auto entries = readDesktopEntries();
    REQUIRE(find(entries, "open"));
    CHECK_FALSE(find(entries, "open")->system);
}

TEST_CASE("what is installed later is told") {
    home();
    std::vector<DesktopEntry> told;
    DesktopWatch watch([&](std::vector<DesktopEntry> entries) { told = std::move(entries); });
    watch.start();
    REQUIRE(find(told, "later") == nullptr);
    install(home() / "own", "later", "Name=Later\nExec=/bin/true\n");
    bool late = false;
    const guint timer = g_timeout_add_seconds(
        20,
        [](gpointer data) -> gboolean {
            *static_cast<bool*>(data) = true;
            return G_SOURCE_CONTINUE;
        },
        &late);
    while (!late && !find(told, "later"))
        g_main_context_iteration(nullptr, TRUE);
    g_source_remove(timer);
    CHECK(find(told, "later"));
}
