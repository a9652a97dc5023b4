// SPDX-License-Identifier: GPL-3.0-or-later
// mg-session: runs a command inside a private session with test microphones; and, from within such a session,
// sets the phase of its microphones or prints how much they have made. For shell scripts and for people who
// want to try things.
#include "tests/support/session.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>

namespace micguard::test {
namespace {

int usage() {
    std::cerr
        << "usage: mg-session [--mic KIND:NAME[:dc|tone|speech]]... [--quantum FRAMES] [--rate HZ]\n"
           "                  [--micguardd PATH] [--config FILE] [--no-wireplumber] [--no-pulse] [--keep]\n"
           "                  [--strict]\n"
           "                  -- COMMAND [ARGUMENT]...\n"
           "       mg-session phase N [NAME]      (inside a session)\n"
           "       mg-session produced NAME       (inside a session)\n"
           "kinds:";
    for (const MicKind kind : allMicKinds())
        std::cerr << " " << nameOf(kind);
    std::cerr << "\n";
    return 2;
}

std::optional<Coding> codingFromName(const std::string& name) {
    if (name == "dc")
        return Coding::dc;
    if (name == "tone")
        return Coding::tone;
    if (name == "speech")
        return Coding::speech;
    return std::nullopt;
}

ControlLayout* mapControl(const std::filesystem::path& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    void* memory =
        fd ? ::mmap(nullptr, sizeof(ControlLayout), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0)
           : MAP_FAILED;
    if (memory == MAP_FAILED) {
        std::cerr << "mg-session: " << path.string() << ": no such microphone\n";
        return nullptr;
    }
    return static_cast<ControlLayout*>(memory);
}

int inside(const std::vector<std::string>& words) {
    const char* session = std::getenv("MICGUARD_TEST_SESSION");
    if (session == nullptr) {
        std::cerr << "mg-session: not inside a session\n";
        return 1;
    }
    const std::filesystem::path controls = std::filesystem::path(session) / "control";
    if (words[0] == "produced") {
        if (words.size() != 2)
            return usage();
        const ControlLayout* control = mapControl(controls / words[1]);
        if (control == nullptr)
            return 1;
        std::cout << control->frames[0] << " " << control->frames[1] << "\n";
        return 0;
    }
    if (words.size() < 2 || words.size() > 3)
        return usage();
    const auto phase = static_cast<std::uint32_t>(std::strtoul(words[1].c_str(), nullptr, 10));
    for (const auto& entry : std::filesystem::directory_iterator(controls)) {
        if (words.size() == 3 && entry.path().filename() != words[2])
            continue;
        ControlLayout* control = mapControl(entry.path());
        if (control == nullptr)
            return 1;
        control->phase = phase;
    }
    return 0;
}

// Ends what the command left behind: as its subreaper we are the parent of all of it.
void endOrphans() {
    for (int round = 0; round < 50; ++round) {
        std::ifstream children("/proc/self/task/" + std::to_string(::getpid()) + "/children");
        bool any = false;
        for (pid_t child = 0; children >> child;) {
            any = true;
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
        }
        if (!any)
            return;
    }
}

int runCommand(const SessionOptions& options, const std::vector<std::string>& command) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t ending;
    ::sigemptyset(&ending);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD})
        ::sigaddset(&ending, signal);
    // Blocked in every thread of ours, PipeWire's included: they are taken below, by sigtimedwait.
    ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);

    int code = 1;
    {
        PrivateSession session(options);
        SpawnOptions spawning;
        spawning.environment = session.environment();
        spawning.interactive = true;
        Process process = Process::spawn(command, spawning);
        for (;;) {
            if (const auto status = process.wait(Milliseconds(0))) {
                code = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
                break;
            }
            const int signal = ::sigwaitinfo(&ending, nullptr);
            // An interrupt from the terminal reaches the command by itself, and it may want to go on.
            if (signal == SIGTERM || signal == SIGHUP) {
                process.stop();
                code = 128 + signal;
                break;
            }
        }
    }
    endOrphans();
    return code;
}

} // namespace
} // namespace micguard::test

int main(int argc, char** argv) {
    using namespace micguard::test;
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.empty())
        return usage();
    try {
        if (words[0] == "phase" || words[0] == "produced")
            return inside(words);
        SessionOptions options;
        for (std::size_t i = 0; i < words.size(); ++i) {
            const std::string& option = words[i];
            const bool more = i + 1 < words.size();
            if (option == "--") {
                if (!more)
                    return usage();
                return runCommand(options, {words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end()});
            }
            if (option == "--no-wireplumber")
                options.wireplumber = false;
            else if (option == "--no-pulse")
                options.pulse = false;
            else if (option == "--strict")
                options.strict = true;
            else if (option == "--keep")
                options.keepDirectory = true;
            else if (!more)
                return usage();
            else if (option == "--quantum")
                options.quantum = static_cast<unsigned>(std::stoul(words[++i]));
            else if (option == "--rate")
                options.rate = static_cast<unsigned>(std::stoul(words[++i]));
            else if (option == "--micguardd")
                options.micguardd = std::filesystem::absolute(words[++i]).string();
            else if (option == "--config")
                options.micguardConfig = readFile(words[++i]);
            else if (option == "--mic") {
                const std::string& text = words[++i];
                const std::size_t first = text.find(':');
                const std::size_t second = text.find(':', first + 1);
                const auto kind = micKindFromName(text.substr(0, first));
                if (!kind || first == std::string::npos)
                    return usage();
                MicSpec spec{.kind = *kind, .name = text.substr(first + 1, second - first - 1)};
                if (second != std::string::npos && !(spec.coding = codingFromName(text.substr(second + 1))))
                    return usage();
                options.mics.push_back(spec);
            } else
                return usage();
        }
        return usage();
    } catch (const std::exception& error) {
        std::cerr << "mg-session: " << error.what() << "\n";
        return 1;
    }
}
