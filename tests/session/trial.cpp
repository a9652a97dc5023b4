// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/session/trial.hpp"

#include <catch2/catch_test_case_info.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

namespace micguard::test {

namespace {

// A failed CHECK goes on: the sessions that end after it say all the same what they saw.
class KeepsWhatFailed : public Catch::EventListenerBase {
  public:
    using EventListenerBase::EventListenerBase;
    void testCasePartialStarting(const Catch::TestCaseInfo&, std::uint64_t) override {
        PrivateSession::markAll(false);
    }
    void assertionEnded(const Catch::AssertionStats& stats) override {
        if (!stats.assertionResult.isOk())
            PrivateSession::markAll(true);
    }
};
CATCH_REGISTER_LISTENER(KeepsWhatFailed)

} // namespace

unsigned scaled(unsigned common, unsigned longRun) {
    const char* asked = std::getenv("MICGUARD_LONG");
    return asked && std::strcmp(asked, "0") != 0 ? longRun : common;
}

SessionOptions guardedSession(const std::vector<MicKind>& kinds) {
    SessionOptions options;
    for (const MicKind kind : kinds)
        options.mics.push_back({.kind = kind, .name = nameOf(kind)});
    const char* built = std::getenv("MICGUARDD");
    options.micguardd = built ? built : MICGUARDD_BUILT;
    if (std::getenv("MICGUARD_DEBUG")) {
        options.micguarddArguments = {"--log-level", "debug"};
        options.environment.emplace_back("WIREPLUMBER_DEBUG=3");
    }
    return options;
}

void must(const PrivateSession& session, const std::vector<std::string>& argv) {
    const Finished done = session.run(argv);
    INFO(argv[0] << ": " << done.output);
    REQUIRE(done.exitCode == 0);
}

bool eventually(const std::function<bool()>& isSo) {
    // Long enough for a machine that has other things to do, and no busier meanwhile than it has to be.
    const std::int64_t deadline = monotonicNsec() + 20'000'000'000;
    while (!isSo()) {
        if (monotonicNsec() > deadline)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

std::vector<std::string> stillWrong(const std::function<std::vector<std::string>()>& ask) {
    std::vector<std::string> wrong;
    eventually([&] {
        try {
            wrong = ask();
        } catch (const std::runtime_error& error) {
            wrong = {error.what()};
        }
        if (!wrong.empty()) // the server has no event that says "now it is all there"
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return wrong.empty();
    });
    return wrong;
}

Heard listenerFor(const PrivateSession& session, const std::string& source, const ListenOptions& more) {
    ListenOptions options = more;
    options.target = source;
    options.name = "listener-" + source;
    const MicSpec& mic = session.mic(source);
    options.coding = mic.effectiveCoding();
    if (mic.kind == MicKind::raw) {
        // No session manager finds a format on a node without an adapter: clients link themselves.
        options.autoconnect = false;
        options.link = true;
        options.relink = true;
    }
    return {source, nativeListener(session, options)};
}

Heard listenTo(const PrivateSession& session, const std::string& source, const ListenOptions& more) {
    return hear(source, listenerFor(session, source, more).listener);
}

std::vector<Heard> listenToAll(const PrivateSession& session, const std::vector<MicKind>& kinds) {
    std::vector<Heard> heard;
    for (const MicKind kind : kinds)
        heard.push_back(listenTo(session, nameOf(kind)));
    return heard;
}

Heard started(const std::string& source, std::unique_ptr<Listener> listener) {
    Heard heard{source, std::move(listener)};
    heard.listener->start();
    return heard;
}

bool hearsAnything(const Heard& heard, unsigned parity) {
    return heard.listener->waitUntil([parity](const StreamSnapshot& now) { return now.audible[parity] > 0; });
}

std::unique_ptr<Listener> startPwRecord(const PrivateSession& session, const std::string& name) {
    auto listener = pwRecordListener(session, {.target = "tone", .name = name});
    listener->start();
    return listener;
}

std::uint64_t audible(const Listener& listener) {
    const StreamSnapshot now = listener.snapshot();
    return now.audible[0] + now.audible[1];
}

void hearsSilence(Listener& listener) {
    REQUIRE(listener.waitSamples(24000));
    CHECK(audible(listener) == 0);
}

std::vector<std::string> inOwnRoot(const PrivateSession& session, const std::string& arranged) {
    const std::string root = (session.directory() / "root").string();
    std::filesystem::create_directories(root);
    return {"unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            "mount -t tmpfs none " + root + " && cd " + root +
                " && for f in /*; do [ -L $f ] && cp -P $f .$f; [ -d $f ] && [ ! -L $f ] && mkdir -p .$f && "
                "mount --rbind $f .$f; done; " +
                arranged,
            "sh"};
}

std::vector<std::string> posingAsFlatpak(const PrivateSession& session, const std::string& application) {
    return inOwnRoot(session, "printf '[Application]\\nname=" + application +
                                  "\\n' >.flatpak-info && exec chroot . \"$@\"");
}

Heard hear(const std::string& source, std::unique_ptr<Listener> listener) {
    Heard heard{source, std::move(listener)};
    heard.listener->start();
    INFO("control: " << heard.listener->description() << " hears " << source << " while live");
    REQUIRE(heard.listener->waitAudible(0));
    return heard;
}

std::int64_t Tally::longestReply() const {
    return replies_.empty() ? 0 : *std::max_element(replies_.begin(), replies_.end());
}

Tally::~Tally() {
    std::printf("cell: %s: %llu runs, %llu audible samples made after the reply", cell_.c_str(),
                static_cast<unsigned long long>(runs_), static_cast<unsigned long long>(audible_));
    if (attempts_ > 0)
        std::printf(", %u attempts", attempts_);
    std::printf("\n");
    if (!replies_.empty()) {
        std::sort(replies_.begin(), replies_.end());
        std::printf("      call to reply: median %.2f ms, longest %.2f ms, of %zu\n",
                    static_cast<double>(replies_[replies_.size() / 2]) / 1e6,
                    static_cast<double>(replies_.back()) / 1e6, replies_.size());
    }
    std::fflush(stdout);
}

void mute(PrivateSession& session, Guard& guard, std::vector<Heard>& heard, Tally& tally) {
    guard.setMuted(true);
    tally.replied(guard.callNsec());
    changeTune(session, heard);
}

void listenWhileMuted(std::vector<Heard>& heard, Tally& tally, Milliseconds patience) {
    // A silenced stream runs on and a severed one stands still, so there is no event that says "nothing more will come":
    // whatever is heard within this time wakes us, and fails the test.
    const std::int64_t until = monotonicNsec() + std::chrono::nanoseconds(patience).count();
    for (const auto& one : heard) {
        const auto left =
            std::chrono::duration_cast<Milliseconds>(std::chrono::nanoseconds(until - monotonicNsec()));
        if (left.count() > 0)
            one.listener->waitUntil(
                [&](const StreamSnapshot& now) { return one.listener->madeIn(1, now) != one.counted; }, left);
    }
    for (auto& one : heard) {
        const std::uint64_t now = one.listener->madeIn(1);
        const std::uint64_t audible = now - one.counted;
        one.counted = now;
        INFO(one.listener->description()
             << " on " << one.source << ": heard " << audible << " samples made after the reply");
        CHECK(audible == 0);
        tally.add(audible);
    }
}

void goesOnInSilence(const PrivateSession& session, const std::vector<Heard>& heard) {
    const std::uint64_t cycles = 2 * std::uint64_t{std::max(session.quantum(), 2400U)};
    const auto waitFor = [](const Heard& one, std::uint64_t samples) {
        return one.listener->waitUntil([=](const StreamSnapshot& now) { return now.samples >= samples; });
    };
    // What was on its way before.
    for (const auto& one : heard)
        waitFor(one, one.samplesThen + one.listener->fragment());
    std::vector<StreamSnapshot> begun;
    for (const auto& one : heard)
        begun.push_back(one.listener->snapshot());
    for (std::size_t i = 0; i < heard.size(); i++) {
        const Heard& one = heard[i];
        // Without an adapter a source has no volume to turn down: whoever listens to it is cut off in both modes.
        if (session.has(one.source) && session.mic(one.source).kind == MicKind::raw)
            continue;
        const bool goesOn = waitFor(one, begun[i].samples + cycles);
        const StreamSnapshot now = one.listener->snapshot();
        INFO(one.listener->description()
             << " on " << one.source << " got " << now.samples - one.samplesThen
             << " samples since the reply, " << now.nonZero - begun[i].nonZero << " of the last "
             << now.samples - begun[i].samples << " other than 0");
        CHECK(goesOn);
        CHECK(now.nonZero == begun[i].nonZero);
    }
}

namespace {

void noteBefore(Heard& heard) {
    const StreamSnapshot now = heard.listener->snapshot();
    heard.counted = heard.listener->madeIn(1, now);
    heard.samplesThen = now.samples;
}

} // namespace

void changeTune(PrivateSession& session, Heard& heard) {
    noteBefore(heard);
    session.setPhase(1);
}

void changeTune(PrivateSession& session, std::vector<Heard>& heard) {
    for (auto& one : heard)
        noteBefore(one);
    session.setPhase(1);
}

void hearsNothingNew(Heard& heard, Tally& tally, Milliseconds patience) {
    std::vector<Heard> one;
    one.push_back(std::move(heard));
    listenWhileMuted(one, tally, patience);
    heard = std::move(one.front());
}

void muteAndListen(PrivateSession& session, Guard& guard, std::vector<Heard>& heard, Tally& tally,
                   Milliseconds patience) {
    mute(session, guard, heard, tally);
    listenWhileMuted(heard, tally, patience);
}

void unmuteAndListen(PrivateSession& session, Guard& guard, std::vector<Heard>& heard) {
    session.setPhase(0);
    guard.setMuted(false);
    hearAgain(session, heard);
    for (auto& one : heard) {
        const std::uint64_t now = one.listener->madeIn(1);
        INFO(one.listener->description() << " on " << one.source << ": was handed " << now - one.counted
                                         << " samples made while muted, after the unmute");
        // Where speech begins it has an edge, in which the analyser may find either pilot: a block of it.
        const bool edged =
            session.has(one.source) && session.mic(one.source).effectiveCoding() == Coding::speech;
        CHECK(now <= one.counted + (edged ? 480 : 0));
        one.counted = now;
    }
}

void hearsWithoutGuard(PrivateSession& session, std::vector<Heard>& heard, const std::string& cell,
                       const std::function<void()>& happens) {
    session.stop(Daemon::micguardd);
    changeTune(session, heard);
    happens();
    std::uint64_t all = 0;
    for (const auto& one : heard) {
        INFO("control: " << one.listener->description() << " on " << one.source << " without the guard");
        CHECK(one.listener->waitAudible(1));
        all += one.listener->madeIn(1) - one.counted;
    }
    std::printf("control: %s, without the guard: %llu samples\n", cell.c_str(),
                static_cast<unsigned long long>(all));
}

void hearAgain(PrivateSession& session, std::vector<Heard>& heard) {
    for (auto& one : heard) {
        INFO(one.listener->description() << " on " << one.source << " hears again after unmuting");
        const bool again = one.listener->waitAudible(0);
        if (!again) // as it stands, with the listeners still there
            std::ofstream(session.logPath("deaf.json")) << session.run({"pw-dump"}).output;
        REQUIRE(again);
    }
}

} // namespace micguard::test
