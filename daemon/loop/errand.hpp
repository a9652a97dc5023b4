// SPDX-License-Identifier: GPL-3.0-or-later
//
// Work on a thread of its own, and what comes of it in the default main context. Nobody waits for a thread there, not even for
// the end of one that has done its work: that one is an ordinary one, and comes to its end when it gets a processor (20 ms
// were seen beside busy neighbours).
#pragma once

#include <functional>
#include <memory>

#include <glib.h>

namespace micguard {

// Main context only, one at a time.
class Errand {
  public:
    using Step = std::function<void()>;

    Errand() = default;
    ~Errand(); // waits for the work that is under way; nothing is told any more
    Errand(const Errand&) = delete;
    Errand& operator=(const Errand&) = delete;

    // `work` is called on the thread, `told` in the main context when that is done. False if there is no thread to be had: then
    // neither is called.
    bool begin(Step work, Step told, gint priority = G_PRIORITY_DEFAULT_IDLE);
    // Nothing is told any more of what is under way, and nobody waits for it: its `work` may outlive us, and has to own all that it
    // touches.
    void leave();
    // From begin() until `told` is called.
    bool underWay() const { return state_ != nullptr; }

  private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace micguard
