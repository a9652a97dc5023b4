// SPDX-License-Identifier: GPL-3.0-or-later
// Child processes of the tests. Each one is in a process group of its own, is ended by its id, and is killed
// by the kernel when the thread that started it ends (so start them from a thread that lives as long as they
// shall).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace micguard::test {

using Milliseconds = std::chrono::milliseconds;
using Environment = std::vector<std::string>; // KEY=value
inline constexpr Milliseconds kPatience{
    20000}; // the watchdog of everything that waits: far above any honest delay

class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int fd)
        : fd_(fd) {}
    ~UniqueFd() { reset(); }
    UniqueFd(UniqueFd&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other)
            reset(std::exchange(other.fd_, -1));
        return *this;
    }
    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void reset(int fd = -1);

  private:
    int fd_ = -1;
};

struct SpawnOptions {
    Environment environment;         // the whole environment of the child; empty: ours
    std::filesystem::path log;       // stdout and stderr are appended here; empty: ours
    int standardOutput = -1;         // goes before `log`
    std::filesystem::path directory; // working directory
    bool interactive =
        false; // keeps our standard input and our process group, as a shell on a terminal needs
    std::vector<std::pair<int, int>> descriptors; // (ours, the child's) to be kept open in the child
};

class Process {
  public:
    Process() = default;
    ~Process();
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;

    // Throws std::system_error if the program cannot be started.
    static Process spawn(const std::vector<std::string>& argv, const SpawnOptions& options);

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool running();
    // The wait status, or nothing if it is still running when time is up.
    std::optional<int> wait(Milliseconds timeout);
    // SIGTERM to the group, then SIGKILL when `grace` has passed.
    void stop(Milliseconds grace = Milliseconds(3000));
    void kill(int signal) const;
    // SIGKILL to the process and its group; returns when it is gone.
    void killHard();

  private:
    pid_t pid_ = -1;
    UniqueFd pidfd_;
    std::optional<int> status_;
    bool leader_ = true; // of a process group
};

struct Finished {
    int exitCode =
        -1; // 128 + signal if killed; -1 if it was still running when time was up (it is then killed)
    std::string output; // stdout and stderr together
};

// Runs a program to its end. An empty environment means ours.
Finished runProgram(const std::vector<std::string>& argv, const Environment& environment,
                    Milliseconds timeout);

std::string readFile(const std::filesystem::path& path);
// True as soon as the file's text satisfies the predicate. Its folder has to be there already.
bool waitForText(const std::filesystem::path& path, const std::function<bool(const std::string&)>& predicate,
                 Milliseconds timeout = kPatience);
void writeFile(const std::filesystem::path& path, const std::string& text);

} // namespace micguard::test
