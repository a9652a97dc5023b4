// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/child.hpp"

#include <cerrno>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace micguard::cli {

namespace {

constexpr int passedOn[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};

} // namespace

SignalWatch::SignalWatch() {
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    for (const int signal : passedOn)
        sigaddset(&watched, signal);
    sigprocmask(SIG_BLOCK, &watched, &former_);
    fd_ = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    // Inherited "ignore" (nohup, a background job) would keep SIGCHLD from being told; the others stay as
    // they are.
    std::signal(SIGCHLD, SIG_DFL);
}

SignalWatch::~SignalWatch() {
    close(fd_);
    sigprocmask(SIG_SETMASK, &former_, nullptr);
}

std::optional<signalfd_siginfo> SignalWatch::next() const {
    signalfd_siginfo info{};
    if (read(fd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info))
        return std::nullopt;
    return info;
}

tl::expected<Child, int> Child::start(const std::vector<std::string>& command, const sigset_t& mask) {
    std::vector<char*> words;
    words.reserve(command.size() + 1);
    for (const std::string& word : command)
        words.push_back(const_cast<char*>(word.c_str())); // posix_spawn() does not write there
    words.push_back(nullptr);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    pid_t pid = 0;
    const int error = posix_spawnp(&pid, words.front(), nullptr, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    if (error != 0)
        return tl::unexpected(error);
    return Child(pid);
}

std::optional<int> Child::ended() const {
    int status = 0;
    pid_t got = 0;
    do
        got = waitpid(pid_, &status, WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got != pid_)
        return std::nullopt;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Child::send(int signal) const {
    kill(pid_, signal);
}

} // namespace micguard::cli
