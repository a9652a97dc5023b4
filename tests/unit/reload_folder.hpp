// SPDX-License-Identifier: GPL-3.0-or-later
//
// A folder that is gone afterwards, and the main loop until something has come.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

#include <glib.h>

#include <catch2/catch_test_macros.hpp>

namespace micguard::test {

namespace fs = std::filesystem;

class TestFolder {
  public:
    TestFolder() {
        std::string pattern = (fs::canonical(fs::temp_directory_path()) / "micguard-reload.XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~TestFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;

    std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    std::string path() const { return path_.string(); }
    void write(const std::string& name, std::string_view text) const {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << text;
    }
    // As editors do it.
    void replace(const std::string& name, std::string_view text) const {
        write(name + "~new", text);
        fs::rename(path_ / (name + "~new"), path_ / name);
    }

  private:
    fs::path path_;
};

// Runs the main loop until `done`; false after `patienceMs`.
inline bool runUntil(const std::function<bool()>& done, guint patienceMs = 10'000) {
    bool late = false;
    const guint timer = g_timeout_add(
        patienceMs,
        [](gpointer flag) -> gboolean {
            *static_cast<bool*>(flag) = true;
            return G_SOURCE_CONTINUE;
        },
        &late);
    while (!done() && !late)
        g_main_context_iteration(nullptr, TRUE);
    g_source_remove(timer);
    return done();
}

} // namespace micguard::test
