// SPDX-License-Identifier: GPL-3.0-or-later
// A press and its release in whatever order they come up: what is over stays over.
#include "cli/talk_turn.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

using namespace micguard::cli;

namespace {

// What the two programs do with the record, one step each; the holder "lives" until it is ended.
struct Keyboard {
    TalkRecord record;
    bool live = false;
    std::uint32_t nextPid = 100;

    void press(Ticks began) {
        if (pressed(record, began, live) != Press::Begins)
            return;
        record.pid = nextPid++;
        record.began = began;
        live = true;
    }
    void release(Ticks began) {
        record.released = std::max(record.released, began);
        if (live && ends(record, began))
            live = false;
    }
};

struct Step {
    bool press;
    Ticks began;
};

void run(Keyboard& keyboard, const std::vector<Step>& steps) {
    for (const Step& step : steps)
        step.press ? keyboard.press(step.began) : keyboard.release(step.began);
}

class Processes {
  public:
    Processes() {
        std::string pattern = "/tmp/micguard-talk-XXXXXX";
        root_ = mkdtemp(pattern.data());
    }
    ~Processes() { std::filesystem::remove_all(root_); }
    Processes(const Processes&) = delete;
    Processes& operator=(const Processes&) = delete;
    void add(unsigned pid, unsigned parent, Ticks started, const std::string& name = "sh") const {
        std::filesystem::create_directories(root_ / std::to_string(pid));
        std::ofstream(root_ / std::to_string(pid) / "stat")
            << pid << " (" << name << ") S " << parent << " 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " << started
            << " 0 0\n";
    }
    std::string root() const { return root_.string(); }

  private:
    std::filesystem::path root_;
};

} // namespace

TEST_CASE("a record survives being written, and nonsense is none", "[talk]") {
    const TalkRecord record{5, 77, 123456789012ULL, 123456789011ULL};
    CHECK(talkRecordFrom(written(record)) == record);
    CHECK(talkRecordFrom("") == TalkRecord{});
    CHECK(talkRecordFrom("7 8 x 9") == TalkRecord{});
}

TEST_CASE("in whatever order the programs of two taps and a repetition come up, nothing stays open",
          "[talk]") {
    std::vector<Step> steps = {{true, 10},  {true, 12}, {false, 20}, {true, 30},
                               {false, 31}, {true, 50}, {false, 50}};
    std::vector<std::size_t> order(steps.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::size_t orders = 0;
    do {
        Keyboard keyboard;
        for (const std::size_t at : order)
            run(keyboard, {steps[at]});
        INFO("order " << orders);
        REQUIRE_FALSE(keyboard.live);
        ++orders;
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK(orders == 5040);
}

TEST_CASE("control: a press that was not let go is live, and so is the next one after a tap", "[talk]") {
    Keyboard keyboard;
    run(keyboard, {{true, 10}});
    CHECK(keyboard.live);
    run(keyboard, {{false, 20}});
    CHECK_FALSE(keyboard.live);
    run(keyboard, {{true, 30}});
    CHECK(keyboard.live);
}

TEST_CASE("a release that comes up late does not end the press after it", "[talk]") {
    Keyboard keyboard;
    run(keyboard, {{true, 10}, {false, 40}, {true, 50}, {false, 20}});
    CHECK(keyboard.live);
    run(keyboard, {{false, 60}});
    CHECK_FALSE(keyboard.live);
}

TEST_CASE("a command began when the compositor started its shell, not when the shell got to it", "[talk]") {
    const Processes processes;
    processes.add(1, 0, 1, "systemd");
    processes.add(10, 1, 100, "sway");
    processes.add(20, 10, 100000, "a) (b c");
    processes.add(21, 20, 100040);
    processes.add(22, 21, 100090, "micguardctl");
    CHECK(commandBegan(22, processes.root()) == 100000);
    CHECK(processStarted(22, processes.root()) == 100090);
    CHECK(processStarted(23, processes.root()) == 0);
    // Left alone by its shell, as after a double fork.
    processes.add(30, 1, 100200, "micguardctl");
    CHECK(commandBegan(30, processes.root()) == 100200);
}
