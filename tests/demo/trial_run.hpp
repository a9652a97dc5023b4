// SPDX-License-Identifier: GPL-3.0-or-later
// One run of the demo: every client is heard live, all are muted, what the microphones make changes in the
// moment of the reply, all are unmuted. Measures; judges and prints nothing.
#pragma once

#include "tests/support/listener.hpp"
#include "tests/support/mute_switch.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace micguard::test {

struct DemoClient {
    std::string name;
    std::string mic;
    unsigned rate = 48000;
    std::unique_ptr<Listener> listener;
};

// Levels are peaks: a single sample that is not 0 shows.
struct ClientResult {
    std::string name;
    std::string mic;
    unsigned rate = 48000;
    bool heardLive = false;
    float live = 0;
    // After everything from before the reply had its time to arrive.
    float muted = 0;
    std::uint64_t samplesMuted = 0; // received in that time
    bool cutOff = false;            // nothing was
    // Made after the reply, whenever it arrived: also what a client that was stopped got only after the
    // unmute.
    std::uint64_t afterReply = 0;
    // Of that, what arrived before the unmute; then of all of it how strong its marking tone was, and how
    // long after the reply the first of it came.
    std::uint64_t leakedMuted = 0;
    float leakLevel = 0;
    std::int64_t leakFirstNsec = 0;
    // Made before the reply and arrived after it, and how long after the reply the last of it came.
    std::uint64_t residue = 0;
    std::int64_t residueAgeNsec = 0;
    bool heardAgain = false;
    float again = 0;
};

// What is to become of streams while muted.
enum class Streams { goOn, mayStop };

struct RunResult {
    std::vector<ClientResult> clients;
    std::int64_t muteNsec = 0, unmuteNsec = 0; // how long the calls took
    std::uint64_t madeMuted = 0;               // frames that the microphones made between reply and unmute
    Streams streams = Streams::mayStop;
};

// Starts them all and waits until each hears its microphone, or has had its time to.
void startAll(std::vector<DemoClient>& clients);
RunResult runOnce(PrivateSession& session, std::vector<DemoClient>& clients, MuteSwitch& muteSwitch,
                  Streams streams);

} // namespace micguard::test
