// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/crowd.hpp"

#include "tests/support/analyser.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace micguard::bench {

std::vector<MicSpec> crowdMicrophones(unsigned count) {
    std::vector<MicSpec> mics;
    for (unsigned i = 0; i < count; i++)
        mics.push_back({.kind = MicKind::tone, .name = "mic" + std::to_string(i)});
    return mics;
}

Crowd::Crowd(const PrivateSession& session, const CrowdSize& size)
    : size_(size)
    , path_(session.directory() / "log" / "crowd.count") {
    const UniqueFd fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd || ::ftruncate(fd.get(), sizeof(*count_)) < 0)
        throw std::system_error(errno, std::generic_category(), path_.string());
    void* memory = ::mmap(nullptr, sizeof(*count_), PROT_READ, MAP_SHARED, fd.get(), 0);
    if (memory == MAP_FAILED)
        throw std::system_error(errno, std::generic_category(), path_.string());
    count_ = static_cast<const std::atomic<std::uint32_t>*>(memory);
    process_ = session.spawn({CROWD_PROGRAM, "--streams", std::to_string(size.streams), "--connections",
                              std::to_string(size.connections), "--sources", std::to_string(size.sources),
                              "--count", path_.string()},
                             "crowd");
    // A session manager links some hundred streams for a long time.
    if (!waitAll(Milliseconds(120000)))
        throw std::runtime_error("of " + std::to_string(size.streams) + " streams " +
                                 std::to_string(streaming()) + " are streaming");
}

Crowd::~Crowd() {
    process_.stop(Milliseconds(10000));
    ::munmap(const_cast<std::atomic<std::uint32_t>*>(count_), sizeof(*count_));
}

std::uint32_t Crowd::streaming() const {
    return count_->load();
}

bool Crowd::waitAll(Milliseconds timeout) const {
    const std::int64_t end = monotonicNsec() + std::chrono::nanoseconds(timeout).count();
    while (streaming() < size_.streams) {
        if (monotonicNsec() > end)
            return false;
        std::this_thread::sleep_for(Milliseconds(5));
    }
    return true;
}

} // namespace micguard::bench
