// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/clock/moved_clock.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace micguard::test {
namespace {

MovedClock::Moment real() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

} // namespace

MovedClock::MovedClock(Moment now) {
    std::string pattern = (std::filesystem::temp_directory_path() / "micguard-clock-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
        throw std::system_error(errno, std::generic_category(), pattern);
    folder_ = pattern;
    set(now);
}

MovedClock::~MovedClock() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void MovedClock::give(SessionOptions& options, const std::string& zone) const {
    const char* asan = std::getenv("ASAN_OPTIONS");
    // A sanitized program wants its runtime to be loaded first.
    giveMicguardd(options, {"LD_PRELOAD=" TEST_CLOCK_MODEL,
                            "MICGUARD_TEST_CLOCK=" + (folder_ / "ahead").string(), "TZ=" + zone,
                            "ASAN_OPTIONS=" + std::string(asan ? asan : "") + ":verify_asan_link_order=0"});
}

void MovedClock::set(Moment now) {
    ahead_ = now - real();
    const auto fresh = folder_ / "ahead.new";
    writeFile(fresh, std::to_string(static_cast<double>(ahead_.count()) / 1000));
    std::filesystem::rename(fresh, folder_ / "ahead");
}

MovedClock::Moment MovedClock::now() const {
    return real() + ahead_;
}

} // namespace micguard::test
