// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/verify_program.hpp"

#include "proof/program.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace micguard::cli {

namespace {

// Sources have names of at most some hundred bytes: a line beyond this is none of its.
constexpr std::size_t longestLine = 65536;

tl::unexpected<CallError> cannot(const std::string& what, int error) {
    return tl::unexpected(CallError{Exit::Failed, "cannot run " + what + ": " + strerror(error)});
}

} // namespace

Answer<int> runVerify(const std::vector<std::string>& arguments,
                      const std::function<void(const nlohmann::json&)>& onLine) {
    std::string program = proof::programPath();
    std::vector<std::string> words(arguments);
    std::vector<char*> argv{program.data()};
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return cannot(program, errno);
    Descriptor output(ends[0]), theirs(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
    pid_t pid = 0;
    const int error = posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return cannot(program, error);
    theirs.close();

    std::string line;
    std::array<char, 4096> text{};
    for (;;) {
        const ssize_t count = read(output.get(), text.data(), text.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        for (const char c : std::string_view(text.data(), static_cast<std::size_t>(count))) {
            if (c != '\n') {
                if (line.size() < longestLine)
                    line.push_back(c);
                continue;
            }
            if (const auto value = nlohmann::json::parse(line, nullptr, false); value.is_object())
                onLine(value);
            line.clear();
        }
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return cannot(program, errno);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace micguard::cli
