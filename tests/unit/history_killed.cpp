// SPDX-License-Identifier: GPL-3.0-or-later
//
// The writer is killed at random moments, over and over, on one file; whatever was promised before is in it.
#include "daemon/history/sqlite.hpp"
#include "tests/unit/history_values.hpp"

#include <csignal>
#include <cstdlib>
#include <optional>
#include <random>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_get_random_seed.hpp>

extern char** environ;

using namespace micguard::history;
using namespace micguard::history::test;

namespace {

// A history-writer and what it has said.
class Writer {
  public:
    Writer(const std::string& file, const char* how, std::uint64_t first) {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        std::string program = HISTORY_WRITER, path = file, mode = how, number = std::to_string(first);
        char* argv[] = {program.data(), path.data(), mode.data(), number.data(), nullptr};
        REQUIRE(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv, environ) == 0);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        from_ = ends[0];
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() {
        if (pid_ > 0)
            kill();
        ::close(from_);
    }

    // Waits for its first word.
    void begin() {
        read();
        REQUIRE_FALSE(said_.empty());
    }
    // Listens to it until then.
    void listenUntil(std::int64_t until) {
        for (auto left = until - g_get_monotonic_time(); left > 0; left = until - g_get_monotonic_time()) {
            pollfd one{from_, POLLIN, 0};
            if (poll(&one, 1, static_cast<int>(left / 1000 + 1)) > 0)
                read();
        }
    }
    // The moment right before. Also reads what it had said until then.
    std::int64_t kill() {
        const auto at = g_get_monotonic_time();
        ::kill(pid_, SIGKILL);
        int status = 0;
        REQUIRE(waitpid(pid_, &status, 0) == pid_);
        CHECK(WIFSIGNALED(status)); // it did not end by itself, for that would be an error
        pid_ = 0;
        while (read()) {
        }
        return at;
    }

    // The highest number said before then; nothing if there is none.
    std::optional<std::uint64_t> saidBefore(std::int64_t moment) const {
        std::optional<std::uint64_t> highest;
        std::istringstream lines(said_);
        std::uint64_t number = 0;
        for (std::int64_t at = 0; lines >> number >> at;)
            if (at < moment)
                highest = number;
        return highest;
    }

  private:
    bool read() {
        char buffer[65536];
        const auto size = ::read(from_, buffer, sizeof buffer);
        if (size > 0)
            said_.append(buffer, static_cast<std::size_t>(size));
        return size > 0;
    }

    pid_t pid_ = 0;
    int from_ = -1;
    std::string said_;
};

// Whether every number from the first to this one is there, in a file that is sound. The highest that is
// there.
std::uint64_t checkWhole(const std::string& path, std::uint64_t promised) {
    Store store = opened(path, {}, 1ULL << 40);
    Database database(path);
    CHECK(database.text("PRAGMA integrity_check") == "ok");
    const auto highest = static_cast<std::uint64_t>(database.number("SELECT max(start) FROM entry"));
    CHECK(highest >= promised);
    CHECK(database.number("SELECT count(DISTINCT start) FROM entry") == static_cast<std::int64_t>(highest));
    CHECK(database.number("SELECT count(*) FROM entry JOIN application AS a ON a.id = application WHERE "
                          "a.app <> 'app-' || start") == 0);
    CHECK(database.number("SELECT count(*) FROM entry WHERE end = 9223372036854775807") == 0);
    return highest;
}

} // namespace

TEST_CASE("killed at 200 random points while it writes: whatever was on disk stays, and the file opens") {
    TestFolder folder;
    const auto path = folder / "history.db";
    std::minstd_rand random(Catch::getSeed());
    std::uint64_t next = 1, promises = 0;
    for (int round = 0; round < 200; ++round) {
        INFO("round " << round << ", from " << next << " on");
        Writer writer(path, "store", next);
        writer.begin();
        // Also within what follows a commit.
        writer.listenUntil(g_get_monotonic_time() + static_cast<std::int64_t>(random() % 30'000));
        const auto killed = writer.kill();
        const auto promised = writer.saidBefore(killed + 100'000'000);
        REQUIRE(promised);
        promises += *promised - next + 1;
        next = checkWhole(path, *promised) + 1;
    }
    std::printf("# 200 kills, %llu records confirmed before them\n",
                static_cast<unsigned long long>(promises));
}

TEST_CASE("killed while things happen: nothing is lost that was older than a second") {
    TestFolder folder;
    std::minstd_rand random(Catch::getSeed());
    constexpr std::size_t lanes = 8;
    std::vector<std::uint64_t> next(lanes, 1);
    std::uint64_t written = 0;
    for (int round = 0; round < 3; ++round) {
        std::vector<std::unique_ptr<Writer>> writers;
        for (std::size_t lane = 0; lane < lanes; ++lane)
            writers.push_back(std::make_unique<Writer>(folder / ("history-" + std::to_string(lane)),
                                                       "history", next[lane]));
        for (auto& writer : writers)
            writer->begin();
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            writers[lane]->listenUntil(g_get_monotonic_time() + (lane == 0 ? 1'200'000 : 0) +
                                       static_cast<std::int64_t>(random() % 100'000));
            const auto killed = writers[lane]->kill();
            const auto old = writers[lane]->saidBefore(killed - 1'000'000);
            INFO("lane " << lane << ", round " << round);
            REQUIRE(old);
            const auto highest = checkWhole(folder / ("history-" + std::to_string(lane)), *old);
            written += highest - next[lane];
            next[lane] = highest + 1;
        }
    }
    CHECK(written > 1000);
}
