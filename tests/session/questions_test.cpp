// SPDX-License-Identifier: GPL-3.0-or-later
// Who is asked about hears nothing until there is an answer; who is muted by itself hears nothing while the
// others go on; and nobody gets anything by saying that he is somebody else.
#include "tests/session/disk.hpp"
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <cstdio>

using namespace micguard::test;

namespace {

const std::string askPwRecord = "[[rule]]\nmatch = { executable = \"*/pw-cat\" }\naction = \"ask\"\n";

const auto isPending = [](const ShownApplication& application) { return application.state == "pending"; };

// From the call on: until the reply, and until the application hears.
void printTimes(const char* what, const Guard& guard, std::int64_t heardNsec) {
    std::printf("      %s: reply after %.2f ms, heard after %.2f ms\n", what,
                static_cast<double>(guard.callNsec()) / 1e6,
                static_cast<double>(heardNsec - (guard.repliedNsec() - guard.callNsec())) / 1e6);
}

// mg-listen, started by the example of docs/, which mutes it: two programs.
Heard ownMuter(const PrivateSession& session) {
    return hear("tone", attackListener(session, OWN_MUTE,
                                       {TEST_LISTEN, "--name", "own", "--target", "tone", "--coding", "dc"}));
}

constexpr Milliseconds patience{300};

void press(Guard& guard, const Heard& heard, bool muted) {
    REQUIRE(::kill(heard.listener->pid(), SIGUSR1) == 0);
    guard.waitApplication(
        "mg-listen", [muted](const ShownApplication& application) { return application.muted == muted; });
}

} // namespace

TEST_CASE("asked once for two streams, silent until answered, and asked anew for the next time",
          "[questions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard other = listenTo(session, "tone");
    guard.setRules(askPwRecord);
    auto first = startPwRecord(session, "first");
    auto second = startPwRecord(session, "second");
    hearsSilence(*first);
    hearsSilence(*second);
    const auto application = guard.waitApplication("pw-cat", isPending);
    CHECK(guard.asked() == std::vector{application.path});
    CHECK(guard.tryAnswer(application.path, true, "sometimes")
              .starts_with("org.micguard.MicGuard1.Error.InvalidArgument"));

    REQUIRE(guard.tryAnswer(application.path, true, "once").empty());
    REQUIRE(first->waitAudible(0, 1));
    printTimes("allowed", guard, monotonicNsec());
    CHECK(second->waitAudible(0));
    CHECK(guard.tryAnswer(application.path, true, "once")
              .starts_with("org.micguard.MicGuard1.Error.NoSuchObject"));

    first->stop();
    second->stop();
    auto third = startPwRecord(session, "third");
    hearsSilence(*third);
    CHECK(guard.asked().size() == 2);
    INFO("control: the other one has gone on all the while");
    CHECK(other.listener->waitAudible(0));
}

TEST_CASE("an application of the Pulse server's is asked about once, by what it is", "[questions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setRules("[policy]\ndefault = \"ask\"\n");
    for (unsigned round = 0; round < scaled(3, 50); round++) {
        INFO("round " << round);
        const auto before = guard.asked().size();
        auto asks = parecordListener(session, {.target = "tone", .latencyMsec = 20});
        asks->start();
        hearsSilence(*asks);
        const auto application = guard.waitApplication("pacat", isPending);
        CHECK(application.identity == "kernel");
        CHECK(guard.asked().size() == before + 1);
        REQUIRE(guard.tryAnswer(application.path, true, "once").empty());
        CHECK(asks->waitAudible(0));
        CHECK(guard.asked().size() == before + 1);
    }
}

TEST_CASE("a no cuts off, and says so", "[questions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setRules(askPwRecord);
    auto listener = startPwRecord(session, "denied");
    hearsSilence(*listener);
    REQUIRE(guard.tryAnswer(guard.waitApplication("pw-cat", isPending).path, false, "once").empty());
    const auto application =
        guard.waitApplication("pw-cat", [](const ShownApplication& now) { return now.state == "denied"; });
    CHECK(application.reason == "you said no, this once");
    CHECK(guard.blocked() == std::vector{application.path});
    CHECK(audible(*listener) == 0);
}

TEST_CASE("an answer that holds for a run is forgotten like a rule", "[questions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setRules(askPwRecord);
    auto listener = startPwRecord(session, "denied");
    hearsSilence(*listener);
    const auto pending = guard.waitApplication("pw-cat", isPending);
    REQUIRE(guard.tryAnswer(pending.path, false, "run").empty());
    guard.waitApplication("pw-cat", [](const ShownApplication& now) { return now.state == "denied"; });
    const auto forget = [&] {
        return session.run({"busctl", "--user", "call", "org.micguard.MicGuard1", "/org/micguard/MicGuard1",
                            "org.micguard.MicGuard1", "Forget", "s", pending.appId});
    };
    CHECK(forget().exitCode == 0);
    const auto again = guard.waitApplication("pw-cat", isPending);
    REQUIRE(guard.tryAnswer(again.path, true, "once").empty());
    CHECK(listener->waitAudible(0));
    // A yes is taken back as well.
    CHECK(forget().exitCode == 0);
    guard.waitApplication("pw-cat", isPending);
    CHECK(forget().output.find("nothing is remembered about") != std::string::npos);
}

TEST_CASE("an answer for a run holds over streams, until the last process has gone", "[questions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setRules(askPwRecord);
    auto first = startPwRecord(session, "first");
    auto second = startPwRecord(session, "second");
    hearsSilence(*first);
    REQUIRE(guard.tryAnswer(guard.waitApplication("pw-cat", isPending).path, true, "run").empty());
    REQUIRE(second->waitAudible(0));
    first->stop();
    auto third = startPwRecord(session, "third");
    CHECK(third->waitAudible(0));
    CHECK(guard.asked().size() == 1);
    second->stop();
    third->stop();
    auto fourth = startPwRecord(session, "fourth");
    hearsSilence(*fourth);
    CHECK(guard.asked().size() == 2);
}

TEST_CASE("an answer for always is remembered over a restart, and no file of the user's is touched",
          "[questions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    const auto written = session.directory() / "config" / "micguard" / "micguard.toml";
    {
        Guard guard(session);
        guard.setRules("# by hand\n" + askPwRecord);
        auto listener = startPwRecord(session, "asks");
        hearsSilence(*listener);
        const auto application = guard.waitApplication("pw-cat", isPending);
        REQUIRE(guard.tryAnswer(application.path, true, "always").empty());
        REQUIRE(listener->waitAudible(0, 1));
        printTimes("allowed for always", guard, monotonicNsec());
    }
    CHECK(readFile(written) == "# by hand\n" + askPwRecord);
    session.stop(Daemon::micguardd);
    session.start(Daemon::micguardd);
    Guard guard(session);
    auto again = startPwRecord(session, "again");
    CHECK(again->waitAudible(0));
    CHECK(guard.asked().empty());
    CHECK(readFile(written) == "# by hand\n" + askPwRecord);
}

TEST_CASE("an answer for always that cannot be written is refused, opens nothing from then on, and can be "
          "given again",
          "[questions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    const Disk disk(session, 0, "size=256k,mode=0700", "config/micguard/conf.d");
    Guard guard(session);
    Heard other = listenTo(session, "tone");
    guard.setRules(askPwRecord);
    Heard asks{"tone", startPwRecord(session, "asks")};
    hearsSilence(*asks.listener);
    const auto application = guard.waitApplication("pw-cat", isPending);
    disk.makeReadOnly(true);
    const std::string refused = guard.tryAnswer(application.path, true, "always");
    INFO(refused);
    CHECK(refused.starts_with("org.micguard.MicGuard1.Error.InvalidConfig"));
    changeTune(session, asks);
    INFO("control: the other one goes on");
    REQUIRE(other.listener->waitAudible(1));
    Tally tally("pw-record × tone × allowed for always, which could not be written");
    hearsNothingNew(asks, tally, patience);
    disk.makeReadOnly(false);
    REQUIRE(guard.tryAnswer(guard.waitApplication("pw-cat", isPending).path, true, "always").empty());
    CHECK(asks.listener->waitAudible(1));
}

TEST_CASE("a guard that is killed while a question is open asks anew, and nothing is heard in between",
          "[questions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    auto guard = std::make_unique<Guard>(session);
    Heard other = listenTo(session, "tone");
    guard->setRules(askPwRecord);
    auto asks = startPwRecord(session, "asks");
    hearsSilence(*asks);
    guard->waitApplication("pw-cat", isPending);
    guard.reset();
    session.kill(Daemon::micguardd);
    INFO("control: the other one goes on, without a guard");
    REQUIRE(other.listener->waitAudible(0, 24000));
    session.start(Daemon::micguardd);
    guard = std::make_unique<Guard>(session);
    const auto application = guard->waitApplication("pw-cat", isPending);
    hearsSilence(*asks);
    REQUIRE(guard->tryAnswer(application.path, true, "once").empty());
    CHECK(asks->waitAudible(0));
}

TEST_CASE("whoever only claims to be the application is not allowed with it", "[questions]") {
    SessionOptions options = guardedSession({MicKind::tone});
    // All Pulse clients of this session say that they are the same, and hide which process they are.
    options.environment.emplace_back("PULSE_PROP=application.id=us.zoom application.process.id=1");
    PrivateSession session(options);
    Guard guard(session);
    guard.setRules("[[rule]]\nmatch = { app = \"us.zoom\" }\naction = \"ask\"\n");
    auto asks = parecordListener(session, {.target = "tone", .latencyMsec = 20});
    asks->start();
    hearsSilence(*asks);
    const auto application = guard.waitApplication("us.zoom", isPending);
    REQUIRE(application.identity == "claimed");
    CHECK(guard.tryAnswer(application.path, true, "always")
              .starts_with("org.micguard.MicGuard1.Error.InvalidArgument"));
    REQUIRE(guard.tryAnswer(application.path, true, "run").empty());
    REQUIRE(asks->waitAudible(0));

    auto stranger = parecordListener(session, {.target = "tone", .latencyMsec = 20});
    stranger->start();
    hearsSilence(*stranger);
    CHECK(guard.asked().size() == 2);
    INFO("control: the one that was allowed goes on");
    CHECK(asks->waitAudible(0));
}

TEST_CASE("what a rule denies is told once", "[questions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setRules("[[rule]]\nmatch = { executable = \"*/pw-cat\" }\naction = \"silence\"\n");
    auto first = startPwRecord(session, "first");
    hearsSilence(*first);
    auto second = startPwRecord(session, "second");
    hearsSilence(*second);
    const auto application =
        guard.waitApplication("pw-cat", [](const ShownApplication& now) { return now.state == "silenced"; });
    CHECK(guard.blocked() == std::vector{application.path});
    CHECK(guard.asked().empty());
}

TEST_CASE("one application is muted: its next streams hear nothing from their first sample on, the other "
          "misses nothing",
          "[questions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    auto guard = std::make_unique<Guard>(session);
    Heard other = listenTo(session, "tone");
    Heard muted = hear("tone", pwRecordListener(session, {.target = "tone", .name = "muted"}));
    const std::string path = guard->waitApplication("pw-cat", [](const auto&) { return true; }).path;
    Tally tally("pw-record × tone × muted by itself while another goes on");
    REQUIRE(guard->trySetApplicationMuted(path, true).empty());
    tally.replied(guard->callNsec());
    changeTune(session, muted);
    CHECK(guard->waitApplication("pw-cat", [](const ShownApplication& now) { return now.muted; }).state ==
          "silenced");
    INFO("control: the other one goes on");
    REQUIRE(other.listener->waitAudible(1, 24000));
    hearsNothingNew(muted, tally, patience);
    for (unsigned round = 0; round < scaled(3, 100); round++) {
        INFO("round " << round);
        auto next = startPwRecord(session, "next");
        hearsSilence(*next);
        tally.add(audible(*next));
    }
    INFO("over a crash of the guard");
    guard.reset();
    session.kill(Daemon::micguardd);
    session.start(Daemon::micguardd);
    guard = std::make_unique<Guard>(session);
    hearsNothingNew(muted, tally, patience);
    auto after = startPwRecord(session, "after");
    hearsSilence(*after);
    const auto shown =
        guard->waitApplication("pw-cat", [](const ShownApplication& now) { return now.muted; });
    REQUIRE(guard->trySetApplicationMuted(shown.path, false).empty());
    CHECK(after->waitAudible(1));
}

TEST_CASE("an application mutes its own streams, and nobody else's", "[questions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard own = ownMuter(session);
    // The same program, started apart; and once more, claiming to be the one that is muted.
    Heard other = listenTo(session, "tone");
    const std::string claims =
        "PIPEWIRE_PROPS={ application.process.id = " + std::to_string(own.listener->pid()) +
        " application.name = own application.id = own }";
    Heard stranger = hear("tone", attackListener(session, "/usr/bin/env",
                                                 {claims, TEST_LISTEN, "--name", "stranger", "--target",
                                                  "tone", "--coding", "dc"}));
    Tally tally("mg-listen × tone × muted by itself while another goes on");
    for (unsigned cycle = 0; cycle < scaled(3, 100); cycle++) {
        INFO("cycle " << cycle);
        press(guard, own, true);
        other.listener->clearMarks();
        changeTune(session, own);
        INFO("control: the other ones go on, the one that claims to be muted among them");
        REQUIRE(other.listener->waitAudible(1, 24000));
        REQUIRE(stranger.listener->waitAudible(1, 4800));
        hearsNothingNew(own, tally, patience);
        session.setPhase(0);
        press(guard, own, false);
        INFO("it hears again");
        REQUIRE(own.listener->waitAudible(0));
    }
    press(guard, own, true);
    changeTune(session, own);
    hearsNothingNew(own, tally, patience);
    INFO("its connection to the bus ends, and the recording goes on");
    const pid_t caller = own.listener->pid();
    const auto before = own.listener->snapshot().audible[1];
    ::kill(caller, SIGKILL);
    guard.waitApplication("mg-listen", [](const ShownApplication& now) { return !now.muted; });
    CHECK(eventually([&] {
        guard.state();
        return own.listener->snapshot().audible[1] > before + 4800;
    }));
    ::kill(-caller, SIGKILL);
}
