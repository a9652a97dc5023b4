// SPDX-License-Identifier: GPL-3.0-or-later
// The real EasyEffects in a private session.
#pragma once

#include "tests/support/session.hpp"

namespace micguard::test {

// Runs it as a service, without any effect, on a display of its own; both end with this object. It captures
// the default microphone while somebody captures its source.
class EasyEffects {
  public:
    static constexpr const char* kSource = "easyeffects_source";

    // Returns when its source is there.
    explicit EasyEffects(PrivateSession& session);
    [[nodiscard]] pid_t pid() const { return program_.pid(); }

  private:
    Process display_;
    Process program_;
};

} // namespace micguard::test
