// SPDX-License-Identifier: GPL-3.0-or-later
// The steps that every session test is made of: a session with the guard in it, a listener that is proven to hear,
// mute, change what the microphones say, count, unmute, hear again.
#pragma once

#include "tests/support/guard.hpp"
#include "tests/support/listener.hpp"

#include <memory>
#include <string>
#include <vector>

namespace micguard::test {

// How often: the common run's count, or the long run's with MICGUARD_LONG=1 in the environment.
unsigned scaled(unsigned common, unsigned longRun);

SessionOptions guardedSession(const std::vector<MicKind>& kinds);

struct Heard {
    std::string source;
    std::unique_ptr<Listener> listener;
};

// Starts a native listener on the named microphone and waits until it hears it.
Heard listenTo(const PrivateSession& session, const std::string& source, const ListenOptions& more = {});

// Takes a listener made elsewhere, starts it and waits until it hears its source.
Heard hear(const std::string& source, std::unique_ptr<Listener> listener);

// Counts runs and audible samples of one cell of the matrix and prints them at its end.
class Tally {
  public:
    explicit Tally(std::string cell) : cell_(std::move(cell)) {}
    ~Tally();
    void add(std::uint64_t audible) {
        runs_++;
        audible_ += audible;
    }
    void replied(std::int64_t nsec) { replies_.push_back(nsec); }
    std::uint64_t audible() const { return audible_; }

  private:
    std::string cell_;
    std::uint64_t runs_ = 0, audible_ = 0;
    std::vector<std::int64_t> replies_; // call to reply, ns
};

// Mutes, makes every microphone change its tune at once, lets at least two quanta pass for everybody and checks that
// nobody heard any of the new tune. The parity of the phase made while muted is odd.
void muteAndListen(PrivateSession& session, Guard& guard, std::vector<Heard>& heard, Tally& tally,
                   Milliseconds patience = Milliseconds(150));
// The same without the call: what is heard of what is made from now on. `patience`: how long a sample may lie in a
// client's own buffers and still count (a Pulse client's default fragment is 2 s long).
void listenWhileMuted(PrivateSession& session, std::vector<Heard>& heard, Tally& tally,
                      Milliseconds patience = Milliseconds(150));
// Back to the even phase first, so that what is heard afterwards is new.
void unmuteAndListen(PrivateSession& session, Guard& guard, std::vector<Heard>& heard);

} // namespace micguard::test
