// SPDX-License-Identifier: GPL-3.0-or-later
//
// Follows the Views and says what began and what ended between one and the next. Pure: it reads no clock and writes nothing.
#pragma once

#include "daemon/history/activity.hpp"
#include "daemon/history/record.hpp"
#include "daemon/model/view.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace micguard::history {

class Chronicle {
  public:
    // What is different from the View before, in the order: what ended, what began.
    std::vector<Record> follow(const View& view, Moment now);

    // The end of everything but a global mute, which outlasts the guard (the next one goes on with it).
    std::vector<Record> endAll(Moment now);

    // What was told before was lost: the next View is told as if it were the first.
    void forget();

  private:
    // A level meter is a session of its own: who has both is shown to have both.
    struct Listening {
        std::uint64_t application = 0, source = 0;
        bool levelMeter = false;
        auto operator<=>(const Listening&) const = default;
    };

    void followMute(const GuardView& guard, Moment now, std::vector<Record>& records);
    void followSessions(const View& view, Moment now, std::vector<Record>& records);
    void followWarnings(const GuardView& guard, Moment now, std::vector<Record>& records);
    Key newKey() { return Key{next_++}; }

    std::uint64_t next_ = 1;
    std::optional<Key> mute_;
    Moment muteBegan_ = 0;
    std::map<Listening, Key> sessions_;
    std::map<std::string, Key> warnings_;
    ActivityWatch activity_;
};

// How an application is written down.
Who whoIs(const ApplicationView& application);

} // namespace micguard::history
