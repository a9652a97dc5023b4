// SPDX-License-Identifier: GPL-3.0-or-later
// A guarded session that things happen to, at moments that a seed decides: what every fault test is made of.
// Between the faults it is muted and unmuted; each time those who listen are asked what they heard, and the
// server what it has in force.
#pragma once

#include "tests/faults/curve.hpp"
#include "tests/faults/growth.hpp"
#include "tests/session/trial.hpp"
#include "tests/support/server_state.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace micguard::test {

// How often: a few times in the common run, MICGUARD_FAULTS times with that in the environment.
unsigned rounds(unsigned common);
// MICGUARD_SEED, or one of its own; printed, so that a run can be had again (as far as the machine's timing
// lets it).
std::uint64_t faultSeed();

// Of a fault that may take the guard with it: after a third of the rounds it is left alone, so that it is seen what many of them
// make of one that lives.
bool spared(unsigned run, unsigned count);

// Native, linked by the session manager.
std::unique_ptr<Listener> ordinaryListener(const PrivateSession& session, const std::string& source);

// With a rule that denies mg-outcast: see Ordeal::addOutcast().
inline constexpr const char* outcastRule =
    "[[rule]]\nmatch = { executable = \"*/mg-outcast\" }\naction = \"deny\"\n";
SessionOptions withOutcast(SessionOptions options);

class Ordeal {
  public:
    Ordeal(const SessionOptions& options, const std::string& mode, const std::string& cell,
           const std::function<std::unique_ptr<Listener>(const PrivateSession&, const std::string&)>&
               listener = ordinaryListener);
    ~Ordeal();
    Ordeal(const Ordeal&) = delete;
    Ordeal& operator=(const Ordeal&) = delete;

    PrivateSession session;
    std::unique_ptr<Guard> guard; // made anew with the bus
    std::vector<Heard> heard;
    Tally tally;
    std::mt19937_64 random;
    std::uint64_t anonymousMay =
        anonymousMore; // KiB that there may be more of by chance, from third to third
    // Whether as much is there as at other times, so that what the guard costs can be compared.
    std::function<bool()> comparable = [] { return true; };

    unsigned below(unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(random); }
    // Waits for a random while, up to `longest`: the moment of a fault.
    void moment(std::chrono::microseconds longest);

    void setMode(const std::string& mode);
    // From its return on nothing may be heard; the server is asked, too.
    void mute();
    // Everybody hears, and nothing of the guard's is left in the server.
    void unmute();
    // The fault, by turns while it is muted (or live) and amid the call that makes it so. What the call
    // answers is known afterwards, and counts: a mute that was confirmed holds from there on.
    void amidMute(const std::function<void()>& strike, const std::function<void()>& mend);
    void amidUnmute(const std::function<void()>& strike, const std::function<void()>& mend);
    // strike, a moment, mend; nothing may be heard meanwhile nor after it, and the server is as it has to be.
    void whileMuted(const std::function<void()>& strike, const std::function<void()>& mend);
    void whileLive(const std::function<void()>& strike, const std::function<void()>& mend);
    // One round of all of this.
    void round(const std::function<void()>& strike, const std::function<void()>& mend);

    // What has ended is started again, as the units do; those who listened listen again.
    void recover();
    void relisten();
    void listen(Milliseconds patience = Milliseconds(150));
    void expectMuted();
    void expectNothingLeft();
    // What the server does with new clients by now, for these two.
    void setAdmission(Admission admission) { admission_ = admission; }

    // What the guard costs at this moment; the moments are to be alike. unmute() and whileLive() do it.
    void sample();
    // One guard goes through so many of the rounds that its memory can be judged: then it has to be.
    void guardLives(bool longEnough = rounds(1) >= 50) { guardLives_ = longEnough; }

    // Another listener, by what makes it; started now, and again whenever it has ended.
    void add(const std::string& source, std::function<std::unique_ptr<Listener>()> make);

    // Somebody whom a rule denies all microphones, on this one: whatever happens, whoever else hears, and however often he is started
    // again, he hears nothing of any phase.
    void addOutcast(const std::string& source);

    // The last one that was added, for good.
    void removeLast();

  private:
    void expectOutcastDeaf();
    void amid(bool muted, const std::function<void()>& strike, const std::function<void()>& mend);

    std::string mode_;
    std::string strikeAt_; // what the machine was like
    Admission admission_ = Admission::relaxed;
    bool guardLives_ = false;
    std::vector<std::function<std::unique_ptr<Listener>()>> makers_; // one for each of heard
    std::unique_ptr<Listener> outcast_;
    Curve curve_;
};

} // namespace micguard::test
