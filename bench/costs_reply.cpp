// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/bare_knob.hpp"
#include "bench/costs.hpp"
#include "bench/pulse_call.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <thread>

namespace micguard::bench {

SessionOptions guardedOptions(const CostPlan& plan, std::vector<MicSpec> mics) {
    SessionOptions options;
    options.mics = std::move(mics);
    options.micguardd = plan.daemon.front();
    options.micguarddArguments = {plan.daemon.begin() + 1, plan.daemon.end()};
    return options;
}

namespace {

MicSpec microphone() {
    return {.kind = MicKind::tone, .name = "builtin", .extra = {{"priority.session", "2000"}}};
}

// One way to mute, in the session where it is tried.
struct Way {
    std::string name;
    Listener* listener;
    std::function<void(bool muted)> set;
    Guard* caller = nullptr; // by whose connection
};

struct Timed {
    std::int64_t called = 0, replied = 0;
};

Timed timed(const Way& way, bool muted) {
    Timed at;
    if (way.caller != nullptr)
        way.caller->readSignals();
    at.called = monotonicNsec();
    way.set(muted);
    at.replied = monotonicNsec();
    return at;
}

double since(std::int64_t from, std::int64_t to) {
    return static_cast<double>(to - from) / 1e6;
}

void must(const PrivateSession& session, const std::vector<std::string>& argv) {
    const Finished done = session.run(argv);
    if (done.exitCode != 0)
        throw std::runtime_error(argv[0] + ": " + done.output);
}

std::chrono::nanoseconds partOf(unsigned quantum, double share) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(share * quantum * 1e9 / 48000));
}

// `share`: of a quantum, between the moment in which a buffer is heard and the call. Calls come when they
// like; those of a test that has just been woken by a buffer would all come at the same place in the cycle.
nlohmann::json cycle(const Way& way, unsigned quantum, double share) {
    const Milliseconds quanta(3000 * quantum / 48000 + 40);
    const std::chrono::nanoseconds stagger = partOf(quantum, share);
    if (!way.listener->waitAudible(0, quantum))
        throw std::runtime_error(way.name + ": nothing is heard");
    std::this_thread::sleep_for(stagger);
    const Timed mute = timed(way, true);
    // What comes after this would be a leak; here it is the end of the sound that is looked for.
    std::this_thread::sleep_for(quanta);
    const std::int64_t last = way.listener->snapshot().lastNsec[0];
    const std::uint64_t buffers = way.listener->snapshot().buffers;
    way.listener->waitUntil([&](const StreamSnapshot& now) { return now.buffers > buffers; }, quanta);
    std::this_thread::sleep_for(stagger);
    way.listener->clearMarks();
    const Timed unmute = timed(way, false);
    const bool heard = way.listener->waitUntil(
        [](const StreamSnapshot& now) { return now.firstNsec[0] != 0; }, Milliseconds(8000));
    const std::int64_t first = way.listener->snapshot().firstNsec[0];
    nlohmann::json line{{"kind", "cost"},
                        {"key", "reply@" + std::to_string(quantum)},
                        {"column", way.name},
                        {"quantum", quantum},
                        {"reply_ms", since(mute.called, mute.replied)},
                        // 0: nothing came after the call.
                        {"last_ms", std::max(0.0, since(mute.called, last))},
                        {"unmute_reply_ms", since(unmute.called, unmute.replied)}};
    if (heard)
        line["first_ms"] = since(unmute.called, first);
    return line;
}

// What of a D-Bus call is the bus's: the same journey, at the same places in the cycle, without a mute at its end.
nlohmann::json ping(Guard& guard, Listener& listener, unsigned quantum, double share) {
    if (!listener.waitAudible(0, quantum))
        throw std::runtime_error("nothing is heard");
    std::this_thread::sleep_for(partOf(quantum, share));
    guard.readSignals();
    guard.ping();
    return {{"kind", "cost"},
            {"key", "reply@" + std::to_string(quantum)},
            {"column", "D-Bus Ping"},
            {"quantum", quantum},
            {"reply_ms", static_cast<double>(guard.callNsec()) / 1e6}};
}

void measureQuantum(unsigned quantum, const CostPlan& plan, Results& results, const CostProgress& progress) {
    SessionOptions guarded = guardedOptions(plan, {microphone()});
    guarded.quantum = quantum;
    SessionOptions plain;
    plain.mics = {microphone()};
    plain.quantum = quantum;
    // Two sessions side by side: what has no guard to do with must not wake one.
    PrivateSession ours(guarded), theirs(plain);
    Guard guard(ours);
    const auto listen = [](const PrivateSession& session) {
        auto listener = nativeListener(session, {.target = "builtin"});
        listener->start();
        return listener;
    };
    const auto ourListener = listen(ours), theirListener = listen(theirs);
    BareKnob knob(theirs.managerSocket(), "builtin");
    std::optional<PulseCall> pulse;
    try {
        pulse.emplace("unix:" + (theirs.runtimeDirectory() / "pulse/native").string());
    } catch (const std::exception& error) {
        results.add({{"kind", "error"},
                     {"key", "reply@" + std::to_string(quantum)},
                     {"column", "Pulse call"},
                     {"what", error.what()}});
    }
    std::vector<Way> ways{
        {"set_param + sync", theirListener.get(), [&](bool muted) { knob.set(muted ? 0.0F : 10.0F, muted); }},
        {"D-Bus call, silence", ourListener.get(), [&](bool muted) { guard.setMuted(muted); }, &guard},
        {"micguardctl", ourListener.get(),
         [&](bool muted) {
             must(ours, {MICGUARDCTL_BUILT, muted ? "mute" : "unmute"});
         }},
        {"wpctl", theirListener.get(),
         [&](bool muted) {
             must(theirs, {"wpctl", "set-mute", "@DEFAULT_AUDIO_SOURCE@", muted ? "1" : "0"});
         }},
        {"pactl", theirListener.get(),
         [&](bool muted) {
             must(theirs, {"pactl", "set-source-mute", "@DEFAULT_SOURCE@", muted ? "1" : "0"});
         }},
    };
    if (pulse)
        ways.push_back(
            {"Pulse call", theirListener.get(), [&](bool muted) { pulse->setSourceMute("builtin", muted); }});
    const auto run = [&](const Way& way, unsigned call) {
        if (results.done("reply@" + std::to_string(quantum), way.name) >= plan.calls)
            return;
        progress("quantum " + std::to_string(quantum) + ": " + way.name);
        results.add(cycle(way, quantum, (call + 0.5) / plan.calls));
    };
    guard.setMode("silence");
    for (unsigned call = 0; call < plan.calls; call++) {
        for (const Way& way : ways)
            run(way, call);
        if (results.done("reply@" + std::to_string(quantum), "D-Bus Ping") < plan.calls)
            results.add(ping(guard, *ourListener, quantum, (call + 0.5) / plan.calls));
    }
    guard.setMode("sever");
    const Way sever{"D-Bus call, sever", ourListener.get(), [&](bool muted) { guard.setMuted(muted); },
                    &guard};
    for (unsigned call = 0; call < plan.calls; call++)
        run(sever, call);
}

void measureProcesses(const CostPlan& plan, Results& results, const CostProgress& progress) {
    PrivateSession session(guardedOptions(plan, {microphone()}));
    const std::vector<std::pair<std::string, std::vector<std::string>>> commands{
        {"micguardctl is-muted", {MICGUARDCTL_BUILT, "is-muted"}},
        {"micguardctl status", {MICGUARDCTL_BUILT, "status"}},
        {"pactl info", {"pactl", "info"}},
        {"wpctl get-volume", {"wpctl", "get-volume", "@DEFAULT_AUDIO_SOURCE@"}},
    };
    for (unsigned call = 0; call < plan.calls; call++)
        for (const auto& [name, argv] : commands) {
            if (results.done("process", name) >= plan.calls)
                continue;
            progress(name);
            const std::int64_t called = monotonicNsec();
            // is-muted says by its exit code what it found.
            session.run(argv);
            results.add({{"kind", "cost"},
                         {"key", "process"},
                         {"column", name},
                         {"reply_ms", since(called, monotonicNsec())}});
        }
}

} // namespace

void measureReplies(const CostPlan& plan, Results& results, const CostProgress& progress) {
    for (const unsigned quantum : {64U, 256U, 1024U, 8192U}) {
        if (results.done("reply@" + std::to_string(quantum), "D-Bus call, sever") < plan.calls)
            measureQuantum(quantum, plan, results, progress);
    }
    measureProcesses(plan, results, progress);
}

} // namespace micguard::bench
