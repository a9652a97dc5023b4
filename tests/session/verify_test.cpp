// SPDX-License-Identifier: GPL-3.0-or-later
// The proof: it says HELD where the promise holds, and can say otherwise. Whatever it says of a mute that
// does not hold, or of a microphone that nobody heard, is looked at here as closely as its praise.
#include "tests/session/cheating_guard.hpp"
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>
#include <map>
#include <sstream>

using namespace micguard::test;

namespace {

// Not `dc`: a constant level is no sound to the proof.
MicSpec provable(MicKind kind, const std::string& name = "") {
    MicSpec spec{.kind = kind, .name = name.empty() ? nameOf(kind) : name};
    if (kind != MicKind::speech)
        spec.coding = Coding::tone;
    return spec;
}

SessionOptions provableSession(const std::vector<MicKind>& kinds) {
    SessionOptions options = guardedSession({});
    for (const MicKind kind : kinds)
        options.mics.push_back(provable(kind));
    // For the daemon, which runs it on the bus, and for micguardctl.
    options.environment.emplace_back("MICGUARD_VERIFY=" MICGUARD_VERIFY_BUILT);
    return options;
}

struct Proven {
    int status = -1;
    std::string output;
    std::map<std::string, nlohmann::json> sources; // by name
    nlohmann::json whole;

    std::string verdict(const std::string& source) const {
        const auto found = sources.find(source);
        return found == sources.end() ? "not listed" : found->second.at("verdict").get<std::string>();
    }
    std::string why(const std::string& source) const {
        const auto found = sources.find(source);
        return found == sources.end() ? "" : found->second.at("why").get<std::string>();
    }
};

// Lines of JSON among whatever else.
Proven read(int status, const std::string& output) {
    Proven proven{status, output, {}, {}};
    std::istringstream lines(output);
    for (std::string text; std::getline(lines, text);) {
        const auto line = nlohmann::json::parse(text, nullptr, false);
        if (!line.is_object())
            continue;
        if (line.contains("verdict"))
            proven.sources[line.at("name")] = line;
        if (line.contains("result"))
            proven.whole = line;
    }
    return proven;
}

Proven prove(const PrivateSession& session, const std::vector<std::string>& options = {}) {
    std::vector<std::string> argv{MICGUARD_VERIFY_BUILT, "--seconds", "1"};
    argv.insert(argv.end(), options.begin(), options.end());
    const Finished done = session.run(argv, Milliseconds(60000));
    return read(done.exitCode, done.output);
}

// One that is under way.
class Running {
  public:
    explicit Running(const PrivateSession& session, const std::string& seconds = "3")
        : log_(session.logPath("verify.log"))
        , process_(session.spawn({MICGUARD_VERIFY_BUILT, "--seconds", seconds}, "verify")) {}

    void await(const std::string& step) {
        REQUIRE(waitForText(log_, [&](const std::string& text) {
            return text.find("{\"step\":\"" + step + "\"") != std::string::npos;
        }));
    }
    Process& process() { return process_; }
    Proven end() {
        const auto status = process_.wait(Milliseconds(60000));
        REQUIRE(status);
        return read(WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status), readFile(log_));
    }

  private:
    std::filesystem::path log_;
    Process process_;
};

// An audio source that nobody feeds: digital silence, muted or not.
void addSilentSource(PrivateSession& session, const std::string& name) {
    session.graph().create("adapter", "PipeWire:Interface:Node",
                           {{"factory.name", "support.null-audio-sink"},
                            {"node.name", name},
                            {"media.class", "Audio/Source/Virtual"},
                            {"audio.channels", "1"},
                            {"audio.position", "[ MONO ]"},
                            {"monitor.channel-volumes", "true"}});
    session.graph().waitForNode(name);
}

unsigned runs = 0;

void count(const Proven& proven, const char* what) {
    std::printf("cell: verify, %s: run %u, %zu sources, exit %d\n", what, ++runs, proven.sources.size(),
                proven.status);
    std::fflush(stdout);
}

} // namespace

TEST_CASE("every kind of source is proven to be held, in both modes", "[verify]") {
    PrivateSession session(provableSession(allMicKinds()));
    Guard guard(session);
    for (const char* mode : {"silence", "sever"}) {
        guard.setMode(mode);
        for (unsigned round = 0; round < scaled(2, 50); ++round) {
            const Proven proven = prove(session);
            INFO(mode << ", round " << round << "\n" << proven.output);
            for (const MicKind kind : allMicKinds()) {
                CHECK(proven.verdict(nameOf(kind)) == "HELD");
                if (proven.sources.contains(nameOf(kind)))
                    CHECK(proven.sources.at(nameOf(kind)).at("peak").get<double>() == 0);
            }
            CHECK(proven.status == 0);
            count(proven, mode);
            INFO("it leaves nothing behind");
            CHECK_FALSE(guard.muted());
            CHECK(guard.waitState("live"));
        }
    }
}

TEST_CASE("nobody guards, and a microphone is live: a leak", "[verify][control]") {
    SessionOptions options = provableSession({MicKind::tone, MicKind::raw, MicKind::otherProcess});
    options.micguardd.clear();
    PrivateSession session(options);
    addSilentSource(session, "silent");
    const Proven proven = prove(session);
    INFO(proven.output);
    for (const char* name : {"tone", "raw", "otherProcess"})
        CHECK(proven.verdict(name) == "LEAK");
    CHECK(proven.verdict("silent") == "INCONCLUSIVE");
    CHECK(proven.sources.at("tone").at("peak").get<double>() > 0.1);
    CHECK(proven.status == 1);
    CHECK(proven.whole.at("mute") == "not-running");
    count(proven, "without a guard");
}

TEST_CASE("the guard is stopped, and a microphone is live: a leak", "[verify][control]") {
    PrivateSession session(provableSession({MicKind::tone, MicKind::raw}));
    const pid_t guard = session.pid(Daemon::micguardd);
    REQUIRE(::kill(guard, SIGSTOP) == 0);
    const Proven proven = prove(session);
    REQUIRE(::kill(guard, SIGCONT) == 0);
    INFO(proven.output);
    CHECK(proven.verdict("tone") == "LEAK");
    CHECK(proven.verdict("raw") == "LEAK");
    CHECK(proven.status == 1);
    CHECK(proven.whole.at("mute") == "unanswered");
    count(proven, "guard stopped");
}

TEST_CASE("a guard that says muted and leaves one out is found out", "[verify]") {
    SessionOptions options = provableSession({});
    for (const char* name : {"first", "second", "third"})
        options.mics.push_back(provable(MicKind::tone, name));
    options.micguardd.clear();
    PrivateSession session(options);
    std::vector<std::uint32_t> all;
    for (const char* name : {"first", "second", "third"})
        all.push_back(session.graph().waitForNode(name).id);
    {
        CheatingGuard honest(session, all);
        const Proven proven = prove(session);
        INFO("control: it does what it says\n" << proven.output);
        CHECK(proven.status == 0);
        CHECK(honest.holds() == 1);
        count(proven, "another guard, honest");
    }
    CheatingGuard cheat(session, {all[0], all[2]});
    const Proven proven = prove(session);
    INFO(proven.output);
    CHECK(cheat.holds() == 1);
    CHECK(proven.verdict("first") == "HELD");
    CHECK(proven.verdict("second") == "LEAK");
    CHECK(proven.verdict("third") == "HELD");
    CHECK(proven.status == 1);
    count(proven, "another guard, cheating");
}

TEST_CASE("one microphone is opened by hand behind the guard's back: a leak of exactly that one",
          "[verify]") {
    PrivateSession session(
        provableSession({MicKind::tone, MicKind::speech, MicKind::otherProcess, MicKind::loopback}));
    const pid_t guard = session.pid(Daemon::micguardd);
    Running running(session);
    running.await("muted");
    // Running, it would have closed it within a cycle.
    REQUIRE(::kill(guard, SIGSTOP) == 0);
    must(session, {"pw-cli", "set-param", std::to_string(session.graph().waitForNode("tone").id), "Props",
                   "{ params = [ \"channelmix.max-volume\" 10.0 ] }"});
    running.await("after");
    REQUIRE(::kill(guard, SIGCONT) == 0);
    const Proven proven = running.end();
    INFO(proven.output);
    CHECK(proven.verdict("tone") == "LEAK");
    for (const char* name : {"speech", "otherProcess", "loopback"})
        CHECK(proven.verdict(name) == "HELD");
    CHECK(proven.status == 1);
    count(proven, "one opened by hand");
}

TEST_CASE("an attacker lifts what silences one microphone again and again: a leak of exactly that one",
          "[verify]") {
    SessionOptions options = provableSession({MicKind::tone});
    options.mics.push_back(provable(MicKind::tone, "other"));
    PrivateSession session(options);
    // The guard closes it each time within a cycle: how often a sample gets through is luck.
    Process attacker = session.spawn({ATTACKERS "/attack-turn_up", "--knob", "--source", "tone"}, "attacker");
    bool found = false;
    for (unsigned round = 0; round < 25 && !found; ++round) {
        const Proven proven = prove(session);
        INFO(proven.output);
        CHECK(proven.verdict("other") == "HELD");
        found = proven.verdict("tone") == "LEAK";
        CHECK(proven.status == (found ? 1 : 0));
        count(proven, "attacked");
    }
    CHECK(found);
}

TEST_CASE("what was never heard proves nothing, unless a tone is played into it", "[verify]") {
    PrivateSession session(provableSession({MicKind::tone}));
    Guard guard(session);
    addSilentSource(session, "silent");
    for (const char* mode : {"silence", "sever"}) {
        guard.setMode(mode);
        Proven proven = prove(session);
        INFO(mode << "\n" << proven.output);
        CHECK(proven.verdict("silent") == "INCONCLUSIVE");
        CHECK(proven.verdict("tone") == "HELD");
        CHECK(proven.status == 6);
        count(proven, "digital silence");
        proven = prove(session, {"--tone"});
        INFO(proven.output);
        CHECK(proven.verdict("silent") == "HELD");
        CHECK(proven.status == 0);
        count(proven, "digital silence and a tone");
    }
}

TEST_CASE("a tone is played into nothing that somebody hears, and into no loudspeaker", "[verify]") {
    PrivateSession session(provableSession({}));
    addSilentSource(session, "silent");
    session.graph().create("adapter", "PipeWire:Interface:Node",
                           {{"factory.name", "support.null-audio-sink"},
                            {"node.name", "speaker"},
                            {"media.class", "Audio/Duplex"},
                            {"device.id", "0"},
                            {"audio.channels", "1"},
                            {"audio.position", "[ MONO ]"}});
    session.graph().waitForNode("speaker");
    auto recorder = pwRecordListener(session, {.target = "silent", .coding = Coding::tone});
    recorder->start();
    REQUIRE(recorder->waitSamples(24000));
    const Proven proven = prove(session, {"--tone"});
    INFO(proven.output);
    CHECK(proven.verdict("silent") == "INCONCLUSIVE");
    CHECK(proven.verdict("speaker") == "INCONCLUSIVE");
    CHECK(recorder->snapshot().nonZero == 0);
    count(proven, "no tone for others");
}

TEST_CASE("muted before: nothing is opened, and nothing proven", "[verify]") {
    PrivateSession session(provableSession({MicKind::tone, MicKind::raw, MicKind::otherProcess}));
    Guard guard(session);
    for (const char* mode : {"silence", "sever"}) {
        guard.setMode(mode);
        guard.setMuted(true);
        Heard other = hear("tone", [&] {
            auto listener =
                nativeListener(session, {.target = "tone", .name = "other", .coding = Coding::tone});
            guard.setMuted(false);
            return listener;
        }());
        guard.setMuted(true);
        changeTune(session, other);
        const Proven proven = prove(session);
        INFO(mode << "\n" << proven.output);
        for (const char* name : {"tone", "raw", "otherProcess"}) {
            CHECK(proven.verdict(name) == "INCONCLUSIVE");
            CHECK(proven.why(name).find("already muted") != std::string::npos);
        }
        CHECK(proven.status == 6);
        CHECK(guard.state() == "muted");
        INFO("nobody else was let hear");
        CHECK(other.listener->madeIn(1) == other.counted);
        session.setPhase(0);
        guard.setMuted(false);
        count(proven, "muted before");
    }
}

TEST_CASE("somebody else's mute that ends in the midst is no leak", "[verify]") {
    PrivateSession session(provableSession({MicKind::tone}));
    Guard guard(session);
    guard.setMuted(true);
    Running running(session, "2");
    running.await("listen");
    guard.setMuted(false);
    const Proven proven = running.end();
    INFO(proven.output);
    CHECK(proven.verdict("tone") == "INCONCLUSIVE");
    CHECK(proven.why("tone").find("has unmuted meanwhile") != std::string::npos);
    CHECK(proven.status == 6);
    INFO("it did hear something: as a leak that was told");
    CHECK(proven.sources.at("tone").at("samples").get<std::uint64_t>() > 0);
}

TEST_CASE("two proofs at once: the one proves, the other says why it cannot", "[verify]") {
    PrivateSession session(provableSession({MicKind::tone}));
    Running first(session, "4");
    first.await("muted");
    const Proven second = prove(session);
    INFO(second.output);
    CHECK(second.verdict("tone") == "INCONCLUSIVE");
    CHECK(second.whole.at("mute") == "already-muted");
    CHECK(second.whole.at("text").get<std::string>().starts_with(
        "kept muted by another proof, which is under way (micguard-verify (pid "));
    CHECK(second.status == 6);
    const Proven proven = first.end();
    INFO(proven.output);
    CHECK(proven.verdict("tone") == "HELD");
    CHECK(proven.status == 0);
}

TEST_CASE("the proof is ended in the midst: its mute goes with it", "[verify]") {
    PrivateSession session(provableSession({MicKind::tone}));
    Guard guard(session);
    Running running(session, "30");
    running.await("muted");
    REQUIRE(guard.muted());
    running.process().killHard();
    CHECK(guard.waitState("live"));
    CHECK_FALSE(guard.muted());
}

TEST_CASE("a guard that goes in the midst has proven nothing", "[verify]") {
    PrivateSession session(provableSession({MicKind::tone}));
    Running running(session, "30");
    running.await("muted");
    session.stop(Daemon::micguardd);
    const Proven proven = running.end();
    INFO(proven.output);
    CHECK(proven.verdict("tone") == "INCONCLUSIVE");
    CHECK(proven.whole.at("mute") == "lost");
    CHECK(proven.status == 6);
}

TEST_CASE("kept out by a rule it says so, and nobody is asked about it", "[verify]") {
    PrivateSession session(provableSession({MicKind::tone}));
    Guard guard(session);
    for (const std::string action : {"ask", "deny", "silence"}) {
        guard.setRules("[[rule]]\nmatch = { executable = \"*/micguard-verify\" }\naction = \"" + action +
                       "\"\n");
        const Proven proven = prove(session);
        INFO(action << "\n" << proven.output);
        CHECK(proven.verdict("tone") == "INCONCLUSIVE");
        CHECK(proven.why("tone").find(action) != std::string::npos);
        CHECK(proven.sources.size() == 1);
        CHECK(proven.status == 6);
        count(proven, action.c_str());
    }
    CHECK(guard.asked().empty());
}

TEST_CASE("an exempt microphone is called so, and is no leak", "[verify]") {
    SessionOptions options = provableSession({MicKind::tone, MicKind::speech});
    options.micguardConfig = "[sources]\nexempt = [\"tone\"]\n";
    PrivateSession session(options);
    const Proven proven = prove(session);
    INFO(proven.output);
    CHECK(proven.verdict("tone") == "EXEMPT");
    CHECK(proven.verdict("speech") == "HELD");
    CHECK(proven.status == 0);
}

TEST_CASE("a Bluetooth microphone is opened on request only", "[verify]") {
    SessionOptions options = provableSession({MicKind::tone});
    MicSpec headset = provable(MicKind::tone, "headset");
    headset.extra = {{"device.api", "bluez5"}, {"api.bluez5.address", "00:11:22:33:44:55"}};
    options.mics.push_back(headset);
    PrivateSession session(options);
    Proven proven = prove(session);
    INFO(proven.output);
    CHECK(proven.verdict("headset") == "INCONCLUSIVE");
    CHECK(proven.why("headset").find("--bluetooth") != std::string::npos);
    CHECK(session.produced("headset").frames[0] == 0);
    CHECK(proven.status == 6);
    proven = prove(session, {"--bluetooth"});
    INFO(proven.output);
    CHECK(proven.verdict("headset") == "HELD");
    CHECK(proven.status == 0);
}

TEST_CASE("one goes, another comes meanwhile: neither is proven, neither is a leak", "[verify]") {
    SessionOptions options = provableSession({MicKind::tone, MicKind::speech});
    PrivateSession session(options);
    session.plug(provable(MicKind::tone, "leaves"));
    Running running(session);
    running.await("muted");
    session.unplug("leaves");
    session.plug(provable(MicKind::tone, "comes"));
    const Proven proven = running.end();
    INFO(proven.output);
    CHECK(proven.verdict("leaves") == "INCONCLUSIVE");
    CHECK(proven.verdict("comes") == "INCONCLUSIVE");
    CHECK(proven.verdict("tone") == "HELD");
    CHECK(proven.verdict("speech") == "HELD");
    CHECK(proven.status == 6);
}

TEST_CASE("under strict admission, with the manager socket in the environment: an ordinary client",
          "[verify]") {
    SessionOptions options = provableSession({MicKind::tone, MicKind::raw});
    options.strict = true;
    options.micguardConfig = "[admission]\nmode = \"strict\"\n";
    PrivateSession session(options);
    Process process =
        session.spawn({"env", "PIPEWIRE_REMOTE=pipewire-0-manager", MICGUARD_VERIFY_BUILT}, "strict");
    const std::string pid = std::to_string(process.pid());
    std::string socket;
    CHECK(session.graph().waitFor([&](const GraphObjects& objects) {
        for (const auto& [id, object] : objects)
            if (object.type == "Client" && object.property("pipewire.sec.pid") == pid)
                socket = object.property("pipewire.sec.socket");
        return !socket.empty();
    }));
    CHECK(socket == "pipewire-0");
    const auto status = process.wait(Milliseconds(60000));
    REQUIRE(status);
    const Proven proven = read(WEXITSTATUS(*status), readFile(session.logPath("strict.log")));
    INFO(proven.output);
    CHECK(proven.verdict("tone") == "HELD");
    CHECK(proven.verdict("raw") == "HELD");
    CHECK(proven.status == 0);
    count(proven, "strict admission");
}

TEST_CASE("on the bus it is the same, and the guard goes on answering meanwhile", "[verify]") {
    PrivateSession session(provableSession({MicKind::tone, MicKind::raw}));
    Guard guard(session);
    const std::vector<std::string> call{"gdbus",
                                        "call",
                                        "--session",
                                        "--timeout",
                                        "60",
                                        "--dest",
                                        "org.micguard.MicGuard1",
                                        "--object-path",
                                        "/org/micguard/MicGuard1",
                                        "--method",
                                        "org.micguard.MicGuard1.Verify",
                                        "{'seconds': <uint32 2>}"};
    Process first = session.spawn(call, "first");
    CHECK(guard.waitState("muted"));
    const Finished second = session.run(call);
    CHECK(second.exitCode != 0);
    CHECK(second.output.find("another proof is under way") != std::string::npos);
    const auto status = first.wait(Milliseconds(60000));
    const std::string output = readFile(session.logPath("first.log"));
    INFO(output);
    REQUIRE(status == 0);
    for (const char* name : {"tone", "raw"}) {
        const auto at = output.find(std::string("'name': <'") + name + "'>, 'verdict': <'HELD'>");
        CHECK(at != std::string::npos);
    }
    const auto times = [&](const std::string& part) {
        unsigned count = 0;
        for (auto at = output.find(part); at != std::string::npos; at = output.find(part, at + 1))
            ++count;
        return count;
    };
    CHECK(times("'verdict'") == 2);
    CHECK(times("'source': <objectpath '/org/micguard/MicGuard1/sources/") == 2);
    CHECK(times("'peak': <0.0>") == 2);
    CHECK(guard.waitState("live"));
    INFO("whoever asked has gone: what was begun for him is ended");
    Process gone = session.spawn(call, "gone");
    CHECK(guard.waitState("muted"));
    gone.killHard();
    CHECK(guard.waitState("live"));
}

TEST_CASE("micguardctl shows it, and its exit status is the proof's", "[verify]") {
    PrivateSession session(provableSession({MicKind::tone}));
    Finished shown = session.run({MICGUARDCTL_BUILT, "verify", "--seconds", "1"}, Milliseconds(60000));
    INFO(shown.output);
    CHECK(shown.exitCode == 0);
    CHECK(shown.output.find("HELD") != std::string::npos);
    shown = session.run({MICGUARDCTL_BUILT, "verify", "--json", "--source", "tone", "--source", "nobody"},
                        Milliseconds(60000));
    INFO(shown.output);
    const auto data = nlohmann::json::parse(shown.output);
    CHECK(data.at("result") == "INCONCLUSIVE");
    CHECK(data.at("sources").size() == 2);
    CHECK(shown.exitCode == 6);
    shown = session.run({MICGUARDCTL_BUILT, "verify", "--seconds", "0"});
    CHECK(shown.exitCode == 2);
    session.stop(Daemon::micguardd);
    shown = session.run({MICGUARDCTL_BUILT, "verify", "--seconds", "1"}, Milliseconds(60000));
    INFO(shown.output);
    CHECK(shown.output.find("LEAK") != std::string::npos);
    CHECK(shown.exitCode == 1);
    session.stop(Daemon::pulse);
    session.stop(Daemon::wireplumber);
    session.stop(Daemon::pipewire);
    shown = session.run({MICGUARDCTL_BUILT, "verify"});
    INFO(shown.output);
    CHECK(shown.exitCode == 4);
}
