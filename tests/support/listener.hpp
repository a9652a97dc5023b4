// SPDX-License-Identifier: GPL-3.0-or-later
// Programs that capture from a microphone of the private session and keep count of what they hear, per phase.
#pragma once

#include "tests/support/analyser.hpp"
#include "tests/support/session.hpp"

#include <functional>
#include <memory>
#include <string>

namespace micguard::test {

struct ListenOptions {
    std::string target;             // node.name; empty: whatever the session manager chooses
    std::string name = "mg-listen"; // of the stream, where the program lets us choose
    Coding coding = Coding::dc;
    float threshold = 0; // 0: the coding's default
    unsigned rate = 48000;
    std::string latency;      // native: "FRAMES/RATE"
    bool autoconnect = true;  // native
    bool link = false;        // native: links its ports itself, once
    bool relink = false;      // native: and again whenever the link goes
    bool realTime = true;     // native; false: asks no bus for it, which an ordinary user's client waits for
    unsigned latencyMsec = 0; // parecord: --latency-msec; 0: its default
    unsigned leaveAt = 0;     // native: ends at the Nth thing that it is told of itself and its source
    bool outcast = false;     // native: by mg-outcast, the same program as another application
    bool filtered = false;    // something on the way to it answers a change by ringing: effects, a canceller
};

// Owned by one thread. The program runs from start() on, and ends with this object at the latest.
class Listener {
  public:
    virtual ~Listener() = default;
    Listener() = default;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    virtual void start() = 0;
    virtual void stop() = 0;
    [[nodiscard]] virtual bool running() = 0;
    [[nodiscard]] virtual pid_t pid() const = 0;
    [[nodiscard]] virtual const std::string& description() const = 0;

    // Nothing on the way to it rings: it takes the graph's own rate, at which PipeWire's resamplers let pass what comes
    // (resample_is_passthrough() in audioconvert.c), and no filter is in between. Then a sample has the sign of the phase in
    // which it was made, and counts however weak it is; what writes 16 bits (arecord, jack_rec) rounds to 0 below -96 dBFS.
    [[nodiscard]] bool exact() const { return exact_; }
    // Samples so far that were made in phases of this parity. Of one that is not exact() those from the threshold on: a
    // resampler's answer to the end of a phase has the other phase's sign, up to 9 % of the step. What such a client gets of a
    // weak leak is for whoever waits until that has died away, and then looks at `nonZero`.
    [[nodiscard]] std::uint64_t madeIn(unsigned parity) const { return madeIn(parity, snapshot()); }
    [[nodiscard]] std::uint64_t madeIn(unsigned parity, const StreamSnapshot& then) const {
        return exact_ ? then.ofSign[parity] : then.audible[parity];
    }
    // As many frames may lie in buffers on the way to it, of its own rate, and come at once; 0: a cycle's.
    [[nodiscard]] std::uint64_t fragment() const { return fragment_; }

    [[nodiscard]] StreamSnapshot snapshot() const { return snapshotOf(stats()); }
    void clearMarks() { test::clearMarks(mutableStats()); }
    // True once it has heard `samples` more samples of this parity than at the call. The control of every
    // measurement.
    bool waitAudible(unsigned parity, std::uint64_t samples = 4800, Milliseconds timeout = kPatience);
    // True once it has received that many more samples, audible or not.
    bool waitSamples(std::uint64_t samples, Milliseconds timeout = kPatience);
    bool waitUntil(const std::function<bool(const StreamSnapshot&)>& predicate,
                   Milliseconds timeout = kPatience);

  protected:
    [[nodiscard]] virtual const StreamStats& stats() const = 0;
    [[nodiscard]] virtual StreamStats& mutableStats() = 0;
    bool exact_ = false;
    std::uint64_t fragment_ = 0;
};

// Whether a client that captures so is exact().
bool isExact(const PrivateSession& session, const ListenOptions& options);

// mg-listen, a child process.
std::unique_ptr<Listener> nativeListener(const PrivateSession& session, const ListenOptions& options);
// One of tests/attackers, by its path: what its ears hear. It runs until it is stopped, unless its arguments say less.
std::unique_ptr<Listener> attackListener(const PrivateSession& session, const std::string& program,
                                         const std::vector<std::string>& arguments);
// The real programs. They honour target, rate (not jack), and what is noted in ListenOptions.
std::unique_ptr<Listener> pwRecordListener(const PrivateSession& session, const ListenOptions& options);
std::unique_ptr<Listener> parecordListener(const PrivateSession& session, const ListenOptions& options);
// Any program that writes raw mono floats of `options.rate` to its standard output.
std::unique_ptr<Listener> commandListener(const PrivateSession& session, const ListenOptions& options,
                                          const std::vector<std::string>& argv);
std::unique_ptr<Listener> arecordListener(const PrivateSession& session, const ListenOptions& options);
std::unique_ptr<Listener> jackListener(PrivateSession& session, const ListenOptions& options);
// What JACK calls the port of a microphone, once it is there.
std::string jackPort(PrivateSession& session, const std::string& source);
// Headless Chromium with a page that captures through getUserMedia, without echo cancellation, noise
// suppression or gain control. start() returns once the page has its stream, or throws with the page's error.
std::unique_ptr<Listener> chromiumListener(const PrivateSession& session, const ListenOptions& options);

} // namespace micguard::test
