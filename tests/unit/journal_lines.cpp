// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is told of what happened, how often, and what nobody can make of a line.
#include "daemon/journal/telling.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::journal;

namespace {

constexpr Instant second = 1'000'000;

std::string field(const Line& line, std::string_view name) {
    for (const auto& [have, value] : line.fields)
        if (have == name)
            return value;
    return "(none)";
}

About call() {
    return {"/usr/bin/call", "Call", "kernel", 30, "mic"};
}

} // namespace

TEST_CASE("a mute and an unmute, with who wanted it") {
    Telling telling;
    const auto lines = telling.muted(true, "micguardctl (pid 12)", "sever", second);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].kind == Kind::Muted);
    CHECK(lines[0].message == "microphones are muted (micguardctl (pid 12))");
    CHECK(field(lines[0], "MICGUARD_REASON") == "micguardctl (pid 12)");
    CHECK(field(lines[0], "MICGUARD_MODE") == "sever");
    const auto live = telling.muted(false, "", "sever", second);
    REQUIRE(live.size() == 1);
    CHECK(live[0].kind == Kind::Unmuted);
    CHECK(live[0].message == "microphones are live again");
    CHECK(field(live[0], "MICGUARD_REASON").empty()); // there, and empty: the catalog names it
}

TEST_CASE("who was refused on the bus is named, and cannot fill the journal by asking") {
    Telling telling;
    const auto lines = telling.refused("/usr/bin/busctl", 12, "busctl (pid 12): a sandboxed\nFORGED", second);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].kind == Kind::Refused);
    CHECK(lines[0].message == "refused on the bus: busctl (pid 12): a sandboxed?FORGED");
    CHECK(field(lines[0], "MICGUARD_APP") == "/usr/bin/busctl");
    CHECK(field(lines[0], "MICGUARD_PID") == "12");
    std::size_t told = 1;
    for (int count = 0; count < 1000; count++)
        told += telling.refused("/usr/bin/busctl", 12, "no", second).size();
    CHECK(told == 20);
    CHECK(telling.refused("/usr/bin/other", 13, "no", second).size() == 1); // nobody's flood hides another
    const Line omitted = telling.omitted(100 * second).at(0);
    CHECK(field(omitted, "MICGUARD_KIND") == "refused");
    CHECK(field(omitted, "MICGUARD_APP") == "/usr/bin/busctl");
    CHECK(field(omitted, "MICGUARD_OMITTED") == "981");
}

TEST_CASE("who calls under a thousand names is told no more often than under sixty-five") {
    Telling telling;
    std::size_t told = 0;
    for (int name = 0; name < 1000; name++)
        for (int count = 0; count < 30; count++)
            told += telling.refused("/tmp/" + std::to_string(name), 12, "no", second).size();
    CHECK(told == 65 * 20);
    // In time those who have been quiet make room.
    CHECK(telling.omitted(70 * second).size() == 65);
    CHECK(telling.refused("/tmp/x", 12, "no", 300 * second).size() == 1);
    for (int count = 0; count < 30; count++)
        told += telling.refused("/tmp/y", 12, "no", 300 * second).size();
    CHECK(told == 66 * 20);
}

TEST_CASE("blocked, asked, answered, lapsed") {
    Telling telling;
    for (const auto& line :
         {telling.blocked(call(), "muted", 1).at(0), telling.asked(call(), "rule", 1).at(0),
          telling.answered(call(), "allow once", "micguardctl (pid 9)", 1).at(0),
          telling.lapsed(call(), 1).at(0)}) {
        INFO(factsOf(line.kind).word);
        CHECK(field(line, "MICGUARD_APP") == "/usr/bin/call");
        CHECK(field(line, "MICGUARD_APP_NAME") == "Call");
        CHECK(field(line, "MICGUARD_IDENTITY") == "kernel");
        CHECK(field(line, "MICGUARD_PID") == "30");
        CHECK(field(line, "MICGUARD_SOURCE") == "mic");
        CHECK(line.message.starts_with("Call"));
    }
    CHECK(field(telling.blocked(call(), "muted", 1).at(0), "MICGUARD_REASON") == "muted");
    CHECK(field(telling.answered(call(), "deny run", "me", 1).at(0), "MICGUARD_ANSWER") == "deny run");
}

TEST_CASE("an application is told by its AppId, its stream's process and its microphone") {
    View view;
    view.sources.push_back({.key = 5, .name = "mic"});
    view.streams.push_back({.key = 2, .application = 1, .source = 5, .pid = 30});
    view.streams.push_back({.key = 3, .application = 9, .source = 5, .pid = 31});
    const ApplicationView application{
        .key = 1, .appId = "org.example.Call", .name = "Call", .identity = "sandbox"};
    const About about = aboutOf(view, application);
    CHECK(about.app == "org.example.Call");
    CHECK(about.name == "Call");
    CHECK(about.identity == "sandbox");
    CHECK(about.pid == 30);
    CHECK(about.source == "mic");
    CHECK(aboutOf(view, application, "other").source == "other");
    CHECK(aboutOf(view, {.key = 7, .name = "nameless"}).app == "nameless");
}

TEST_CASE("a warning is told when it begins, when it says something else, and when it is over") {
    Telling telling;
    const std::vector<WarningView> knob{{"knob:mic", "somebody turned mic up"}};
    auto lines = telling.warnings(knob, second);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].kind == Kind::Warned);
    CHECK(lines[0].message == "somebody turned mic up");
    CHECK(field(lines[0], "MICGUARD_WARNING") == "knob:mic");
    CHECK(field(lines[0], "MICGUARD_REASON") == "somebody turned mic up");
    CHECK(telling.warnings(knob, second).empty());
    lines = telling.warnings(
        {{"knob:mic", "somebody turned mic up again"}, {"degraded:guarantee", "not confirmed"}}, second);
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].kind == Kind::Degraded);
    CHECK(lines[1].message == "somebody turned mic up again");
    lines = telling.warnings({}, second);
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].kind == Kind::WarningOver);
    CHECK(lines[1].kind == Kind::WarningOver);
    CHECK(field(lines[1], "MICGUARD_WARNING") == "knob:mic");
    CHECK(telling.warnings({}, second).empty());
}

TEST_CASE("who goes around PipeWire is told with process and device, and once more when he is gone") {
    Telling telling;
    const WarningView bypass{"bypass:alsa:hw:0,0", "recorder (pid 4700) has …", 4700, "/usr/bin/recorder",
                             "hw:0,0"};
    const auto began = telling.warnings({bypass}, second);
    const auto ended = telling.warnings({}, second);
    REQUIRE(began.size() == 1);
    REQUIRE(ended.size() == 1);
    CHECK(began[0].kind == Kind::Bypassed);
    CHECK(ended[0].kind == Kind::BypassOver);
    for (const Line& line : {began[0], ended[0]}) {
        CHECK(field(line, "MICGUARD_PID") == "4700");
        CHECK(field(line, "MICGUARD_APP") == "/usr/bin/recorder");
        CHECK(field(line, "MICGUARD_DEVICE") == "hw:0,0");
    }
}

TEST_CASE("whoever is blocked a thousand times a second gets twenty lines, then one in ten seconds, and is "
          "counted") {
    Telling telling;
    std::size_t told = 0;
    Instant now = second;
    for (int i = 0; i < 60'000; i++, now += second / 1000)
        told += telling.blocked(call(), "muted", now).size();
    CHECK(told >= 25);
    CHECK(told <= 26);
    REQUIRE(telling.due());
    CHECK(telling.omitted(*telling.due() - 1).empty());
    const auto lines = telling.omitted(*telling.due());
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].kind == Kind::Omitted);
    CHECK(field(lines[0], "MICGUARD_OMITTED") == std::to_string(60'000 - told));
    CHECK(field(lines[0], "MICGUARD_KIND") == "blocked");
    CHECK_FALSE(telling.due());
    // One kind takes nothing from another.
    CHECK(telling.muted(true, "me", "silence", now).size() == 1);
    CHECK(telling.asked(call(), "rule", now).size() == 1);
}

TEST_CASE("warnings that come and go all the time are left out in pairs") {
    Telling telling;
    std::size_t began = 0, ended = 0;
    for (int i = 0; i < 1000; i++) {
        began += telling.warnings({{"knob:mic", "turned up"}}, second).size();
        CHECK(telling.warnings({{"knob:mic", "turned up"}}, second)
                  .empty()); // left out once, not each time that it is looked at
        ended += telling.warnings({}, second).size();
    }
    CHECK(began == 20);
    CHECK(ended == 20);
    CHECK(field(telling.omitted(second * 100).at(0), "MICGUARD_OMITTED") == "980");
}

TEST_CASE("nothing that a client says can end a line, begin a field, or turn a terminal about") {
    Telling telling;
    About forger = call();
    forger.name = "Call\nMESSAGE_ID=1dc6e56c2c734403a28b8b1f267893fb\nPRIORITY=0\x1b[2J\xff\xe2\x80\xae";
    forger.app = "a\" MICGUARD_PID=\"1\\";
    const Line line = telling.blocked(forger, "why\r\nnot", 1).at(0);
    const std::string native = nativeForm(line);
    CHECK(std::count(native.begin(), native.end(), '\n') ==
          static_cast<std::ptrdiff_t>(4 + line.fields.size()));
    CHECK(native.find("\nPRIORITY=0") == std::string::npos);
    CHECK(native.find('\x1b') == std::string::npos);
    CHECK(native.find("\xe2\x80\xae") == std::string::npos);
    const std::string plain = plainForm(line);
    CHECK(plain.find('\n') == std::string::npos);
    CHECK(plain.starts_with(
        "[MESSAGE_ID=\"ead2905dee5f4fe58a37bd3e18f63aef\" MICGUARD_APP=\"a\\\" MICGUARD_PID=\\\"1\\\\\" "
        "MICGUARD_APP_NAME="));
}

TEST_CASE("a value with a line's end would go over as bytes, as the native protocol has it") {
    const Line line{Kind::Unmuted, "message", {{"MICGUARD_REASON", "a\nb"}}};
    const std::string native = nativeForm(line);
    CHECK(native.ends_with(std::string("MICGUARD_REASON\n\x03\0\0\0\0\0\0\0a\nb\n", 16 + 8 + 4)));
}

TEST_CASE("lines are cut to what they can bear") {
    About shouter = call();
    shouter.name = std::string(100'000, 'A');
    shouter.app = std::string(100'000, 'B');
    Telling telling;
    const Line line = telling.blocked(shouter, std::string(100'000, 'C'), 1).at(0);
    CHECK(nativeForm(line).size() < 4096);
    CHECK(line.message.size() < 1000);
}
