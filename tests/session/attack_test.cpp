// SPDX-License-Identifier: GPL-3.0-or-later
// Clients that do not play along (tests/attackers). Tiers 1 to 3 hear nothing made after the reply; of tier 4 what the
// threat model says, and the warning is there. Each has its control: without the guard the same program hears.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>

using namespace micguard::test;

namespace {

struct Attack {
    std::string name;
    std::vector<std::string> arguments;
    std::string source = "tone";
};

const std::vector<Attack> hostile = {{"turn_up", {}},
                                     {"self_link", {}},
                                     {"self_link", {}, "internal"},
                                     {"raise_permissions", {}},
                                     {"keep_mapping", {}},
                                     {"churn", {}},
                                     {"late_reader", {}},
                                     {"second_node", {}},
                                     {"second_node", {"--media-class", "Stream/Output/Audio"}},
                                     {"second_node", {"--raw"}},
                                     {"second_node", {"--as-guard"}},
                                     {"second_node", {"--knob"}},
                                     {"forged_owner", {}},
                                     {"forged_owner", {"--nobody"}},
                                     {"load_module", {}},
                                     {"destroy_guard", {}},
                                     {"destroy_manager", {}},
                                     {"blind_guard", {}}};

std::string titleOf(const Attack& attack) {
    std::string title = attack.name;
    for (const auto& argument : attack.arguments)
        title += " " + argument;
    return title + " on " + attack.source;
}

// What it says of itself at its end.
nlohmann::json run(const PrivateSession& session, const Attack& attack, double seconds) {
    std::vector<std::string> argv = {std::string(ATTACKERS) + "/attack-" + attack.name, "--source",
                                     attack.source, "--seconds", std::to_string(seconds)};
    argv.insert(argv.end(), attack.arguments.begin(), attack.arguments.end());
    const Finished done = session.run(argv, Milliseconds(30000));
    const auto line = done.output.rfind("{\"attacker\"");
    INFO(titleOf(attack) << ": exit " << done.exitCode << ", " << done.output);
    REQUIRE(line != std::string::npos);
    return nlohmann::json::parse(done.output.substr(line, done.output.find('\n', line) - line));
}

SessionOptions attackedSession() {
    return guardedSession({MicKind::tone, MicKind::internal});
}

} // namespace

TEST_CASE("attackers hear nothing that was made after the reply", "[attack]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(attackedSession());
    Guard guard(session);
    guard.setMode(mode);
    for (const Attack& attack : hostile) {
        INFO(titleOf(attack));
        guard.setMuted(true);
        session.setPhase(1);
        Tally tally(titleOf(attack) + ", " + mode);
        for (unsigned round = 0; round < scaled(1, 25); round++) {
            const auto report = run(session, attack, 1.5);
            CHECK(report.at("heard_after").get<std::uint64_t>() == 0);
            CHECK(report.at("weak_after").get<std::uint64_t>() == 0);
            tally.add(report.at("heard_after").get<std::uint64_t>());
        }
        session.setPhase(0);
        REQUIRE(session.running(Daemon::micguardd));
        REQUIRE(session.running(Daemon::pipewire));
        if (!session.running(Daemon::wireplumber))
            session.start(Daemon::wireplumber);
        CHECK(guard.muted());
        CHECK(guard.waitState("muted"));
        if (attack.name == "raise_permissions" && mode == "sever")
            CHECK(guard.hasWarning("raised:" + attack.source));
        guard.setMuted(false);
        listenTo(session, "tone");
    }
}

TEST_CASE("control: without the guard the attackers hear", "[attack][control]") {
    SessionOptions options = attackedSession();
    options.micguardd.clear();
    for (const Attack& attack : hostile) {
        INFO(titleOf(attack));
        // Each its own: a node that is destroyed while the session manager links it can take PipeWire 1.4.2 with it.
        PrivateSession session(options);
        session.setPhase(1);
        auto report = run(session, attack, 1.5);
        if (report.at("heard_after").get<std::uint64_t>() == 0) // a machine that has other things to do
            report = run(session, attack, 10);
        CHECK(report.at("heard_after").get<std::uint64_t>() > 0);
        // The guard is not there to be destroyed, and nobody keeps it from the session manager.
        if (attack.name == "destroy_manager")
            CHECK(report.at("victims_gone").get<std::uint64_t>() > 0);
    }
}

TEST_CASE("memory that an attacker kept of a live microphone goes dead with the mute, also where that can "
          "only be severed",
          "[attack]") {
    const std::string mode = GENERATE("silence", "sever");
    const MicKind kind = GENERATE(MicKind::tone, MicKind::locked, MicKind::raw);
    const std::string source = nameOf(kind);
    PrivateSession session(guardedSession({kind}));
    Guard guard(session);
    guard.setMode(mode);
    Tally tally("keep_mapping × " + source + " × unlinked before the mute, " + mode);
    for (unsigned round = 0; round < scaled(1, 25); round++) {
        INFO(source << ", " << mode << ", round " << round);
        session.setPhase(0);
        guard.setMuted(false);
        std::vector<Heard> heard = listenToAll(session, {kind});
        Heard attacker =
            started(source, attackListener(session, std::string(ATTACKERS) + "/attack-keep_mapping",
                                           {"--source", source, "--unlink"}));
        INFO("control: it reads on without a link, while somebody listens");
        REQUIRE(hearsAnything(attacker, 0));
        session.setPhase(1);
        REQUIRE(hearsAnything(attacker, 1));
        session.setPhase(0);
        REQUIRE(heard.front().listener->waitAudible(0));
        guard.setMuted(true);
        changeTune(session, attacker);
        hearsNothingNew(attacker, tally, Milliseconds(500));
    }
}

TEST_CASE("an attack on the guard's or the session manager's connection that succeeds is survived and told",
          "[attack]") {
    struct Case {
        std::string name, warning;
    };
    const auto [name, warning] = GENERATE(Case{"destroy_guard", "connection-lost"},
                                          Case{"blind_guard", "blinded"}, Case{"destroy_manager", ""});
    PrivateSession session(attackedSession());
    Guard guard(session);
    std::vector<Heard> heard;
    heard.push_back(listenTo(session, "tone"));
    const Attack attack{name, {"--raised"}};
    Tally tally("native bystander × " + titleOf(attack));
    CHECK(guard.warnings().empty());
    mute(session, guard, heard, tally);
    const auto report = run(session, attack, 1.0);
    INFO(report.dump());
    if (name != "blind_guard") // its victim stays
        REQUIRE(report.at("victims_gone").get<std::uint64_t>() > 0);
    CHECK(report.at("heard_after").get<std::uint64_t>() == 0);
    CHECK(report.at("weak_after").get<std::uint64_t>() == 0);
    listenWhileMuted(heard, tally, Milliseconds(300));
    REQUIRE(session.running(Daemon::micguardd));
    REQUIRE(guard.waitState("muted"));
    if (!warning.empty())
        CHECK(guard.hasWarning(warning));
    else if (!session.running(Daemon::wireplumber))
        session.start(Daemon::wireplumber);
    unmuteAndListen(session, guard, heard);
}

TEST_CASE("whoever writes the guard's own value back is noticed, and it is in force again at once",
          "[attack]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(attackedSession());
    Guard guard(session);
    guard.setMode(mode);
    const Attack attack{"turn_up", {"--knob"}};
    std::vector<Heard> heard;
    Tally tally(titleOf(attack) + ", and native afterwards, " + mode);
    mute(session, guard, heard, tally);
    const auto report = run(session, attack, 1.5);
    const auto audible = report.at("heard_after").get<std::uint64_t>();
    tally.add(audible);
    if (mode == "silence") {
        // What passes until the guard has seen it is some of it (threat model, tier 4), and told.
        CHECK(audible < report.at("samples").get<std::uint64_t>() / 2);
        CHECK(guard.hasWarning("knob:tone"));
    } else {
        CHECK(audible == 0);
    }
    heard.push_back({"tone", nativeListener(session, {.target = "tone"})});
    heard.back().listener->start();
    listenWhileMuted(heard, tally, Milliseconds(300));
    CHECK(guard.waitState("muted"));
    unmuteAndListen(session, guard, heard);
}
