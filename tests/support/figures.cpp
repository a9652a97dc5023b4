// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/figures.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
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
        Spent::Switches thread;
        for (std::string line; std::getline(status, line);)
            if (line.find("ctxt_switches:") != std::string::npos) {
                const std::uint64_t count = std::stoull(line.substr(line.find(':') + 1));
                thread.all += count;
                if (line.starts_with("voluntary"))
                    thread.sleeps += count;
            }
        sum.contextSwitches += thread.all;
        sum.sleeps += thread.sleeps;
        sum.threads[std::stoi(task.path().filename())] = thread;
    }
    return sum;
}

Spent operator-(const Spent& later, const Spent& earlier) {
    Spent more;
    more.cpu = later.cpu - earlier.cpu;
    for (const auto& [id, thread] : later.threads) {
        const auto before = earlier.threads.find(id);
        const Spent::Switches known = before == earlier.threads.end() ? Spent::Switches{} : before->second;
        more.threads[id] = {thread.all - known.all, thread.sleeps - known.sleeps};
        more.contextSwitches += more.threads[id].all;
        more.sleeps += more.threads[id].sleeps;
    }
    return more;
}

std::uint64_t proportionalKib(pid_t pid) {
    return kibIn("smaps_rollup", "Pss:", pid);
}

std::uint64_t anonymousKib(pid_t pid) {
    return kibIn("smaps_rollup", "Anonymous:", pid);
}

std::uint64_t residentKib(pid_t pid) {
    return kibIn("status", "VmRSS:", pid);
}

bool isSanitized(pid_t pid) {
    // Its shadow memory, which is an eighth of all addresses; it is not of a library's name where the runtime is linked in (clang).
    constexpr std::uint64_t tebibyte = std::uint64_t{1} << 30; // in KiB
    return kibIn("status", "VmSize:", pid) >= tebibyte;
}

std::uint64_t openDescriptors(pid_t pid) {
    std::error_code gone;
    std::uint64_t count = 0;
    const std::filesystem::path folder = "/proc/" + std::to_string(pid) + "/fd";
    for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator(folder, gone))
        count++;
    return count;
}

std::vector<std::string> loadedLibraries(pid_t pid) {
    std::set<std::string> found;
    std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
    for (std::string line; std::getline(maps, line);)
        if (const auto path = line.find('/');
            path != std::string::npos && line.find(".so", path) != std::string::npos)
            found.insert(line.substr(path));
    return {found.begin(), found.end()};
}

} // namespace micguard::test
