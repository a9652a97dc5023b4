// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/costs.hpp"
#include "bench/crowd.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

namespace micguard::bench {
namespace {

constexpr unsigned kFlips = 20;
constexpr unsigned kNodes = 1000, kMicrophonesAmong = 16;

MicSpec microphone() {
    return {.kind = MicKind::tone, .name = "builtin", .extra = {{"priority.session", "2000"}}};
}

// ERR of all nodes, as pw-top counts them.
std::optional<unsigned> xruns(const PrivateSession& session) {
    // The first round has no figures yet.
    std::istringstream lines(session.run({"pw-top", "-b", "-n", "2"}, Milliseconds(10000)).output);
    std::optional<unsigned> sum;
    std::size_t rounds = 0, column = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::vector<std::string> fields;
        for (std::string word; words >> word;)
            fields.push_back(word);
        if (fields.size() > 1 && fields[1] == "ID") {
            rounds++;
            sum.reset();
            column = line.find("ERR");
            continue;
        }
        if (rounds < 2 || column == std::string::npos || line.size() < column + 3)
            continue;
        // Right-aligned under its heading.
        const auto start = line.find_last_of(' ', column + 2) + 1;
        sum = sum.value_or(0) + static_cast<unsigned>(std::strtoul(line.c_str() + start, nullptr, 10));
    }
    return sum;
}

// How much of a new signal the microphone has made when the first of it is heard, less what is heard: 0 when
// everything comes in the cycle in which it is made.
nlohmann::json latency(PrivateSession& session, Listener& listener) {
    std::uint64_t worst = 0;
    for (unsigned flip = 0; flip < kFlips; flip++) {
        const unsigned parity = (flip + 1) % 2;
        const std::uint64_t madeBefore = session.produced("builtin").frames[parity];
        const std::uint64_t heardBefore = listener.snapshot().audible[parity];
        session.setPhase(flip + 1);
        if (!listener.waitUntil([&](const StreamSnapshot& now) { return now.audible[parity] > heardBefore; }))
            throw std::runtime_error("nothing is heard");
        const std::uint64_t heard = listener.snapshot().audible[parity] - heardBefore;
        const std::uint64_t made = session.produced("builtin").frames[parity] - madeBefore;
        worst = std::max(worst, made > heard ? made - heard : 0);
    }
    session.setPhase(0);
    return worst;
}

void measureCapture(bool guarded, const CostPlan& plan, Results& results, const CostProgress& progress) {
    const char* column = guarded ? "with micguardd" : "without";
    if (results.done("path", column) > 0)
        return;
    progress(std::string("audio path, ") + column);
    SessionOptions options;
    options.mics = {microphone()};
    if (guarded)
        options = guardedOptions(plan, {microphone()});
    PrivateSession session(options);
    auto listener = nativeListener(session, {.target = "builtin"});
    listener->start();
    if (!listener->waitAudible(0))
        throw std::runtime_error("nothing is heard");
    nlohmann::json line{{"kind", "cost"},
                        {"key", "path"},
                        {"column", column},
                        {"latency_frames", latency(session, *listener)}};
    const auto before = xruns(session);
    const StreamSnapshot start = listener->snapshot();
    listener->clearMarks();
    const std::int64_t from = monotonicNsec();
    std::optional<Guard> guard;
    if (guarded)
        guard.emplace(session);
    // Without one the same time passes.
    for (unsigned toggle = 0; toggle < plan.toggles; toggle++) {
        if (guard)
            guard->setMuted(toggle % 2 == 0);
        std::this_thread::sleep_until(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(from)) +
                                      std::chrono::milliseconds(15) * (toggle + 1));
    }
    const double elapsed = static_cast<double>(monotonicNsec() - from) / 1e9;
    const StreamSnapshot end = listener->snapshot();
    const auto after = xruns(session);
    if (before && after)
        line["xruns"] = static_cast<int>(*after) - static_cast<int>(*before);
    line["toggles"] = guarded ? plan.toggles : 0;
    line["seconds"] = elapsed;
    line["frames_per_second"] = static_cast<double>(end.samples - start.samples) / elapsed;
    line["largest_gap_ms"] = static_cast<double>(end.largestGapNsec) / 1e6;
    results.add(std::move(line));
}

// Nodes that nobody links: half of them sinks' like, as an audio workstation's, the rest without a class.
std::string manyNodes(unsigned count) {
    std::string text = "context.objects = [\n";
    for (unsigned i = 0; i < count; i++)
        text += "  { factory = adapter args = { factory.name = support.null-audio-sink node.name = \"node" +
                std::to_string(i) + "\" audio.position = [ MONO ] object.linger = true" +
                (i % 2 == 0 ? " media.class = \"Audio/Sink\"" : "") + " } }\n";
    return text + "]\n";
}

void measureStart(unsigned nodes, const CostPlan& plan, Results& results, const CostProgress& progress) {
    const std::string column = std::to_string(nodes) + " nodes";
    if (results.done("start", column) >= plan.starts)
        return;
    progress("start-up among " + column);
    const unsigned microphones = std::min(nodes, kMicrophonesAmong);
    SessionOptions options = guardedOptions(plan, crowdMicrophones(microphones));
    options.pipewireFragments = {{"60-many-nodes.conf", manyNodes(nodes - microphones)}};
    // A session manager would configure a thousand nodes for minutes, and has no part in this.
    options.wireplumber = false;
    options.pulse = false;
    PrivateSession session(options);
    session.graph().sync();
    const GraphObjects objects = session.graph().objects();
    const auto present = std::count_if(objects.begin(), objects.end(),
                                       [](const auto& entry) { return entry.second.type == "Node"; });
    while (results.done("start", column) < plan.starts) {
        session.stop(Daemon::micguardd);
        const std::int64_t from = monotonicNsec();
        session.start(Daemon::micguardd);
        results.add({{"kind", "cost"},
                     {"key", "start"},
                     {"column", column},
                     {"nodes", present},
                     {"ready_ms", static_cast<double>(monotonicNsec() - from) / 1e6}});
    }
}

} // namespace

void measurePath(const CostPlan& plan, Results& results, const CostProgress& progress) {
    const auto attempt = [&](const char* key, const std::string& column, const std::function<void()>& part) {
        try {
            part();
        } catch (const std::exception& error) {
            results.add({{"kind", "error"}, {"key", key}, {"column", column}, {"what", error.what()}});
        }
    };
    for (const bool guarded : {false, true})
        attempt("path", guarded ? "with micguardd" : "without",
                [&] { measureCapture(guarded, plan, results, progress); });
    for (const unsigned nodes : {kMicrophonesAmong, kNodes})
        attempt("start", std::to_string(nodes) + " nodes",
                [&] { measureStart(nodes, plan, results, progress); });
}

} // namespace micguard::bench
