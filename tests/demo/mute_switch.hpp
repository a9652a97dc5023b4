// SPDX-License-Identifier: GPL-3.0-or-later
// What the demo mutes with: micguard, or what people do without it.
#pragma once

#include "tests/session/guard.hpp"
#include "tests/support/session.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace micguard::test {

// Blocking, of one thread; the session outlives it. Methods throw std::runtime_error when refused.
class MuteSwitch {
  public:
    virtual ~MuteSwitch() = default;
    MuteSwitch() = default;
    MuteSwitch(const MuteSwitch&) = delete;
    MuteSwitch& operator=(const MuteSwitch&) = delete;

    virtual void mute() = 0;
    virtual void unmute() = 0;
    // CLOCK_MONOTONIC at the return of the last of them, and how long it took.
    [[nodiscard]] virtual std::int64_t repliedNsec() const = 0;
    [[nodiscard]] virtual std::int64_t tookNsec() const = 0;
};

// SetMuted over D-Bus, in this mode.
std::unique_ptr<MuteSwitch> guardSwitch(Guard& guard, const std::string& mode);
// wpctl set-mute @DEFAULT_AUDIO_SOURCE@
std::unique_ptr<MuteSwitch> wpctlSwitch(const PrivateSession& session);

} // namespace micguard::test
