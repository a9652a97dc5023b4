// SPDX-License-Identifier: GPL-3.0-or-later
// Push-to-talk by a key of a compositor's: live while it is held, and at no other time, however the programs that its press
// and its release start come up, and however they end.
#include "tests/session/trial.hpp"
#include "tests/support/logind.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <random>

using namespace micguard::test;

namespace {

constexpr unsigned quantum = 256;

// Whoever is not a second older than what he starts is taken for a part of the command, and a compositor is older when its first
// key is pressed. So are we from here on.
void growOld() {
    static const std::int64_t born = monotonicNsec();
    const std::int64_t left = born + 1'100'000'000 - monotonicNsec();
    if (left > 0)
        usleep(static_cast<unsigned>(left / 1000));
}

std::unique_ptr<PrivateSession> mutedSession(Guard*& guard, std::unique_ptr<Guard>& owned,
                                             const std::string& config = {},
                                             const std::string& systemBus = {}) {
    SessionOptions options = guardedSession({MicKind::tone});
    options.quantum = quantum;
    options.micguardConfig = config;
    options.systemBus = systemBus;
    auto session = std::make_unique<PrivateSession>(std::move(options));
    owned = std::make_unique<Guard>(*session);
    guard = owned.get();
    growOld();
    return session;
}

// As a compositor does it: in a shell, and not waited for.
Process press(const PrivateSession& session) {
    return session.spawn({"/bin/sh", "-c", MICGUARDCTL_BUILT " talk --hold; :"}, "talk");
}
Process letGo(const PrivateSession& session) {
    return session.spawn({"/bin/sh", "-c", MICGUARDCTL_BUILT " talk --release; :"}, "talk");
}

void ends(Process& process, const char* what) {
    INFO(what);
    const auto status = process.wait(kPatience);
    REQUIRE(status);
    CHECK(*status == 0);
}

std::size_t openFiles(const PrivateSession& session) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(
             "/proc/" + std::to_string(session.pid(Daemon::micguardd)) + "/fd"))
        ++count;
    return count;
}

void printFigure(const char* what, std::vector<double>& values) {
    if (values.empty())
        return;
    std::sort(values.begin(), values.end());
    std::printf("      %s: median %.2f, longest %.2f, of %zu\n", what, values[values.size() / 2],
                values.back(), values.size());
}

} // namespace

TEST_CASE("two hundred taps and holds: nothing is heard outside of the holds, and none latches", "[talk]") {
    Guard* guard = nullptr;
    std::unique_ptr<Guard> owned;
    const auto session = mutedSession(guard, owned);
    Heard heard = listenTo(*session, "tone");
    guard->setMuted(true);
    session->setPhase(1);
    Tally tally("native × tone × between 200 taps and holds");
    std::vector<double> quanta, toSilence;
    std::minstd_rand random(20);
    const std::size_t before = openFiles(*session), alone = guard->connections();
    unsigned holds = 0;
    for (unsigned cycle = 0; cycle < 200; cycle++) {
        INFO("cycle " << cycle);
        // One in four is held until it is heard; the others are let go at once, or after a moment within which the press's
        // programs come up.
        const bool isHold = cycle % 4 == 0;
        heard.counted = heard.listener->madeIn(1);
        heard.listener->clearMarks();
        session->setPhase(0);
        Process down = press(*session);
        if (isHold) {
            REQUIRE(guard->waitState("live"));
            const std::uint64_t opened = session->produced("tone").frames[0];
            REQUIRE(heard.listener->waitAudible(0, 1));
            quanta.push_back(static_cast<double>(session->produced("tone").frames[0] - opened) / quantum);
            REQUIRE(heard.listener->waitAudible(0, 4800));
            holds++;
            Process repeated = press(*session); // the key repeats
            ends(repeated, "a repetition ends by itself");
            CHECK(guard->state() == "live");
        } else if (const auto wait = random() % 30000; cycle % 4 != 1) {
            usleep(static_cast<unsigned>(wait)); // how long fingers are down is the point
        } else {
            usleep(11000); // more than the kernel's tick: pressed first
        }
        const std::int64_t released = monotonicNsec();
        Process up = letGo(*session);
        ends(up, "the release ends");
        ends(down, "the press's process ends");
        // A bus that had no time for it yet may have its question and its end still before it, in that order.
        REQUIRE(guard->waitConnections(alone));
        REQUIRE(guard->waitState("muted"));
        if (isHold)
            toSilence.push_back(static_cast<double>(monotonicNsec() - released) / 1e6);
        changeTune(*session, heard);
        hearsNothingNew(heard, tally, Milliseconds(40));
        REQUIRE(guard->state() == "muted");
    }
    CHECK(holds == 50);
    CHECK(tally.audible() == 0);
    INFO("nothing is left of two hundred holds");
    CHECK(openFiles(*session) <= before + 1);
    printFigure("live (as announced) to first sample heard, in quanta", quanta);
    printFigure("release to muted, two programs included, in ms", toSilence);
    INFO("three quanta: announced, made, delivered");
    CHECK(quanta[quanta.size() / 2] <= 3);
}

TEST_CASE("releases that come up before their presses leave nothing open", "[talk]") {
    Guard* guard = nullptr;
    std::unique_ptr<Guard> owned;
    const auto session = mutedSession(guard, owned);
    Heard heard = listenTo(*session, "tone");
    guard->setMuted(true);
    Tally tally("native × tone × releases that overtake their presses");
    const std::size_t alone = guard->connections();
    changeTune(*session, heard);
    for (unsigned cycle = 0; cycle < 20; cycle++) {
        INFO("cycle " << cycle);
        // The press's shell is there first, and gets to it last.
        Process down =
            session->spawn({"/bin/sh", "-c",
                            "read line < /proc/self/stat; sleep 0.2; exec " MICGUARDCTL_BUILT " talk --hold"},
                           "talk");
        usleep(30000);
        Process up = letGo(*session);
        ends(up, "the release");
        ends(down, "the press");
        REQUIRE(guard->waitConnections(alone));
        hearsNothingNew(heard, tally, Milliseconds(20));
        REQUIRE(guard->state() == "muted");
    }
    session->setPhase(0);
    INFO("control: the next press is heard");
    Process down = press(*session);
    CHECK(heard.listener->waitAudible(0));
    Process up = letGo(*session);
    ends(up, "the release");
    ends(down, "the press");
    CHECK(guard->waitState("muted"));
}

TEST_CASE("a holder that is killed mutes, fifty times", "[talk]") {
    Guard* guard = nullptr;
    std::unique_ptr<Guard> owned;
    const auto session = mutedSession(guard, owned);
    Heard heard = listenTo(*session, "tone");
    guard->setMuted(true);
    Tally tally("native × tone × holder killed");
    std::vector<double> killedToMuted, lastHeard;
    for (unsigned cycle = 0; cycle < 50; cycle++) {
        INFO("cycle " << cycle);
        session->setPhase(0);
        Process down = session->spawn({MICGUARDCTL_BUILT, "talk", "--hold"}, "talk");
        REQUIRE(heard.listener->waitAudible(0));
        const std::int64_t killed = monotonicNsec();
        down.kill(SIGKILL);
        REQUIRE(guard->waitState("muted"));
        killedToMuted.push_back(static_cast<double>(monotonicNsec() - killed) / 1e6);
        const auto last = heard.listener->snapshot().lastNsec[0];
        lastHeard.push_back(static_cast<double>(std::max<std::int64_t>(last - killed, 0)) / 1e6);
        changeTune(*session, heard);
        hearsNothingNew(heard, tally, Milliseconds(40));
        down.wait(kPatience);
    }
    CHECK(tally.audible() == 0);
    printFigure("SIGKILL to State muted, in ms", killedToMuted);
    printFigure("SIGKILL to the last sample heard, in ms", lastHeard);
}

// The server has not answered yet when the button is pressed: the hold ends before there is anything that could be closed for it.
TEST_CASE("a mute that comes before the hold was granted ends it, too", "[talk]") {
    Guard* guard = nullptr;
    std::unique_ptr<Guard> owned;
    const auto session = mutedSession(guard, owned);
    for (unsigned round = 0; round < scaled(3, 50); round++) {
        guard->setMuted(true);
        session->pause(Daemon::pipewire);
        Process down = session->spawn({MICGUARDCTL_BUILT, "talk", "--hold"}, "talk");
        REQUIRE(eventually([&] { return !guard->muted(); }));
        Process button = session->spawn({MICGUARDCTL_BUILT, "mute"}, "mute");
        REQUIRE(eventually([&] { return guard->muted(); }));
        session->resume(Daemon::pipewire);
        const auto status = down.wait(kPatience);
        REQUIRE(status);
        CHECK(WEXITSTATUS(*status) == 1);
        button.wait(kPatience);
        CHECK(guard->waitState("muted"));
    }
}

TEST_CASE("a mute while the key is down ends the hold, and the limit does", "[talk]") {
    Guard* guard = nullptr;
    std::unique_ptr<Guard> owned;
    const auto session = mutedSession(guard, owned, "[talk]\nlimit-seconds = 1\n");
    Heard heard = listenTo(*session, "tone");
    guard->setMuted(true);
    session->setPhase(0);
    Tally tally("native × tone × hold overruled");
    Process down = session->spawn({MICGUARDCTL_BUILT, "talk", "--hold"}, "talk");
    REQUIRE(guard->waitState("live"));
    guard->setMuted(true);
    changeTune(*session, heard);
    hearsNothingNew(heard, tally);
    const auto status = down.wait(kPatience);
    REQUIRE(status);
    CHECK(WEXITSTATUS(*status) == 1);
    session->setPhase(0);
    INFO("by the limit");
    Process forgotten = session->spawn({MICGUARDCTL_BUILT, "talk", "--hold"}, "talk");
    REQUIRE(guard->waitState("live"));
    REQUIRE(guard->waitState("muted"));
    changeTune(*session, heard);
    hearsNothingNew(heard, tally);
    const auto ended = forgotten.wait(kPatience);
    REQUIRE(ended);
    CHECK(WEXITSTATUS(*ended) == 1);
    INFO("its release has nothing to end, and says nothing");
    CHECK(session->run({MICGUARDCTL_BUILT, "talk", "--release"}).exitCode == 0);
}

TEST_CASE("the guard dies while the key is down: it comes back muted, and the key holds nothing any more",
          "[talk]") {
    Guard* guard = nullptr;
    std::unique_ptr<Guard> owned;
    const auto session = mutedSession(guard, owned);
    Heard heard = listenTo(*session, "tone");
    guard->setMuted(true);
    Tally tally("native × tone × guard killed with the key held");
    for (unsigned round = 0; round < scaled(2, 20); round++) {
        INFO("round " << round);
        session->setPhase(0);
        Process down = press(*session);
        REQUIRE(heard.listener->waitAudible(0));
        session->kill(Daemon::micguardd);
        ends(down, "the press's shell");
        session->start(Daemon::micguardd);
        REQUIRE(guard->waitState("muted"));
        changeTune(*session, heard);
        hearsNothingNew(heard, tally);
        Process up = letGo(*session);
        ends(up, "the release");
        CHECK(guard->state() == "muted");
        usleep(11000); // more than the kernel's tick: the next press is a later one
    }
}

// A compositor tells no binding of a release over the locked screen, or while the machine sleeps.
TEST_CASE("a key that was held when the session was locked or the machine slept is not held afterwards",
          "[talk]") {
    const bool sleeps = GENERATE(false, true);
    Guard* guard = nullptr;
    std::unique_ptr<Guard> owned;
    Logind logind;
    const auto session = mutedSession(guard, owned, "[mute]\non-lock = true\n", logind.address());
    Heard heard = listenTo(*session, "tone");
    guard->setMuted(true);
    REQUIRE(logind.waitInhibitors(1));
    Tally tally(std::string("native × tone × ") + (sleeps ? "asleep" : "locked") + " with the key held");
    for (unsigned round = 0; round < scaled(2, 20); round++) {
        INFO((sleeps ? "asleep" : "locked") << ", round " << round);
        session->setPhase(0);
        Process down = press(*session);
        REQUIRE(guard->waitState("live"));
        REQUIRE(heard.listener->waitAudible(0));
        const auto away = [&](bool on) { sleeps ? logind.prepareForSleep(on) : logind.lock(on); };
        away(true);
        REQUIRE(guard->waitState("muted"));
        changeTune(*session, heard);
        ends(down, "the press's shell");
        away(false);
        if (sleeps)
            REQUIRE(logind.waitInhibitors(1));
        else
            REQUIRE(stillWrong([&] {
                        const std::string now = guard->diagnostics()["session.locked"];
                        return now == "no" ? std::vector<std::string>{} : std::vector{now};
                    }).empty());
        CHECK(guard->state() == "muted");
        hearsNothingNew(heard, tally);
        Process up = letGo(*session);
        ends(up, "a release that comes all the same has nothing to end");
        usleep(11000); // more than the kernel's tick: the next press is a later one
    }
}

TEST_CASE("in sever a held key brings the streams back, and its release takes them away", "[talk]") {
    Guard* guard = nullptr;
    std::unique_ptr<Guard> owned;
    const auto session = mutedSession(guard, owned, "[mute]\nmode = \"sever\"\n");
    Heard heard = listenTo(*session, "tone");
    guard->setMuted(true);
    Tally tally("native × tone × between holds, sever");
    std::vector<double> quanta;
    for (unsigned cycle = 0; cycle < 5; cycle++) {
        INFO("cycle " << cycle);
        session->setPhase(0);
        const std::int64_t pressed = monotonicNsec();
        Process down = press(*session);
        REQUIRE(heard.listener->waitAudible(0, 1));
        quanta.push_back(static_cast<double>(monotonicNsec() - pressed) / 1e9 * 48000 / quantum);
        Process up = letGo(*session);
        ends(up, "the release");
        ends(down, "the press");
        REQUIRE(guard->waitState("muted"));
        changeTune(*session, heard);
        hearsNothingNew(heard, tally, Milliseconds(40));
    }
    printFigure("sever: key pressed to first sample heard, in quanta", quanta);
}

TEST_CASE("while a program holds them muted the button is pressed and released, and they stay muted",
          "[talk]") {
    Guard* guard = nullptr;
    std::unique_ptr<Guard> owned;
    const auto session = mutedSession(guard, owned);
    Process hold =
        session->spawn({MICGUARDCTL_BUILT, "hold", "--reason", "lecture", "--", "sleep", "1000"}, "hold");
    REQUIRE(guard->waitState("muted"));
    const std::string words = "kept muted by micguardctl (pid " + std::to_string(hold.pid()) + "): lecture";
    const auto control = [&](const std::vector<std::string>& verb, int status, const std::string& says) {
        std::vector<std::string> argv{MICGUARDCTL_BUILT};
        argv.insert(argv.end(), verb.begin(), verb.end());
        const auto done = session->run(argv);
        INFO(verb.front() << ": " << done.output);
        CHECK(done.exitCode == status);
        CHECK(done.output.find(says) != std::string::npos);
        CHECK(guard->state() == "muted");
    };
    control({"unmute"}, 0, "but the microphones are " + words + "\n");
    control({"toggle"}, 0, "muted\n");
    control({"toggle"}, 0, "but the microphones are " + words + "\n");
    control({"status"}, 0, words + "\n");
    control({"talk", "--", "true"}, 1, "the microphones are " + words + "\n");
    INFO("who pressed the button meanwhile stays muted when the program lets go");
    control({"toggle"}, 0, "muted\n");
    hold.kill(SIGTERM);
    REQUIRE(hold.wait(kPatience));
    CHECK(guard->state() == "muted");
    CHECK(session->run({MICGUARDCTL_BUILT, "toggle"}).output == "unmuted\n");
    CHECK(guard->waitState("live"));
    INFO("live over the button, the next press is for muting");
    guard->setMuted(true);
    Process down = press(*session);
    REQUIRE(guard->waitState("live"));
    CHECK(session->run({MICGUARDCTL_BUILT, "toggle"}).output == "muted\n");
    CHECK(guard->state() == "muted");
    const auto ended = down.wait(kPatience);
    REQUIRE(ended);
    CHECK(WEXITSTATUS(*ended) == 0);
}
