// SPDX-License-Identifier: GPL-3.0-or-later
//
// A command as a child process, and the signals that are to be passed on to it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <csignal>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <tl/expected.hpp>

namespace micguard::cli {

// While it lives, SIGCHLD and the signals that ask a program for something are blocked and read from fd().
// SIGTSTP and SIGCONT are not among them: the shell stops and continues us together with the command.
class SignalWatch {
  public:
    SignalWatch();
    ~SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

    int fd() const { return fd_; }
    const sigset_t& former() const { return former_; } // the mask to give to a child
    std::optional<signalfd_siginfo> next() const;      // none: no more for now

  private:
    int fd_ = -1;
    sigset_t former_{};
};

class Child {
  public:
    // Error: an errno. The child has `mask` as signal mask and no descriptor of ours beyond the standard
    // ones.
    static tl::expected<Child, int> start(const std::vector<std::string>& command, const sigset_t& mask);

    // As a shell would say it, 128 + N for signal N; none while it runs. Reaps it: not to be asked again.
    std::optional<int> ended() const;
    void send(int signal) const;

  private:
    explicit Child(pid_t pid)
        : pid_(pid) {}
    pid_t pid_;
};

} // namespace micguard::cli
