// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/session/cli_private_bus.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace micguard::test {

namespace {

constexpr int patience = 20'000; // ms; only a broken run ever waits for it

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (const std::string& text : texts)
        list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

// False at end-of-file.
bool readMore(int fd, std::string& into) {
    pollfd ready{fd, POLLIN, 0};
    if (poll(&ready, 1, patience) <= 0)
        throw std::runtime_error("nothing to read for 20 s");
    char text[4096];
    const ssize_t count = read(fd, text, sizeof text);
    if (count > 0)
        into.append(text, static_cast<std::size_t>(count));
    return count > 0;
}

std::string fromEnvironment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr)
        throw std::runtime_error(std::string(name) + " is not set: run this through meson test");
    return value;
}

} // namespace

std::string micguardctl() {
    return fromEnvironment("MICGUARDCTL");
}
std::string fakeGuard() {
    return fromEnvironment("FAKE_GUARD");
}

Process::Process(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
    int in[2], out[2], err[2];
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
        throw std::runtime_error("no pipes");
    const auto words = pointers(command), variables = pointers(environment);
    pid_ = fork();
    if (pid_ == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        ::signal(SIGHUP, SIG_DFL); // ignored, if the tests were started by nohup
        execvpe(words.front(), words.data(), variables.data());
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    in_ = in[1], out_ = out[0], err_ = err[0];
}

Process::~Process() {
    close(in_);
    close(out_);
    close(err_);
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
}

std::string Process::line() {
    std::size_t end = 0;
    while ((end = buffer_.find('\n')) == std::string::npos)
        if (!readMore(out_, buffer_))
            throw std::runtime_error("output ended: " + buffer_ + untilEnd(err_));
    const std::string text = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return text;
}

bool Process::write(const std::string& text) {
    // For this call only: children are to have it as they would by themselves.
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    const ssize_t count = ::write(in_, text.data(), text.size());
    const bool gone = count < 0 && errno == EPIPE;
    std::signal(SIGPIPE, before);
    if (!gone && count != static_cast<ssize_t>(text.size()))
        throw std::runtime_error("cannot write to the process");
    return !gone;
}

void Process::signal(int number) const {
    kill(pid_, number);
}

int Process::ended() {
    const int watch = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    pollfd ready{watch, POLLIN, 0};
    const int count = poll(&ready, 1, patience);
    close(watch);
    if (count <= 0)
        throw std::runtime_error("the process does not end");
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string Process::untilEnd(int fd) const {
    std::string text;
    while (readMore(fd, text)) {
    }
    return text;
}

std::string Process::restOfOutput() {
    return std::exchange(buffer_, {}) + untilEnd(out_);
}
std::string Process::errors() {
    return untilEnd(err_);
}

PrivateBus::PrivateBus() {
    std::string pattern = (std::filesystem::temp_directory_path() / "micguardctl-XXXXXX").native();
    if (mkdtemp(pattern.data()) == nullptr)
        throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    std::filesystem::create_directory(folder_ / "services");
    std::ofstream(folder_ / "bus.conf")
        << "<busconfig><type>session</type><listen>unix:path=" << (folder_ / "bus").native()
        << "</listen><auth>EXTERNAL</auth><servicedir>" << (folder_ / "services").native()
        << "</servicedir><policy context='default'><allow send_destination='*' eavesdrop='true'/>"
           "<allow eavesdrop='true'/><allow own='*'/></policy></busconfig>";
    daemon_ = std::make_unique<Process>(
        std::vector<std::string>{"dbus-daemon", "--config-file=" + (folder_ / "bus.conf").native(),
                                 "--nofork", "--print-address=1"},
        std::vector<std::string>{"PATH=/usr/bin:/bin", "HOME=/invalid"});
    address_ = daemon_->line();
}

PrivateBus::~PrivateBus() {
    daemon_.reset();
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
}

void PrivateBus::makeActivatable(const std::string& executable) {
    std::ofstream(folder_ / "services/org.micguard.MicGuard1.service")
        << "[D-BUS Service]\nName=org.micguard.MicGuard1\nExec=" << executable << "\n";
    const Ran reload = [&] {
        Process call({"dbus-send", "--bus=" + address_, "--print-reply", "--dest=org.freedesktop.DBus",
                      "/org/freedesktop/DBus", "org.freedesktop.DBus.ReloadConfig"},
                     environment());
        const std::string out = call.restOfOutput(), err = call.errors();
        return Ran{call.ended(), out, err};
    }();
    if (reload.status != 0)
        throw std::runtime_error("the bus does not reload: " + reload.err);
}

std::vector<std::string> PrivateBus::environment() const {
    return {"DBUS_SESSION_BUS_ADDRESS=" + address_, "PATH=/usr/bin:/bin", "HOME=/invalid",
            "XDG_RUNTIME_DIR=/invalid", "LC_ALL=C.UTF-8"};
}

Ran PrivateBus::run(const std::vector<std::string>& arguments, const std::vector<std::string>& more) const {
    std::vector<std::string> command = {micguardctl()}, variables = environment();
    command.insert(command.end(), arguments.begin(), arguments.end());
    variables.insert(variables.end(), more.begin(), more.end());
    Process process(command, variables);
    const std::string out = process.restOfOutput(), err = process.errors();
    return {process.ended(), out, err};
}

} // namespace micguard::test
