// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/clock/clock.hpp"

#include <glib-unix.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

namespace micguard {
namespace {

std::uint64_t realTime() {
    return static_cast<std::uint64_t>(g_get_real_time());
}

bool zoneIsInEnvironment() {
    const char* zone = std::getenv("TZ");
    return zone && *zone;
}

} // namespace

Clock::Clock(std::function<void(const LocalTime&)> woken, std::string zoneFile)
    : woken_(std::move(woken))
    , zoneFile_(std::move(zoneFile))
    , timer_(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)) {
    if (timer_ < 0)
        throw std::runtime_error(std::string("no timer on the clock: ") + g_strerror(errno));
    loadZone();
    source_ = g_unix_fd_add(
        timer_, G_IO_IN,
        [](gint, GIOCondition, gpointer self) -> gboolean {
            static_cast<Clock*>(self)->fired();
            return G_SOURCE_CONTINUE;
        },
        this);
    if (zoneIsInEnvironment())
        return;
    GFile* file = g_file_new_for_path(zoneFile_.c_str());
    GError* error = nullptr;
    // The name, not what it points to: another zone is another link in its place.
    zoneWatch_ = g_file_monitor_file(file, G_FILE_MONITOR_WATCH_MOVES, nullptr, &error);
    g_object_unref(file);
    if (!zoneWatch_) {
        g_warning("cannot watch %s for another time zone: %s", zoneFile_.c_str(), error->message);
        g_error_free(error);
        return;
    }
    constexpr auto changed = +[](GFileMonitor*, GFile*, GFile*, GFileMonitorEvent, gpointer self) noexcept {
        static_cast<Clock*>(self)->zoneChanged();
    };
    g_signal_connect(zoneWatch_, "changed", G_CALLBACK(changed), this);
}

Clock::~Clock() {
    if (zoneWatch_) {
        g_signal_handlers_disconnect_by_data(zoneWatch_, this);
        g_file_monitor_cancel(zoneWatch_);
        g_object_unref(zoneWatch_);
    }
    g_source_remove(source_);
    close(timer_);
}

void Clock::setBoundaries(std::set<unsigned> minutes, std::set<std::uint64_t> untils) {
    minutes_ = std::move(minutes);
    untils_ = std::move(untils);
    arm();
}

LocalTime Clock::now() const {
    return localTime(realTime(), zone_.get());
}

void Clock::arm() {
    for (;;) {
        const std::uint64_t now = realTime();
        itimerspec when{};
        if (!minutes_.empty() || !untils_.empty()) {
            // With nothing ahead there still is something to be woken for: a clock set back brings an end
            // back.
            constexpr std::uint64_t never = std::uint64_t{1} << 62;
            const std::uint64_t next = nextBoundary(now, zone_.get(), minutes_, untils_).value_or(never);
            when.it_value.tv_sec = static_cast<time_t>(next / 1'000'000);
            when.it_value.tv_nsec = static_cast<long>(next % 1'000'000) * 1000;
        }
        // Absolute: time asleep counts. Cancelled, and so readable, when the clock is set.
        if (timerfd_settime(timer_, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr) < 0 &&
            errno != ECANCELED)
            g_warning("cannot set the timer on the clock: %s", g_strerror(errno));
        // Set back between the two, nobody would have told us.
        if (realTime() >= now)
            return;
    }
}

// Whatever it was that woke us, the clock is looked at anew.
void Clock::fired() noexcept {
    std::uint64_t expirations = 0;
    if (read(timer_, &expirations, sizeof expirations) < 0 && errno != ECANCELED)
        return;
    arm();
    woken_(now());
}

void Clock::loadZone() {
    // GLib remembers zones by name as long as anybody has them: this name stands for another zone now.
    zone_.reset();
    if (zoneIsInEnvironment())
        zone_.reset(g_time_zone_new_local());
    else
        zone_.reset(g_time_zone_new_identifier(zoneFile_.c_str()));
    if (!zone_)
        zone_.reset(g_time_zone_new_utc()); // as the C library has it where there is no such file
}

void Clock::zoneChanged() noexcept {
    loadZone();
    arm();
    woken_(now());
}

} // namespace micguard
