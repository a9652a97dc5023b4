// SPDX-License-Identifier: GPL-3.0-or-later
//
// Has the rules that came into force looked through on a thread of its own: with ten thousand of them that
// takes longer than any verdict, or the start, may wait.
#pragma once

#include "config/diagnostic.hpp"
#include "config/settings.hpp"
#include "daemon/loop/errand.hpp"

#include <functional>
#include <optional>

namespace micguard {

// Main context only. One look at a time; of what is asked for meanwhile only the last is looked through.
class RuleCheck {
  public:
    // Called on the thread, with a copy of its own.
    using Look = std::function<Diagnostics(const Settings&)>;

    RuleCheck(Look look, std::function<void(const Diagnostics&)> told);
    void check(Settings settings);

  private:
    void begin(Settings settings);
    void finish();

    const Look look_;
    std::function<void(const Diagnostics&)> told_;
    Diagnostics found_; // the thread's, while it is under way
    std::optional<Settings> next_;
    Errand errand_; // gone before what it works with
};

} // namespace micguard
