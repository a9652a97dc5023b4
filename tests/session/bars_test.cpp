// SPDX-License-Identifier: GPL-3.0-or-later
// What a status bar is told while the guard comes, works and goes; and settings changed by the command line.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <sstream>

using namespace micguard::test;
using nlohmann::json;

namespace {

std::vector<json> lines(const std::string& text) {
    std::vector<json> found;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        found.push_back(json::parse(line));
    return found;
}

struct Bar {
    const PrivateSession& session;
    std::string log;
    Process process;

    Bar(const PrivateSession& where, const std::string& format)
        : session(where)
        , log("bar-" + format)
        , process(where.spawn({MICGUARDCTL_BUILT, "monitor", "--format", format}, log)) {}
    // The newest line is of that class.
    bool shows(const std::string& state) const {
        return waitForText(session.logPath(log + ".log"), [&](const std::string& text) {
            if (text.empty() || text.back() != '\n')
                return false;
            const auto all = lines(text);
            return !all.empty() && all.back()["class"] == state;
        });
    }
    std::size_t count() const { return lines(readFile(session.logPath(log + ".log"))).size(); }
};

SessionOptions config(const std::string& text) {
    SessionOptions options = guardedSession({MicKind::tone});
    options.micguardConfig = text;
    return options;
}

} // namespace

TEST_CASE("a bar follows the guard, and outlives it", "[bars]") {
    PrivateSession session(config(""));
    session.stop(Daemon::micguardd);
    const Bar bar(session, "waybar");
    REQUIRE(bar.shows("absent"));
    INFO("asked by a bar, nobody starts the guard");
    CHECK_FALSE(session.running(Daemon::micguardd));
    session.start(Daemon::micguardd);
    REQUIRE(bar.shows("live"));
    Guard guard(session);
    Heard heard = listenTo(session, "tone");
    REQUIRE(bar.shows("in-use"));
    guard.setMuted(true);
    REQUIRE(bar.shows("muted-in-use"));
    const auto shown = lines(readFile(session.logPath(bar.log + ".log"))).back();
    CHECK(shown["text"].get<std::string>().starts_with("muted, "));
    CHECK(shown["tooltip"].get<std::string>().find("hears silence") != std::string::npos);
    CHECK(shown["alt"] == "muted-in-use");
    heard.listener->stop();
    REQUIRE(bar.shows("muted"));
    guard.setMuted(false);
    REQUIRE(bar.shows("live"));
    session.kill(Daemon::micguardd);
    REQUIRE(bar.shows("absent"));
    session.start(Daemon::micguardd);
    // Killed before its disk had the unmute, it comes back muted.
    Guard(session).setMuted(false);
    REQUIRE(bar.shows("live"));
    INFO("only what looks different is told");
    const auto all = lines(readFile(session.logPath(bar.log + ".log")));
    for (std::size_t i = 1; i < all.size(); ++i)
        CHECK(all[i] != all[i - 1]);
}

TEST_CASE("a guard that hangs when a bar comes is shown as soon as it goes on", "[bars]") {
    PrivateSession session(config(""));
    Guard guard(session);
    guard.setMuted(true);
    session.pause(Daemon::micguardd);
    const Bar bar(session, "waybar");
    INFO("after five seconds it is as good as none");
    REQUIRE(bar.shows("absent"));
    session.resume(Daemon::micguardd);
    CHECK(bar.shows("muted"));
    guard.setMuted(false);
    CHECK(bar.shows("live"));
}

TEST_CASE("a setting is changed by the command line, with and without a guard, and no file written by hand",
          "[bars]") {
    const std::string byHand = "# mine\n[mute]\nled = false\n";
    PrivateSession session(config(byHand));
    const auto folder = session.directory() / "config" / "micguard";
    const auto own = folder / "conf.d" / "90-micguard.toml";
    Guard guard(session);
    const auto ctl = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {MICGUARDCTL_BUILT, "config"});
        return session.run(words);
    };
    const auto inForce = [&](const std::string& text) {
        return ctl({"show"}).output.find(text) != std::string::npos;
    };
    for (const bool running : {true, false}) {
        INFO("guard running: " << running);
        CHECK(ctl({"set", "mute.on-lock", "true"}).exitCode == 0);
        CHECK(ctl({"set", "history.keep-days", "7"}).exitCode == 0);
        CHECK(ctl({"set", "mute.led", "true"}).exitCode == 0);
        CHECK(ctl({"set", "sources.exempt", "a*", "b c"}).exitCode == 0);
        CHECK(inForce("on-lock = true"));
        CHECK(inForce("keep-days = 7"));
        CHECK(inForce("led = true"));
        CHECK(inForce("\"a*\",\n"));
        CHECK(inForce("\"b c\",\n"));
        CHECK(readFile(own).find("on-lock = true") != std::string::npos);
        for (const char* key : {"mute.on-lock", "history.keep-days", "mute.led", "sources.exempt"})
            CHECK(ctl({"unset", key}).exitCode == 0);
        CHECK(inForce("led = false"));
        CHECK(inForce("on-lock = false"));
        CHECK(readFile(folder / "micguard.toml") == byHand);
        const auto text = readFile(own);
        for (const auto& [words, says] : std::vector<std::pair<std::vector<std::string>, std::string>>{
                 {{"set", "mute.onlock", "true"}, "did you mean 'mute.on-lock'"},
                 {{"set", "mute.on-lock", "yes"}, "mute.on-lock wants a boolean; give true or false"},
                 {{"set", "mute.mode", "silent"}, "mute.mode cannot be"},
                 {{"set", "history.keep-days", "--", "-1"}, "from 0 to"},
                 {{"set", "mute.mode", "sever", "silence"}, "one value"},
                 {{"set", "mute.mode"}, "needs a key and its value"},
                 {{"unset"}, "needs a key"}}) {
            const auto refused = ctl(words);
            INFO(refused.output);
            CHECK(refused.exitCode == 2);
            CHECK(refused.output.find(says) != std::string::npos);
        }
        CHECK(readFile(own) == text);
        if (running)
            session.stop(Daemon::micguardd);
    }
    INFO("a stronger file is named");
    writeFile(folder / "conf.d" / "95-mine.toml", "[mute]\nmode = \"sever\"\n");
    const auto refused = ctl({"set", "mute.mode", "silence"});
    CHECK(refused.exitCode == 1);
    CHECK(refused.output.find("95-mine.toml:2") != std::string::npos);
}
