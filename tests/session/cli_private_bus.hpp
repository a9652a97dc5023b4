// SPDX-License-Identifier: GPL-3.0-or-later
//
// A session bus of our own and processes on it, for the tests of micguardctl. Everything started here is
// ended and reaped by its destructor; every wait has an end.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace micguard::test {

// A child with pipes. Reading waits for at most 20 s and then throws.
class Process {
  public:
    Process(const std::vector<std::string>& command, const std::vector<std::string>& environment);
    ~Process(); // kills it if it still runs
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t pid() const { return pid_; }
    std::string line();                  // from standard output, without its end
    bool write(const std::string& text); // false if it reads no more
    void signal(int number) const;
    int ended();                // waits; 128 + N for signal N
    std::string restOfOutput(); // until end-of-file
    std::string errors();       // standard error until end-of-file

  private:
    std::string untilEnd(int fd) const;
    pid_t pid_ = -1;
    int in_ = -1, out_ = -1, err_ = -1;
    std::string buffer_;
};

struct Ran {
    int status = -1;
    std::string out, err;
};

class PrivateBus {
  public:
    PrivateBus();
    ~PrivateBus();

    // Lets the bus start `executable` when somebody calls org.micguard.MicGuard1.
    void makeActivatable(const std::string& executable);
    std::vector<std::string> environment() const; // for children: this bus, and nothing of the user's
    const std::filesystem::path& folder() const { return folder_; }

    Ran run(const std::vector<std::string>& arguments,
            const std::vector<std::string>& more = {}) const; // micguardctl

  private:
    std::filesystem::path folder_;
    std::string address_;
    std::unique_ptr<Process> daemon_;
};

std::string micguardctl(); // path, from the environment MICGUARDCTL
std::string fakeGuard();   // from FAKE_GUARD

inline bool oneLine(const std::string& text) {
    return !text.empty() && text.find('\n') == text.size() - 1;
}

} // namespace micguard::test
