// SPDX-License-Identifier: GPL-3.0-or-later
//
// What micguardctl costs beside the guard's own answer: how often it asks, and how long it takes, against a program that does
// nothing but make the same call. In ratios: this machine's times are its own.
#include "tests/session/cli_fake.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include <catch2/catch_test_macros.hpp>

using namespace micguard::test;

namespace {

using Words = std::vector<std::string>;

const std::string guardName = "org.micguard.MicGuard1";

struct Timed {
    Words verb, call; // micguardctl's, and what dbus-send is told behind the object
    int status = 0;
};

double milliseconds(const auto& run) {
    const auto begun = std::chrono::steady_clock::now();
    run();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
}

} // namespace

TEST_CASE("each verb asks the guard once, and again only where the answer makes it necessary") {
    PrivateBus bus;
    Fake fake(bus);
    const auto asked = [&](const Words& verb) {
        fake.calls();
        bus.run(verb);
        return fake.calls();
    };
    CHECK(asked({"status"}) == "GetAll");
    CHECK(asked({"status", "--json"}) == "GetAll");
    CHECK(asked({"is-muted"}) == "GetAll");
    CHECK(asked({"apps"}) == "GetManagedObjects");
    CHECK(asked({"sources"}) == "GetManagedObjects");
    CHECK(asked({"mode"}) == "Get");
    CHECK(asked({"mode", "sever"}) == "SetMode");
    CHECK(asked({"version"}) == "Get");
    CHECK(asked({"--version"}).empty());
    CHECK(asked({"mute"}) == "SetMuted");
    INFO("whoever unmutes is told who else mutes");
    CHECK(asked({"unmute"}) == "SetMuted Get");
    CHECK(asked({"toggle"}) == "ToggleMuted");
    CHECK(asked({"toggle"}) == "ToggleMuted Get");
    Process hold({micguardctl(), "hold", "--", "sh", "-c", "echo started; read line"}, bus.environment());
    CHECK(hold.line() == "started");
    CHECK(asked({"unmute"}) == "SetMuted Get GetAll");
    CHECK(asked({"mute"}) == "SetMuted");
    CHECK(asked({"toggle"}) == "ToggleMuted Get GetAll");
    hold.write("\n");
    CHECK(hold.ended() == 0);
    CHECK(asked({"app", "mute", "org.evil.App"}) == "GetManagedObjects SetMuted");
    CHECK(asked({"mute", "now"}).empty());
}

TEST_CASE("no verb takes longer than twice what dbus-send takes to make the same call", "[timing]") {
    if (std::getenv("MICGUARD_SANITIZED") != nullptr)
        SKIP("built with sanitizers, which take their own time to start");
    PrivateBus bus;
    Fake fake(bus);
    const Words all = {"org.freedesktop.DBus.Properties.GetAll", "string:" + guardName};
    const Words objects = {"org.freedesktop.DBus.ObjectManager.GetManagedObjects"};
    const std::vector<Timed> verbs = {{{"is-muted"}, all, 1},
                                      {{"status"}, all},
                                      {{"apps"}, objects},
                                      {{"sources"}, objects},
                                      {{"mute"}, {guardName + ".SetMuted", "boolean:true"}},
                                      {{"unmute"}, {guardName + ".SetMuted", "boolean:false"}}};
    for (const Timed& timed : verbs) {
        Words dbusSend = {"dbus-send", "--session", "--print-reply", "--dest=" + guardName,
                          "/org/micguard/MicGuard1"};
        dbusSend.insert(dbusSend.end(), timed.call.begin(), timed.call.end());
        std::vector<double> ours, theirs;
        for (int i = 0; i < 31; ++i) {
            ours.push_back(milliseconds([&] { CHECK(bus.run(timed.verb).status == timed.status); }));
            theirs.push_back(milliseconds([&] {
                Process process(dbusSend, bus.environment());
                const std::string out = process.restOfOutput();
                CHECK(process.ended() == 0);
                CHECK(out.find("method return") != std::string::npos);
            }));
        }
        std::sort(ours.begin(), ours.end());
        std::sort(theirs.begin(), theirs.end());
        // Whole processes, in turn. The best of many is what a program costs; the rest is what else the machine does.
        WARN("start to end, best and median: " << timed.verb.front() << " " << ours.front() << " and "
                                               << ours[ours.size() / 2] << " ms, dbus-send " << theirs.front()
                                               << " and " << theirs[theirs.size() / 2] << " ms");
        CHECK(ours.front() < 2 * theirs.front());
    }
}
