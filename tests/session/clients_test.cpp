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

std::vector<Heard> everyClientOn(PrivateSession& session, const std::string& source) {
    const ListenOptions base{.target = source, .coding = session.mic(source).effectiveCoding()};
    const auto with = [&](auto change) {
        ListenOptions options = base;
        change(options);
        return options;
    };
    std::vector<Heard> heard;
    for (const unsigned rate : {16000U, 44100U, 48000U})
        heard.push_back(hear(source, nativeListener(session, with([&](ListenOptions& o) {
                                                        o.rate = rate;
                                                        o.name = "native-" + std::to_string(rate);
                                                    }))));
    heard.push_back(hear(source, nativeListener(session, with([](ListenOptions& o) {
                                                    o.autoconnect = false;
                                                    o.link = true;
                                                    o.name = "unmanaged";
                                                }))));
    heard.push_back(hear(source, pwRecordListener(session, base)));
    // pipewire-pulse has no name for the others (1.4.2, module-protocol-pulse/manager.c, pw_manager_object_is_source()).
    if (session.mic(source).kind != MicKind::internal) {
        heard.push_back(hear(source, parecordListener(session, base)));
        heard.push_back(
            hear(source, parecordListener(session, with([](ListenOptions& o) { o.latencyMsec = 20; }))));
    }
    heard.push_back(hear(source, arecordListener(session, base)));
    heard.push_back(hear(source, jackListener(session, base)));
    return heard;
}

} // namespace

TEST_CASE("every client on every kind of source, both modes", "[clients]") {
    const std::string mode = GENERATE("silence", "sever");
    std::vector<MicKind> kinds = kindsToTry();
    if (scaled(0, 1) == 0)
        kinds = {MicKind::tone, MicKind::acp, MicKind::otherProcess};
    PrivateSession session(guardedSession(kinds));
    Guard guard(session);
    guard.setMode(mode);
    for (const MicKind kind : kinds) {
        INFO(nameOf(kind));
        auto heard = everyClientOn(session, nameOf(kind));
        Tally tally(std::to_string(heard.size()) + " clients × " + nameOf(kind) + " × mute cycles, " + mode);
        for (unsigned cycle = 0; cycle < scaled(1, 10); cycle++) {
            muteAndListen(session, guard, heard, tally, fragmentAndMore);
            if (mode == "silence")
                goesOnInSilence(session, heard);
            unmuteAndListen(session, guard, heard);
        }
        // Once for each kind of client; for each kind of source it is in mute_test.
        if (kind == kinds.back() && mode == "silence")
            hearsWithoutGuard(session, heard, "every client × " + nameOf(kind));
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
    Tally tally("native, pw-record and parecord started while muted, " + mode);
    const auto startAll = [&session] {
        std::vector<Heard> late;
        const ListenOptions tone{.target = "tone"};
        late.push_back({"tone", nativeListener(session, tone)});
        late.push_back({"tone", pwRecordListener(session, tone)});
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
    hearsWithoutGuard(session, late, "native, pw-record and parecord started", [&] { late = startAll(); });
}
