// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/memory/scarce_memory.hpp"

#include "tests/support/process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace micguard::test {

ScarceMemory::ScarceMemory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "micguard-memory-XXXXXX").string();
    const UniqueFd fd(::mkstemp(pattern.data()));
    if (!fd)
        throw std::system_error(errno, std::generic_category(), pattern);
    file_ = pattern;
    plenty();
}

ScarceMemory::~ScarceMemory() {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
}

void ScarceMemory::give(SessionOptions& options) const {
    giveMicguardd(options, {"LD_PRELOAD=" TEST_MEMORY_MODEL, "MICGUARD_TEST_MEMORY=" + file_.string()});
}

void ScarceMemory::runOutAfter(std::uint64_t allocations) {
    write(static_cast<std::int64_t>(allocations));
}

void ScarceMemory::plenty() {
    write(-1);
}

// At once, for whoever has it mapped.
void ScarceMemory::write(std::int64_t left) const {
    const UniqueFd fd(::open(file_.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd || ::pwrite(fd.get(), &left, sizeof left, 0) != sizeof left)
        throw std::system_error(errno, std::generic_category(), file_.string());
}

} // namespace micguard::test
