// SPDX-License-Identifier: GPL-3.0-or-later
//
// Work on a thread: told in the main context, at once, and never after its owner is gone.
#include "daemon/loop/errand.hpp"
#include "tests/unit/reload_folder.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <semaphore>
#include <thread>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using micguard::test::runUntil;
using namespace std::chrono_literals;

namespace {

// What a thread does after all that it was given to do: here it waits until it may end.
struct LateEnd {
    std::shared_ptr<std::binary_semaphore> may;
    std::shared_ptr<std::binary_semaphore> ended;
    ~LateEnd() {
        may->acquire();
        ended->release();
    }
};

} // namespace

TEST_CASE("what an errand brings is told in the main context, and then the next may begin", "[errand]") {
    Errand errand;
    const auto here = std::this_thread::get_id();
    std::thread::id worked, told;
    int found = 0, rounds = 0;
    std::function<void()> begin = [&] {
        CHECK(errand.begin(
            [&] {
                worked = std::this_thread::get_id();
                found++;
            },
            [&] {
                CHECK_FALSE(errand.underWay());
                told = std::this_thread::get_id();
                if (++rounds < 3)
                    begin();
            }));
        CHECK(errand.underWay());
    };
    begin();
    CHECK(runUntil([&] { return rounds == 3; }));
    CHECK(found == 3);
    CHECK(worked != here);
    CHECK(told == here);
}

TEST_CASE("nobody waits for the end of a thread that has done its work", "[errand]") {
    const auto may = std::make_shared<std::binary_semaphore>(0),
               ended = std::make_shared<std::binary_semaphore>(0);
    bool told = false;
    Errand errand;
    REQUIRE(errand.begin([=] { thread_local const LateEnd late{may, ended}; }, [&] { told = true; }));
    CHECK(runUntil([&] { return told; }));
    may->release();
    ended->acquire();
}

TEST_CASE("an errand whose owner goes is brought to its end, and told to nobody", "[errand]") {
    std::atomic<bool> done = false;
    bool told = false;
    {
        Errand errand;
        std::binary_semaphore begun(0);
        REQUIRE(errand.begin(
            [&] {
                begun.release();
                std::this_thread::sleep_for(20ms);
                done = true;
            },
            [&] { told = true; }));
        begun.acquire();
    }
    CHECK(done);
    while (g_main_context_iteration(nullptr, FALSE)) {
    }
    CHECK_FALSE(told);
}
