// SPDX-License-Identifier: GPL-3.0-or-later
// Starts, waits for and ends child processes through pidfds.
#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

extern char** environ;

namespace micguard::test {

void UniqueFd::reset(int fd) {
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = fd;
}

namespace {

std::string lookUp(const std::string& program, const Environment& environment) {
    if (program.find('/') != std::string::npos)
        return program;
    std::string path = "/usr/local/bin:/usr/bin:/bin";
    if (const char* value = std::getenv("PATH"))
        path = value;
    for (const std::string& entry : environment)
        if (entry.starts_with("PATH="))
            path = entry.substr(5);
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find(':', at), path.size());
        const std::string candidate = path.substr(at, end - at) + "/" + program;
        if (::access(candidate.c_str(), X_OK) == 0)
            return candidate;
        at = end + 1;
    }
    throw std::system_error(ENOENT, std::generic_category(), program);
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (const std::string& text : strings)
        result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

// Between fork and exec of a process that may have threads: system calls only.
[[noreturn]] void becomeChild(const char* path, char* const* argv, char* const* env,
                              const SpawnOptions& options, int output, int errorPipe, pid_t parent) {
    const auto fail = [errorPipe] {
        const int error = errno;
        [[maybe_unused]] const ssize_t ignored = ::write(errorPipe, &error, sizeof(error));
        ::_exit(127);
    };
    if (!options.interactive)
        ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(127);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    if (!options.interactive) {
        const int devNull = ::open("/dev/null", O_RDWR);
        ::dup2(devNull, STDIN_FILENO);
    }
    if (output >= 0) {
        ::dup2(output, STDOUT_FILENO);
        if (options.standardOutput < 0)
            ::dup2(output, STDERR_FILENO);
    }
    if (options.standardOutput >= 0) {
        ::dup2(options.standardOutput, STDOUT_FILENO);
        if (output >= 0)
            ::dup2(output, STDERR_FILENO);
    }
    // First out of the way of each other, then to the places wanted.
    std::array<int, 16> parked{};
    const std::size_t count = std::min(options.descriptors.size(), parked.size());
    for (std::size_t i = 0; i < count; ++i)
        parked[i] = ::fcntl(options.descriptors[i].first, F_DUPFD_CLOEXEC, 64);
    for (std::size_t i = 0; i < count; ++i)
        if (::dup2(parked[i], options.descriptors[i].second) < 0)
            fail();
    if (!options.directory.empty() && ::chdir(options.directory.c_str()) < 0)
        fail();
    ::execve(path, argv, env);
    fail();
    ::_exit(127);
}

} // namespace

Process Process::spawn(const std::vector<std::string>& argv, const SpawnOptions& options) {
    const std::string path = lookUp(argv.at(0), options.environment);
    const std::vector<char*> arguments = pointers(argv);
    const std::vector<char*> variables = pointers(options.environment);
    UniqueFd log;
    if (!options.log.empty()) {
        log.reset(::open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
        if (!log)
            throw std::system_error(errno, std::generic_category(), options.log.string());
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0)
        throw std::system_error(errno, std::generic_category(), "pipe2");
    UniqueFd readEnd(ends[0]);
    UniqueFd writeEnd(ends[1]);

    const pid_t parent = ::getpid();
    Process child;
    child.pid_ = ::fork();
    if (child.pid_ < 0)
        throw std::system_error(errno, std::generic_category(), "fork");
    if (child.pid_ == 0)
        becomeChild(path.c_str(), arguments.data(), options.environment.empty() ? environ : variables.data(),
                    options, log.get(), writeEnd.get(), parent);
    child.leader_ = !options.interactive;
    if (child.leader_)
        ::setpgid(child.pid_, child.pid_);
    writeEnd.reset();
    child.pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0)));
    if (!child.pidfd_) {
        const int error = errno;
        child.killHard();
        throw std::system_error(error, std::generic_category(), "pidfd_open");
    }
    int error = 0;
    if (::read(readEnd.get(), &error, sizeof(error)) == sizeof(error)) {
        child.wait(kPatience);
        throw std::system_error(error, std::generic_category(), path);
    }
    return child;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1))
    , pidfd_(std::move(other.pidfd_))
    , status_(other.status_)
    , leader_(other.leader_) {}

Process& Process::operator=(Process&& other) noexcept {
    if (this != &other) {
        stop();
        pid_ = std::exchange(other.pid_, -1);
        pidfd_ = std::move(other.pidfd_);
        status_ = other.status_;
        leader_ = other.leader_;
    }
    return *this;
}

Process::~Process() {
    stop();
}

bool Process::running() {
    return pid_ > 0 && !wait(Milliseconds(0));
}

std::optional<int> Process::wait(Milliseconds timeout) {
    if (status_ || pid_ <= 0)
        return status_;
    pollfd entry{pidfd_.get(), POLLIN, 0};
    const auto end = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        const auto left = std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
        const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return std::nullopt;
        int status = 0;
        if (::waitpid(pid_, &status, 0) == pid_)
            status_ = status;
        else
            status_ = 0;
        return status_;
    }
}

void Process::kill(int signal) const {
    if (pid_ > 0 && !status_)
        ::kill(pid_, signal);
}

void Process::killHard() {
    if (pid_ <= 0)
        return;
    if (!status_) {
        if (leader_)
            ::kill(-pid_, SIGKILL);
        ::kill(pid_, SIGKILL);
        if (pidfd_)
            wait(kPatience);
        else
            ::waitpid(pid_, nullptr, 0);
    }
    pid_ = -1;
}

void Process::stop(Milliseconds grace) {
    if (pid_ <= 0)
        return;
    if (!status_) {
        ::kill(leader_ ? -pid_ : pid_, SIGTERM);
        wait(grace);
    }
    if (!status_) {
        killHard();
    } else if (leader_) {
        // The group may have outlived its leader. Its id cannot have been re-used while members remain, and
        // if none remain the call fails.
        ::kill(-pid_, SIGKILL);
    }
    pid_ = -1;
}

Finished runProgram(const std::vector<std::string>& argv, const Environment& environment,
                    Milliseconds timeout) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0)
        throw std::system_error(errno, std::generic_category(), "pipe2");
    UniqueFd readEnd(ends[0]);
    UniqueFd writeEnd(ends[1]);
    SpawnOptions options;
    options.environment = environment;
    options.descriptors = {{writeEnd.get(), STDOUT_FILENO}, {writeEnd.get(), STDERR_FILENO}};
    Process child = Process::spawn(argv, options);
    writeEnd.reset();

    Finished result;
    const auto end = std::chrono::steady_clock::now() + timeout;
    std::array<char, 65536> chunk{};
    for (;;) {
        pollfd entry{readEnd.get(), POLLIN, 0};
        const auto left = std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0)
            break;
        const int ready = ::poll(&entry, 1, static_cast<int>(left.count()));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            break;
        const ssize_t count = ::read(readEnd.get(), chunk.data(), chunk.size());
        if (count <= 0)
            break;
        result.output.append(chunk.data(), static_cast<std::size_t>(count));
    }
    const auto left = std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
    const std::optional<int> status = child.wait(std::max(left, Milliseconds(0)));
    if (status)
        result.exitCode = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
    else
        child.killHard();
    return result;
}

std::string readFile(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

bool waitForText(const std::filesystem::path& path, const std::function<bool(const std::string&)>& predicate,
                 Milliseconds timeout) {
    const UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!watch || ::inotify_add_watch(watch.get(), path.parent_path().c_str(),
                                      IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO) < 0)
        throw std::system_error(errno, std::generic_category(), "inotify");
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (!predicate(readFile(path))) {
        const auto left = std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
        pollfd entry{watch.get(), POLLIN, 0};
        if (left.count() <= 0 || ::poll(&entry, 1, static_cast<int>(left.count())) == 0)
            return false;
        std::array<char, 4096> events{};
        while (::read(watch.get(), events.data(), events.size()) > 0) {
        }
    }
    return true;
}

void writeFile(const std::filesystem::path& path, const std::string& text) {
    const std::filesystem::path fresh = path.string() + ".new";
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file << text;
    if (!file.flush())
        throw std::runtime_error("cannot write " + path.string());
    file.close();
    std::filesystem::rename(fresh, path);
}

} // namespace micguard::test
