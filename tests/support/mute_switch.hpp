// SPDX-License-Identifier: GPL-3.0-or-later
// What demo and benchmarks mute with: micguard, or what people do without it.
#pragma once

#include "tests/support/guard.hpp"
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
// pactl set-source-mute @DEFAULT_SOURCE@
std::unique_ptr<MuteSwitch> pactlSwitch(const PrivateSession& session);
// The same for every source that `pactl list short sources` names at that moment, one after the other.
std::unique_ptr<MuteSwitch> pactlLoopSwitch(const PrivateSession& session);
// Does nothing: the control.
std::unique_ptr<MuteSwitch> noSwitch();

} // namespace micguard::test
