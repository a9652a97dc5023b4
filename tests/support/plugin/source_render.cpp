// SPDX-License-Identifier: GPL-3.0-or-later
// Renders the audio of a test microphone. Runs in the server's data thread: no allocation, no lock.
#include "tests/support/plugin/source.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <numbers>

namespace micguard::test {

namespace {

void* mapFile(const char* path, int flags, int protection, std::size_t& size) {
    const int fd = ::open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return nullptr;
    struct stat status {};
    void* memory = MAP_FAILED;
    if (::fstat(fd, &status) == 0 && static_cast<std::size_t>(status.st_size) >= size && status.st_size > 0) {
        size = static_cast<std::size_t>(status.st_size);
        memory = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
    }
    ::close(fd);
    return memory == MAP_FAILED ? nullptr : memory;
}

} // namespace

void Renderer::open(const char* controlPath, const char* speechPath) {
    if (controlPath != nullptr) {
        std::size_t size = sizeof(ControlLayout);
        control_ = static_cast<ControlLayout*>(mapFile(controlPath, O_RDWR, PROT_READ | PROT_WRITE, size));
    }
    if (speechPath != nullptr) {
        std::size_t size = sizeof(float);
        speech_ = static_cast<const float*>(mapFile(speechPath, O_RDONLY, PROT_READ, size));
        speechSamples_ = speech_ != nullptr ? size / sizeof(float) : 0;
    }
}

Renderer::~Renderer() {
    if (control_ != nullptr)
        ::munmap(control_, sizeof(ControlLayout));
    if (speech_ != nullptr)
        ::munmap(const_cast<float*>(speech_), speechSamples_ * sizeof(float));
}

void Renderer::started() {
    if (control_ != nullptr)
        control_->starts.fetch_add(1);
}

void Renderer::beginCycle(std::uint32_t frames, std::int64_t nowNsec) {
    if (control_ == nullptr)
        return;
    coding_ = static_cast<Coding>(control_->coding.load());
    parity_ = control_->phase.load() & 1U;
    control_->frames[parity_].fetch_add(frames);
    control_->lastCycleNsec.store(nowNsec);
    control_->cycles[parity_].fetch_add(1);
}

float Renderer::next(double rate) {
    if (coding_ == Coding::dc)
        return parity_ == 0 ? kAmplitude : -kAmplitude;

    const double hertz = coding_ == Coding::tone ? kToneHertz[parity_] : kPilotHertz[parity_];
    angle_ += 2 * std::numbers::pi * hertz / rate;
    if (angle_ >= 2 * std::numbers::pi)
        angle_ -= 2 * std::numbers::pi;
    const auto wave = static_cast<float>(std::sin(angle_));
    if (coding_ == Coding::tone)
        return wave * kAmplitude;

    float speech = 0;
    if (speechSamples_ > 1) {
        const auto at = static_cast<std::size_t>(speechPosition_);
        const auto fraction = static_cast<float>(speechPosition_ - static_cast<double>(at));
        const std::size_t after = at + 1 < speechSamples_ ? at + 1 : 0;
        speech = speech_[at] * (1 - fraction) + speech_[after] * fraction;
        speechPosition_ += kSpeechRate / rate;
        if (speechPosition_ >= static_cast<double>(speechSamples_))
            speechPosition_ -= static_cast<double>(speechSamples_);
    }
    return speech + wave * kPilotAmplitude;
}

} // namespace micguard::test
