// SPDX-License-Identifier: GPL-3.0-or-later
//
// Real inotify on a made-up folder of devices, real threads, real processes that end. A look is counted when
// there was reason for it, and none when there was not.
#include "daemon/bypass/bypass_watch.hpp"
#include "tests/unit/bypass_tree.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;
namespace fs = std::filesystem;

namespace {

constexpr char status[] = "asound/card0/pcm0c/sub0/status";

// Runs the main loop until it is so; false after a patience that has nothing to do with how fast it should
// be.
bool until(const std::function<bool()>& isSo) {
    const gint64 deadline = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    while (!isSo()) {
        if (g_get_monotonic_time() > deadline)
            return false;
        // Wakes by itself only for the deadline.
        const guint timer = g_timeout_add(
            100, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr);
        g_main_context_iteration(nullptr, TRUE);
        g_source_remove(timer);
    }
    return true;
}

void runFor(guint milliseconds) {
    bool over = false;
    g_timeout_add(
        milliseconds,
        [](gpointer data) -> gboolean {
            *static_cast<bool*>(data) = true;
            return G_SOURCE_REMOVE;
        },
        &over);
    while (!over)
        g_main_context_iteration(nullptr, TRUE);
}

struct Watched {
    Tree tree;
    std::optional<Bypasses> told;
    unsigned tellings = 0;
    std::optional<BypassWatch> watch;

    std::string start() {
        watch.emplace(
            [this](const Bypasses& found) {
                told = found;
                tellings++;
            },
            BypassPlaces{tree.root() / "dev/snd", tree.root() / "asound", "/proc", tree.root() / "profiles"});
        return watch->start();
    }
    // The first look, and what follows from the folder's being made.
    void comeToRest() {
        for (std::uint64_t before = ~0ULL; before != watch->looks();) {
            before = watch->looks();
            runFor(1200);
        }
    }
    std::string held() const { return "state: RUNNING\nowner_pid   : " + std::to_string(getpid()) + "\n"; }
    bool holds(std::size_t count) const { return (told ? told->holders.size() : 0) == count; }
};

class Opened {
  public:
    explicit Opened(const fs::path& path)
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        REQUIRE(fd_ >= 0);
    }
    ~Opened() { close(); }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;
    void close() {
        if (fd_ >= 0)
            ::close(std::exchange(fd_, -1));
    }

  private:
    int fd_;
};

} // namespace

TEST_CASE("who opens a capture device is found, and found to be gone, and in between nobody looks") {
    Watched card;
    card.tree.file("dev/snd/pcmC0D0c", "");
    card.tree.file("dev/snd/pcmC0D0p", "");
    card.tree.file("dev/snd/controlC0", "");
    card.tree.file(status, "closed\n");
    CHECK(card.start().empty());
    card.comeToRest();
    CHECK(card.watch->looks() == 1);
    CHECK(card.tellings == 0); // nothing is not news

    card.tree.file(status, card.held());
    runFor(300);
    CHECK(card.watch->looks() == 1); // no event, no look: nothing polls
    Opened device(card.tree.root() / "dev/snd/pcmC0D0c");
    REQUIRE(until([&] { return card.holds(1); }));
    CHECK(card.told->holders[0].device == "hw:0,0");
    CHECK(card.told->holders[0].process.pid == static_cast<std::uint32_t>(getpid()));
    card.comeToRest();
    const auto looks = card.watch->looks();
    CHECK(looks > 1);
    CHECK(looks <= 1 + 4);
    CHECK(card.tellings == 1);
    runFor(1000);
    CHECK(card.watch->looks() == looks);

    // The kernel tells of a close before it has closed.
    device.close();
    REQUIRE(until([&] { return card.watch->looks() > looks; }));
    CHECK(card.holds(1));
    card.tree.file(status, "closed\n");
    REQUIRE(until([&] { return card.holds(0); }));
    card.comeToRest();

    const auto rested = card.watch->looks();
    { Opened speaker(card.tree.root() / "dev/snd/pcmC0D0p"); }
    { Opened mixer(card.tree.root() / "dev/snd/controlC0"); }
    runFor(500);
    CHECK(card.watch->looks() == rested);
}

TEST_CASE("a sound card that is plugged in later, out, and in again") {
    Watched card;
    fs::create_directories(card.tree.root() / "dev");
    CHECK(card.start().empty());
    card.comeToRest();
    for (int round = 0; round < 2; round++) {
        INFO("round " << round);
        const auto before = card.watch->looks();
        card.tree.file("dev/snd/pcmC0D0c", "");
        REQUIRE(until([&] { return card.watch->looks() > before; }));
        card.comeToRest();
        card.tree.file(status, card.held());
        Opened device(card.tree.root() / "dev/snd/pcmC0D0c");
        REQUIRE(until([&] { return card.holds(1); }));
        device.close();
        card.tree.file(status, "closed\n");
        REQUIRE(until([&] { return card.holds(0); }));
        fs::remove_all(card.tree.root() / "dev/snd");
        card.comeToRest();
    }
}

TEST_CASE("without even the folder above there is nothing to see yet") {
    Watched card;
    CHECK(card.start().empty());
    card.comeToRest();
    card.tree.file("dev/snd/pcmC0D0c", "");
    card.tree.file(status, card.held());
    runFor(1000);
    Opened device(card.tree.root() / "dev/snd/pcmC0D0c");
    REQUIRE(until([&] { return card.holds(1); }));
}

TEST_CASE("whoever opens devices all the time has them looked at no more than ten times a second") {
    Watched card;
    card.tree.file("dev/snd/pcmC0D0c", "");
    card.start();
    card.comeToRest();
    const auto before = card.watch->looks();
    const gint64 began = g_get_monotonic_time();
    unsigned opened = 0;
    while (g_get_monotonic_time() - began < G_USEC_PER_SEC) {
        for (int i = 0; i < 200; i++, opened++)
            Opened(card.tree.root() / "dev/snd/pcmC0D0c");
        while (g_main_context_iteration(nullptr, FALSE)) {
        }
    }
    const auto lasted = static_cast<double>(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    INFO(opened << " opens, " << card.watch->looks() - before << " looks in " << lasted << " s");
    CHECK(opened > 1000);
    CHECK(card.watch->looks() > before);
    CHECK(static_cast<double>(card.watch->looks() - before) <= lasted * 10 + 1);
}

TEST_CASE("a sandbox that was given the cards is found as a client, and gone when its process is") {
    Tree tree;
    process(tree, 1, "", "mnt:[1]");
    fs::create_directory_symlink("1", tree.root() / "proc/self");
    const pid_t child = fork();
    if (child == 0) {
        execlp("sleep", "sleep", "600", nullptr);
        _exit(127);
    }
    const auto pid = static_cast<std::uint32_t>(child);
    sandboxed(tree, pid, "org.example.Caller", flatpakWithDevices);
    std::optional<Bypasses> told;
    BypassWatch watch(
        [&](const Bypasses& found) { told = found; },
        {tree.root() / "dev/snd", tree.root() / "asound", tree.root() / "proc", tree.root() / "profiles"});
    watch.setSandboxed({pid});
    REQUIRE(until([&] { return told && told->sandboxes.size() == 1; }));
    CHECK(told->sandboxes[0].id == "org.example.Caller");
    watch.setSandboxed({}); // no client any more, and there all the same
    runFor(500);
    CHECK(told->sandboxes.size() == 1);
    const auto looks = watch.looks();
    runFor(500);
    CHECK(watch.looks() == looks);
    fs::remove_all(tree.root() / "proc" / std::to_string(pid));
    ::kill(child, SIGKILL);
    int how = 0;
    waitpid(child, &how, 0);
    REQUIRE(until([&] { return told->sandboxes.empty(); }));
}

TEST_CASE("a watch that ends while a look is under way is not told of it") {
    for (int i = 0; i < 20; i++) {
        Watched card;
        card.tree.file("dev/snd/pcmC0D0c", "");
        card.tree.file(status, card.held());
        card.start();
        card.watch.reset();
        CHECK_FALSE(card.told);
    }
    runFor(200);
}
