// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the guard itself computes on the way from the button to the reply, with one stream and with hundreds. Times are
// printed and not asserted. Hidden: state-test "[!benchmark]" runs it.
#include "daemon/policy/plan.hpp"
#include "daemon/state/memory.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

// Clients with streams that capture from one microphone.
std::string crowd(unsigned streams, unsigned clients) {
    std::string text(desk);
    text += "node 20 class=Audio/Source name=mic client=10\nport 21 of 20 out\ndefault mic\n";
    for (unsigned at = 0; at < clients; at++)
        text +=
            "client " + std::to_string(10000 + at) + " exe=/usr/bin/app" + std::to_string(at) + " name=App\n";
    for (unsigned at = 0; at < streams; at++) {
        const std::string node = std::to_string(20000 + at), port = std::to_string(30000 + at);
        text += "node " + node +
                " class=Stream/Input/Audio name=call client=" + std::to_string(10000 + at % clients) +
                " autoconnect running\nport " + port + " of " + node + " in\nlink " +
                std::to_string(40000 + at) + " 20:21 -> " + node + ":" + port + "\n";
    }
    return text;
}

// The best of some, in microseconds: what else the machine does only adds.
template <typename Work>
double best(const Work& work) {
    double least = 1e9;
    for (int time = 0; time < 50; time++) {
        const auto start = std::chrono::steady_clock::now();
        work();
        least = std::min(
            least,
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    return least;
}

} // namespace

TEST_CASE("many streams: what a mute takes of the guard", "[!benchmark]") {
    for (const auto& [streams, clients] : {std::pair(1U, 1U), {512U, 1U}, {512U, 128U}}) {
        World world(crowd(streams, clients));
        world.apply(event::UserMute{true, "", "button", 1});
        const RuleBook book(world.model.settings);
        const Verdicts verdicts = evaluate(world.model, book);
        REQUIRE_FALSE(plan(world.model, verdicts).empty());
        std::size_t sum = 0;
        const double judged = best([&] { sum += evaluate(world.model, book).sources.size(); });
        const double planned = best([&] { sum += plan(world.model, verdicts).size(); });
        const double promised = best([&] { sum += guarantee(world.model, verdicts).waiting.size(); });
        const double marked = best([&] { sum += writeMarker(world.model, false).size(); });
        CHECK(sum > 0);
        std::printf(
            "      %3u streams of %3u clients, us: verdicts %.0f, plan %.0f, promise %.0f, marker %.0f\n",
            streams, clients, judged, planned, promised, marked);
    }
}
