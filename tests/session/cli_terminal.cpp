// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl on a terminal of its own (a pty), as a person has it, and off it, as a script does: colour only where somebody
// sees it and wants it, tables as wide as there is room.
#include "tests/session/cli_fake.hpp"

#include <cerrno>
#include <csignal>

#include <catch2/catch_test_macros.hpp>

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace micguard::test;

namespace {

using Words = std::vector<std::string>;

const std::string escape = "\x1b[";
const std::string xterm = "TERM=xterm-256color";

std::vector<char*> pointers(const Words& words) {
    std::vector<char*> list;
    for (const std::string& word : words)
        list.push_back(const_cast<char*>(word.c_str()));
    list.push_back(nullptr);
    return list;
}

// A command whose standard input, output and error are a terminal of this width; what it wrote there until it ended. One that
// does not end by itself is ended once it has written `last`.
std::string onTerminal(const PrivateBus& bus, const Words& command, const Words& more,
                       unsigned short columns = 200, const std::string& last = "") {
    Words variables = bus.environment();
    variables.insert(variables.end(), more.begin(), more.end());
    const auto words = pointers(command), environment = pointers(variables);
    winsize size{};
    size.ws_row = 24;
    size.ws_col = columns;
    int ours = -1;
    const pid_t pid = forkpty(&ours, nullptr, nullptr, &size);
    REQUIRE(pid >= 0);
    if (pid == 0) {
        execvpe(words.front(), words.data(), environment.data());
        _exit(127);
    }
    std::string text;
    bool ended = false, told = false;
    for (;;) {
        if (!told && !last.empty() && text.find(last) != std::string::npos)
            told = kill(pid, SIGTERM) == 0;
        pollfd ready{ours, POLLIN, 0};
        if (poll(&ready, 1, 20'000) <= 0)
            break;
        char part[4096];
        const ssize_t count = read(ours, part, sizeof part);
        if (count < 0 && errno == EINTR)
            continue;
        // EIO: nobody has the other end any more.
        if (count <= 0) {
            ended = true;
            break;
        }
        text.append(part, static_cast<std::size_t>(count));
    }
    close(ours);
    if (!ended)
        kill(pid, SIGKILL);
    int status = 0;
    waitpid(pid, &status, 0);
    INFO(text);
    REQUIRE(ended);
    REQUIRE((told || (WIFEXITED(status) && WEXITSTATUS(status) != 127)));
    std::erase(text, '\r'); // of the terminal's own line ends
    return text;
}

Words verb(Words arguments) {
    arguments.insert(arguments.begin(), micguardctl());
    return arguments;
}

bool coloured(const std::string& text) {
    return text.find('\x1b') != std::string::npos;
}

// Without the sequences that set a colour: nothing else of the kind may be there.
std::string plain(std::string text) {
    for (std::size_t at = 0; (at = text.find(escape, at)) != std::string::npos;) {
        const std::size_t end = text.find_first_not_of("0123456789;", at + escape.size());
        REQUIRE(end != std::string::npos);
        REQUIRE(text[end] == 'm');
        text.erase(at, end + 1 - at);
    }
    REQUIRE_FALSE(coloured(text));
    return text;
}

} // namespace

TEST_CASE("a terminal gets the state in colour, a pipe and a file the same words without") {
    PrivateBus bus;
    Fake fake(bus);
    const std::string live = onTerminal(bus, verb({"status"}), {xterm});
    CHECK(live.find("State       \x1b[31mlive\x1b[0m\n") != std::string::npos);
    const Ran piped = bus.run({"status"}, {xterm});
    CHECK(piped.out.find("State       live\n") != std::string::npos);
    CHECK_FALSE(coloured(piped.out));
    CHECK(plain(live) == piped.out);
    CHECK(bus.run({"mute"}).status == 0);
    CHECK(onTerminal(bus, verb({"status"}), {xterm}).find("State       \x1b[32mmuted\x1b[0m") !=
          std::string::npos);

    INFO("it is standard output that counts, not what else is a terminal");
    const Words toPipe = {"sh", "-c", "\"$0\" status | cat", micguardctl()};
    CHECK_FALSE(coloured(onTerminal(bus, toPipe, {xterm})));
    const Words toFile = {"sh", "-c", "\"$0\" status >\"$1\"; cat \"$1\"", micguardctl(),
                          (bus.folder() / "status").native()};
    const std::string filed = onTerminal(bus, toFile, {xterm});
    CHECK(filed.starts_with("State "));
    CHECK_FALSE(coloured(filed));
    const Words fromNothing = {"sh", "-c", "\"$0\" status </dev/null 2>/dev/null", micguardctl()};
    CHECK(coloured(onTerminal(bus, fromNothing, {xterm})));
}

TEST_CASE("NO_COLOR, and a terminal that has none, are heeded") {
    PrivateBus bus;
    Fake fake(bus);
    const std::string wanted = bus.run({"status"}).out;
    for (const Words& variables : {Words{xterm, "NO_COLOR=1"},
                                   {xterm, "NO_COLOR=0"},
                                   {xterm, "NO_COLOR=no"},
                                   {"TERM=dumb"},
                                   {"TERM="},
                                   {},
                                   {"TERM=dumb", "NO_COLOR="}}) {
        INFO((variables.empty() ? "no TERM" : variables.back()));
        CHECK(onTerminal(bus, verb({"status"}), variables) == wanted);
    }
    INFO("an empty NO_COLOR is none (no-color.org)");
    CHECK(coloured(onTerminal(bus, verb({"status"}), {xterm, "NO_COLOR="})));
}

TEST_CASE("every verb that paints keeps to it, and what an application calls itself paints nothing") {
    PrivateBus bus;
    Fake fake(bus);
    REQUIRE(bus.run({"allow", "org.a"}).status == 0); // so that there is a rule to list
    for (const Words& arguments : {Words{"status"},
                                   {"apps"},
                                   {"sources"},
                                   {"rules"},
                                   {"explain", "org.evil.App"},
                                   {"history"},
                                   {"history", "--timeline"},
                                   {"report"},
                                   {"doctor", "--asound", bus.folder().native()},
                                   {"config", "path"}}) {
        INFO(arguments.front());
        const std::string bright = onTerminal(bus, verb(arguments), {xterm});
        CHECK(coloured(bright));
        plain(bright); // requires that there is nothing but colour
        CHECK_FALSE(coloured(onTerminal(bus, verb(arguments), {xterm, "NO_COLOR=1"})));
        CHECK_FALSE(coloured(bus.run(arguments, {xterm}).out));
    }
    for (const char* name :
         {"status", "apps", "sources", "rules", "history", "report", "doctor", "version"}) {
        INFO(name << " --json");
        CHECK_FALSE(coloured(onTerminal(bus, verb({name, "--json"}), {xterm})));
    }
    INFO("nor is a complaint painted");
    CHECK_FALSE(coloured(onTerminal(bus, verb({"mtue"}), {xterm})));
}

TEST_CASE("monitor paints for a person and not for a pipe") {
    PrivateBus bus;
    Fake fake(bus);
    const std::string last = "(silence, 1 capturing)";
    CHECK(coloured(onTerminal(bus, verb({"monitor"}), {xterm}, 200, last)));
    CHECK_FALSE(coloured(onTerminal(bus, verb({"monitor"}), {xterm, "NO_COLOR=1"}, 200, last)));
    Process piped(verb({"monitor"}), bus.environment());
    CHECK_FALSE(coloured(piped.line()));
}

TEST_CASE("a table is cut to the terminal's width, and never in a pipe") {
    PrivateBus bus;
    Fake fake(bus);
    const Words variables = {xterm, "NO_COLOR=1"};
    const std::string whole = bus.run({"apps"}).out;
    CHECK(whole.starts_with("APPLICATION  "));
    CHECK(onTerminal(bus, verb({"apps"}), variables, 250) == whole);
    const std::string cut = onTerminal(bus, verb({"apps"}), variables, 80);
    CHECK(cut.starts_with("APPLICATION  "));
    CHECK(cut.find("…") != std::string::npos);
    const std::string stacked = onTerminal(bus, verb({"apps"}), variables, 30);
    CHECK(stacked.starts_with("APPLICATION  Evil App!\n"));
    CHECK(stacked.find("\nSTATE        capturing\n") != std::string::npos);
    INFO("as wide in colour");
    CHECK(plain(onTerminal(bus, verb({"apps"}), {xterm}, 80)) == cut);
}
