// SPDX-License-Identifier: GPL-3.0-or-later
// Tells from received samples in which phase of the test microphone they were made, and keeps count of it.
#pragma once

#include "tests/support/control.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace micguard::test {

// Running figures of one listener. May lie in memory shared between processes; written by one thread only.
struct StreamStats {
    std::atomic<std::uint64_t> samples; // of the first channel
    std::atomic<std::uint64_t>
        nonZero; // exactly what it says: at the graph's own rate and format silence is 0.0
    std::atomic<std::uint64_t> audible[2]; // by parity of the phase in which they were made
    // dc: of the sign that this parity has, however weak. See Listener::exact().
    std::atomic<std::uint64_t> ofSign[2];
    std::atomic<std::int64_t>
        firstNsec[2]; // arrival of the first and last audible one (CLOCK_MONOTONIC), 0: none
    std::atomic<std::int64_t> lastNsec[2];
    std::atomic<float> peak[2]; // dc: largest value of that sign; otherwise the largest tone amplitude
    std::atomic<float> loudest; // largest |x| of all
    std::atomic<std::uint64_t> buffers;
    std::atomic<std::int64_t> lastBufferNsec;
    std::atomic<std::int64_t>
        largestGapNsec;                   // between the arrivals of two buffers, since the last clearMarks()
    std::atomic<std::uint32_t> streaming; // 1 while the stream says so (native listeners only)
    std::atomic<std::uint32_t> pauses;    // how often it left that state
    std::atomic<std::uint32_t> nodeId;    // of the stream, once it has one (native listeners only)
    std::atomic<std::uint32_t> failed;    // 1 once the listener's own connection or stream broke
    std::atomic<std::uint32_t> sequence;  // grows with every change: a futex word
};

// A plain copy.
struct StreamSnapshot {
    std::uint64_t samples = 0;
    std::uint64_t nonZero = 0;
    std::uint64_t audible[2]{};
    std::uint64_t ofSign[2]{};
    std::int64_t firstNsec[2]{};
    std::int64_t lastNsec[2]{};
    float peak[2]{};
    float loudest = 0;
    std::uint64_t buffers = 0;
    std::int64_t lastBufferNsec = 0;
    std::int64_t largestGapNsec = 0;
    bool streaming = false;
    std::uint32_t pauses = 0;
    std::uint32_t nodeId = 0;
    bool failed = false;
};

StreamSnapshot snapshotOf(const StreamStats& stats);
// Forgets first, last, peaks and the largest gap, not the counters.
void clearMarks(StreamStats& stats);
void wakeWaiters(StreamStats& stats);
// Returns when `sequence` differs from `seen` or time is up.
void waitForChange(const StreamStats& stats, std::uint32_t seen, std::chrono::milliseconds timeout);
std::int64_t monotonicNsec();

class Analyser {
  public:
    // `threshold`: from which level on a sample counts as audible. Coding dc: |x|; a resampler rings by up to
    // 9 % of a step, with the other sign, so stay above a tenth of the microphone's level. Other codings: the
    // tone's amplitude.
    Analyser(StreamStats& stats, Coding coding, double rate, float threshold);

    // Not real-time safe in its very first call only. `nowNsec`: when these samples arrived.
    void feed(std::span<const float> samples, std::int64_t nowNsec);
    // Interleaved little-endian 16 bit, of which the first channel is looked at.
    void feedS16(std::span<const std::int16_t> interleaved, unsigned channels, std::int64_t nowNsec);
    void setRate(double rate);

  private:
    void feedDc(std::span<const float> samples, std::int64_t nowNsec);
    void feedTones(std::span<const float> samples, std::int64_t nowNsec);
    void count(unsigned parity, std::uint64_t samples, float level, std::int64_t nowNsec);

    StreamStats& stats_;
    Coding coding_;
    double rate_;
    float threshold_;
    std::vector<float> block_;
    std::size_t blockSize_ = 480;
    std::vector<float> scratch_;
};

inline constexpr float kDefaultThreshold = 0.04F;      // dc
inline constexpr float kDefaultToneThreshold = 0.004F; // tone and speech

} // namespace micguard::test
