// SPDX-License-Identifier: GPL-3.0-or-later
// What the guard leans on goes wrong: the session manager, the disk, the configuration, the clock, the way in
// which clients are let in.
#include "tests/faults/ordeal.hpp"
#include "tests/session/disk.hpp"
#include "tests/support/clock/moved_clock.hpp"
#include "tests/support/server_state.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <filesystem>
#include <fstream>
#include <thread>

using namespace micguard::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const std::vector<MicKind> plain = {MicKind::tone, MicKind::nullVirtual};
// A stream has no ports before a session manager gives it some; this one has its own, and links itself.
std::unique_ptr<Listener> linksItself(const PrivateSession& session, const std::string& source) {
    return attackListener(session, std::string(ATTACKERS) + "/attack-reconnect_fast", {"--source", source});
}

fs::path configFolder(const Ordeal& ordeal) {
    return ordeal.session.directory() / "config/micguard";
}

} // namespace

TEST_CASE("no session manager from the start, one that arrives late, and one that is replaced by none",
          "[faults][manager]") {
    const std::string mode = GENERATE("silence", "sever");
    SessionOptions options =
        guardedSession({MicKind::tone}); // one: those who link themselves find it by name
    options.wireplumber = false;
    options.pulse = false;
    Ordeal ordeal(options, mode, "native × tone × no session manager, a late one, none again", linksItself);
    ordeal.guardLives();
    const auto come = [&] {
        ordeal.session.wantSessionManager(true);
        ordeal.recover();
    };
    const auto go = [&] {
        ordeal.session.wantSessionManager(false);
        ordeal.session.kill(Daemon::wireplumber);
    };
    for (unsigned run = 0; run < rounds(1); run++) {
        INFO("round " << run << ", MICGUARD_SEED=" << faultSeed());
        const bool guardToo = ordeal.below(3) == 0 && !spared(run, rounds(1));
        ordeal.mute();
        ordeal.listen();
        ordeal.unmute(); // there is none at all
        ordeal.mute();
        ordeal.moment(20ms);
        if (guardToo)
            ordeal.session.kill(Daemon::micguardd);
        come(); // late
        ordeal.expectMuted();
        ordeal.listen();
        ordeal.unmute();
        ordeal.mute();
        ordeal.whileMuted(go, [] {}); // replaced by none
        ordeal.unmute();
        come();
        hearAgain(ordeal.session, ordeal.heard);
        ordeal.moment(20ms);
        go();
        hearAgain(ordeal.session, ordeal.heard);
        ordeal.expectNothingLeft();
    }
}

// Each has its rounds.
TEST_CASE("the state folder read-only, full or deleted, and the guard killed with it", "[faults][disk]") {
    const std::string mode = GENERATE("silence", "sever");
    const std::string what = GENERATE("read-only", "full", "deleted");
    SessionOptions options = guardedSession(plain);
    options.micguardConfig =
        "[mute]\nmode = \"" + mode + "\"\n"; // one chosen at run time goes with the folder
    Ordeal ordeal(options, mode, "native × two kinds × state folder " + what);
    ordeal.session.stop(Daemon::micguardd); // what it had open would be below the disk
    const Disk disk(ordeal.session, 0, "size=512k");
    ordeal.recover();
    // A disk that somebody writes to cannot be made read-only: a guard finds it so when it starts.
    const bool foundAtStart = what == "read-only";
    if (!foundAtStart)
        ordeal.guardLives();
    for (unsigned run = 0; run < rounds(1); run++) {
        INFO("round " << run << ", MICGUARD_SEED=" << faultSeed());
        const bool killed = ordeal.below(2) == 0 && !spared(run, rounds(1));
        ordeal.round(
            [&] {
                if (foundAtStart) {
                    ordeal.session.kill(Daemon::micguardd);
                    disk.makeReadOnly(true);
                } else if (what == "full") {
                    disk.fill();
                } else {
                    deleteInUse(ordeal.session.directory() / "state/micguard");
                }
                if (killed)
                    ordeal.session.kill(Daemon::micguardd);
            },
            [&] {
                ordeal.recover();
                if (foundAtStart)
                    disk.makeReadOnly(false);
                else if (what == "full")
                    disk.unfill();
            });
    }
}

// As after a reboot, when the marker is gone: the state on disk is all that says so.
TEST_CASE("the state folder deleted while muted: the mute is on disk again, and outlasts a reboot",
          "[faults][disk]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setMuted(true);
    const fs::path state = session.directory() / "state/micguard";
    REQUIRE(eventually([&] { return fs::exists(state / "state.json"); }));
    deleteInUse(state);
    // Anything that happens has it written; a client that comes is enough.
    session.plug({.kind = MicKind::tone, .name = "late"});
    REQUIRE(eventually([&] { return fs::exists(state / "state.json"); }));
    session.kill(Daemon::micguardd);
    fs::remove_all(session.runtimeDirectory() / "micguard");
    session.start(Daemon::micguardd);
    CHECK(guard.muted());
}

TEST_CASE("conf.d replaced in the midst of reloads", "[faults][config]") {
    const std::string mode = GENERATE("silence", "sever");
    Ordeal ordeal(withOutcast(guardedSession(plain)), mode,
                  "native × two kinds × conf.d replaced in the midst of reloads");
    ordeal.addOutcast("tone");
    ordeal.guardLives();
    const fs::path folder = configFolder(ordeal) / "conf.d";
    fs::create_directories(folder);
    unsigned made = 0;
    // A folder as an administrator's tool puts it in place: made aside, and swapped in by two renames.
    const auto replace = [&](const std::string& text) {
        const fs::path fresh = configFolder(ordeal) / ("fresh" + std::to_string(made)),
                       old = configFolder(ordeal) / ("old" + std::to_string(made));
        made++;
        fs::create_directories(fresh);
        for (unsigned i = 0; i <= ordeal.below(20); i++)
            std::ofstream(fresh / (std::to_string(10 + i) + "-part.toml")) << text;
        fs::rename(folder, old);
        ordeal.moment(500us);
        fs::rename(fresh, folder);
        fs::remove_all(old);
    };
    const std::string good = "[[rule]]\nmatch = { executable = \"*/nobody-has-this\" }\naction = \"deny\"\n";
    const std::vector<std::string> texts = {good, "[mute\nbroken = ", "[mute]\nmode = \"loud\"\n", ""};
    std::string seen;
    const auto strike = [&] {
        std::jthread reloads([&] { // joined, too, if what happens meanwhile throws
            Guard another(ordeal.session);
            for (int i = 0; i < 10; i++)
                seen += another.tryReload().empty() ? "+" : "-";
        });
        for (int i = 0; i < 8; i++) {
            replace(texts[ordeal.below(static_cast<unsigned>(texts.size()))]);
            ordeal.moment(2ms);
        }
    };
    const auto mend = [&] {
        replace(good);
        REQUIRE(ordeal.guard->tryReload().empty());
        CHECK_FALSE(ordeal.guard->hasWarning("config"));
    };
    for (unsigned run = 0; run < rounds(2); run++) {
        INFO("round " << run << ", MICGUARD_SEED=" << faultSeed());
        ordeal.round(strike, mend);
    }
    INFO("reloads that were taken and refused: " << seen);
    CHECK(seen.find('+') != std::string::npos);
    if (rounds(2) > 10)
        CHECK(seen.find('-') != std::string::npos);
}

TEST_CASE("the wall clock (a model of it) set back and forth", "[faults][clock]") {
    const std::string mode = GENERATE("silence", "sever");
    MovedClock clock(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 12h);
    SessionOptions options = guardedSession(plain);
    options.micguardConfig = "[[rule]]\nmatch = { executable = \"*/nobody-has-this\" }\nwhen = { hours = "
                             "\"09:00-17:00\" }\naction = \"deny\"\n";
    clock.give(options);
    Ordeal ordeal(withOutcast(options), mode,
                  "native × two kinds × the clock (a model of it) set back and forth");
    ordeal.addOutcast("tone");
    ordeal.guardLives();
    const auto strike = [&] {
        for (int i = 0; i < 4; i++) {
            const auto far = std::chrono::minutes(ordeal.below(60 * 24 * 400));
            clock.set(ordeal.below(2) ? clock.now() + far : clock.now() - far);
            ordeal.moment(5ms);
        }
    };
    for (unsigned run = 0; run < rounds(2); run++) {
        INFO("round " << run << ", MICGUARD_SEED=" << faultSeed());
        const bool restarts = ordeal.below(4) == 0 && !spared(run, rounds(2));
        ordeal.round(strike, [&] {
            if (restarts)
                ordeal.session.kill(Daemon::micguardd);
            clock.set(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 12h);
            ordeal.recover();
        });
    }
}

// What strict admission takes from everybody stays for whoever is let in: the server is asked for that, too.
TEST_CASE("strict admission on and off in the midst of mutes and kills", "[faults][strict]") {
    const std::string mode = GENERATE("silence", "sever");
    Ordeal ordeal(guardedSession(plain), mode, "native × two kinds × strict admission switched on and off");
    ordeal.guardLives();
    bool mayKill = true;
    const auto cycle = [&] {
        ordeal.mute();
        ordeal.listen();
        if (ordeal.below(2) && mayKill) {
            ordeal.session.kill(Daemon::micguardd);
            ordeal.recover();
            ordeal.expectMuted();
            ordeal.listen();
        }
        ordeal.unmute();
    };
    for (unsigned run = 0; run < rounds(1); run++) {
        INFO("round " << run << ", MICGUARD_SEED=" << faultSeed());
        mayKill = !spared(run, rounds(1));
        for (const bool on : {true, false}) {
            INFO("admission to become " << (on ? "strict" : "relaxed"));
            const bool muted = ordeal.below(2) == 1;
            if (muted) {
                ordeal.mute();
                ordeal.listen();
            }
            ordeal.guard->setConfig("admission.mode", on ? "strict" : "relaxed");
            ordeal.moment(10ms);
            if (muted)
                ordeal.listen(Milliseconds(20));
            // In force only once PipeWire starts again; by turns the guard goes with it.
            ordeal.session.kill(Daemon::pipewire);
            if (ordeal.below(3) == 0 && mayKill)
                ordeal.session.kill(Daemon::micguardd);
            ordeal.recover();
            ordeal.setAdmission(on ? Admission::strict : Admission::relaxed);
            CHECK(ordeal.guard->admission() == (on ? "strict" : "relaxed"));
            if (muted) {
                ordeal.expectMuted();
                ordeal.listen();
            }
            cycle();
            cycle();
        }
    }
}
