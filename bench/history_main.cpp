// SPDX-License-Identifier: GPL-3.0-or-later
// What writing the history costs a mute: call to reply of SetMuted(true) in one session, by turns with the
// history on and off. Each mute ends with an unmute, and somebody comes and goes in between, so that there is
// something to write. By hand: micguard-bench-history [ROUNDS]; docs/architecture.md has the figures.
#include "tests/support/guard.hpp"
#include "tests/support/listener.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

using namespace micguard::test;

namespace {

constexpr unsigned mutesOfRound = 20;
constexpr unsigned listeners = 4;

struct Times {
    std::vector<double> ms;

    double at(double share) {
        std::sort(ms.begin(), ms.end());
        return ms[std::min(ms.size() - 1, static_cast<std::size_t>(share * static_cast<double>(ms.size())))];
    }
    void print(const char* name) {
        std::printf("%-12s %zu mutes: median %.3f ms, 90 %% %.3f ms, 99 %% %.3f ms\n", name, ms.size(),
                    at(0.5), at(0.9), at(0.99));
    }
};

void run(unsigned rounds) {
    SessionOptions options;
    options.mics.push_back({.kind = MicKind::tone, .name = "tone"});
    options.micguardd = MICGUARDD_BUILT;
    PrivateSession session(options);
    Guard guard(session);
    std::vector<std::unique_ptr<Listener>> heard;
    for (unsigned i = 0; i < listeners; i++) {
        heard.push_back(nativeListener(session, {.target = "tone", .name = "listener-" + std::to_string(i)}));
        heard.back()->start();
        heard.back()->waitAudible(0);
    }
    Times with, without;
    for (unsigned round = 0; round < 2 * rounds; round++) {
        const bool on = round % 2 == 0;
        guard.setRules(std::string("[history]\nenabled = ") + (on ? "true" : "false") + "\n");
        // One that is not counted, after the change.
        guard.setMuted(true);
        guard.setMuted(false);
        const auto passing = nativeListener(session, {.target = "tone", .name = "passing"});
        for (unsigned i = 0; i < mutesOfRound; i++) {
            if (i % 5 == 0)
                passing->start();
            heard[i % listeners]->waitSamples(1024);
            guard.setMuted(true);
            (on ? with : without).ms.push_back(static_cast<double>(guard.callNsec()) / 1e6);
            heard[i % listeners]->waitSamples(1024);
            guard.setMuted(false);
            if (i % 5 == 2)
                passing->stop();
        }
    }
    with.print("history on");
    without.print("history off");
    std::printf("on : off, of the medians %.3f, of the 90 %% %.3f\n", with.at(0.5) / without.at(0.5),
                with.at(0.9) / without.at(0.9));
}

} // namespace

int main(int argc, char** argv) {
    try {
        run(argc > 1 ? static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)) : 30);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "micguard-bench-history: %s\n", e.what());
        return 1;
    }
    return 0;
}
