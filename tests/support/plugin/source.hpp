// SPDX-License-Identifier: GPL-3.0-or-later
// What the test microphone renders: samples chosen by the control file, kept apart from SPA's node machinery.
#pragma once

#include "tests/support/control.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace micguard::test {

// Real-time safe after open(). Lives in the server; must survive a control file that is removed or never
// appears (it then renders phase 0 of `dc`, so that a broken set-up is heard as a leak and not taken for
// silence).
class Renderer {
  public:
    Renderer() = default;
    ~Renderer();
    Renderer(const Renderer&) = delete;
    Renderer& operator=(const Renderer&) = delete;

    void open(const char* controlPath, const char* speechPath);
    void started();
    // Call once at the start of each cycle: this is the moment at which its audio is "made".
    void beginCycle(std::uint32_t frames, std::int64_t nowNsec);
    [[nodiscard]] float next(double rate);

  private:
    ControlLayout* control_ = nullptr;
    const float* speech_ = nullptr;
    std::size_t speechSamples_ = 0;
    double speechPosition_ = 0;
    double angle_ = 0;
    Coding coding_ = Coding::dc;
    unsigned parity_ = 0;
};

} // namespace micguard::test
