// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/figures.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace micguard::test {
namespace {

std::uint64_t kibIn(const char* file, const std::string& key, pid_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/" + file);
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(key))
            return std::stoull(line.substr(key.size()));
    return 0;
}

} // namespace

Spent spentBy(pid_t pid) {
    Spent sum;
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) == 0 && ::clock_gettime(clock, &time) == 0)
        sum.cpu = std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    std::error_code gone;
    const std::filesystem::path tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
        std::ifstream status(task.path() / "status");
        for (std::string line; std::getline(status, line);)
            if (line.find("ctxt_switches:") != std::string::npos)
                sum.contextSwitches += std::stoull(line.substr(line.find(':') + 1));
    }
    return sum;
}

Spent operator-(const Spent& later, const Spent& earlier) {
    return {later.cpu - earlier.cpu, later.contextSwitches - earlier.contextSwitches};
}

std::uint64_t proportionalKib(pid_t pid) {
    return kibIn("smaps_rollup", "Pss:", pid);
}

std::uint64_t residentKib(pid_t pid) {
    return kibIn("status", "VmRSS:", pid);
}

bool isSanitized(pid_t pid) {
    std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
    for (std::string line; std::getline(maps, line);)
        if (line.find("libasan") != std::string::npos)
            return true;
    return false;
}

std::uint64_t openDescriptors(pid_t pid) {
    std::error_code gone;
    std::uint64_t count = 0;
    const std::filesystem::path folder = "/proc/" + std::to_string(pid) + "/fd";
    for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator(folder, gone))
        count++;
    return count;
}

} // namespace micguard::test
