// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/demo/trial_run.hpp"

#include <algorithm>
#include <thread>

namespace micguard::test {
namespace {

// A Pulse client's default fragment is 2 s long: so old can be what arrives, and so long can a client be
// without news.
constexpr Milliseconds kFragment{2000};
constexpr Milliseconds kListen = kFragment + Milliseconds(500);
constexpr Milliseconds kSilence = kFragment + Milliseconds(200);

std::uint64_t samplesIn(Milliseconds time, unsigned rate) {
    return static_cast<std::uint64_t>(time.count()) * rate / 1000;
}

// A silenced stream runs on and a severed one stands still: there is no event for "nothing more will come".
void listenFor(Milliseconds time) {
    std::this_thread::sleep_for(time);
}

std::uint64_t madeMuted(const PrivateSession& session, const std::vector<DemoClient>& clients) {
    std::vector<std::string> mics;
    for (const DemoClient& client : clients)
        mics.push_back(client.mic);
    std::sort(mics.begin(), mics.end());
    mics.erase(std::unique(mics.begin(), mics.end()), mics.end());
    std::uint64_t frames = 0;
    for (const std::string& mic : mics)
        frames += session.produced(mic).frames[1];
    return frames;
}

// Back to the even phase, which is in force from each microphone's next cycle on: an odd cycle that is under
// way while the unmute is carried out would be heard rightly and counted wrongly. Counters in shared memory
// wake nobody, and a microphone that is suspended makes no cycle: hence looking again, and an end to it.
void changeBack(PrivateSession& session, const std::vector<DemoClient>& clients) {
    std::vector<std::uint64_t> before;
    for (const DemoClient& client : clients)
        before.push_back(session.produced(client.mic).cycles[0]);
    session.setPhase(0);
    const std::int64_t end = monotonicNsec() + 500'000'000;
    for (std::size_t i = 0; i < clients.size(); ++i)
        while (session.produced(clients[i].mic).cycles[0] == before[i] && monotonicNsec() < end)
            std::this_thread::sleep_for(Milliseconds(1));
}

void noteLeak(ClientResult& result, const StreamSnapshot& now, std::int64_t replied) {
    // A mark from before the reply is not one of it.
    if (now.lastNsec[1] < replied)
        return;
    result.leakLevel = std::max(result.leakLevel, now.peak[1]);
    if (result.leakFirstNsec == 0)
        result.leakFirstNsec = now.firstNsec[1] - replied;
}

// The level of at least `time` of live sound, from now on.
bool levelLive(std::vector<DemoClient>& clients, Milliseconds time, std::vector<ClientResult>& results,
               bool ClientResult::*heard, float ClientResult::*level) {
    std::vector<std::uint64_t> wanted;
    for (DemoClient& client : clients) {
        client.listener->clearMarks();
        wanted.push_back(client.listener->snapshot().audible[0] + samplesIn(time, client.rate));
    }
    bool all = true;
    for (std::size_t i = 0; i < clients.size(); ++i) {
        results[i].*heard = clients[i].listener->waitUntil(
            [&](const StreamSnapshot& now) { return now.audible[0] >= wanted[i]; });
        all = all && results[i].*heard;
    }
    for (std::size_t i = 0; i < clients.size(); ++i)
        results[i].*level = clients[i].listener->snapshot().loudest;
    return all;
}

} // namespace

void startAll(std::vector<DemoClient>& clients) {
    for (DemoClient& client : clients)
        client.listener->start();
    // Whoever does not hear is found by the run itself, which says who it is.
    for (DemoClient& client : clients)
        client.listener->waitAudible(0);
}

RunResult runOnce(PrivateSession& session, std::vector<DemoClient>& clients, MuteSwitch& muteSwitch,
                  Streams streams) {
    RunResult run;
    run.streams = streams;
    for (const DemoClient& client : clients) {
        ClientResult result;
        result.name = client.name;
        result.mic = client.mic;
        result.rate = client.rate;
        run.clients.push_back(result);
    }
    auto& results = run.clients;
    levelLive(clients, Milliseconds(1000), results, &ClientResult::heardLive, &ClientResult::live);

    const std::uint64_t madeBefore = madeMuted(session, clients);
    muteSwitch.mute();
    session.setPhase(1);
    std::vector<StreamSnapshot> atReply;
    for (const DemoClient& client : clients)
        atReply.push_back(client.listener->snapshot());
    run.muteNsec = muteSwitch.tookNsec();
    const std::int64_t replied = muteSwitch.repliedNsec();
    listenFor(kListen);
    std::vector<std::uint64_t> samplesBefore;
    for (std::size_t i = 0; i < clients.size(); ++i) {
        const StreamSnapshot now = clients[i].listener->snapshot();
        results[i].residue = now.audible[0] - atReply[i].audible[0];
        if (results[i].residue > 0)
            results[i].residueAgeNsec = now.lastNsec[0] - replied;
        noteLeak(results[i], now, replied);
        clients[i].listener->clearMarks();
        samplesBefore.push_back(now.samples);
    }
    listenFor(kSilence);
    for (std::size_t i = 0; i < clients.size(); ++i) {
        const StreamSnapshot now = clients[i].listener->snapshot();
        noteLeak(results[i], now, replied);
        results[i].leakedMuted = now.audible[1] - atReply[i].audible[1];
        results[i].muted = now.loudest;
        results[i].samplesMuted = now.samples - samplesBefore[i];
        results[i].cutOff = results[i].samplesMuted == 0;
    }
    run.madeMuted = madeMuted(session, clients) - madeBefore;

    changeBack(session, clients);
    muteSwitch.unmute();
    run.unmuteNsec = muteSwitch.tookNsec();
    // More than a stopped client can have kept from before the mute: so it is new.
    levelLive(clients, kSilence, results, &ClientResult::heardAgain, &ClientResult::again);
    for (std::size_t i = 0; i < clients.size(); ++i) {
        const StreamSnapshot now = clients[i].listener->snapshot();
        noteLeak(results[i], now, replied);
        results[i].afterReply = now.audible[1] - atReply[i].audible[1];
    }
    return run;
}

} // namespace micguard::test
