// SPDX-License-Identifier: GPL-3.0-or-later
//
// Marker and state as text: what is written is read, and whatever else is found is refused whole.
#include "daemon/state/memory.hpp"
#include "tests/unit/world.hpp"

#include <limits>
#include <random>

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

constexpr std::string_view graph = R"(
client 1 self
client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service links
device 15 name=card
route 15 index=3 profile=1 hw-mute
node 20 class=Audio/Source name=mic client=10 device=15 profile=1
port 21 of 20 out
client 60 exe=/usr/bin/jack_rec
node 61 name=jack client=60
port 62 of 61 in
link 64 20:21 -> 61:62
)";

std::string validMarker() {
    World world(graph);
    world.say("knob 20 max=3 monitor-mute");
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    return writeMarker(world.model, true);
}

} // namespace

TEST_CASE(
    "our mute that the session manager stored with a route is remembered over a reboot, nobody else's is") {
    World world(std::string(desk) + R"(
        device 15 name=card
        route 15 index=0 profile=1 hw-mute
        route 15 index=1 profile=2 hw-mute
        node 20 class=Audio/Source name=mic client=10 device=15 profile=1
        node 22 class=Audio/Source name=line client=10 device=15 profile=2
    )");
    world.mute();
    world.say("routes 15 0 mute save");
    const std::set<std::pair<std::string, std::uint32_t>> owed{{"card", 0}};
    CHECK(readMemory(writeState(world.model, true))->remembered.ledsStored == owed);
    world.say("gone 15");
    CHECK(readMemory(writeState(world.model, true))->remembered.ledsStored == owed);
}

TEST_CASE("a live desk needs no marker, a muted one does") {
    World world(micAndCall);
    CHECK(writeMarker(world.model, true).empty());
    world.mute();
    CHECK_FALSE(writeMarker(world.model, true).empty());
    world.unmute();
    CHECK(writeMarker(world.model, true).empty());
}

TEST_CASE("applications muted by themselves are remembered over a crash and over a reboot") {
    World world(micAndCall);
    world.receive(event::AppMuted{"exe:/usr/bin/call", {"panel (pid 7)", {Serial{1030}}}});
    const std::map<std::string, std::string> muted{{"exe:/usr/bin/call", "panel (pid 7)"}};
    for (const auto& text : {writeMarker(world.model, true), writeState(world.model, true)}) {
        const auto memory = readMemory(text);
        REQUIRE(memory);
        CHECK(memory->appMutes == muted);
        CHECK_FALSE(memory->muted);
    }
    world.receive(event::AppUnmuted{"exe:/usr/bin/call"});
    CHECK(writeMarker(world.model, true).empty());
    CHECK(readMemory(writeState(world.model, true))->appMutes.empty());
}

TEST_CASE("the marker tells a successor everything") {
    World world(graph);
    world.say("knob 20 max=3 monitor-mute");
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    const auto memory = readMemory(writeMarker(world.model, true));
    REQUIRE(memory);
    CHECK(memory->muted);
    CHECK(memory->since == world.now);
    CHECK(memory->mode == Mode::Sever);
    CHECK(memory->remembered.serverCookie == world.model.graph.serverCookie);
    CHECK(memory->remembered.restore ==
          std::map<Serial, std::pair<float, bool>>{{Serial{1020}, {3.0f, true}}});
    CHECK(memory->remembered.cut == std::vector<CutLink>{{Serial{1020}, Serial{1021}, Serial{1062}}});
    CHECK(memory->remembered.revoked ==
          std::vector<std::pair<Serial, Serial>>{{Serial{1060}, Serial{1020}}, {Serial{1060}, Serial{1021}}});
    CHECK(memory->remembered.leds == std::vector<std::pair<std::string, std::uint32_t>>{{"card", 3}});
}

TEST_CASE("what the permission store said last is remembered over a reboot, and nothing of what it never "
          "confirmed") {
    World world(micAndCall);
    const std::map<std::string, Permission> told{{"org.asks.App", Permission::Ask},
                                                 {"org.denied.App", Permission::No}};
    auto counts = told;
    counts["org.unsure.App"] = Permission::No;
    world.receive(event::PermissionsRead{counts, told});
    CHECK(readMemory(writeState(world.model, false))->remembered.stored == told);
    auto tooLong = told;
    tooLong[std::string(256, 'x')] = Permission::No;
    world.receive(event::PermissionsRead{counts, tooLong});
    CHECK(readMemory(writeState(world.model, false))->remembered.stored == told);
    world.receive(event::PermissionsRead{});
    CHECK(readMemory(writeState(world.model, false))->remembered.stored.empty());
}

TEST_CASE("a mode that was configured, not chosen, does not outlive a restart: settings stay in force") {
    World world(graph);
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    const auto memory = readMemory(writeMarker(world.model, false));
    REQUIRE(memory);
    CHECK(memory->muted);
    CHECK_FALSE(memory->mode);
    CHECK_FALSE(readMemory(writeState(world.model, false))->mode);
}

TEST_CASE("a successor of a killed guard, started from its marker, gives everything back") {
    World before(graph);
    before.say("knob 20 max=3 monitor-mute");
    before.receive(event::ModeChosen{Mode::Sever});
    before.mute();
    const auto memory = readMemory(writeMarker(before.model, true));
    REQUIRE(memory);
    World world(std::move(before.server), memory->remembered, false);
    CHECK(world.server.audible() == std::set<std::string>{"mic -> jack"});
    CHECK(world.server.knob(GlobalId{20}).maxVolume == 3.0f);
    CHECK_FALSE(world.server.graph().devices.at(GlobalId{15}).routes.front().mute);
    CHECK(writeMarker(world.model, true).empty());
}

TEST_CASE("a guard that has not seen the whole list yet keeps the memory of the one before it") {
    World before(graph);
    before.receive(event::ModeChosen{Mode::Sever});
    before.mute();
    const std::string marker = writeMarker(before.model, true);
    const auto memory = readMemory(marker);
    REQUIRE(memory);
    Model model;
    model.remembered = memory->remembered;
    model.apply(event::UserMute{true, "", "", memory->since});
    model.apply(event::ModeChosen{Mode::Sever});
    CHECK(writeMarker(model, true) == marker);
    model.apply(event::Connected{1, "pipewire-0", "1.4.2", memory->remembered.serverCookie});
    CHECK(writeMarker(model, true) == marker);
    before.model.apply(event::Disconnected{});
    CHECK(writeMarker(before.model, true) == marker);
}

TEST_CASE("holds are in the marker, not in the state: they end with the session") {
    Model model;
    model.apply(event::HoldTaken{{1, true, ":1.1", "x", "", 0}, 5});
    CHECK(readMemory(writeMarker(model, true))->muted);
    CHECK_FALSE(readMemory(writeState(model, false))->muted);
    model.apply(event::UserMute{true, "", "", 6});
    CHECK(readMemory(writeState(model, false))->muted);
    // Push-to-talk does not make the button forgotten.
    model.apply(event::HoldDropped{1, 7});
    model.apply(event::HoldTaken{{2, false, ":1.1", "x", "", 0}, 8});
    CHECK(readMemory(writeState(model, false))->muted);
}

TEST_CASE("a session that locks itself leaves the button as it was, and a successor takes it for locked "
          "until it knows") {
    Model model;
    model.settings.mute.onLock = true;
    model.apply(event::SessionLocked{true, 5});
    CHECK(model.mute.muted());
    const auto memory = readMemory(writeMarker(model, true));
    REQUIRE(memory);
    CHECK_FALSE(memory->muted);
    CHECK(memory->locked);
    CHECK_FALSE(readMemory(writeState(model, false))->muted);
    // Also without on-lock: rules may depend on it.
    model.settings.mute.onLock = false;
    model.apply(event::SessionLocked{true, 6});
    CHECK(readMemory(writeMarker(model, true))->locked);
    model.apply(event::SessionLocked{false, 7});
    CHECK(writeMarker(model, true).empty());
}

TEST_CASE("the state keeps the mode only if it was chosen, and the mutes that stand in for the guard") {
    World world(graph);
    world.receive(event::ModeChosen{Mode::Sever});
    CHECK(readMemory(writeState(world.model, false))->mode == std::nullopt);
    CHECK(readMemory(writeState(world.model, true))->mode == Mode::Sever);
    world.mute();
    world.receive(event::Released{true});
    world.model.remembered.userMuted.insert("unplugged");
    CHECK(readMemory(writeState(world.model, true))->remembered.userMuted ==
          std::set<std::string>{"mic", "unplugged"});
}

TEST_CASE("names that are no UTF-8 do not keep the state from being written") {
    Model model;
    model.remembered.userMuted = {"mic\xff\xfe", "\xc3\x28"};
    const auto memory = readMemory(writeState(model, false));
    REQUIRE(memory);
    CHECK(memory->remembered.userMuted.size() == 2);
}

TEST_CASE("garbage is no memory") {
    for (const char* text : {"", " ", "{", "[]", "null", "true", "\"muted\"", "{}", "\xff\xfe",
                             "{\"muted\":true}", "{\"version\":2,\"muted\":true}", "{\"version\":1}",
                             "{\"version\":1,\"muted\":true", "{\"version\":1,\"muted\":true} trailing"}) {
        INFO(text);
        CHECK_FALSE(readMemory(text));
    }
}

TEST_CASE("a memory with anything of the wrong type is none") {
    for (const char* text :
         {R"({"version":"one","muted":true})", R"({"version":[],"muted":true})",
          R"({"version":null,"muted":true})", R"({"version":1,"muted":1})", R"({"version":1,"muted":"true"})",
          R"({"version":1,"muted":null})", R"({"version":1,"muted":true,"since":"now"})",
          R"({"version":1,"muted":true,"mode":7})", R"({"version":1,"muted":true,"server":{}})",
          R"({"version":1,"muted":true,"restore":5})", R"({"version":1,"muted":true,"restore":[[1]]})",
          R"({"version":1,"muted":true,"restore":[["a",1,true]]})",
          R"({"version":1,"muted":true,"restore":[[1,2.0,"no"]]})",
          R"({"version":1,"muted":true,"cut":[[1,2]]})", R"({"version":1,"muted":true,"cut":"all"})",
          R"({"version":1,"muted":true,"revoked":[1,2]})", R"({"version":1,"muted":true,"leds":[[1,2]]})",
          R"({"version":1,"muted":true,"leds":[["card","x"]]})",
          R"({"version":1,"muted":true,"userMuted":[7]})"}) {
        INFO(text);
        CHECK_FALSE(readMemory(text));
    }
}

TEST_CASE("an unknown mode or an unknown key does not cost the mute") {
    const auto memory = readMemory(R"({"version":1,"muted":true,"mode":"louder","later":{"a":1}})");
    REQUIRE(memory);
    CHECK(memory->muted);
    CHECK_FALSE(memory->mode);
}

TEST_CASE("half a file is never a memory") {
    const std::string whole = validMarker();
    REQUIRE(readMemory(whole));
    for (std::size_t size = 0; size < whole.size(); size++)
        if (readMemory(whole.substr(0, size)))
            FAIL("read from " << size << " of " << whole.size() << " bytes");
    SUCCEED();
}

TEST_CASE("a file with bytes changed is read or refused, never worse") {
    const std::string whole = validMarker();
    std::mt19937 random(Catch::getSeed());
    std::size_t read = 0;
    for (int round = 0; round < 3000; round++) {
        std::string text = whole;
        for (auto changes = 1 + random() % 4; changes > 0; changes--)
            text[random() % text.size()] = static_cast<char>(random());
        read += readMemory(text) ? 1 : 0;
    }
    CHECK(read < 3000);
}

TEST_CASE("nested beyond reason is refused without a crash") {
    CHECK_FALSE(readMemory(std::string(200000, '[')));
    CHECK_FALSE(readMemory("{\"version\":1,\"muted\":true,\"restore\":" + std::string(100000, '[') +
                           std::string(100000, ']') + "}"));
}
