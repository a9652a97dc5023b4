// SPDX-License-Identifier: GPL-3.0-or-later
//
// Wakes when the machine's clock passes a time that rules name, however it comes to pass: by itself, because
// daylight saving begins or ends, because somebody sets the clock or chooses another zone, or while the
// machine slept. Nothing is polled.
#pragma once

#include "daemon/clock/boundary.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>

#include <gio/gio.h>

namespace micguard {

// On the default main context, whose thread is the only one that may use it.
class Clock {
  public:
    // `woken` is called from the main context with the time that it is then; also when nothing has passed but
    // the clock or the zone was changed. It may set boundaries, and may not destroy the clock. `zoneFile` is
    // what says which zone it is; where $TZ is set that says so, and for good. Throws std::runtime_error if
    // there is no timer to be had.
    explicit Clock(std::function<void(const LocalTime&)> woken, std::string zoneFile = "/etc/localtime");
    ~Clock();
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;

    // As nextBoundary() has them. Both empty: sleeps until others are set.
    void setBoundaries(std::set<unsigned> minutes, std::set<std::uint64_t> untils);

    LocalTime now() const;

  private:
    struct ZoneEnd {
        void operator()(GTimeZone* zone) const { g_time_zone_unref(zone); }
    };

    void arm();
    void fired() noexcept;
    void loadZone();
    void zoneChanged() noexcept;

    std::function<void(const LocalTime&)> woken_;
    std::string zoneFile_;
    std::set<unsigned> minutes_;
    std::set<std::uint64_t> untils_;
    std::unique_ptr<GTimeZone, ZoneEnd> zone_;
    GFileMonitor* zoneWatch_ = nullptr;
    int timer_ = -1;
    guint source_ = 0;
};

} // namespace micguard
