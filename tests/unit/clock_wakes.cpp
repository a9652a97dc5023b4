// SPDX-License-Identifier: GPL-3.0-or-later
//
// The clock on a real main loop: it wakes when something passes and when the zone becomes another one. That
// the clock is set cannot be tried without setting it; it takes the same way as the timer.
#include "daemon/clock/clock.hpp"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

constexpr unsigned patience = 10; // seconds; only a failure takes as long

// Runs the default context until `done` or the end of patience; true if done.
bool until(const std::function<bool()>& done) {
    bool over = false;
    const guint timer = g_timeout_add_seconds(
        patience,
        [](gpointer flag) -> gboolean {
            *static_cast<bool*>(flag) = true;
            return G_SOURCE_REMOVE;
        },
        &over);
    while (!done() && !over)
        g_main_context_iteration(nullptr, TRUE);
    if (!over)
        g_source_remove(timer);
    return !over;
}

std::uint64_t realTime() {
    return static_cast<std::uint64_t>(g_get_real_time());
}

// A folder with a `localtime` that is a link, as systemd has it.
struct ZoneFolder {
    ZoneFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "micguard-clock-XXXXXX").string();
        folder = mkdtemp(name.data());
        choose("Asia/Kathmandu");
    }
    ~ZoneFolder() { std::filesystem::remove_all(folder); }
    std::string file() const { return folder / "localtime"; }
    void choose(const std::string& zone) const {
        std::filesystem::create_symlink("/usr/share/zoneinfo/" + zone, folder / "next");
        std::filesystem::rename(folder / "next", folder / "localtime");
    }
    std::filesystem::path folder;
};

} // namespace

TEST_CASE("the clock wakes once an end has passed, not before and only once") {
    std::vector<LocalTime> woken;
    Clock clock([&](const LocalTime& time) { woken.push_back(time); });
    const auto end = realTime() + 60'000, later = end + 60'000;
    clock.setBoundaries({}, {end, later});
    REQUIRE(until([&] { return woken.size() == 2; }));
    CHECK(woken[0].now >= end);
    CHECK(woken[1].now >= later);
    // Nothing is left to wake for.
    bool over = false;
    g_timeout_add(
        100,
        [](gpointer flag) -> gboolean {
            *static_cast<bool*>(flag) = true;
            return G_SOURCE_REMOVE;
        },
        &over);
    REQUIRE(until([&] { return over; }));
    CHECK(woken.size() == 2);
}

TEST_CASE("whoever is woken may set other boundaries") {
    std::vector<LocalTime> woken;
    std::optional<Clock> clock;
    const auto second = realTime() + 120'000;
    clock.emplace([&](const LocalTime& time) {
        woken.push_back(time);
        if (woken.size() == 1)
            clock->setBoundaries({}, {second});
    });
    clock->setBoundaries({}, {realTime() + 30'000});
    REQUIRE(until([&] { return woken.size() == 2; }));
    CHECK(woken[1].now >= second);
}

TEST_CASE("boundaries that are taken back wake nobody") {
    int woken = 0, others = 0;
    Clock clock([&](const LocalTime&) { woken++; });
    Clock other([&](const LocalTime&) { others++; });
    const auto end = realTime() + 30'000;
    clock.setBoundaries({}, {end});
    clock.setBoundaries({}, {});
    other.setBoundaries({}, {end + 50'000});
    REQUIRE(until([&] { return others == 1; }));
    CHECK(woken == 0);
}

TEST_CASE("another time zone is another time of day, at once") {
    unsetenv("TZ");
    const ZoneFolder zone;
    std::vector<LocalTime> woken;
    Clock clock([&](const LocalTime& time) { woken.push_back(time); }, zone.file());
    const auto minuteOfDay = [](std::uint64_t now, unsigned offset) {
        return static_cast<unsigned>((now / 60'000'000 + offset) % 1440);
    };
    const auto before = clock.now();
    CHECK(before.minute == minuteOfDay(before.now, 5 * 60 + 45));
    zone.choose("Asia/Tokyo");
    REQUIRE(until(
        [&] { return !woken.empty() && woken.back().minute == minuteOfDay(woken.back().now, 9 * 60); }));
    zone.choose("Asia/Kathmandu");
    REQUIRE(until([&] { return woken.back().minute == minuteOfDay(woken.back().now, 5 * 60 + 45); }));
}

TEST_CASE("without a zone the clock shows UTC") {
    unsetenv("TZ");
    const Clock clock([](const LocalTime&) {}, "/nonexistent/localtime");
    const auto time = clock.now();
    CHECK(time.minute == time.now / 60'000'000 % 1440);
}
