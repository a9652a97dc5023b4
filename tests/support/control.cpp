// SPDX-License-Identifier: GPL-3.0-or-later
// Creates and maps control files, and makes the speech that test microphones play.
#include "tests/support/control.hpp"

#include "tests/support/process.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numbers>
#include <numeric>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace micguard::test {

ControlFile::ControlFile(std::filesystem::path path, Coding coding)
    : path_(std::move(path))
    , coding_(coding) {
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, sizeof(ControlLayout)) < 0) {
        const int error = errno;
        if (fd >= 0)
            ::close(fd);
        throw std::system_error(error, std::generic_category(), path_.string());
    }
    void* memory = ::mmap(nullptr, sizeof(ControlLayout), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    const int error = errno;
    ::close(fd);
    if (memory == MAP_FAILED)
        throw std::system_error(error, std::generic_category(), path_.string());
    layout_ = static_cast<ControlLayout*>(memory);
    layout_->coding = static_cast<std::uint32_t>(coding);
    layout_->routeVolume = 1.0F;
    layout_->magic = kControlMagic;
}

ControlFile::~ControlFile() {
    ::munmap(layout_, sizeof(ControlLayout));
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

Produced ControlFile::produced() const {
    Produced result;
    for (int parity = 0; parity < 2; ++parity) {
        result.cycles[parity] = layout_->cycles[parity].load();
        result.frames[parity] = layout_->frames[parity].load();
    }
    return result;
}

bool ControlFile::waitRoute(const std::function<bool(const ControlLayout&)>& predicate,
                            std::chrono::milliseconds timeout) const {
    const auto end = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        const std::uint32_t seen = layout_->routeChanges.load();
        if (predicate(*layout_))
            return true;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0)
            return false;
        timespec time{};
        time.tv_sec = left.count() / 1000;
        time.tv_nsec = (left.count() % 1000) * 1'000'000;
        ::syscall(SYS_futex, reinterpret_cast<const std::uint32_t*>(&layout_->routeChanges), FUTEX_WAIT, seen,
                  &time, nullptr, 0);
    }
}

namespace {

std::uint32_t littleEndian(const std::vector<char>& bytes, std::size_t at, int count) {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i)
        value |=
            static_cast<std::uint32_t>(static_cast<unsigned char>(bytes.at(at + static_cast<std::size_t>(i))))
            << (8 * i);
    return value;
}

// Resamples with a windowed sinc whose cut-off is far below both Nyquist frequencies, which is also the
// low-pass we want.
std::vector<float> resampled(const std::vector<float>& in, std::uint32_t inRate) {
    constexpr int kHalf = 64;
    const std::uint32_t divisor = std::gcd(inRate, kSpeechRate);
    const std::size_t phases = kSpeechRate / divisor;
    const std::size_t step = inRate / divisor;
    const double cutoff =
        kSpeechCutoffHertz * 0.93 / inRate; // the transition band ends at kSpeechCutoffHertz

    std::vector<float> taps(phases * 2 * kHalf);
    for (std::size_t phase = 0; phase < phases; ++phase) {
        for (int k = 0; k < 2 * kHalf; ++k) {
            const double t = k - kHalf + 1 - static_cast<double>(phase) / static_cast<double>(phases);
            const double x = 2 * std::numbers::pi * cutoff * t;
            const double sinc = std::abs(t) < 1e-9 ? 2 * cutoff : std::sin(x) / (std::numbers::pi * t);
            const double window = 0.5 + 0.5 * std::cos(std::numbers::pi * t / kHalf);
            taps[phase * 2 * kHalf + static_cast<std::size_t>(k)] = static_cast<float>(sinc * window);
        }
    }
    std::vector<float> out(in.size() * phases / step);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto first = static_cast<std::int64_t>(i * step / phases) - kHalf + 1;
        const float* const row = &taps[i * step % phases * 2 * kHalf];
        float sum = 0;
        for (int k = 0; k < 2 * kHalf; ++k) {
            const std::int64_t at = first + k;
            if (at >= 0 && at < static_cast<std::int64_t>(in.size()))
                sum += in[static_cast<std::size_t>(at)] * row[k];
        }
        out[i] = sum;
    }
    return out;
}

} // namespace

void makeSpeechFile(const std::filesystem::path& path, const std::string& text) {
    const std::filesystem::path wav = path.string() + ".wav";
    const Finished made = runProgram({"espeak-ng", "-w", wav.string(), text}, {}, std::chrono::seconds(20));
    if (made.exitCode != 0)
        throw std::runtime_error("espeak-ng failed: " + made.output);

    std::ifstream file(wav, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    if (bytes.size() < 44 || std::memcmp(bytes.data(), "RIFF", 4) != 0 || littleEndian(bytes, 22, 2) != 1 ||
        littleEndian(bytes, 34, 2) != 16)
        throw std::runtime_error("espeak-ng did not write a mono 16 bit WAV file");
    const std::uint32_t rate = littleEndian(bytes, 24, 4);
    if (rate == 0)
        throw std::runtime_error("espeak-ng wrote a WAV file without a rate");
    std::vector<float> samples;
    float peak = 1e-6F;
    for (std::size_t at = 44; at + 1 < bytes.size(); at += 2) {
        const auto value =
            static_cast<float>(static_cast<std::int16_t>(littleEndian(bytes, at, 2))) / 32768.0F;
        samples.push_back(value);
        peak = std::max(peak, std::abs(value));
    }
    for (float& sample : samples)
        sample *= 0.6F / peak;

    const std::vector<float> out = resampled(samples, rate);
    std::ofstream raw(path, std::ios::binary | std::ios::trunc);
    raw.write(reinterpret_cast<const char*>(out.data()),
              static_cast<std::streamsize>(out.size() * sizeof(float)));
    if (!raw.flush())
        throw std::runtime_error("cannot write " + path.string());
    std::filesystem::remove(wav);
}

} // namespace micguard::test
