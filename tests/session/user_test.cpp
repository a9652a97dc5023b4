// SPDX-License-Identifier: GPL-3.0-or-later
// The user's own mute and slider: they lift no global mute, and they are his when it is over.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <nlohmann/json.hpp>

using namespace micguard::test;

namespace {

std::string nodeId(const PrivateSession& session, const std::string& name) {
    for (const auto& object : session.dump()) {
        const auto info = object.find("info");
        if (info == object.end() || !info->is_object() || !info->contains("props"))
            continue;
        if (info->at("props").value("node.name", "") == name)
            return std::to_string(object.at("id").get<int>());
    }
    FAIL("no node " << name);
    return {};
}

} // namespace

namespace {

// What a user or a careless program does who wants the microphone to be heard.
std::vector<std::vector<std::string>> attemptsOn(const PrivateSession& session, const std::string& name) {
    const std::string id = nodeId(session, name);
    return {{"pactl", "set-source-mute", name, "0"},
            {"pactl", "set-source-volume", name, "150%"},
            {"wpctl", "set-mute", id, "0"},
            {"wpctl", "set-volume", id, "1.4"},
            {"pw-cli", "set-param", id, "Props",
             "{ mute: false, softMute: false, volume: 1.0, channelVolumes: [ 4.0 ], softVolumes: [ 4.0 ] }"}};
}

} // namespace

TEST_CASE("unmuting and turning up with pactl, wpctl and pw-cli lifts nothing", "[user]") {
    const std::string mode = GENERATE("silence", "sever");
    const std::vector<MicKind> kinds = {MicKind::tone, MicKind::acp, MicKind::nullVirtual, MicKind::nullPlain,
                                        MicKind::loopback};
    PrivateSession session(guardedSession(kinds));
    Guard guard(session);
    guard.setMode(mode);
    std::vector<Heard> heard;
    for (const MicKind kind : kinds)
        heard.push_back(listenTo(session, nameOf(kind)));
    Tally tally("native × five kinds × unmuted and turned up, " + mode);
    mute(session, guard, heard, tally);
    for (unsigned round = 0; round < scaled(2, 34); round++)
        for (const MicKind kind : kinds) {
            for (const auto& attempt : attemptsOn(session, nameOf(kind)))
                // Whether the tool finds the source at all is the mode's business; what counts is what is heard.
                session.run(attempt);
        }
    listenWhileMuted(heard, tally, Milliseconds(300));
    unmuteAndListen(session, guard, heard);
}

TEST_CASE("control: without the guard each of these attempts opens a muted microphone", "[user][control]") {
    // One that is muted through its node, and one that is through its device's route.
    const std::vector<MicKind> kinds = {MicKind::tone, MicKind::acp};
    SessionOptions options = guardedSession(kinds);
    options.micguardd.clear();
    PrivateSession session(options);
    for (const MicKind kind : kinds) {
        const std::string name = nameOf(kind);
        session.setPhase(0);
        const Heard heard = listenTo(session, name);
        for (const auto& attempt : attemptsOn(session, name)) {
            const bool lifts = attempt[1] != "set-source-volume" && attempt[1] != "set-volume";
            INFO(name << ": " << attempt[0] << " " << attempt[1]);
            session.setPhase(0);
            if (lifts) {
                must(session, {"pactl", "set-source-mute", name, "1"});
                REQUIRE(eventually([&] {
                    const auto before = heard.listener->snapshot();
                    return heard.listener->waitSamples(9600) &&
                           heard.listener->snapshot().audible[0] == before.audible[0];
                }));
            }
            must(session, attempt);
            session.setPhase(1);
            CHECK(heard.listener->waitAudible(1));
        }
    }
}

TEST_CASE("the user's mute and volume are what he last made them", "[user]") {
    // Those whose volume the user's controls reach; `internal` is none that they show.
    std::vector<MicKind> kinds = {MicKind::tone, MicKind::acp, MicKind::nullVirtual, MicKind::otherProcess};
    if (scaled(0, 1) == 1)
        kinds.insert(kinds.end(), {MicKind::loopback, MicKind::clamped, MicKind::speech});
    const MicKind kind = GENERATE_COPY(from_range(kinds));
    PrivateSession session(guardedSession({kind}));
    Guard guard(session);
    const std::string name = nameOf(kind);
    const auto volume = [&] { return session.run({"pactl", "get-source-volume", name}).output; };
    const auto mute = [&] { return session.run({"pactl", "get-source-mute", name}).output; };
    INFO(name);
    // A suspended source tells nobody of a new volume before it runs again.
    auto heard = listenTo(session, name);

    SECTION("untouched") {
        must(session, {"pactl", "set-source-volume", name, "40%"});
        must(session, {"pactl", "set-source-mute", name, "1"});
        // pipewire-pulse answers the setter before every other client can read the new value.
        REQUIRE(
            eventually([&] { return volume().find("40%") != std::string::npos && mute() == "Mute: yes\n"; }));
        const std::string before = volume();
        guard.setMuted(true);
        guard.setMuted(false);
        CHECK(volume() == before);
        CHECK(mute() == "Mute: yes\n");
    }
    SECTION("changed while muted") {
        guard.setMuted(true);
        must(session, {"pactl", "set-source-volume", name, "55%"});
        REQUIRE(eventually([&] { return volume().find("55%") != std::string::npos; }));
        const std::string changed = volume();
        guard.setMuted(false);
        CHECK(volume() == changed);
        CHECK(heard.listener->waitAudible(0));
    }
    SECTION("muted by the user while muted, and it stays so") {
        guard.setMuted(true);
        must(session, {"pactl", "set-source-mute", name, "0"});
        must(session, {"pactl", "set-source-mute", name, "1"});
        guard.setMuted(false);
        CHECK(eventually([&] { return mute() == "Mute: yes\n"; }));
        const auto before = heard.listener->snapshot();
        CHECK(heard.listener->waitSamples(9600));
        CHECK(heard.listener->snapshot().audible[0] == before.audible[0]);
    }
}
