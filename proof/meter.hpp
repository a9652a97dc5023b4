// SPDX-License-Identifier: GPL-3.0-or-later
//
// What arrived, and in which part of the proof it was made: while live, while the mute was held, after it.
// Counts values and keeps none of them. Knows no PipeWire: whoever feeds it says when the cycle of a buffer
// began.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace micguard::proof {

enum class Part : std::size_t { Live, Muted, After };
inline constexpr std::size_t partCount = 3;

// Of CLOCK_MONOTONIC.
std::int64_t nowNsec() noexcept;

// Of a buffer, in ns of CLOCK_MONOTONIC. Its samples were made between `began` and `arrived`.
struct Cycle {
    std::int64_t began = 0;
    std::int64_t length = 0;
    std::int64_t arrived = 0; // here
};

// When each part was, in ns of CLOCK_MONOTONIC. Set by the main thread, read in the data thread. A buffer
// belongs to the part in which its cycle began and in which it arrived: of a cycle that began before the mute was
// answered, nobody can say when its samples were made, and a server that is late makes those of a cycle that began
// before the mute was lifted afterwards.
class Course {
  public:
    void begin(Part part, std::int64_t nsec) { at(part).from = nsec; }
    void end(Part part, std::int64_t nsec) { at(part).to = nsec; }
    std::int64_t begun(Part part) const { return windows_[static_cast<std::size_t>(part)].from; }
    std::optional<Part> partOf(const Cycle& cycle) const;

  private:
    struct Window {
        std::atomic<std::int64_t> from{std::numeric_limits<std::int64_t>::max()};
        std::atomic<std::int64_t> to{std::numeric_limits<std::int64_t>::max()};
    };
    Window& at(Part part) { return windows_[static_cast<std::size_t>(part)]; }
    std::array<Window, partCount> windows_;
};

struct Figures {
    std::uint64_t samples = 0; // all that arrived
    std::uint64_t audible = 0; // of them not exactly zero
    std::uint64_t residue = 0; // not zero, but of the first instants after the mute: see Meter
    std::uint64_t lively = 0;  // cycles within which the level changed
    float peak = 0;            // of `audible`
    std::int64_t firstAudible = 0, lastAudible = 0; // begin of the cycle; 0: none

    // A microphone has noise. A constant level can be a broken one, one step a click: neither is a sound of
    // its.
    bool alive() const { return lively >= 3; }
};

// Of the same thing, heard twice.
Figures operator+(const Figures& a, const Figures& b);

// Fed by one thread, read by any.
class Meter {
  public:
    // What a resampler or a node that runs a cycle late may still hand on of the time before the reply.
    // Looked at and told (`residue`), but it does not count as heard: the first of these two that is longer,
    // from the reply on.
    static constexpr std::int64_t settlingNsec = 20'000'000; // or one cycle

    explicit Meter(const Course& course)
        : course_(course) {}
    Meter(const Meter&) = delete;
    Meter& operator=(const Meter&) = delete;

    void feed(std::span<const float> samples, const Cycle& cycle) noexcept;
    Figures figures(Part part) const;

  private:
    struct Counts {
        std::atomic<std::uint64_t> samples{0}, audible{0}, residue{0}, lively{0};
        std::atomic<float> peak{0};
        std::atomic<std::int64_t> firstAudible{0}, lastAudible{0};
    };
    const Course& course_;
    std::array<Counts, partCount> counts_;
};

} // namespace micguard::proof
