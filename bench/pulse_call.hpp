// SPDX-License-Identifier: GPL-3.0-or-later
// A mute by a program that is connected already, as a desktop's panel is: one call over PulseAudio's
// protocol. libpulse is opened when it is wanted, so that building needs none of it. Blocking, one thread.
#pragma once

#include <memory>
#include <string>

namespace micguard::bench {

class PulseCall {
  public:
    // Throws std::runtime_error where there is no libpulse or no server.
    explicit PulseCall(const std::string& server);
    ~PulseCall();
    PulseCall(const PulseCall&) = delete;
    PulseCall& operator=(const PulseCall&) = delete;

    void setSourceMute(const std::string& source, bool mute);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace micguard::bench
