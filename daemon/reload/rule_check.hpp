// SPDX-License-Identifier: GPL-3.0-or-later
//
// Has the rules that came into force looked through on a thread of its own: with ten thousand of them that
// takes longer than any verdict, or the start, may wait.
#pragma once

#include "config/diagnostic.hpp"
#include "config/settings.hpp"

#include <functional>
#include <optional>
#include <thread>

namespace micguard {

// Main context only. One look at a time; of what is asked for meanwhile only the last is looked through.
class RuleCheck {
  public:
    // Called on the thread, with a copy of its own.
    using Look = std::function<Diagnostics(const Settings&)>;

    RuleCheck(Look look, std::function<void(const Diagnostics&)> told);
    ~RuleCheck(); // waits for the look that is under way; nothing is told any more
    RuleCheck(const RuleCheck&) = delete;
    RuleCheck& operator=(const RuleCheck&) = delete;

    void check(Settings settings);

  private:
    void begin(Settings settings);
    void finish();

    const Look look_;
    std::function<void(const Diagnostics&)> told_;
    std::thread thread_;
    bool busy_ = false;
    Diagnostics found_; // the thread's, while busy
    std::optional<Settings> next_;
};

} // namespace micguard
