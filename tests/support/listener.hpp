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
};

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
// Headless Chromium with a page that captures through getUserMedia, without echo cancellation, noise
// suppression or gain control. start() returns once the page has its stream, or throws with the page's error.
std::unique_ptr<Listener> chromiumListener(const PrivateSession& session, const ListenOptions& options);

} // namespace micguard::test
