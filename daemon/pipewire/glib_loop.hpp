// SPDX-License-Identifier: GPL-3.0-or-later
//
// A pw_loop as a GSource of the default main context, so that one thread serves PipeWire, D-Bus and timers.
// Lives as long as its user; takes itself off the context when destroyed.
#pragma once

#include <memory>

struct pw_loop;
struct _GSource;

namespace micguard {

class GlibLoop {
  public:
    GlibLoop(); // throws std::runtime_error if PipeWire gives no loop
    ~GlibLoop();
    GlibLoop(const GlibLoop&) = delete;
    GlibLoop& operator=(const GlibLoop&) = delete;

    pw_loop* loop() const { return loop_; }

  private:
    pw_loop* loop_ = nullptr;
    _GSource* source_ = nullptr;
};

} // namespace micguard
