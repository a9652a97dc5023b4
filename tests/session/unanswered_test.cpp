// SPDX-License-Identifier: GPL-3.0-or-later
// Processes that have a source or a device in them and do not answer, stopped or on purpose: the server then reads no more
// from whoever asked them (PipeWire 1.4.2, pw_impl_client_set_busy()). That must never be what the mute hangs on.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <csignal>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

using namespace micguard::test;

namespace {

// No session manager links anybody to a source without a format.
const ListenOptions linksItself{.target = "stalling", .autoconnect = false, .link = true, .relink = true};

// A microphone of another process. Once somebody listens to it, it plays on and answers nobody.
class StallingSource {
  public:
    StallingSource(const PrivateSession& session, const std::string& name) {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        output_.reset(ends[0]);
        UniqueFd write(ends[1]);
        process_ = Process::spawn({std::string(ATTACKERS) + "/attack-source_in_client", "--source", "tone",
                                   "--name", name, "--stall"},
                                  {.environment = session.environment(),
                                   .log = session.logPath("stalling.log"),
                                   .standardOutput = write.get()});
    }

    void waitStalled() const {
        pollfd ready{output_.get(), POLLIN, 0};
        char text[64] = {};
        REQUIRE(poll(&ready, 1, static_cast<int>(kPatience.count())) == 1);
        REQUIRE(read(output_.get(), text, sizeof text - 1) > 0);
        REQUIRE(std::string(text) == "stalled\n");
    }

  private:
    UniqueFd output_;
    Process process_;
};

} // namespace

TEST_CASE("a process that provides a microphone and does not answer holds up no mute", "[unanswered]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone, MicKind::acp, MicKind::otherProcess}));
    Guard guard(session);
    guard.setMode(mode);
    std::vector<Heard> heard;
    for (const char* name : {"tone", "acp", "otherProcess"})
        heard.push_back(listenTo(session, name));
    Tally tally("native × three kinds, and the stalled one × a source's process does not answer, " + mode);
    for (unsigned cycle = 0; cycle < scaled(2, 100); cycle++) {
        INFO("cycle " << cycle);
        auto stalling = std::make_unique<StallingSource>(session, "stalling");
        std::vector<Heard> ofStalled;
        ofStalled.push_back(hear("stalling", nativeListener(session, linksItself)));
        stalling->waitStalled();
        muteAndListen(session, guard, heard, tally);
        listenWhileMuted(ofStalled, tally);
        CHECK(guard.state() == "muted");
        CHECK(guard.hasWarning("unanswered:stalling"));
        // A newcomer counts as well.
        session.plug({.kind = MicKind::tone, .name = "late"});
        CHECK(guard.waitState("muted"));
        session.unplug("late");
        // With something outstanding to such a process PipeWire completes no new link, guard or no guard (1.4.2,
        // work-queue.c: what is -EBUSY waits for all that is ahead of it). So what was cut comes back only when it is gone.
        if (mode == "silence")
            unmuteAndListen(session, guard, heard);
        stalling.reset();
        if (mode == "sever")
            unmuteAndListen(session, guard, heard);
        CHECK(eventually([&] { return !guard.hasWarning("unanswered:stalling"); }));
    }
}

TEST_CASE("control: without the guard the stalled source is heard", "[unanswered]") {
    SessionOptions options = guardedSession({MicKind::tone});
    options.micguardd.clear();
    PrivateSession session(options);
    const StallingSource stalling(session, "stalling");
    Heard heard = hear("stalling", nativeListener(session, linksItself));
    stalling.waitStalled();
    session.setPhase(1);
    CHECK(heard.listener->waitAudible(1));
}

TEST_CASE("a session manager that does not answer holds up no mute", "[unanswered]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone, MicKind::acp}));
    Guard guard(session);
    guard.setMode(mode);
    std::vector<Heard> heard;
    for (const char* name : {"tone", "acp"})
        heard.push_back(listenTo(session, name));
    Tally tally("native × two kinds × WirePlumber stopped with SIGSTOP, " + mode);
    for (unsigned cycle = 0; cycle < scaled(2, 50); cycle++) {
        INFO("cycle " << cycle);
        REQUIRE(::kill(session.pid(Daemon::wireplumber), SIGSTOP) == 0);
        muteAndListen(session, guard, heard, tally);
        CHECK(guard.state() == "muted");
        REQUIRE(::kill(session.pid(Daemon::wireplumber), SIGCONT) == 0);
        listenWhileMuted(heard, tally);
        CHECK(guard.waitState("muted"));
        unmuteAndListen(session, guard, heard);
    }
}

TEST_CASE("a server that has no time for a moment costs nobody the source that he had it make",
          "[unanswered]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone}));
    // The latter is a device's, as module-alsa-source of the Pulse server has it made.
    session.plug({.kind = MicKind::nullVirtual, .name = "made"});
    session.plug({.kind = MicKind::tone, .name = "capture"});
    Guard guard(session);
    guard.setMode(mode);
    std::vector<Heard> heard;
    for (const char* name : {"tone", "made", "capture"})
        heard.push_back(listenTo(session, name));
    Tally tally("native × tone, and two sources of a client in the server × PipeWire busy when muted, " +
                mode);
    for (unsigned cycle = 0; cycle < scaled(2, 50); cycle++) {
        INFO("cycle " << cycle);
        const pid_t server = session.pid(Daemon::pipewire);
        REQUIRE(::kill(server, SIGSTOP) == 0);
        // Longer than the guard waits for a process, shorter than it waits for the server.
        std::thread later([server] {
            std::this_thread::sleep_for(std::chrono::milliseconds(150));
            ::kill(server, SIGCONT);
        });
        CHECK(guard.trySetMuted(true).empty());
        later.join();
        changeTune(session, heard);
        listenWhileMuted(heard, tally);
        for (const char* name : {"made", "capture"})
            REQUIRE(session.graph().node(name));
        CHECK(guard.waitState("muted"));
        unmuteAndListen(session, guard, heard);
    }
}

TEST_CASE("who waits in vain is told for what: a microphone of a mute's, else that PipeWire has not answered",
          "[unanswered]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    std::vector<Heard> heard;
    heard.push_back(listenTo(session, "tone"));
    const std::string refusal = "org.micguard.MicGuard1.Error.NotGuaranteed: not confirmed in time: ";
    Tally tally("native × tone × PipeWire stopped with SIGSTOP for longer than a reply may take");
    session.pause(Daemon::pipewire);
    const std::string muting = guard.trySetMuted(true);
    CHECK(muting == refusal + "tone");
    CHECK(guard.waitState("degraded"));
    CHECK(guard.hasWarning("degraded:guarantee"));
    session.resume(Daemon::pipewire);
    CHECK(guard.waitState("muted"));
    CHECK_FALSE(guard.hasWarning("degraded:guarantee"));
    changeTune(session, heard);
    listenWhileMuted(heard, tally);
    // What is to be opened promises nothing, so nothing is degraded; it opens as soon as PipeWire goes on.
    session.setPhase(0);
    session.pause(Daemon::pipewire);
    const std::string opening = guard.trySetMuted(false);
    CHECK(opening.starts_with(refusal + "PipeWire"));
    CHECK(opening.ends_with(" not answered"));
    CHECK(guard.state() == "live");
    CHECK_FALSE(guard.hasWarning("degraded:guarantee"));
    session.resume(Daemon::pipewire);
    unmuteAndListen(session, guard, heard);
}

// The metadata "default" is in its process, and the server reads nothing more from a connection that asks for it there.
TEST_CASE("a guard that starts while the session manager does not answer mutes all the same",
          "[unanswered]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone, MicKind::loopback}));
    Guard guard(session);
    guard.setMode(mode);
    std::vector<Heard> heard;
    for (const char* name : {"tone", "loopback"})
        heard.push_back(listenTo(session, name));
    Tally tally("native × two kinds × guard started while WirePlumber is stopped with SIGSTOP, " + mode);
    for (unsigned cycle = 0; cycle < scaled(1, 25); cycle++) {
        INFO("cycle " << cycle);
        session.stop(Daemon::micguardd);
        REQUIRE(::kill(session.pid(Daemon::wireplumber), SIGSTOP) == 0);
        session.start(Daemon::micguardd);
        muteAndListen(session, guard, heard, tally);
        CHECK(guard.state() == "muted");
        REQUIRE(::kill(session.pid(Daemon::wireplumber), SIGCONT) == 0);
        unmuteAndListen(session, guard, heard);
    }
}

TEST_CASE(
    "stopped in order while the session manager is slow to answer: what stands in for the guard is there",
    "[unanswered]") {
    PrivateSession session(guardedSession({MicKind::tone, MicKind::acp}));
    Guard guard(session);
    std::vector<Heard> heard;
    for (const char* name : {"tone", "acp"})
        heard.push_back(listenTo(session, name));
    Tally tally("native × two kinds × stopped in order while WirePlumber does not answer");
    mute(session, guard, heard, tally);
    REQUIRE(::kill(session.pid(Daemon::wireplumber), SIGSTOP) == 0);
    REQUIRE(::kill(session.pid(Daemon::micguardd), SIGTERM) == 0);
    // A tenth of a second of silence: far more than the guard waits for an answer before it goes on without.
    REQUIRE(heard.front().listener->waitSamples(4800));
    REQUIRE(::kill(session.pid(Daemon::wireplumber), SIGCONT) == 0);
    REQUIRE(guard.waitName(false));
    listenWhileMuted(heard, tally);
    CHECK(session.run({"pactl", "get-source-mute", "acp"}).output == "Mute: yes\n");
    session.setPhase(0);
    for (auto& one : heard) {
        INFO(one.source);
        CHECK(session.run({"pactl", "set-source-mute", one.source, "0"}).exitCode == 0);
        CHECK(one.listener->waitAudible(0));
    }
}

TEST_CASE("what gives back after a guard that was killed ends, whoever does not answer", "[unanswered]") {
    const Daemon silent = GENERATE(Daemon::wireplumber, Daemon::pipewire);
    INFO((silent == Daemon::pipewire ? "PipeWire" : "WirePlumber") << " does not answer");
    const SessionOptions options = guardedSession({MicKind::acp});
    PrivateSession session(options);
    {
        Guard guard(session);
        guard.setMuted(true);
    }
    session.kill(Daemon::micguardd);
    session.pause(silent);
    const Finished done = session.run({options.micguardd, "--release-leftovers"}, Milliseconds(15000));
    session.resume(silent);
    INFO(done.output);
    CHECK(done.exitCode == 0);
    session.start(Daemon::micguardd);
    Guard guard(session);
    guard.setMuted(false);
    listenTo(session, "acp");
}
