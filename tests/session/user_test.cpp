// SPDX-License-Identifier: GPL-3.0-or-later
// The user's own mute and slider: they lift no global mute, and they are his when it is over.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace micguard::test;

namespace {

nlohmann::json nodeInfo(const PrivateSession& session, const std::string& name) {
    for (const auto& object : session.dump()) {
        const auto info = object.find("info");
        if (info == object.end() || !info->is_object() || !info->contains("props"))
            continue;
        if (info->at("props").value("node.name", "") == name) {
            nlohmann::json found = *info;
            found["id"] = object.at("id");
            return found;
        }
    }
    FAIL("no node " << name);
    return {};
}

std::string nodeId(const PrivateSession& session, const std::string& name) {
    return std::to_string(nodeInfo(session, name).at("id").get<int>());
}

std::string said(const PrivateSession& session, const std::vector<std::string>& argv) {
    return session.run(argv).output;
}

// One thing that a user or a careless program does who wants the microphone to be heard.
struct Attempt {
    std::vector<std::string> argv;
    std::vector<std::string> before; // done first, so that it makes a difference: the user's own shutting
    std::function<bool()> isRead;    // it is as he set it, by what his own tools show
};

bool has(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

// In an order in which each can be told from the one before. pipewire-pulse has no name for an `internal` one (1.4.2,
// module-protocol-pulse/manager.c, pw_manager_object_is_source()).
std::vector<Attempt> attemptsOn(const PrivateSession& session, MicKind kind) {
    const std::string name = nameOf(kind), id = nodeId(session, name);
    const auto* run = &session;
    const auto wpctlReads = [run, id](const char* part) {
        return [run, id, part] { return has(said(*run, {"wpctl", "get-volume", id}), part); };
    };
    std::vector<Attempt> attempts;
    if (kind != MicKind::internal)
        attempts = {
            {{"pactl", "set-source-mute", name, "0"},
             {"pactl", "set-source-mute", name, "1"},
             [run, name] {
                 return said(*run, {"pactl", "get-source-mute", name}) == "Mute: no\n";
             }},
            {{"pactl", "set-source-volume", name, "150%"},
             {"pactl", "set-source-volume", name, "0%"},
             [run, name] {
                 return has(said(*run, {"pactl", "get-source-volume", name}), "150%");
             }},
        };
    const auto isUnmuted = [run, id] { return !has(said(*run, {"wpctl", "get-volume", id}), "MUTED"); };
    attempts.push_back({{"wpctl", "set-mute", id, "0"}, {"wpctl", "set-mute", id, "1"}, isUnmuted});
    attempts.push_back({{"wpctl", "set-mute", id, "toggle"}, {"wpctl", "set-mute", id, "1"}, isUnmuted});
    attempts.push_back(
        {{"wpctl", "set-volume", id, "1.4"}, {"wpctl", "set-volume", id, "0"}, wpctlReads("1.40")});
    attempts.push_back(
        {{"pw-cli", "set-param", id, "Props",
          "{ mute: false, softMute: false, volume: 1.0, channelVolumes: [ 4.0 ], softVolumes: [ 4.0 ] }"},
         {"pw-cli", "set-param", id, "Props", "{ mute: true, softMute: true }"},
         [run, name] {
             const auto params = nodeInfo(*run, name).value("params", nlohmann::json::object());
             const auto props = params.value("Props", nlohmann::json::array());
             return std::any_of(props.begin(), props.end(), [](const nlohmann::json& one) {
                 return one.value("mute", true) == false && one.value("softMute", true) == false &&
                        one.value("channelVolumes", nlohmann::json()) == nlohmann::json::array({4.0}) &&
                        one.value("softVolumes", nlohmann::json()) == nlohmann::json::array({4.0});
             });
         }});
    return attempts;
}

// pw-cli ends with 0 whatever the server said.
void mustDo(const PrivateSession& session, const std::vector<std::string>& argv) {
    const Finished done = session.run(argv);
    INFO(argv[0] << " " << argv[1] << ": " << done.output);
    REQUIRE(done.exitCode == 0);
    REQUIRE(done.output.find("Error") == std::string::npos);
}

} // namespace

TEST_CASE("unmuting and turning up with pactl, wpctl and pw-cli lifts nothing", "[user]") {
    const std::string mode = GENERATE("silence", "sever");
    std::vector<MicKind> kinds = allMicKinds();
    // It has no volume that a tool could write.
    std::erase(kinds, MicKind::raw);
    PrivateSession session(guardedSession(kinds));
    Guard guard(session);
    guard.setMode(mode);
    auto heard = listenToAll(session, kinds);
    Tally tally("native × " + std::to_string(kinds.size()) + " kinds × unmuted and turned up, " + mode);
    mute(session, guard, heard, tally);
    for (unsigned round = 0; round < scaled(1, 10); round++)
        for (const MicKind kind : kinds) {
            INFO("round " << round << ", " << nameOf(kind));
            for (const Attempt& attempt : attemptsOn(session, kind)) {
                INFO(attempt.argv[0] << " " << attempt.argv[1]);
                tally.attempted();
                // What the tools make of a microphone that is cut off is the mode's business; what counts is what is heard.
                // Nor does one with channelmix.lock-volumes take what they write.
                if (mode == "sever" || kind == MicKind::locked) {
                    session.run(attempt.argv);
                    continue;
                }
                mustDo(session, attempt.before);
                REQUIRE(eventually([&] { return !attempt.isRead(); }));
                mustDo(session, attempt.argv);
                CHECK(eventually(attempt.isRead));
            }
        }
    CHECK(tally.attempts() >= scaled(50, 500));
    listenWhileMuted(heard, tally, Milliseconds(300));
    if (mode == "silence")
        goesOnInSilence(session, heard);
    unmuteAndListen(session, guard, heard);
}

TEST_CASE("control: without the guard each of these attempts opens a muted microphone", "[user][control]") {
    // Left out are those that the user's own mute does not shut, so that nothing is there to be opened: `locked` takes no
    // volume, the outputs of `nullPlain` are monitor ports without monitor.channel-volumes, `raw` has no volume.
    std::vector<MicKind> kinds = allMicKinds();
    std::erase_if(kinds, [](MicKind kind) {
        return kind == MicKind::locked || kind == MicKind::nullPlain || kind == MicKind::raw;
    });
    SessionOptions options = guardedSession(kinds);
    options.micguardd.clear();
    PrivateSession session(options);
    for (const MicKind kind : kinds) {
        const std::string name = nameOf(kind);
        session.setPhase(0);
        const Heard heard = listenTo(session, name);
        for (const Attempt& attempt : attemptsOn(session, kind)) {
            INFO(name << ": " << attempt.argv[0] << " " << attempt.argv[1]);
            // A volume of 0 is one of channelmix.min-volume here, and shuts nothing.
            if (kind == MicKind::clamped && attempt.argv[1].ends_with("-volume"))
                continue;
            session.setPhase(0);
            mustDo(session, attempt.before);
            REQUIRE(eventually([&] {
                const auto before = heard.listener->snapshot();
                return heard.listener->waitSamples(2400) &&
                       heard.listener->snapshot().nonZero == before.nonZero;
            }));
            mustDo(session, attempt.argv);
            session.setPhase(1);
            CHECK(heard.listener->waitAudible(1, 960));
            // What is read of a card's route may be old for good (PipeWire 1.4.2, impl-device.c): there it is what the card was told.
            if (kind == MicKind::acp)
                CHECK(eventually([&] { return session.control(name).layout().routeMute == 0; }));
            else
                CHECK(eventually(attempt.isRead));
        }
    }
}

namespace {

struct Users {
    const PrivateSession& session;
    std::string name;
    [[nodiscard]] std::string volume() const { return said(session, {"pactl", "get-source-volume", name}); }
    [[nodiscard]] std::string mute() const { return said(session, {"pactl", "get-source-mute", name}); }
    void setVolume(const std::string& percent) const {
        must(session, {"pactl", "set-source-volume", name, percent});
    }
    void setMute(const std::string& on) const { must(session, {"pactl", "set-source-mute", name, on}); }
};

} // namespace

TEST_CASE("the user's mute and volume are what he last made them", "[user]") {
    const std::string mode = GENERATE("silence", "sever");
    INFO(mode);
    // Those whose volume the user's controls reach; `internal` is none that they show.
    std::vector<MicKind> kinds = {MicKind::tone, MicKind::acp, MicKind::nullVirtual, MicKind::otherProcess};
    if (scaled(0, 1) == 1)
        kinds.insert(kinds.end(), {MicKind::loopback, MicKind::clamped, MicKind::speech});
    PrivateSession session(guardedSession(kinds));
    Guard guard(session);
    guard.setMode(mode);
    // A suspended source tells nobody of a new volume before it runs again.
    std::vector<Heard> heard;
    std::vector<Users> all;
    for (const MicKind kind : kinds) {
        heard.push_back(listenTo(session, nameOf(kind)));
        all.push_back({session, nameOf(kind)});
    }

    SECTION("untouched") {
        std::vector<std::string> before;
        for (const Users& users : all) {
            INFO(users.name);
            users.setVolume("40%");
            users.setMute("1");
            // pipewire-pulse answers the setter before every other client can read the new value.
            REQUIRE(eventually([&] { return has(users.volume(), "40%") && users.mute() == "Mute: yes\n"; }));
            before.push_back(users.volume());
        }
        guard.setMuted(true);
        guard.setMuted(false);
        for (std::size_t i = 0; i < all.size(); i++) {
            INFO(all[i].name);
            CHECK(all[i].volume() == before[i]);
            CHECK(all[i].mute() == "Mute: yes\n");
        }
    }
    SECTION("changed while muted") {
        guard.setMuted(true);
        std::vector<std::string> changed;
        for (const Users& users : all) {
            INFO(users.name);
            users.setVolume("55%");
            REQUIRE(eventually([&] { return has(users.volume(), "55%"); }));
            changed.push_back(users.volume());
        }
        guard.setMuted(false);
        for (std::size_t i = 0; i < all.size(); i++) {
            INFO(all[i].name);
            CHECK(all[i].volume() == changed[i]);
        }
        hearAgain(session, heard);
    }
    SECTION("muted by the user while muted, and it stays so") {
        guard.setMuted(true);
        for (const Users& users : all) {
            users.setMute("0");
            users.setMute("1");
        }
        guard.setMuted(false);
        for (std::size_t i = 0; i < all.size(); i++) {
            INFO(all[i].name);
            CHECK(eventually([&] { return all[i].mute() == "Mute: yes\n"; }));
            // It goes on, and is silent.
            REQUIRE(heard[i].listener->waitSamples(4800));
            const auto before = heard[i].listener->snapshot();
            CHECK(heard[i].listener->waitSamples(9600));
            CHECK(heard[i].listener->snapshot().nonZero == before.nonZero);
        }
    }
}
