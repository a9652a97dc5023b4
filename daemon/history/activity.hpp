// SPDX-License-Identifier: GPL-3.0-or-later
//
// What applications do while the system holds the mute, or they have muted themselves: one View after the other made
// into records for the report. Pure; of one thread.
#pragma once

#include "daemon/history/record.hpp"
#include "daemon/model/view.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace micguard::history {

class ActivityWatch {
  public:
    // What has begun and ended, appended. `newKey`: one that nothing has had.
    void follow(const View& view, Moment now, const std::function<Key()>& newKey,
                std::vector<Record>& records);
    void endAll(Moment now, std::vector<Record>& records);
    void forget() { applications_.clear(); }

    // Whoever changes more often within one mute is written down as asking from then on, until it is over.
    static constexpr unsigned mostChanges = 4000;
    static constexpr std::size_t mostRemembered = 1000;

  private:
    struct Open {
        ActivityBegan last;
        bool open = false;
        unsigned changes = 0;
    };

    static bool staysAsItIs(const Open& application, const ActivityBegan& now);

    std::map<std::uint64_t, Open> applications_; // by ApplicationView::key
    Moment mutedSince_ = 0;
};

} // namespace micguard::history
