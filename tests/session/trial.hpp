// SPDX-License-Identifier: GPL-3.0-or-later
// The steps that every session test is made of: a session with the guard in it, a listener that is proven to hear,
// mute, change what the microphones say, count, unmute, hear again.
#pragma once

#include "tests/support/guard.hpp"
#include "tests/support/listener.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace micguard::test {

// How often: the common run's count, or the long run's with MICGUARD_LONG=1 in the environment.
unsigned scaled(unsigned common, unsigned longRun);

SessionOptions guardedSession(const std::vector<MicKind>& kinds);

// Runs a program of the session that has to succeed.
void must(const PrivateSession& session, const std::vector<std::string>& argv);
// Asks again until it is so; each question is a process of its own.
bool eventually(const std::function<bool()>& isSo);
// What is wrong, asked again until nothing is, or for as long as eventually() asks. What a question throws is wrong, too.
std::vector<std::string> stillWrong(const std::function<std::vector<std::string>()>& ask);

struct Heard {
    std::string source;
    std::unique_ptr<Listener> listener;
    // Of the odd phase (Listener::madeIn()), those that have been judged, or were from before the mute.
    std::uint64_t counted = 0;
    std::uint64_t samplesThen = 0; // what it had got at changeTune(), audible or not
};

// Of the named microphone, not started.
Heard listenerFor(const PrivateSession& session, const std::string& source, const ListenOptions& more = {});
// Starts a native listener on the named microphone and waits until it hears it.
Heard listenTo(const PrivateSession& session, const std::string& source, const ListenOptions& more = {});
// One on each of these.
std::vector<Heard> listenToAll(const PrivateSession& session, const std::vector<MicKind>& kinds);

// Takes a listener made elsewhere, starts it and waits until it hears its source.
Heard hear(const std::string& source, std::unique_ptr<Listener> listener);

// The same, started only: it need not hear.
Heard started(const std::string& source, std::unique_ptr<Listener> listener);
// Who reads memory that is written anew with the same value does not see it change: a few samples are all there are.
bool hearsAnything(const Heard& heard, unsigned parity);

// pw-record on the microphone "tone", started; whether it hears anything is not waited for.
std::unique_ptr<Listener> startPwRecord(const PrivateSession& session, const std::string& name);
// Whatever it heard so far, of any phase.
std::uint64_t audible(const Listener& listener);
// It goes on, and all that it gets, and got so far, is silence.
void hearsSilence(Listener& listener);

// Runs a command where / is a folder of its own, in which everything that the machine's has is mounted: `arranged` is what the
// shell does in that folder before it goes over to the command. Words to go before it.
std::vector<std::string> inOwnRoot(const PrivateSession& session, const std::string& arranged);
// Runs a command where / is a folder of its own with a .flatpak-info that makes it that application: words to go before the command.
std::vector<std::string> posingAsFlatpak(const PrivateSession& session, const std::string& application);

// Counts runs, what was heard in them, and what somebody tried, of one cell of the matrix, and prints it at its end.
class Tally {
  public:
    explicit Tally(std::string cell)
        : cell_(std::move(cell)) {}
    ~Tally();
    void add(std::uint64_t audible) {
        runs_++;
        audible_ += audible;
    }
    void replied(std::int64_t nsec) { replies_.push_back(nsec); }
    void attempted() { attempts_++; }
    std::uint64_t audible() const { return audible_; }
    unsigned attempts() const { return attempts_; }
    std::int64_t longestReply() const;

  private:
    std::string cell_;
    std::uint64_t runs_ = 0, audible_ = 0;
    unsigned attempts_ = 0;
    std::vector<std::int64_t> replies_; // call to reply, ns
};

// Mutes, and makes every microphone change its tune at once: whatever is heard of the new one from here on
// counts, during the test's own event, too. The parity of the phase made while muted is odd, also that of
// what is plugged in meanwhile.
void mute(PrivateSession& session, Guard& guard, std::vector<Heard>& heard, Tally& tally);
// Checks that nobody has heard any of the new tune since mute(), or since this was called last, nor does
// within `patience`: how long a sample may lie in a client's own buffers (a Pulse client's default fragment
// is 2 s long). Of whom Listener::exact() is true, one sample that is not 0 is enough.
void listenWhileMuted(std::vector<Heard>& heard, Tally& tally, Milliseconds patience = Milliseconds(150));
// In mode `silence`, after that: each of them is given further samples, more than can have been on their way before, and not
// one of them is other than 0. That holds behind a resampler, too: what it had of before has died away by now.
void goesOnInSilence(const PrivateSession& session, const std::vector<Heard>& heard);
// Both of the former.
void muteAndListen(PrivateSession& session, Guard& guard, std::vector<Heard>& heard, Tally& tally,
                   Milliseconds patience = Milliseconds(150));
// What is made from here on is new; what of it was heard before is none.
void changeTune(PrivateSession& session, Heard& heard);
void changeTune(PrivateSession& session, std::vector<Heard>& heard);
// Each of them hears what is made from now on; requires it.
void hearAgain(PrivateSession& session, std::vector<Heard>& heard);
// As listenWhileMuted(), since changeTune(): whatever it is that keeps this one from the microphone.
void hearsNothingNew(Heard& heard, Tally& tally, Milliseconds patience = Milliseconds(150));
// Back to the even phase first, so that what is heard afterwards is new. A stream is in order: who hears that has also been
// handed whatever was kept for it meanwhile, and none of it may be from the time while muted.
void unmuteAndListen(PrivateSession& session, Guard& guard, std::vector<Heard>& heard);
// The control of what they did not hear while muted: the guard is stopped, live, and then `happens` what happened under it.
// Everybody hears what is made from the moment before it on; how much is printed.
void hearsWithoutGuard(
    PrivateSession& session, std::vector<Heard>& heard, const std::string& cell,
    const std::function<void()>& happens = [] {});

} // namespace micguard::test
