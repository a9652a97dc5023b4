// SPDX-License-Identifier: GPL-3.0-or-later
// Counting samples per phase: by sign (dc), or by the strength of the two marking tones in blocks of 10 ms.
#include "tests/support/analyser.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cmath>
#include <ctime>
#include <numbers>

namespace micguard::test {

std::int64_t monotonicNsec() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

StreamSnapshot snapshotOf(const StreamStats& stats) {
    StreamSnapshot copy;
    copy.samples = stats.samples;
    copy.nonZero = stats.nonZero;
    for (int p = 0; p < 2; ++p) {
        copy.audible[p] = stats.audible[p];
        copy.ofSign[p] = stats.ofSign[p];
        copy.firstNsec[p] = stats.firstNsec[p];
        copy.lastNsec[p] = stats.lastNsec[p];
        copy.peak[p] = stats.peak[p];
    }
    copy.loudest = stats.loudest;
    copy.buffers = stats.buffers;
    copy.lastBufferNsec = stats.lastBufferNsec;
    copy.largestGapNsec = stats.largestGapNsec;
    copy.streaming = stats.streaming != 0;
    copy.pauses = stats.pauses;
    copy.nodeId = stats.nodeId;
    copy.failed = stats.failed != 0;
    return copy;
}

void clearMarks(StreamStats& stats) {
    for (int p = 0; p < 2; ++p) {
        stats.firstNsec[p] = 0;
        stats.lastNsec[p] = 0;
        stats.peak[p] = 0;
    }
    stats.loudest = 0;
    stats.largestGapNsec = 0;
}

// The words may lie in memory shared between processes, which std::atomic::wait does not support.
void wakeWaiters(StreamStats& stats) {
    stats.sequence.fetch_add(1);
    ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&stats.sequence), FUTEX_WAKE, INT_MAX, nullptr,
              nullptr, 0);
}

void waitForChange(const StreamStats& stats, std::uint32_t seen, std::chrono::milliseconds timeout) {
    if (timeout.count() <= 0)
        return;
    timespec time{};
    time.tv_sec = timeout.count() / 1000;
    time.tv_nsec = (timeout.count() % 1000) * 1'000'000;
    ::syscall(SYS_futex, reinterpret_cast<const std::uint32_t*>(&stats.sequence), FUTEX_WAIT, seen, &time,
              nullptr, 0);
}

Analyser::Analyser(StreamStats& stats, Coding coding, double rate, float threshold)
    : stats_(stats)
    , coding_(coding)
    , rate_(rate)
    , threshold_(threshold) {
    setRate(rate);
    scratch_.reserve(16384);
}

void Analyser::setRate(double rate) {
    rate_ = rate;
    blockSize_ = static_cast<std::size_t>(rate / 100);
    block_.clear();
    block_.reserve(blockSize_);
}

void Analyser::count(unsigned parity, std::uint64_t samples, float level, std::int64_t nowNsec) {
    if (stats_.firstNsec[parity] == 0)
        stats_.firstNsec[parity] = nowNsec;
    stats_.lastNsec[parity] = nowNsec;
    if (level > stats_.peak[parity])
        stats_.peak[parity] = level;
    stats_.audible[parity].fetch_add(samples);
}

void Analyser::feedDc(std::span<const float> samples, std::int64_t nowNsec) {
    std::uint64_t found[2]{}, ofSign[2]{};
    float peak[2]{};
    for (const float sample : samples) {
        if (sample == 0.0F)
            continue;
        const float level = std::abs(sample);
        const unsigned parity = sample > 0 ? 0 : 1; // what is no number is nobody's silence
        ++ofSign[parity];
        if (!(level > threshold_))
            continue;
        ++found[parity];
        peak[parity] = std::max(peak[parity], level);
    }
    for (unsigned parity = 0; parity < 2; ++parity) {
        stats_.ofSign[parity].fetch_add(ofSign[parity]);
        if (found[parity] > 0)
            count(parity, found[parity], peak[parity], nowNsec);
    }
}

namespace {

constexpr double kAsideHertz = 300; // beyond the window's own width, short of the other tone
constexpr float kStandsOut = 1.5F;

// The amplitude of one frequency in a block; the window keeps a tone that is cut off inside it from being
// taken for the other one.
float amplitudeAt(std::span<const float> block, double hertz, double rate) {
    double real = 0;
    double imaginary = 0;
    double weight = 0;
    const double size = static_cast<double>(block.size());
    for (std::size_t i = 0; i < block.size(); ++i) {
        const double at = static_cast<double>(i);
        const double window = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * (at + 0.5) / size);
        const double angle = 2 * std::numbers::pi * hertz * at / rate;
        real += window * block[i] * std::cos(angle);
        imaginary += window * block[i] * std::sin(angle);
        weight += window;
    }
    return static_cast<float>(2 * std::hypot(real, imaginary) / weight);
}

// Where a listener lost a buffer, or the silence begins, speech has an edge, which is heard at every frequency: only a tone
// is louder than what is beside it. (Of a tone of 2 ms in a block four fifths are seen, of one of 4 ms nearly all.)
bool standsOut(float level, std::span<const float> block, double hertz, double rate) {
    return level > kStandsOut * std::max(amplitudeAt(block, hertz - kAsideHertz, rate),
                                         amplitudeAt(block, hertz + kAsideHertz, rate));
}

} // namespace

void Analyser::feedTones(std::span<const float> samples, std::int64_t nowNsec) {
    const auto& hertz = coding_ == Coding::tone ? kToneHertz : kPilotHertz;
    while (!samples.empty()) {
        const std::size_t taken = std::min(samples.size(), blockSize_ - block_.size());
        block_.insert(block_.end(), samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(taken));
        samples = samples.subspan(taken);
        if (block_.size() < blockSize_)
            return;
        const float level[2] = {amplitudeAt(block_, hertz[0], rate_), amplitudeAt(block_, hertz[1], rate_)};
        for (unsigned parity = 0; parity < 2; ++parity)
            // A block in which the one tone is a tenth of the other is that tone's own edge, not the other
            // one.
            if (level[parity] > threshold_ && level[parity] > level[1 - parity] * 0.1F &&
                standsOut(level[parity], block_, hertz[parity], rate_))
                count(parity, blockSize_, level[parity], nowNsec);
        block_.clear();
    }
}

void Analyser::feed(std::span<const float> samples, std::int64_t nowNsec) {
    std::uint64_t nonZero = 0;
    float loudest = 0;
    for (const float sample : samples) {
        if (sample != 0.0F)
            ++nonZero;
        loudest = std::max(loudest, std::abs(sample));
    }
    if (loudest > stats_.loudest)
        stats_.loudest = loudest;
    if (coding_ == Coding::dc)
        feedDc(samples, nowNsec);
    else
        feedTones(samples, nowNsec);
    stats_.nonZero.fetch_add(nonZero);
    stats_.samples.fetch_add(samples.size());
    const std::int64_t last = stats_.lastBufferNsec;
    if (last != 0 && nowNsec - last > stats_.largestGapNsec)
        stats_.largestGapNsec = nowNsec - last;
    stats_.lastBufferNsec = nowNsec;
    stats_.buffers.fetch_add(1);
    wakeWaiters(stats_);
}

void Analyser::feedS16(std::span<const std::int16_t> interleaved, unsigned channels, std::int64_t nowNsec) {
    scratch_.clear();
    for (std::size_t i = 0; i < interleaved.size(); i += channels)
        scratch_.push_back(static_cast<float>(interleaved[i]) / 32768.0F);
    feed(scratch_, nowNsec);
}

} // namespace micguard::test
