// SPDX-License-Identifier: GPL-3.0-or-later
// The physical limit of a mute: the message that the guard sends, and the server's word that it has taken it;
// no guard, no bus, no other thread. Blocking, one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace micguard::bench {

class BareKnob {
  public:
    // Throws std::runtime_error if the server or the node of that name is not there.
    BareKnob(const std::string& socket, const std::string& node);
    ~BareKnob();
    BareKnob(const BareKnob&) = delete;
    BareKnob& operator=(const BareKnob&) = delete;

    void set(float maxVolume, bool monitorMute);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace micguard::bench
