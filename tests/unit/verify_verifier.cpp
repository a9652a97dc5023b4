// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the daemon starts what proves its mute: whatever the program takes for its start, nobody waits for it.
#include "daemon/verify/verifier.hpp"
#include "tests/unit/reload_folder.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;
using namespace std::chrono_literals;

namespace {

std::string script(const TestFolder& folder, const std::string& text) {
    folder.write("program", "#!/bin/sh\n" + text + "\n");
    fs::permissions(folder / "program", fs::perms::owner_all);
    return folder / "program";
}

// What came of it; "" for results.
struct Answer {
    std::optional<std::string> why;

    Verifier::Done take() {
        return [this](const tl::expected<Verifier::Results, std::string>& results) {
            why = results ? "" : results.error();
        };
    }
    bool wait() const {
        const auto until = std::chrono::steady_clock::now() + 20s;
        while (!why && std::chrono::steady_clock::now() < until)
            if (!g_main_context_iteration(nullptr, FALSE))
                std::this_thread::sleep_for(1ms);
        return why.has_value();
    }
};

} // namespace

TEST_CASE("a program that takes long to be started holds up nobody", "[verifier]") {
    const TestFolder folder;
    const std::string program = script(folder, "exit 0");
    // Whoever opens it has to wait until we let go (45 s by the kernel's default).
    std::signal(SIGIO, SIG_IGN);
    const int file = open(program.c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(file >= 0);
    if (fcntl(file, F_SETLEASE, F_WRLCK) != 0)
        SKIP("no lease on a file is to be had here");
    std::promise<void> returned;
    bool inTime = false;
    std::thread letGo([&] {
        inTime = returned.get_future().wait_for(5s) == std::future_status::ready;
        fcntl(file, F_SETLEASE, F_UNLCK);
        close(file);
    });
    Verifier verifier(program);
    Answer answer;
    verifier.start({}, ":1.1", answer.take());
    returned.set_value();
    letGo.join();
    CHECK(inTime);
    CHECK(verifier.busy());
    REQUIRE(answer.wait());
    CHECK(*answer.why == "");
    CHECK_FALSE(verifier.busy());
}

TEST_CASE("a program that is not there is told of", "[verifier]") {
    Verifier verifier("/nowhere/micguard-verify");
    Answer answer;
    verifier.start({}, ":1.1", answer.take());
    REQUIRE(answer.wait());
    CHECK(answer.why->starts_with("cannot run /nowhere/micguard-verify: "));
    CHECK_FALSE(verifier.busy());
}

TEST_CASE("who leaves while it is just being started ends it", "[verifier]") {
    const TestFolder folder;
    Verifier verifier(script(folder, "exec sleep 60"));
    Answer answer;
    verifier.start({}, ":1.1", answer.take());
    verifier.ownerLeft(":1.2");
    verifier.ownerLeft(":1.1");
    REQUIRE(answer.wait());
    CHECK(answer.why->starts_with("nothing could be verified"));
}

TEST_CASE("the end of the guard, while it is just being started, leaves nothing running and answers nobody",
          "[verifier]") {
    const TestFolder folder;
    const std::string pid = script(folder, "") + ".pid";
    Answer answer;
    {
        Verifier verifier(script(folder, "echo $$ >" + pid + "; exec sleep 60"));
        verifier.start({}, ":1.1", answer.take());
    }
    while (g_main_context_iteration(nullptr, FALSE)) {
    }
    CHECK_FALSE(answer.why);
    // It may have come so far as to write that; it goes no further.
    pid_t process = 0;
    if (std::ifstream(pid) >> process) {
        const auto until = std::chrono::steady_clock::now() + 20s;
        while (kill(process, 0) == 0 && std::chrono::steady_clock::now() < until)
            std::this_thread::sleep_for(1ms);
        CHECK(kill(process, 0) != 0);
    }
}
