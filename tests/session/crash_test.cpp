// SPDX-License-Identifier: GPL-3.0-or-later
// Killed, restarted, released: fail closed, and let go in order.
#include "tests/session/trial.hpp"
#include "tests/support/server_state.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <sstream>

using namespace micguard::test;

namespace {

const std::vector<MicKind> kinds = {MicKind::tone, MicKind::nullVirtual, MicKind::acp, MicKind::raw};

std::vector<std::string> sourceNames(const PrivateSession& session) {
    std::vector<std::string> names;
    std::istringstream lines(session.run({"pactl", "list", "short", "sources"}).output);
    for (std::string line; std::getline(lines, line);) {
        const auto start = line.find('\t') + 1;
        const std::string name = line.substr(start, line.find('\t', start) - start);
        if (!name.ends_with(".monitor"))
            names.push_back(name);
    }
    REQUIRE(!names.empty());
    return names;
}

using Words = std::vector<std::string>;

Words stillLeft(const PrivateSession& session, GuardIs guard) {
    return stillWrong([&] { return leftovers(readServer(session), session, guard); });
}

// What leftovers() says, without who it is about: "SOURCE is silenced", "SOURCE is kept from clients"; anything else as it is.
std::set<std::string> summary(const Words& left) {
    std::set<std::string> kept;
    for (const std::string& line : left) {
        const auto object = line.rfind(" (");
        const auto name = object == std::string::npos ? object : line.find(' ', object + 2);
        const bool isSight =
            name != std::string::npos && line.find(" has 0 on ") != std::string::npos &&
            (line.compare(object, 7, " (Node ") == 0 || line.compare(object, 7, " (Port ") == 0);
        kept.insert(isSight ? line.substr(name + 1, line.size() - name - 2) + " is kept from clients" : line);
    }
    return kept;
}

pid_t processOf(PrivateSession& session, const std::string& source) {
    const GraphObject node = session.graph().waitForNode(source);
    const GraphObjects objects = session.graph().objects();
    const auto client = objects.find(static_cast<std::uint32_t>(std::stoul(node.property("client.id"))));
    REQUIRE(client != objects.end());
    return static_cast<pid_t>(std::stol(client->second.property("pipewire.sec.pid")));
}

} // namespace

TEST_CASE("the guard killed with SIGKILL while muted: nothing opens, and the next guard is whole",
          "[crash]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession(kinds));
    Guard guard(session);
    guard.setMode(mode);
    auto heard = listenToAll(session, kinds);
    Tally tally("native × four kinds × guard killed while muted, " + mode);
    for (unsigned run = 0; run < scaled(4, 100); run++) {
        INFO("run " << run);
        mute(session, guard, heard, tally);
        session.kill(Daemon::micguardd);
        listenWhileMuted(heard, tally);
        session.start(Daemon::micguardd);
        CHECK(guard.muted());
        CHECK(guard.waitState("muted"));
        listenWhileMuted(heard, tally);
        unmuteAndListen(session, guard, heard);
    }
}

TEST_CASE("the session manager restarted while muted", "[crash]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession(kinds));
    Guard guard(session);
    guard.setMode(mode);
    auto heard = listenToAll(session, kinds);
    Tally tally("native × four kinds × WirePlumber restarted while muted, " + mode);
    for (unsigned run = 0; run < scaled(2, 50); run++) {
        mute(session, guard, heard, tally);
        session.restart(Daemon::wireplumber);
        listenWhileMuted(heard, tally, Milliseconds(500));
        CHECK(guard.waitState("muted"));
        unmuteAndListen(session, guard, heard);
    }
}

TEST_CASE("PipeWire restarted while muted: every source is silent as it appears", "[crash]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone, MicKind::nullVirtual}));
    Guard guard(session);
    guard.setMode(mode);
    Tally tally("native × two kinds × PipeWire restarted while muted, " + mode);
    for (unsigned run = 0; run < scaled(2, 50); run++) {
        INFO("run " << run);
        std::vector<Heard> heard;
        mute(session, guard, heard, tally);
        session.restart(Daemon::pipewire);
        REQUIRE(guard.waitState("muted"));
        for (const char* name : {"tone", "nullVirtual"}) {
            heard.push_back({name, nativeListener(session, {.target = name})});
            heard.back().listener->start();
        }
        listenWhileMuted(heard, tally, Milliseconds(500));
        unmuteAndListen(session, guard, heard);
    }
}

// Else it would be what feeds them that is silent, and nobody would have listened to what becomes of the microphones themselves.
TEST_CASE(
    "what the tests feed microphones with sounds on while those are muted, after a restart of PipeWire, too",
    "[crash]") {
    const std::string mode = GENERATE("silence", "sever");
    const std::vector<MicKind> fed = {MicKind::nullVirtual, MicKind::nullPlain, MicKind::loopback,
                                      MicKind::otherProcess};
    PrivateSession session(guardedSession(fed));
    Guard guard(session);
    guard.setMode(mode);
    guard.setMuted(true);
    const auto soundsOn = [&] {
        for (const MicKind kind : fed) {
            const std::string feed = nameOf(kind) + ".feed";
            INFO(feed << ", " << mode);
            const auto listener =
                nativeListener(session, {.target = feed, .autoconnect = false, .link = true, .relink = true});
            listener->start();
            CHECK(listener->waitAudible(0));
        }
    };
    soundsOn();
    session.restart(Daemon::pipewire);
    REQUIRE(guard.waitState("muted"));
    soundsOn();
}

TEST_CASE("stopped in order or released while muted, or given back for one that was killed: no microphone "
          "opens, pactl "
          "alone can unmute",
          "[release]") {
    const std::string mode = GENERATE("silence", "sever");
    const std::string way = GENERATE("SIGTERM", "Release", "SIGKILL");
    INFO(mode << ", " << way);
    const std::vector<MicKind> ordinary = {MicKind::tone,     MicKind::nullVirtual, MicKind::acp,
                                           MicKind::loopback, MicKind::clamped,     MicKind::otherProcess};
    const SessionOptions options = guardedSession(ordinary);
    PrivateSession session(options);
    Guard guard(session);
    guard.setMode(mode);
    auto heard = listenToAll(session, ordinary);
    Tally tally("native × six kinds × stopped while muted, " + mode + ", " + way);
    muteAndListen(session, guard, heard, tally);
    if (way == "SIGTERM") {
        session.stop(Daemon::micguardd);
    } else if (way == "Release") {
        guard.release();
    } else {
        session.kill(Daemon::micguardd);
        INFO("control: it has left all of it");
        CHECK(leftovers(readServer(session), session, GuardIs::gone) != Words{});
        must(session, {options.micguardd, "--release-leftovers"});
    }
    REQUIRE(guard.waitName(false));
    listenWhileMuted(heard, tally, Milliseconds(500));
    CHECK(stillLeft(session, GuardIs::gone) == Words{});
    session.setPhase(0);
    // What feeds a virtual microphone is a microphone itself, and muted as well.
    for (const std::string& source : sourceNames(session)) {
        INFO(source);
        CHECK(session.run({"pactl", "get-source-mute", source}).output == "Mute: yes\n");
        CHECK(session.run({"pactl", "set-source-mute", source, "0"}).exitCode == 0);
    }
    for (auto& one : heard) {
        INFO(one.source);
        CHECK(one.listener->waitAudible(0));
    }
    // Back again, it finds the user's mute lifted and itself muted, as it was.
    if (way != "Release") {
        session.start(Daemon::micguardd);
        CHECK(guard.muted());
        unmuteAndListen(session, guard, heard);
    }
}

// What pactl does there is the user's own volume and mute, which such a source does not heed, or has not.
TEST_CASE(
    "released while muted, what no user's mute silences stays shut until a guard unmutes it or PipeWire is "
    "started anew",
    "[release]") {
    const std::string mode = GENERATE("silence", "sever");
    const std::string way = GENERATE("guard", "PipeWire");
    INFO(mode << ", " << way);
    const std::vector<MicKind> unmutable = {MicKind::locked, MicKind::raw};
    PrivateSession session(guardedSession(unmutable));
    Guard guard(session);
    guard.setMode(mode);
    auto heard = listenToAll(session, unmutable);
    Tally tally("native × locked, raw × released while muted, " + mode);
    muteAndListen(session, guard, heard, tally);
    guard.release();
    REQUIRE(guard.waitName(false));
    must(session, {"pactl", "set-source-mute", "locked", "0"});
    must(session, {"pactl", "set-source-volume", "locked", "150%"});
    listenWhileMuted(heard, tally, Milliseconds(500));
    if (way == "guard") {
        session.start(Daemon::micguardd);
        CHECK(guard.muted());
        listenWhileMuted(heard, tally);
        unmuteAndListen(session, guard, heard);
        return;
    }
    session.setPhase(0);
    session.restart(Daemon::pipewire);
    for (const MicKind kind : unmutable)
        listenTo(session, nameOf(kind));
}

TEST_CASE("stopped while muted: what the user's own mute does not shut stays shut, and nothing else is left",
          "[release]") {
    const std::string mode = GENERATE("silence", "sever");
    INFO(mode);
    // `locked` takes no mute, `raw` has none, and the process of `otherProcess` does not answer: by design these are not opened
    // (evaluate.cpp, `unmutable`), for stopping the guard must open nothing.
    const std::vector<MicKind> all = {MicKind::tone, MicKind::acp, MicKind::locked, MicKind::raw,
                                      MicKind::otherProcess};
    PrivateSession session(guardedSession(all));
    Guard guard(session);
    guard.setMode(mode);
    auto heard = listenToAll(session, all);
    Tally tally("native × five kinds × stopped while muted, " + mode);
    muteAndListen(session, guard, heard, tally);
    const pid_t unanswering = processOf(session, "otherProcess");
    REQUIRE(::kill(unanswering, SIGSTOP) == 0);
    // It waits for the process for a while; then it goes all the same, and says so to all who asked.
    if (mode == "silence") {
        Process other = session.spawn({"busctl", "--user", "call", "org.micguard.MicGuard1",
                                       "/org/micguard/MicGuard1", "org.micguard.MicGuard1", "Release"},
                                      "other-release");
        CHECK_THROWS_WITH(guard.release(), Catch::Matchers::ContainsSubstring("NotGuaranteed"));
        REQUIRE(other.wait(kPatience));
        CHECK_THAT(readFile(session.logPath("other-release.log")),
                   Catch::Matchers::ContainsSubstring("could be given back in time"));
    }
    session.stop(Daemon::micguardd);
    REQUIRE(guard.waitName(false));
    REQUIRE(::kill(unanswering, SIGCONT) == 0);
    listenWhileMuted(heard, tally, Milliseconds(500));
    const std::set<std::string> kept = {"locked is silenced", "otherProcess is silenced",
                                        "raw is kept from clients"};
    Words left;
    CHECK(eventually([&] {
        left = leftovers(readServer(session), session, GuardIs::gone);
        return summary(left) == kept;
    }));
    CHECK(summary(left) == kept);
    // Whoever is kept from it, those who listened are among them.
    CHECK(std::count_if(left.begin(), left.end(), [](const std::string& line) {
              return line.find("listener-raw) has 0 on ") != std::string::npos &&
                     line.ends_with("(Node raw)");
          }) == 1);
    session.start(Daemon::micguardd);
    CHECK(guard.muted());
    unmuteAndListen(session, guard, heard);
    CHECK(stillLeft(session, GuardIs::there) == Words{});
    session.stop(Daemon::micguardd);
    CHECK(stillLeft(session, GuardIs::gone) == Words{});
    hearAgain(session, heard);
}

TEST_CASE("stopped while muted and started again: unmuting leaves no dead microphone", "[release]") {
    PrivateSession session(guardedSession({MicKind::tone, MicKind::acp}));
    Guard guard(session);
    std::vector<Heard> heard;
    for (const char* name : {"tone", "acp"})
        heard.push_back(listenTo(session, name));
    Tally tally("native × two kinds × guard restarted in order while muted");
    mute(session, guard, heard, tally);
    session.stop(Daemon::micguardd);
    session.start(Daemon::micguardd);
    CHECK(guard.muted());
    listenWhileMuted(heard, tally);
    unmuteAndListen(session, guard, heard);
}

TEST_CASE("without PipeWire the mute is accepted and in force the moment PipeWire appears", "[crash]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    session.stop(Daemon::pipewire);
    guard.setMuted(true);
    CHECK(guard.state() == "muted");
    session.setPhase(1);
    session.start(Daemon::pipewire);
    session.restart(Daemon::wireplumber);
    REQUIRE(guard.waitState("muted"));
    std::vector<Heard> heard;
    heard.push_back({"tone", nativeListener(session, {.target = "tone"})});
    heard.back().listener->start();
    Tally tally("native × tone × muted before PipeWire was there");
    listenWhileMuted(heard, tally, Milliseconds(500));
    unmuteAndListen(session, guard, heard);
}

TEST_CASE(
    "without PipeWire the guard says that it is not connected, and PipeWire begins muted before anybody can "
    "link to a microphone",
    "[crash]") {
    const std::string mode = GENERATE("silence", "sever");
    INFO(mode);
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setMode(mode);
    const auto ask = [&](const std::vector<std::string>& verb) {
        std::vector<std::string> argv = {MICGUARDCTL_BUILT};
        argv.insert(argv.end(), verb.begin(), verb.end());
        return session.run(argv);
    };
    const auto connected = [&] {
        return session
            .run({"busctl", "--user", "get-property", "org.micguard.MicGuard1", "/org/micguard/MicGuard1",
                  "org.micguard.MicGuard1", "Connected"})
            .output;
    };
    REQUIRE(connected() == "b true\n");
    CHECK(ask({"status"}).output.find("\nConnected   yes\n") != std::string::npos);
    for (const Daemon daemon : {Daemon::pulse, Daemon::wireplumber, Daemon::pipewire})
        session.stop(daemon);
    REQUIRE(eventually([&] { return connected() == "b false\n"; }));
    CHECK(guard.state() == "live");
    guard.setMuted(true);
    CHECK(guard.state() == "muted");
    CHECK(ask({"is-muted"}).exitCode == 0);
    const std::string told = ask({"status"}).output;
    INFO(told);
    CHECK(told.starts_with("State       muted since "));
    CHECK(told.find("\nConnected   no (to PipeWire; a mute is in force the moment it appears)\n") !=
          std::string::npos);
    const auto data = nlohmann::json::parse(ask({"status", "--json"}).output);
    CHECK(data.at("connected") == false);
    CHECK(data.at("guaranteed") == true);

    session.setPhase(1);
    session.start(Daemon::pipewire);
    REQUIRE(eventually([&] { return connected() == "b true\n"; }));
    // There is no session manager yet, so that nobody has been linked to anything.
    REQUIRE(guard.waitState("muted"));
    const auto sources = nlohmann::json::parse(ask({"sources", "--json"}).output).at("sources");
    REQUIRE(sources.size() == 1);
    CHECK(sources.at(0).at("name") == "tone");
    CHECK(sources.at(0).at("silenced") == true);
    session.recover();
    std::vector<Heard> heard;
    heard.push_back({"tone", nativeListener(session, {.target = "tone"})});
    heard.back().listener->start();
    Tally tally("native × tone × muted while PipeWire was not there, " + mode);
    listenWhileMuted(heard, tally, Milliseconds(500));
    CHECK(guard.muted());
    unmuteAndListen(session, guard, heard);
}

TEST_CASE("an unreadable state file means muted, with a warning", "[crash]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setMuted(true);
    session.kill(Daemon::micguardd);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(session.directory()))
        if (entry.path().extension() == ".json" || entry.path().extension() == ".old")
            if (entry.path().string().find("micguard") != std::string::npos && entry.is_regular_file() &&
                (entry.path().filename() == "marker.json" ||
                 entry.path().filename().string().starts_with("state.json")))
                std::ofstream(entry.path()) << "{ half a fi";
    session.start(Daemon::micguardd);
    CHECK(guard.muted());
    CHECK(guard.hasWarning("memory"));
}

TEST_CASE("control: without the guard every source is heard again after a restart", "[crash][control]") {
    SessionOptions options = guardedSession(kinds);
    options.micguardd.clear();
    PrivateSession session(options);
    const std::vector<Heard> heard = listenToAll(session, kinds);
    session.setPhase(1);
    session.restart(Daemon::wireplumber);
    for (const auto& one : heard) {
        INFO(one.source);
        CHECK(one.listener->waitAudible(1));
    }
    session.restart(Daemon::pipewire);
    for (const MicKind kind : {MicKind::tone, MicKind::nullVirtual}) {
        INFO(nameOf(kind));
        const auto late = nativeListener(session, {.target = nameOf(kind)});
        late->start();
        CHECK(late->waitAudible(1));
    }
}
