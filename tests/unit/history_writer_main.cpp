// SPDX-License-Identifier: GPL-3.0-or-later
//
// Writes records until it is killed. history-writer FILE store|history FIRST: `store` says each number once
// it is on disk, `history` as soon as it was handed over. A record of number N began at N, in µs since 1970
// plus the base, and its application is "app-N".
#include "daemon/history/history.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <glib.h>
#include <unistd.h>

using namespace micguard::history;

namespace {

SessionBegan numbered(std::uint64_t number) {
    const std::string app = "app-" + std::to_string(number);
    return {Key{number}, number, {app, app, "kernel"}, "mic", false};
}

// One write(2): a line is there whole or not at all. With it goes the moment, on the clock that all processes
// share.
void say(std::uint64_t number) {
    const std::string line = std::to_string(number) + " " + std::to_string(g_get_monotonic_time()) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        std::exit(3);
}

int writeToStore(const std::string& file, std::uint64_t number) {
    auto store = Store::open(file, {}, number);
    if (!store)
        return 1;
    for (;;) {
        // Batches of several sizes, ends among them, and now and then what deletes.
        std::vector<Record> batch;
        const std::uint64_t count = 1 + number % 7;
        for (std::uint64_t i = 0; i < count; ++i) {
            batch.emplace_back(numbered(number + i));
            batch.emplace_back(SessionEnded{Key{number + i}, number + i + 1});
        }
        if (!store->write(batch))
            return 1;
        number += count;
        say(number - 1);
        if (number % 50 < count && !store->clear({.app = "app-0"}))
            return 1;
    }
}

int handOver(const std::string& file, std::uint64_t number) {
    History history({file, ""}, {[](const std::string&) {}, [](std::uint64_t) {}, [] {}});
    history.use({.keepDays = 0}, 0); // the numbers are times long ago
    for (;; ++number) {
        history.record({numbered(number), SessionEnded{Key{number}, number + 1}});
        say(number);
        g_main_context_iteration(nullptr, FALSE);
        g_usleep(2000); // as things happen; the thread is what is tried here
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        return 2;
    const auto first = std::strtoull(argv[3], nullptr, 10);
    return std::strcmp(argv[2], "store") == 0 ? writeToStore(argv[1], first) : handOver(argv[1], first);
}
