// SPDX-License-Identifier: GPL-3.0-or-later
// The control file of a test microphone: what it shall make from now on, and how much it has made. The tests
// write it, the plug-in inside the server maps it. This layout is shared between processes: plain integers
// and lock-free atomics.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace micguard::test {

enum class Coding : std::uint32_t {
    dc = 0,   // even phases +0.25, odd ones -0.25: the sign tells, whatever volume or resampler is in the way
    tone = 1, // even phases 440 Hz, odd ones 1870 Hz: survives high-pass filters and gain control
    speech = 2, // speech with a quiet pilot: 6000 Hz in even phases, 6800 Hz in odd ones
};

inline constexpr float kAmplitude = 0.25F;
inline constexpr std::array<double, 2> kToneHertz{440.0, 1870.0};
inline constexpr std::array<double, 2> kPilotHertz{6000.0, 6800.0};
inline constexpr float kPilotAmplitude = 0.06F;
inline constexpr double kSpeechCutoffHertz = 4500.0; // the session's speech file has nothing above it
inline constexpr unsigned kSpeechRate = 48000;

inline constexpr std::uint32_t kControlMagic = 0x4d474331; // "MGC1"

struct ControlLayout {
    std::atomic<std::uint32_t> magic;
    std::atomic<std::uint32_t> coding;
    std::atomic<std::uint32_t> phase; // read once per cycle, when the cycle's audio is made
    std::atomic<std::uint32_t> starts;
    std::atomic<std::uint64_t> cycles[2]; // by parity of the phase
    std::atomic<std::uint64_t> frames[2];
    std::atomic<std::int64_t> lastCycleNsec; // CLOCK_MONOTONIC
    // What the fake card behind this microphone was last told. The audio is not changed by it: a hardware
    // switch that really silenced the source would hide a leak of everything that comes after it.
    std::atomic<std::uint32_t> routeMute;
    std::atomic<std::uint32_t> routeChanges; // a futex word
    std::atomic<float> routeVolume;
    // How often it was told a volume: by the user, or by the session manager that restores a route. A guard
    // that sets the switch leaves the volume out.
    std::atomic<std::uint32_t> routeVolumeWrites;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<float>::is_always_lock_free);

struct Produced {
    std::uint64_t cycles[2]{};
    std::uint64_t frames[2]{};
};

// The tests' end. The file lives as long as this object; a plug-in that has mapped it keeps its mapping.
class ControlFile {
  public:
    ControlFile(std::filesystem::path path, Coding coding);
    ~ControlFile();
    ControlFile(const ControlFile&) = delete;
    ControlFile& operator=(const ControlFile&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] Coding coding() const { return coding_; }
    void setPhase(std::uint32_t phase) { layout_->phase.store(phase, std::memory_order_seq_cst); }
    [[nodiscard]] std::uint32_t phase() const { return layout_->phase.load(); }
    [[nodiscard]] Produced produced() const;
    [[nodiscard]] const ControlLayout& layout() const { return *layout_; }
    // acp: true as soon as what its card was told satisfies the predicate.
    bool waitRoute(const std::function<bool(const ControlLayout&)>& predicate,
                   std::chrono::milliseconds timeout) const;

  private:
    std::filesystem::path path_;
    Coding coding_;
    ControlLayout* layout_ = nullptr;
};

// Writes 48 kHz mono F32 speech made by espeak-ng, without anything above kSpeechCutoffHertz.
void makeSpeechFile(const std::filesystem::path& path, const std::string& text);

} // namespace micguard::test
