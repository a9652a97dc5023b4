// SPDX-License-Identifier: GPL-3.0-or-later
//
// What people are to be told now, of questions, applications and warnings: looked at anew with every View, so that what is
// moot is not among it any more. Pure; time comes in. What clients can cause is limited, and told once.
#pragma once

#include "config/settings.hpp"
#include "daemon/model/view.hpp"
#include "daemon/notify/notice.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace micguard {

class Notices {
  public:
    // µs of a clock that does not jump.
    using Instant = std::uint64_t;
    // By a key that names what it is about.
    using Wanted = std::map<std::string, Notice>;

    struct Question {
        std::string microphone; // "" if not known
        std::string failed;     // why the last answer was not taken, "" if there was none
        unsigned attempt = 0;   // grows with each of those
    };
    using Questions = std::map<std::uint64_t, Question>; // by the application's key

    // Nothing is shown over a locked screen; what happens meanwhile is not told later, except for what is still to be answered.
    Wanted follow(const View& view, const Questions& questions, const Settings::Notify& settings, bool locked,
                  Instant now);

    // An application in the View has asked for a microphone while they are muted.
    void blocked(const ApplicationView& application);

    // What a key means; none if it is no question.
    static std::optional<std::uint64_t> questionOf(const std::string& key);

    static constexpr const char* allowOnce = "allow-once";
    static constexpr const char* allowAlways = "allow-always";
    static constexpr const char* deny = "deny";

  private:
    void followCaptures(const View& view, Settings::Notify::Capture wanted, bool locked, Instant now);
    void followBlocked(const View& view, bool wanted, bool locked, Instant now);
    void followBypasses(const View& view, bool wanted, bool locked, Instant now);
    bool mayTell(Instant now);

    Wanted open_;                                // of things that happened, while they go on
    std::set<std::uint64_t> capturing_;          // as they were last seen
    std::set<std::string> known_;                // who has listened before
    std::set<std::uint64_t> blocked_;            // not told yet
    std::set<std::string> blockedTold_;          // since the mute began
    std::set<std::string> bypasses_;             // ids that were seen
    std::map<std::string, std::uint64_t> about_; // key of an open one: the application's
    double left_ = 0;
    Instant at_ = 0;
    bool began_ = false;
};

} // namespace micguard
