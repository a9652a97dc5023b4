// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl allow, deny, silence, ask, forget, rules and explain against a stand-in for the guard.
#include "tests/session/cli_fake.hpp"

#include <algorithm>
#include <chrono>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace micguard::test;
using nlohmann::json;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

json rules(const PrivateBus& bus) {
    return json::parse(bus.run({"rules", "--json"}).out)["rules"];
}

std::uint64_t nowUsec() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
}

} // namespace

TEST_CASE("each action is a rule about the application that is meant") {
    PrivateBus bus;
    Fake fake(bus);
    for (const char* action : {"allow", "deny", "silence", "ask"}) {
        const Ran ran = bus.run({action, "evil"});
        CHECK(ran.status == 0);
        CHECK(ran.out == std::string(action) + " org.evil.App (Evil App) on every microphone\n");
        CHECK(ran.err.empty());
        const json rule = rules(bus).back();
        CHECK(rule["match"] == json{{"app", "org.evil.App"}});
        CHECK(rule["action"] == action);
        CHECK(rule["until"].is_null());
    }
}

TEST_CASE("a rule for one microphone and for a while") {
    PrivateBus bus;
    Fake fake(bus);
    const std::uint64_t before = nowUsec();
    const Ran ran = bus.run({"deny", "--source", "alsa_input.pci", "--until=+2h", "/usr/bin/call"});
    CHECK(ran.status == 0);
    CHECK(ran.err.empty());
    CHECK(ran.out.starts_with("deny /usr/bin/call on alsa_input.pci until "));
    const json rule = rules(bus).front();
    CHECK(rule["match"] == json{{"app", "/usr/bin/call"}, {"source", "alsa_input.pci"}});
    CHECK(rule["until"] >= before + 7'200'000'000);
    CHECK(rule["until"] <= nowUsec() + 7'200'000'000);
    const json data = json::parse(bus.run({"allow", "org.a", "--json", "--source", "alsa_input.pci"}).out);
    CHECK(data ==
          json{{"app_id", "org.a"}, {"action", "allow"}, {"source", "alsa_input.pci"}, {"until", nullptr}});
}

TEST_CASE("a microphone that is not there is pointed out, and the rule waits for it") {
    PrivateBus bus;
    Fake fake(bus);
    const Ran ran = bus.run({"deny", "org.a", "--source", "usb\x1b[2J"});
    CHECK(ran.status == 0);
    CHECK(ran.err == "micguardctl: there is no microphone 'usb' at the moment (see micguardctl sources)\n");
    CHECK(rules(bus).size() == 1);
}

TEST_CASE("of an application that does not run it is said how to see whether the rule is about it") {
    PrivateBus bus;
    Fake fake(bus);
    const Ran ran = bus.run({"deny", "audacity"});
    CHECK(ran.status == 0);
    CHECK(ran.out == "deny audacity on every microphone\n");
    CHECK(ran.err ==
          "micguardctl: audacity does not run now; once it does, micguardctl explain tells whether "
          "this is about it\n");
}

TEST_CASE("what is not understood of a time changes nothing") {
    PrivateBus bus;
    Fake fake(bus);
    for (const char* time : {"25:00", "1999-01-01 10:00", "+2", "\x1b[2J"}) {
        const Ran ran = bus.run({"allow", "evil", "--until", time});
        CHECK(ran.status == 2);
        CHECK(ran.err.starts_with("micguardctl: --until '"));
        CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
        CHECK_FALSE(contains(ran.err, "\x1b"));
    }
    CHECK(rules(bus).empty());
}

TEST_CASE("a name of several or of nobody is refused in the guard's words, made harmless") {
    PrivateBus bus;
    Fake fake(bus);
    for (const char* verb : {"allow", "deny", "forget", "explain"}) {
        const Ran several = bus.run({verb, "several"});
        CHECK(several.status == 1);
        CHECK(several.err == "micguardctl: several are called so: A (a), B (b)\n");
        CHECK(bus.run({verb, "nobody"}).err == "micguardctl: nobody is called so\n");
    }
    CHECK(rules(bus).empty());
}

TEST_CASE("forget takes back what was said, and says that nothing was") {
    PrivateBus bus;
    Fake fake(bus);
    CHECK(bus.run({"deny", "evil"}).status == 0);
    CHECK(bus.run({"forget", "evil"}).out == "forgot org.evil.App\n");
    CHECK(rules(bus).empty());
    const Ran again = bus.run({"forget", "evil"});
    CHECK(again.status == 1);
    CHECK(again.err == "micguardctl: nothing is remembered\n");
}

TEST_CASE("rules as a table, each with its place, and nothing raw") {
    PrivateBus bus;
    Fake fake(bus);
    CHECK(bus.run({"rules"}).out == "There are no rules.\n");
    CHECK(bus.run({"ask", "a\x1b[2Jb", "--source", "mic"}).status == 0);
    CHECK(bus.run({"allow", "org.a", "--until", "2090-01-01 10:00"}).status == 0);
    const Ran ran = bus.run({"rules"});
    CHECK(ran.status == 0);
    CHECK(ran.out ==
          "ACTION  APPLICATION  MICROPHONE  WHEN                       PRIORITY  WHERE\n"
          "ask     app=ab       source=mic  always                     7         /home/u/90.toml:1\n"
          "allow   app=org.a    every       until 2090-01-01 10:00:00  7         /home/u/90.toml:2\n"
          "warning: /home/u/90.toml:1 never decides\n");
    const json rule = rules(bus).front();
    CHECK(rule["file"] == "/home/u/90.toml");
    CHECK(rule["line"] == 1);
    CHECK(rule["priority"] == 7);
    CHECK(rule["final"] == false);
}

TEST_CASE("an explanation that people can read, and one for programs") {
    PrivateBus bus;
    Fake fake(bus);
    const Ran ran = bus.run({"explain", "evil"});
    CHECK(ran.status == 0);
    CHECK(ran.out == "Evil App, org.evil.App: known only by its own word, which loosens nothing\n"
                     "\n"
                     "alsa_input.pci: deny, denied by /etc/m.toml:3\n"
                     "  nobody hears it now: muted: lunch\n"
                     "  /home/u/90.toml:1: would allow; outranked by a final rule (/etc/m.toml:3)\n");
    CHECK(contains(bus.run({"explain", "org.a"}).out, "org.a: does not run; "));
    const Ran data = bus.run({"explain", "--json", "evil"});
    CHECK(std::all_of(data.out.begin(), data.out.end(),
                      [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
    const json explanation = json::parse(data.out);
    CHECK(explanation["app_id"] == "org.evil.App");
    CHECK(explanation["identity"] == "claimed");
    CHECK(explanation["verdicts"][0]["muted"] == "muted: lunch");
    CHECK(explanation["verdicts"][0]["line"] == 3);
    CHECK(json::parse(bus.run({"explain", "--json", "org.a"}).out)["name"].is_null());
}
