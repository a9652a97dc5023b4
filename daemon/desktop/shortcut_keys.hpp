// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a desktop tells of two keys, and what is meant by it. Some repeat a press while the key is held; one that never tells
// of a release must not leave the microphones open. Pure; time comes in.
#pragma once

#include <cstdint>

namespace micguard {

class ShortcutKeys {
  public:
    // µs of a clock that does not jump. Longer than any keyboard's pause before it repeats a key.
    static constexpr std::uint64_t repeatsWithin = 1'000'000;

    enum class Talk { Nothing, Begin, End };

    Talk talkPressed(std::uint64_t now) {
        const bool repeated = now - talkAt_ < repeatsWithin;
        talkAt_ = now;
        if (!talking_) {
            talking_ = true;
            return Talk::Begin;
        }
        if (repeated)
            return Talk::Nothing;
        // Nobody presses a key that he holds: the release was not told.
        talking_ = false;
        return Talk::End;
    }

    Talk talkReleased() {
        const bool was = talking_;
        talking_ = false;
        return was ? Talk::End : Talk::Nothing;
    }

    // True: toggle.
    bool togglePressed(std::uint64_t now) {
        const bool repeated = toggling_ && now - toggleAt_ < repeatsWithin;
        toggling_ = true;
        toggleAt_ = now;
        return !repeated;
    }

    void toggleReleased() { toggling_ = false; }

  private:
    bool talking_ = false, toggling_ = false;
    std::uint64_t talkAt_ = 0, toggleAt_ = 0;
};

} // namespace micguard
