// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl itself, run as scripts run it, against a stand-in for the guard on a private bus: exit
// statuses, what is printed, holds and their commands, events.
#include "tests/session/cli_fake.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace micguard::test;
using nlohmann::json;

namespace {

std::vector<std::string> command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), micguardctl());
    return arguments;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}
json status(const PrivateBus& bus) {
    return json::parse(bus.run({"status", "--json"}).out);
}

} // namespace

TEST_CASE("without a guard every verb that asks says so with status 3 and how to start it") {
    PrivateBus bus;
    const std::vector<std::vector<std::string>> verbs = {{"status"},
                                                         {"mute"},
                                                         {"unmute"},
                                                         {"toggle"},
                                                         {"is-muted"},
                                                         {"hold", "--", "true"},
                                                         {"talk", "--", "true"},
                                                         {"apps"},
                                                         {"app", "mute", "org.evil.App"},
                                                         {"answer", "org.evil.App", "deny"},
                                                         {"sources"},
                                                         {"allow", "org.a"},
                                                         {"deny", "org.a", "--until", "+1h"},
                                                         {"forget", "org.a"},
                                                         {"rules"},
                                                         {"explain", "org.a"},
                                                         {"mode"},
                                                         {"mode", "sever"},
                                                         {"admission"},
                                                         {"admission", "strict"},
                                                         {"monitor"},
                                                         {"release"}};
    for (const auto& verb : verbs) {
        INFO(verb.front());
        const Ran ran = bus.run(verb);
        CHECK(ran.status == 3);
        CHECK(ran.out.empty());
        CHECK(oneLine(ran.err));
        CHECK(contains(ran.err, "systemctl --user start micguard"));
    }
    const Ran doctor = bus.run({"doctor"});
    CHECK(doctor.status == 3);
    CHECK(contains(doctor.out, "systemctl --user start micguard"));
    CHECK(json::parse(bus.run({"version", "--json"}).out)["micguardd"].is_null());
}

TEST_CASE("without a session bus the status is 4") {
    PrivateBus bus;
    Process process({"env", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus", micguardctl(), "status"},
                    bus.environment());
    const std::string err = process.errors();
    CHECK(process.ended() == 4);
    CHECK(oneLine(err));
}

TEST_CASE("what is not understood ends with status 2 and one line") {
    PrivateBus bus;
    const Ran verb = bus.run({"mtue"});
    CHECK(verb.status == 2);
    CHECK(verb.out.empty());
    CHECK(oneLine(verb.err));
    CHECK(contains(verb.err, "did you mean 'mute'"));
    CHECK(contains(verb.err, "usage:"));
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{},
                                                  {"status", "--jsno"},
                                                  {"mode", "silent"},
                                                  {"admission", "lax"},
                                                  {"hold"},
                                                  {"mute", "now"},
                                                  {"mute", "--json"},
                                                  {"allow"},
                                                  {"deny", "a", "b"},
                                                  {"ask", "a", "--until", "25:00"},
                                                  {"forget", ""},
                                                  {"talk", "--hold", "--release"},
                                                  {"answer", "a", "allow", "--once", "--always"},
                                                  {"report", "--json", "--csv"},
                                                  {"--bogus"}}) {
        const Ran ran = bus.run(wrong);
        CHECK(ran.status == 2);
        CHECK(oneLine(ran.err));
    }
}

TEST_CASE("only verbs that mute may start the guard") {
    PrivateBus bus;
    bus.makeActivatable(fakeGuard());
    CHECK(bus.run({"status"}).status == 3);
    CHECK(bus.run({"is-muted"}).status == 3);
    CHECK(bus.run({"talk", "--", "true"}).status == 3);
    CHECK(bus.run({"release"}).status == 3);
    CHECK(bus.run({"mute"}).status == 0);
    CHECK(bus.run({"is-muted"}).status == 0);
}

TEST_CASE("mute, unmute and toggle change the guard, is-muted tells") {
    PrivateBus bus;
    Fake fake(bus);
    CHECK(bus.run({"is-muted"}).status == 1);
    const Ran mute = bus.run({"mute"});
    CHECK(mute.status == 0);
    CHECK(mute.out + mute.err == "");
    CHECK(bus.run({"is-muted"}).status == 0);
    CHECK(bus.run({"toggle"}).out == "unmuted\n");
    CHECK(bus.run({"is-muted"}).status == 1);
    CHECK(json::parse(bus.run({"toggle", "--json"}).out) == json{{"muted", true}});
    CHECK(bus.run({"unmute"}).status == 0);
    CHECK(bus.run({"is-muted"}).status == 1);
    CHECK(bus.run({"admission"}).out == "relaxed\n");
    CHECK(bus.run({"admission", "strict"}).status == 0);
    CHECK(json::parse(bus.run({"admission", "--json"}).out) ==
          json{{"admission", "strict"}, {"restart", false}});
    CHECK(bus.run({"mode"}).out == "silence\n");
    CHECK(bus.run({"mode", "sever"}).status == 0);
    CHECK(json::parse(bus.run({"mode", "--json"}).out) == json{{"mode", "sever"}});
}

TEST_CASE("a mute that is wanted but not vouched for is no yes") {
    PrivateBus bus;
    Fake fake(bus);
    CHECK(bus.run({"mute"}).status == 0);
    for (const char* state : {"degraded", "muting", "something new"}) {
        fake.tell(std::string("state ") + state);
        const Ran ran = bus.run({"is-muted", "--json"});
        CHECK(ran.status == 5);
        CHECK(contains(ran.err, state));
        CHECK(json::parse(ran.out) == json{{"muted", true}, {"guaranteed", false}, {"state", state}});
    }
}

TEST_CASE("a refusal is status 1 with the guard's own words, made harmless") {
    PrivateBus bus;
    Fake fake(bus, {"FAKE_REFUSE=1"});
    for (const std::vector<std::string>& verb : {std::vector<std::string>{"mute"},
                                                 {"unmute"},
                                                 {"toggle"},
                                                 {"mode", "sever"},
                                                 {"admission", "strict"},
                                                 {"release"},
                                                 {"allow", "org.a"},
                                                 {"forget", "org.a"},
                                                 {"rules"},
                                                 {"explain", "org.a"},
                                                 {"hold", "--", "true"},
                                                 {"talk", "--", "true"}}) {
        const Ran ran = bus.run(verb);
        CHECK(ran.status == 1);
        CHECK(ran.err == "micguardctl: not for the likes of you\n");
    }
    const Ran hold = bus.run({"hold", "--", "touch", (bus.folder() / "ran").native()});
    CHECK(hold.status == 1);
    CHECK_FALSE(std::filesystem::exists(bus.folder() / "ran"));
}

TEST_CASE("a guard that does not answer is given up on") {
    PrivateBus bus;
    Fake fake(bus, {"FAKE_NAME_ONLY=1"});
    const Ran ran = bus.run({"is-muted"});
    CHECK(ran.status == 4);
    CHECK(oneLine(ran.err));
}

TEST_CASE("what an application calls itself reaches neither terminal nor JSON raw") {
    PrivateBus bus;
    Fake fake(bus);
    const Ran text = bus.run({"apps"});
    CHECK(text.status == 0);
    CHECK(contains(text.out, "Evil App!"));
    CHECK(contains(text.out, "4242"));
    CHECK(contains(text.out, "Built-in Audio 内蔵"));
    CHECK_FALSE(contains(text.out, "\x1b"));
    CHECK_FALSE(contains(text.out, "\x07"));
    CHECK_FALSE(contains(text.out, "\xe2\x80\xae"));
    const Ran data = bus.run({"--json", "apps"});
    CHECK(std::all_of(data.out.begin(), data.out.end(),
                      [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
    const json app = json::parse(data.out)["apps"][0];
    CHECK(app["app_id"] == "org.evil.App");
    CHECK(app["streams"][0]["pid"] == 4242);
    CHECK(app["streams"][0]["source"] == "alsa_input.pci");
}

TEST_CASE("status and sources as data and as text") {
    PrivateBus bus;
    Fake fake(bus);
    fake.tell("warning look \x1b[5mout");
    CHECK(bus.run({"mute"}).status == 0);
    const json data = status(bus);
    CHECK(data["state"] == "muted");
    CHECK(data["guaranteed"] == true);
    CHECK(data["muted_since"] == 1700000000000000);
    CHECK(data["holds"] == json::array({{{"kind", "user"}, {"owner", ""}, {"reason", ""}}}));
    CHECK(data["version"] == "0.0.fake");
    const Ran text = bus.run({"status"});
    CHECK(contains(text.out, "Warning     look out\n"));
    CHECK_FALSE(contains(text.out, "\x1b"));
    const json sources = json::parse(bus.run({"sources", "--json"}).out)["sources"];
    REQUIRE(sources.size() == 1);
    CHECK(sources[0]["name"] == "alsa_input.pci");
    CHECK(sources[0]["silenced"] == true);
    CHECK(contains(bus.run({"sources"}).out, "silent"));
}

TEST_CASE("one application is muted and answered about by the name that it goes by") {
    PrivateBus bus;
    Fake fake(bus);
    const auto app = [&] { return json::parse(bus.run({"apps", "--json"}).out)["apps"][0]; };
    CHECK(bus.run({"app", "mute", "org.evil.App"}).status == 0);
    CHECK(app()["muted"] == true);
    CHECK(contains(bus.run({"apps"}).out, "capturing, muted"));
    CHECK(bus.run({"app", "unmute", "/org/micguard/MicGuard1/apps/1"}).status == 0);
    CHECK(app()["muted"] == false);
    INFO("in large or small letters, and by its executable's file name");
    CHECK(bus.run({"app", "mute", "EVIL"}).status == 0);
    CHECK(app()["muted"] == true);
    CHECK(bus.run({"app", "unmute", "evil"}).status == 0);
    CHECK(app()["muted"] == false);

    fake.tell("ask");
    CHECK(app()["state"] == "pending");
    CHECK(bus.run({"answer", "org.evil.App", "allow"}).status == 0);
    CHECK(app()["reason"] == "allow once");
    CHECK(bus.run({"answer", "org.evil.App", "deny", "--always"}).status == 0);
    CHECK(app()["reason"] == "deny always");
    CHECK(bus.run({"answer", "--run", "org.evil.App", "allow"}).status == 0);
    CHECK(app()["reason"] == "allow run");

    const Ran nobody = bus.run({"answer", "org.good.App", "allow"});
    CHECK(nobody.status == 1);
    CHECK(contains(nobody.err, "no application that listens, or wants to, is called 'org.good.App'"));
}

TEST_CASE("hold keeps the mute while its command runs, and no longer") {
    PrivateBus bus;
    Fake fake(bus);
    Process hold(
        command({"hold", "--reason", "meeting", "--", "sh", "-c", "echo started; read line; exit 7"}),
        bus.environment());
    CHECK(hold.line() == "started");
    CHECK(status(bus)["holds"] ==
          json::array({{{"kind", "hold-mute"}, {"owner", "tester (pid 1)"}, {"reason", "meeting"}}}));
    CHECK(bus.run({"is-muted"}).status == 0);
    hold.write("\n");
    CHECK(hold.ended() == 7);
    Process monitor(command({"monitor", "--json"}), bus.environment());
    while (json::parse(monitor.line())["guard"]["muted"] == true) {
    }
    CHECK(bus.run({"is-muted"}).status == 1);
}

TEST_CASE("the hold's descriptor is not inherited") {
    PrivateBus bus;
    Fake fake(bus);
    const Ran ran = bus.run({"hold", "--", "sh", "-c",
                             "for f in /proc/$$/fd/*; do readlink $f; done | grep -c -e pipe: -e socket:"});
    CHECK(ran.status == 0);
    CHECK(std::stoi(ran.out) <= 4); // standard input, output, error; and grep's own end of the pipe
    const Ran open = bus.run({"hold", "--", "sh", "-c", "ls /proc/$$/fd | sort -n | tr '\\n' ' '"});
    CHECK(open.out.substr(0, 6) == "0 1 2 ");
    const Ran bare = bus.run({"hold", "--", "ls", "/proc/self/fd"});
    CHECK(bare.out == "0\n1\n2\n3\n"); // 3 is the folder that ls itself reads
}

TEST_CASE("hold and talk end as their command does") {
    PrivateBus bus;
    Fake fake(bus);
    CHECK(bus.run({"hold", "true"}).status == 0);
    CHECK(bus.run({"talk", "--", "sh", "-c", "exit 42"}).status == 42);
    CHECK(bus.run({"hold", "--", "sh", "-c", "kill -KILL $$"}).status == 128 + SIGKILL);
    CHECK(bus.run({"hold", "--", "/nonexistent/command"}).status == 127);
    CHECK(bus.run({"hold", "--", "/etc/passwd"}).status == 126);
}

TEST_CASE("signals sent to hold reach its command") {
    PrivateBus bus;
    Fake fake(bus);
    for (const auto& [number, name] :
         {std::pair{SIGTERM, "TERM"}, {SIGINT, "INT"}, {SIGHUP, "HUP"}, {SIGUSR1, "USR1"}}) {
        INFO(name);
        const std::string script =
            std::string("trap 'echo got; exit 9' ") + name + "; echo started; while read line; do :; done";
        Process hold(command({"hold", "--", "sh", "-c", script}), bus.environment());
        CHECK(hold.line() == "started");
        hold.signal(number);
        hold.write("\n"); // dash runs its trap after read returns, if it has not done so already
        CHECK(hold.line() == "got");
        CHECK(hold.ended() == 9);
    }
}

TEST_CASE("a hold outlives a restart of the guard") {
    PrivateBus bus;
    auto fake = std::make_unique<Fake>(bus);
    Process hold(command({"hold", "--reason", "meeting", "--", "sh", "-c", "echo started; read line"}),
                 bus.environment());
    CHECK(hold.line() == "started");
    fake.reset(); // kill -9
    fake = std::make_unique<Fake>(bus);
    Process monitor(command({"monitor", "--json"}), bus.environment());
    json holds;
    do
        holds = json::parse(monitor.line())["guard"]["holds"];
    while (holds.empty());
    CHECK(holds[0]["reason"] == "meeting");
    hold.write("\n");
    CHECK(hold.ended() == 0);
    CHECK(contains(hold.errors(), "in effect again"));
}

TEST_CASE("talk is not taken again once a mute has ended it") {
    PrivateBus bus;
    Fake fake(bus);
    CHECK(bus.run({"mute"}).status == 0);
    Process talk(command({"talk", "--", "sh", "-c", "echo started; read line"}), bus.environment());
    CHECK(talk.line() == "started");
    CHECK(bus.run({"is-muted"}).status == 1);
    CHECK(bus.run({"mute"}).status == 0);
    CHECK(bus.run({"is-muted"}).status == 0);
    talk.write("\n");
    CHECK(talk.ended() == 0);
    CHECK(contains(talk.errors(), "has ended this hold"));
    CHECK(bus.run({"is-muted"}).status == 0);
}

TEST_CASE("unmute says who else keeps the microphones muted") {
    PrivateBus bus;
    Fake fake(bus);
    Process hold(command({"hold", "--reason", "meeting", "--", "sh", "-c", "echo started; read line"}),
                 bus.environment());
    CHECK(hold.line() == "started");
    const Ran ran = bus.run({"unmute"});
    CHECK(ran.status == 0);
    CHECK(
        ran.err ==
        "micguardctl: the mute is released, but the microphones are kept muted by tester (pid 1): meeting\n");
    CHECK(contains(bus.run({"status"}).out, "\nHold        kept muted by tester (pid 1): meeting\n"));
    Process monitor(command({"monitor"}), bus.environment());
    CHECK(contains(monitor.line(), "  kept muted by tester (pid 1): meeting (silence, 1 capturing)"));
}

TEST_CASE("monitor tells what happens, in order, and survives the guard") {
    PrivateBus bus;
    auto fake = std::make_unique<Fake>(bus);
    Process monitor(command({"monitor", "--json"}), bus.environment());
    const auto next = [&] { return json::parse(monitor.line()); };
    json event = next();
    CHECK(event["event"] == "state");
    CHECK(event["guard"]["muted"] == false);
    CHECK(event["time"].is_number_unsigned());
    CHECK(bus.run({"mute"}).status == 0);
    event = next();
    CHECK(event["event"] == "state");
    CHECK(event["guard"]["state"] == "muted");
    fake->tell("capture");
    event = next();
    CHECK(event["event"] == "capture-started");
    CHECK(event["app"]["app_id"] == "org.evil.App");
    CHECK(event["source"]["name"] == "alsa_input.pci");
    fake->tell("blocked");
    event = next();
    CHECK(event["event"] == "blocked");
    CHECK(event["reason"] == "muted\nby the user");
    fake->tell("plug");
    event = next();
    CHECK(event["event"] == "source-added");
    CHECK(event["source"]["name"] == "usb");
    fake->tell("unplug");
    event = next();
    CHECK(event["event"] == "source-removed");
    CHECK(event["source"]["name"] == "usb");
    fake->tell("warning lost sight");
    event = next();
    CHECK(event["event"] == "warning");
    CHECK(event["warning"]["text"] == "lost sight");
    fake.reset();
    CHECK(next()["event"] == "guard-gone");
    fake = std::make_unique<Fake>(bus);
    CHECK(next()["event"] == "guard-back");
    CHECK(next()["guard"]["muted"] == false);
    CHECK(bus.run({"release"}).status == 0);
    CHECK(next()["event"] == "guard-gone");
}

TEST_CASE("monitor as text is one harmless line per event") {
    PrivateBus bus;
    Fake fake(bus);
    Process monitor(command({"monitor"}), bus.environment());
    CHECK(contains(monitor.line(), "state           live (silence, 1 capturing)"));
    fake.tell("blocked");
    CHECK(contains(monitor.line(), "Evil App! was kept from a microphone: muted by the user"));
}

TEST_CASE("doctor finds a process that holds the device, and says so in its status") {
    PrivateBus bus;
    Fake fake(bus);
    const auto device = bus.folder() / "asound/card0/pcm0c/sub0";
    std::filesystem::create_directories(device);
    std::ofstream(device / "status") << "closed\n";
    const std::string folder = (bus.folder() / "asound").native();
    const Ran healthy = bus.run({"doctor", "--asound", folder});
    CHECK(healthy.status == 0);
    CHECK(contains(healthy.out, "ok    connected to PipeWire 1.4.2"));
    CHECK(contains(healthy.out, "ok    nobody holds an ALSA capture device (1 looked at)"));
    std::ofstream(device / "status") << "state: RUNNING\nowner_pid   : " << getpid()
                                     << "\ntrigger_time: 1.2\n";
    const Ran ill = bus.run({"doctor", "--asound", folder});
    CHECK(ill.status == 1);
    CHECK(contains(ill.out, "fail  card0/pcm0c/sub0: held past PipeWire by "));
    CHECK(contains(ill.out, std::to_string(getpid())));
    for (std::size_t at = 0; at < ill.out.size(); at = ill.out.find('\n', at) + 1)
        CHECK((ill.out.compare(at, 6, "ok    ") == 0 || ill.out.compare(at, 6, "warn  ") == 0 ||
               ill.out.compare(at, 6, "fail  ") == 0));
    const json data = json::parse(bus.run({"doctor", "--json", "--asound", folder}).out);
    CHECK(data["ok"] == false);
    CHECK(data["findings"].size() >= 5);
}

TEST_CASE("a full disk behind standard output is no success") {
    PrivateBus bus;
    Fake fake(bus);
    Process process({"sh", "-c", "exec \"$0\" status >/dev/full", micguardctl()}, bus.environment());
    CHECK(process.ended() == 4);
}
