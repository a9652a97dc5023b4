// SPDX-License-Identifier: GPL-3.0-or-later
//
// Records and entries for tests of the history, and a file to keep them in.
#pragma once

#include "daemon/history/store.hpp"
#include "tests/unit/reload_folder.hpp"

#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace micguard::history::test {

using micguard::test::runUntil;
using micguard::test::TestFolder;
namespace fs = std::filesystem;

constexpr Moment second = 1'000'000;
constexpr Moment hour = 3600 * second;
constexpr Moment day = 24 * hour;
constexpr Moment noon = 1'790'000'000 * second; // of some day in 2026

inline Who who(const std::string& app) {
    return {app, "The " + app, "kernel"};
}

inline SessionBegan session(std::uint64_t key, Moment at, const std::string& app,
                            const std::string& source = "mic") {
    return {Key{key}, at, who(app), source, false};
}

inline std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline Store opened(const std::string& path, const Before& before = {}, Moment now = noon) {
    auto store = Store::open(path, before, now);
    if (!store)
        FAIL("cannot open " << path << ": " << store.error().text);
    return std::move(*store);
}

inline void write(Store& store, const std::vector<Record>& records) {
    const auto written = store.write(records);
    if (!written)
        FAIL(written.error().text);
}

inline std::vector<Entry> entries(Store& store, const Filter& filter = {}) {
    auto found = store.entries(filter);
    if (!found)
        FAIL(found.error().text);
    return std::move(*found);
}

} // namespace micguard::history::test
