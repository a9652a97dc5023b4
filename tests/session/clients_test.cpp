// SPDX-License-Identifier: GPL-3.0-or-later
// Every kind of client on the kinds of source it can open, in both modes: 0 samples made after the reply while muted,
// and every one of them hears again afterwards, without help.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

using namespace micguard::test;

namespace {

// A Pulse client's default fragment holds up to two seconds.
constexpr Milliseconds fragmentAndMore{2300};

std::vector<MicKind> kindsToTry() {
    std::vector<MicKind> kinds;
    for (const MicKind kind : allMicKinds())
        // No session manager links anybody to a raw node; who links itself there is tried in mute_test.
        if (kind != MicKind::raw)
            kinds.push_back(kind);
    return kinds;
}

// Not started. The one with Pulse's default fragment, which makes every cycle seconds long, is the last of them.
std::vector<Heard> everyClientFor(PrivateSession& session, const std::string& source) {
    const ListenOptions base{.target = source, .coding = session.mic(source).effectiveCoding()};
    const auto with = [&](auto change) {
        ListenOptions options = base;
        change(options);
        return options;
    };
    std::vector<Heard> clients;
    const auto add = [&](std::unique_ptr<Listener> listener) {
        clients.push_back({source, std::move(listener)});
    };
    for (const unsigned rate : {16000U, 44100U, 48000U})
        add(nativeListener(session, with([&](ListenOptions& o) {
                               o.rate = rate;
                               o.name = "native-" + std::to_string(rate);
                           })));
    add(nativeListener(session, with([](ListenOptions& o) {
                           o.autoconnect = false;
                           o.link = true;
                           o.name = "unmanaged";
                       })));
    add(pwRecordListener(session, base));
    add(arecordListener(session, base));
    add(jackListener(session, base));
    // pipewire-pulse has no name for the others (1.4.2, module-protocol-pulse/manager.c, pw_manager_object_is_source()).
    if (session.mic(source).kind != MicKind::internal) {
        add(parecordListener(session, with([](ListenOptions& o) { o.latencyMsec = 20; })));
        add(parecordListener(session, base));
    }
    return clients;
}

bool slow(const Heard& heard) {
    return heard.listener->fragment() > 48000;
}

void muteCycles(unsigned quantum, const std::string& mode, const std::vector<MicKind>& kinds) {
    SessionOptions options = guardedSession(kinds);
    options.quantum = quantum;
    PrivateSession session(options);
    Guard guard(session);
    guard.setMode(mode);
    for (const MicKind kind : kinds) {
        INFO(nameOf(kind));
        std::vector<Heard> heard;
        for (Heard& client : everyClientFor(session, nameOf(kind)))
            heard.push_back(hear(client.source, std::move(client.listener)));
        Tally tally(std::to_string(heard.size()) + " clients × " + nameOf(kind) + " × mute cycles, " + mode +
                    ", quantum " + std::to_string(quantum));
        for (unsigned cycle = 0; cycle < scaled(1, 50); cycle++) {
            INFO("cycle " << cycle);
            if (cycle == 10 && slow(heard.back()))
                heard.pop_back();
            muteAndListen(session, guard, heard, tally,
                          slow(heard.back()) ? fragmentAndMore : Milliseconds(150));
            if (mode == "silence")
                goesOnInSilence(session, heard);
            unmuteAndListen(session, guard, heard);
        }
        // Once for each kind of client; for each kind of source it is in mute_test.
        if (kind == kinds.back() && mode == "silence")
            hearsWithoutGuard(session, heard, "every client × " + nameOf(kind));
    }
}

} // namespace

TEST_CASE("every client on every kind of source, both modes", "[clients]") {
    const bool everything = scaled(0, 1) == 1;
    const std::vector<unsigned> quanta = everything ? std::vector{64U, 1024U, 8192U} : std::vector{1024U};
    const std::vector<MicKind> kinds =
        everything ? kindsToTry() : std::vector{MicKind::tone, MicKind::acp, MicKind::otherProcess};
    for (const unsigned quantum : quanta)
        for (const std::string mode : {"silence", "sever"})
            DYNAMIC_SECTION("quantum " << quantum << ", " << mode) {
                muteCycles(quantum, mode, kinds);
            }
}

TEST_CASE("Chromium's getUserMedia, both modes", "[clients][chromium]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone, MicKind::acp}));
    Guard guard(session);
    guard.setMode(mode);
    std::vector<Heard> heard;
    heard.push_back(hear("tone", chromiumListener(session, {.target = "tone"})));
    Tally tally("Chromium × tone × mute cycles, " + mode);
    for (unsigned cycle = 0; cycle < scaled(2, 50); cycle++) {
        muteAndListen(session, guard, heard, tally, Milliseconds(1000));
        if (mode == "silence")
            goesOnInSilence(session, heard);
        unmuteAndListen(session, guard, heard);
    }
    hearsWithoutGuard(session, heard, "Chromium × tone");
}

TEST_CASE("a client started while muted hears nothing, and everything once unmuted", "[clients]") {
    const std::string mode = GENERATE("silence", "sever");
    PrivateSession session(guardedSession({MicKind::tone, MicKind::nullVirtual, MicKind::raw}));
    Guard guard(session);
    guard.setMode(mode);
    Tally tally("every client started while muted, " + mode);
    const auto startAll = [&session, &mode] {
        std::vector<Heard> late = everyClientFor(session, "tone");
        if (mode ==
            "sever") // jack_rec ends where the server refuses it the connection; no mute keeps what is not there
            std::erase_if(late, [](const Heard& one) {
                return one.listener->description().find("jack") != std::string::npos;
            });
        late.push_back(
            {"nullVirtual", parecordListener(session, {.target = "nullVirtual", .latencyMsec = 20})});
        late.push_back(
            {"raw",
             nativeListener(session, {.target = "raw", .autoconnect = false, .link = true, .relink = true})});
        for (auto& one : late)
            one.listener->start();
        return late;
    };
    for (unsigned run = 0; run < scaled(4, 200); run++) {
        INFO("run " << run);
        std::vector<Heard> nobody;
        mute(session, guard, nobody, tally);
        auto late = startAll();
        listenWhileMuted(late, tally, Milliseconds(400));
        if (mode == "silence")
            goesOnInSilence(session, late);
        for (auto& one : late) {
            INFO(one.listener->description() << " on " << one.source << " is still there");
            CHECK(one.listener->running());
        }
        unmuteAndListen(session, guard, late);
    }
    std::vector<Heard> late;
    hearsWithoutGuard(session, late, "every client started", [&] { late = startAll(); });
}
