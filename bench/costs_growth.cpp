// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/bare_knob.hpp"
#include "bench/costs.hpp"
#include "bench/crowd.hpp"
#include "tests/support/figures.hpp"

#include <algorithm>
#include <exception>
#include <thread>

namespace micguard::bench {
namespace {

// The processor's time is for muting, not for carrying 512 streams' audio: what is measured does not depend
// on it.
constexpr unsigned kQuantum = 8192;
constexpr float kOpen = 10.0F; // audioconvert's own channelmix.max-volume

double milliseconds(std::chrono::nanoseconds time) {
    return static_cast<double>(time.count()) / 1e6;
}

std::string keyOf(const CrowdSize& size) {
    return "growth@" + std::to_string(size.streams) + "/" + std::to_string(size.sources) + "/" +
           std::to_string(size.connections);
}

std::vector<CrowdSize> sizesOf(const CostPlan& plan) {
    std::vector<CrowdSize> sizes;
    for (const unsigned sources : {1U, 16U})
        for (const unsigned streams : plan.crowds) {
            // PipeWire 1.4.2 fails a connection with 512 captures ("invalid mem id 512, expected 256"), guard
            // or not.
            constexpr unsigned onOneConnection = 256;
            sizes.push_back({streams, sources, (streams + onOneConnection - 1) / onOneConnection});
            if (streams > 1)
                sizes.push_back({streams, sources, std::min(streams, 128U)});
        }
    return sizes;
}

void settle() {
    std::this_thread::sleep_for(Milliseconds(200));
}

void measureSize(const CrowdSize& size, const CostPlan& plan, Results& results,
                 const CostProgress& progress) {
    const auto missing = [&](const char* mode) { return results.done(keyOf(size), mode) < plan.cycles; };
    if (!missing("silence") && !missing("sever"))
        return;
    progress(std::to_string(size.streams) + " streams, " + std::to_string(size.sources) + " sources, " +
             std::to_string(size.connections) + " connections");
    SessionOptions options = guardedOptions(plan, crowdMicrophones(size.sources));
    options.quantum = kQuantum;
    PrivateSession session(options);
    Guard guard(session);
    const Crowd crowd(session, size);
    BareKnob bare((session.runtimeDirectory() / "pipewire-0").string(), options.mics.front().name);
    const pid_t daemon = session.pid(Daemon::micguardd), server = session.pid(Daemon::pipewire);
    for (const char* mode : {"silence", "sever"}) {
        guard.setMode(mode);
        while (missing(mode)) {
            settle();
            const Spent daemonBefore = spentBy(daemon), serverBefore = spentBy(server);
            guard.readSignals();
            guard.setMuted(true);
            const std::int64_t mute = guard.callNsec();
            settle();
            // 200 ms of ordinary work of the server are in it; the line without any mute tells how much that
            // is.
            const Spent daemonSpent = spentBy(daemon) - daemonBefore,
                        serverSpent = spentBy(server) - serverBefore;
            const Spent idleBefore = spentBy(server);
            settle();
            const Spent idle = spentBy(server) - idleBefore;
            guard.readSignals();
            guard.setMuted(false);
            nlohmann::json line{{"kind", "cost"},
                                {"key", keyOf(size)},
                                {"column", mode},
                                {"streams", size.streams},
                                {"sources", size.sources},
                                {"connections", size.connections},
                                {"signals_read", true},
                                {"mute_ms", static_cast<double>(mute) / 1e6},
                                {"unmute_ms", static_cast<double>(guard.callNsec()) / 1e6},
                                {"daemon_cpu_ms", milliseconds(daemonSpent.cpu)},
                                {"server_cpu_ms", milliseconds(serverSpent.cpu)},
                                {"server_idle_cpu_ms", milliseconds(idle.cpu)},
                                {"daemon_pss_kib", proportionalKib(daemon)}};
            const std::int64_t unmuted = monotonicNsec();
            if (crowd.waitAll(Milliseconds(60000)))
                line["all_again_ms"] = static_cast<double>(monotonicNsec() - unmuted) / 1e6;
            else
                line["not_again"] = size.streams - crowd.streaming();
            // What the same server takes for one such message without anybody's deciding. It changes nothing: so are open
            // microphones.
            settle();
            const std::int64_t before = monotonicNsec();
            bare.set(kOpen, false);
            line["bare_ms"] = static_cast<double>(monotonicNsec() - before) / 1e6;
            results.add(std::move(line));
            // Whoever has gone deaf stays so, and would fail every cycle to come.
            if (crowd.streaming() < size.streams)
                return;
        }
    }
}

} // namespace

void measureGrowth(const CostPlan& plan, Results& results, const CostProgress& progress) {
    for (const CrowdSize& size : sizesOf(plan)) {
        try {
            measureSize(size, plan, results, progress);
        } catch (const std::exception& error) {
            results.add(
                {{"kind", "error"}, {"key", keyOf(size)}, {"column", "silence"}, {"what", error.what()}});
        }
    }
}

} // namespace micguard::bench
