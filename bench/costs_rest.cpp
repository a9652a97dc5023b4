// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/costs.hpp"
#include "bench/crowd.hpp"
#include "tests/support/figures.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace micguard::bench {
namespace {

constexpr unsigned kRestingStreams = 32;

double milliseconds(std::chrono::nanoseconds time) {
    return static_cast<double>(time.count()) / 1e6;
}

void weigh(Results& results, const std::string& column, std::uint64_t kib) {
    results.add({{"kind", "cost"}, {"key", "memory"}, {"column", column}, {"pss_kib", kib}});
}

// The floor under the daemon's memory: a program that loads the same libraries, in the same session, and in the daemon's stead: two
// that have the same pages would share their weight.
void weighBare(PrivateSession& session, Results& results) {
    std::vector<std::string> argv = loadedLibraries(session.pid(Daemon::micguardd));
    session.stop(Daemon::micguardd);
    argv.insert(argv.begin(), BARE_PROGRAM);
    {
        Process bare = session.spawn(argv, "bare");
        const auto said = [&] { return readFile(session.logPath("bare.log")); };
        const std::int64_t end = monotonicNsec() + 10'000'000'000;
        while (said().find("ready") == std::string::npos) {
            if (!bare.running() || monotonicNsec() > end)
                throw std::runtime_error("the bare program does not load the daemon's libraries: " + said());
            std::this_thread::sleep_for(Milliseconds(10));
        }
        weigh(results, "bare program", proportionalKib(bare.pid()));
        bare.stop();
    }
    session.start(Daemon::micguardd);
}

void measureResting(const CostPlan& plan, Results& results, const CostProgress& progress) {
    if (results.done("rest", "muted") > 0)
        return;
    PrivateSession session(guardedOptions(plan, crowdMicrophones(4)));
    std::this_thread::sleep_for(Milliseconds(1000));
    weigh(results, "after start", proportionalKib(session.pid(Daemon::micguardd)));
    weighBare(session, results);
    Guard guard(session);
    const pid_t daemon = session.pid(Daemon::micguardd);
    const Crowd crowd(session, {kRestingStreams, 4, 8});
    for (const bool muted : {false, true}) {
        const char* column = muted ? "muted" : "live";
        progress(std::string("at rest, ") + column);
        guard.setMuted(muted);
        std::this_thread::sleep_for(Milliseconds(2000));
        const Spent before = spentBy(daemon);
        std::this_thread::sleep_for(std::chrono::seconds(plan.restSeconds));
        const Spent spent = spentBy(daemon) - before;
        results.add({{"kind", "cost"},
                     {"key", "rest"},
                     {"column", column},
                     {"seconds", plan.restSeconds},
                     {"cpu_ms", milliseconds(spent.cpu)},
                     {"switches", spent.contextSwitches}});
    }
    weigh(results, "with 32 streams", proportionalKib(daemon));
    weigh(results, "WirePlumber with 32 streams", proportionalKib(session.pid(Daemon::wireplumber)));
}

void measureChurn(const CostPlan& plan, Results& results, const CostProgress& progress) {
    for (const char* mode : {"silence", "sever"}) {
        if (results.done("churn", mode) > 0)
            continue;
        progress(std::string("churn, ") + mode);
        PrivateSession session(guardedOptions(plan, crowdMicrophones(1)));
        Guard guard(session);
        guard.setMode(mode);
        const pid_t daemon = session.pid(Daemon::micguardd);
        auto churn = attackListener(session, std::string(ATTACKERS) + "/attack-churn", {"--source", "mic0"});
        churn->start();
        if (!churn->waitAudible(0, 1))
            throw std::runtime_error("churn hears nothing");
        guard.setMuted(true);
        session.setPhase(1);
        // What the first thousand clients leave in caches is not growth.
        std::this_thread::sleep_for(Milliseconds(5000));
        const std::uint64_t memory = anonymousKib(daemon);
        const Spent before = spentBy(daemon);
        const std::int64_t from = monotonicNsec();
        std::this_thread::sleep_for(std::chrono::seconds(plan.churnSeconds));
        const Spent spent = spentBy(daemon) - before;
        const double elapsed = static_cast<double>(monotonicNsec() - from) / 1e6;
        const StreamSnapshot heard = churn->snapshot();
        churn->stop();
        // The report is in its log; how many streams it opened is told there.
        const std::string log = readFile(session.logPath("attack-churn.log"));
        const auto line = log.rfind("{\"attacker\"");
        const auto report = line == std::string::npos
                                ? nlohmann::json::object()
                                : nlohmann::json::parse(log.substr(line, log.find('\n', line) - line));
        results.add({{"kind", "cost"},
                     {"key", "churn"},
                     {"column", mode},
                     {"cpu_share", milliseconds(spent.cpu) / elapsed},
                     {"own_before_kib", memory},
                     {"own_after_kib", anonymousKib(daemon)},
                     {"streams", report.value("attempts", 0ULL)},
                     {"after", heard.audible[1]}});
    }
}

void measureBigMemory(const CostPlan& plan, Results& results, const CostProgress& progress) {
    const unsigned streams = plan.crowds.back();
    const std::string column = "with " + std::to_string(streams) + " streams";
    if (results.done("memory", column) > 0)
        return;
    progress("memory, " + std::to_string(streams) + " streams");
    SessionOptions options = guardedOptions(plan, crowdMicrophones(16));
    options.quantum = 8192;
    PrivateSession session(options);
    const Crowd crowd(session, {streams, 16, std::min(streams, 128U)});
    weigh(results, column, proportionalKib(session.pid(Daemon::micguardd)));
    weigh(results, "WirePlumber " + column, proportionalKib(session.pid(Daemon::wireplumber)));
}

} // namespace

void measureRest(const CostPlan& plan, Results& results, const CostProgress& progress) {
    for (const auto& [key, part] : {std::pair{"rest", &measureResting}, std::pair{"churn", &measureChurn},
                                    std::pair{"memory", &measureBigMemory}}) {
        try {
            part(plan, results, progress);
        } catch (const std::exception& error) {
            results.add({{"kind", "error"}, {"key", key}, {"column", ""}, {"what", error.what()}});
        }
    }
}

} // namespace micguard::bench
