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
    // `readOut` is called whenever all that was there has been read or written, with true when nothing has come meanwhile. It says
    // whether there is something to be written now. Throws std::runtime_error if PipeWire gives no loop.
    explicit GlibLoop(std::function<bool(bool nothingLeft)> readOut);
    ~GlibLoop();
    GlibLoop(const GlibLoop&) = delete;
    GlibLoop& operator=(const GlibLoop&) = delete;

    pw_loop* loop() const { return loop_; }

  private:
    std::function<bool(bool)> readOut_;
    pw_loop* loop_ = nullptr;
    _GSource* source_ = nullptr;
};

} // namespace micguard
