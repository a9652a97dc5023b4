// SPDX-License-Identifier: GPL-3.0-or-later
//
// A pw_loop as a GSource of the default main context, so that one thread serves PipeWire, D-Bus and timers.
// Lives as long as its user; takes itself off the context when destroyed.
#pragma once

#include <functional>

struct pw_loop;
struct _GSource;

namespace micguard {

class GlibLoop {
  public:
    // `turnOver` is called when nothing is left to be read or written, after each turn in which there was. Throws std::runtime_error if PipeWire gives no loop.
    explicit GlibLoop(std::function<void()> turnOver);
    ~GlibLoop();
    GlibLoop(const GlibLoop&) = delete;
    GlibLoop& operator=(const GlibLoop&) = delete;

    pw_loop* loop() const { return loop_; }

  private:
    std::function<void()> turnOver_;
    pw_loop* loop_ = nullptr;
    _GSource* source_ = nullptr;
};

} // namespace micguard
