// SPDX-License-Identifier: GPL-3.0-or-later
// Questions and notices through the desktop's notifications, with a server that behaves, one that does not,
// and none.
#include "tests/session/trial.hpp"
#include "tests/support/logind.hpp"

#include <catch2/catch_test_macros.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>

using namespace micguard::test;
using nlohmann::json;

namespace {

const std::string ask = "[[rule]]\nmatch = { executable = \"*/pw-cat\" }\naction = \"ask\"\n";

class Server {
  public:
    explicit Server(const PrivateSession& session, const std::string& kind = "")
        : session_(session) {
        static unsigned number = 0;
        log_ = "notifications" + std::to_string(number++);
        const auto commands = session.directory() / (log_ + ".in");
        REQUIRE(mkfifo(commands.c_str(), 0600) == 0);
        writer_ = UniqueFd(open(commands.c_str(), O_RDWR | O_CLOEXEC));
        process_ = session.spawn({"/bin/sh", "-c",
                                  "exec /usr/bin/python3 " NEIGHBOURS "/notification_server.py " + kind +
                                      " < " + commands.string()},
                                 log_);
        REQUIRE(waitForText(session.logPath(log_ + ".log"),
                            [](const std::string& text) { return text.find("ready") != std::string::npos; }));
    }

    // The number-th call that is as wanted.
    json wait(const std::function<bool(const json&)>& isSo, std::size_t number = 1) {
        json found;
        const bool came = waitForText(session_.logPath(log_ + ".log"), [&](const std::string& text) {
            std::istringstream lines(text);
            std::size_t count = 0;
            for (std::string line; std::getline(lines, line);)
                if (json one = json::parse(line, nullptr, false);
                    one.is_object() && isSo(one) && ++count == number) {
                    found = one;
                    return true;
                }
            return false;
        });
        INFO(readFile(session_.logPath(log_ + ".log")));
        REQUIRE(came);
        return found;
    }
    json notice(const std::string& summary, std::size_t number = 1) {
        return wait(
            [&](const json& one) { return one.value("summary", "").find(summary) != std::string::npos; },
            number);
    }
    void closes(const json& notice) {
        wait([&](const json& one) { return one.value("call", "") == "close" && one["id"] == notice["id"]; });
    }
    std::size_t count(const std::string& summary) const {
        const std::string text = readFile(session_.logPath(log_ + ".log"));
        std::size_t found = 0;
        for (auto at = text.find(summary); at != std::string::npos; at = text.find(summary, at + 1))
            ++found;
        return found;
    }
    void command(const std::string& line) {
        REQUIRE(write(writer_.get(), (line + "\n").data(), line.size() + 1) ==
                static_cast<ssize_t>(line.size() + 1));
        wait([&](const json& one) { return one.value("done", "") == line; });
    }
    void press(const json& notice, const std::string& action) {
        command("press " + std::to_string(notice["id"].get<unsigned>()) + " " + action);
    }
    void die() { process_.killHard(); }

  private:
    const PrivateSession& session_;
    std::string log_;
    UniqueFd writer_;
    Process process_;
};

std::unique_ptr<PrivateSession> asking(const std::string& more = {}, const std::string& systemBus = {}) {
    SessionOptions options = guardedSession({MicKind::tone});
    options.micguardConfig = more + ask;
    options.systemBus = systemBus;
    return std::make_unique<PrivateSession>(std::move(options));
}

} // namespace

TEST_CASE("a question is asked with its buttons, and the one pressed is the answer", "[notify]") {
    const auto session = asking();
    Server server(*session);
    Guard guard(*session);
    auto listener = startPwRecord(*session, "asks");
    const json question = server.notice("wants to listen");
    CHECK(question["actions"] ==
          json({"allow-once", "Allow once", "allow-always", "Always", "deny", "Deny"}));
    CHECK(question["urgency"] == 2);
    CHECK(question["entry"] == "org.micguard.MicGuard1");
    CHECK(question["timeout"] == 0);
    hearsSilence(*listener);
    INFO("who is not the server, an id that is not ours, and a button that was not offered change nothing");
    server.command("stranger " + std::to_string(question["id"].get<unsigned>()) + " allow-once");
    server.command("press 4711 allow-once");
    server.press(question, "reboot");
    hearsSilence(*listener);
    server.press(question, "allow-once");
    REQUIRE(listener->waitAudible(0));
    INFO("a second answer finds no question");
    server.press(question, "deny");
    CHECK(listener->waitAudible(0));
    CHECK(guard.applications().front().state == "capturing");
}

TEST_CASE("always is remembered, and a no cuts off for this run", "[notify]") {
    const auto session = asking();
    Server server(*session);
    Guard guard(*session);
    auto first = startPwRecord(*session, "first");
    server.press(server.notice("wants to listen"), "deny");
    guard.waitApplication("pw-cat", [](const ShownApplication& now) { return now.state == "denied"; });
    CHECK(audible(*first) == 0);
    first->stop();
    REQUIRE(eventually([&] { return guard.applications().empty(); })); // its run has ended
    auto second = startPwRecord(*session, "second");
    server.press(server.notice("wants to listen", 2), "allow-always");
    REQUIRE(second->waitAudible(0));
    second->stop();
    auto third = startPwRecord(*session, "third");
    CHECK(third->waitAudible(0));
    CHECK(server.count("wants to listen") == 2);
}

TEST_CASE("what is answered elsewhere is closed, and nothing is asked over a locked screen", "[notify]") {
    Logind logind;
    const auto session = asking({}, logind.address());
    Server server(*session);
    Guard guard(*session);
    auto listener = startPwRecord(*session, "asks");
    const json question = server.notice("wants to listen");
    logind.lock(true);
    server.closes(question);
    server.press(question, "allow-once");
    hearsSilence(*listener);
    logind.lock(false);
    const json again = server.notice("wants to listen", 2);
    const auto application =
        guard.waitApplication("pw-cat", [](const ShownApplication& now) { return now.state == "pending"; });
    REQUIRE(guard.tryAnswer(application.path, true, "once").empty());
    server.closes(again);
    CHECK(listener->waitAudible(0));
}

TEST_CASE("a server that hangs, dies, or cannot do buttons changes nothing; the next one asks", "[notify]") {
    const auto session = asking();
    Guard guard(*session);
    auto listener = startPwRecord(*session, "asks");
    guard.waitApplication("pw-cat", [](const ShownApplication& now) { return now.state == "pending"; });
    INFO("without any, the mute is as fast as ever");
    guard.setMuted(true);
    guard.setMuted(false);
    {
        Server hanging(*session, "hang");
        hanging.notice("wants to listen");
        guard.setMuted(true);
        guard.setMuted(false);
        hearsSilence(*listener);
        hanging.die();
    }
    {
        Server plain(*session, "plain");
        const json question = plain.notice("wants to listen");
        CHECK(question["actions"].empty());
        CHECK(question["body"].get<std::string>().find("micguardctl answer") != std::string::npos);
        plain.press(question, "allow-once");
        hearsSilence(*listener);
        plain.die();
    }
    Server server(*session);
    const json question = server.notice("wants to listen");
    server.press(question, "allow-once");
    CHECK(listener->waitAudible(0));
}

TEST_CASE("a server that takes its time, as in a desktop that is just starting, has its buttons all the same",
          "[notify]") {
    const auto session = asking();
    Server server(*session, "late");
    Guard guard(*session);
    auto listener = startPwRecord(*session, "asks");
    INFO("what it can is known after six seconds, and the notice's number six seconds later");
    const json question = server.notice("wants to listen");
    CHECK(question["actions"].size() == 6);
    hearsSilence(*listener);
    server.wait([](const json& one) { return one.contains("answered"); }, 2);
    server.press(question, "allow-once");
    CHECK(listener->waitAudible(0));
    server.closes(question);
}

TEST_CASE("where only listed programs may make anything looser, a notification server that is none of them "
          "may deny",
          "[notify]") {
    const auto session = asking("[bus]\nunmute = \"trusted\"\ntrusted = [\"/nowhere\"]\n");
    Server server(*session);
    Guard guard(*session);
    auto listener = startPwRecord(*session, "asks");
    server.press(server.notice("wants to listen"), "allow-once");
    const json again = server.notice("wants to listen", 2);
    CHECK(again["body"].get<std::string>().find("only what [bus] trusted lists can allow") !=
          std::string::npos);
    hearsSilence(*listener);
    CHECK(eventually([&] {
        return session->run({MICGUARDCTL_BUILT, "history", "--kind", "refusal"}).output.find("python3") !=
               std::string::npos;
    }));
    server.press(again, "deny");
    guard.waitApplication("pw-cat", [](const ShownApplication& now) { return now.state == "denied"; });
    CHECK(audible(*listener) == 0);
}

TEST_CASE("a muted microphone is asked for: told once, and closed with the unmute", "[notify]") {
    const auto session = asking();
    Server server(*session);
    Guard guard(*session);
    guard.setMuted(true);
    const auto native = [&] {
        auto one = nativeListener(*session, {.target = "tone", .name = "late"});
        one->start();
        REQUIRE(one->waitSamples(4800));
        return one;
    };
    auto first = native();
    const json told = server.notice("you are muted");
    CHECK(told["timeout"] == -1);
    first->stop();
    auto second = native(); // the same program, started anew
    guard.waitApplication("mg-listen", [](const ShownApplication& now) { return now.state == "silenced"; });
    guard.setMuted(false);
    CHECK(server.count("you are muted") == 1);
    guard.setMuted(true);
    auto third = native();
    server.notice("you are muted", 2);
}

TEST_CASE("that an application begins to listen is told as often as wished, its name as text", "[notify]") {
    const auto session = asking("[notify]\ncapture = \"first\"\n");
    Server server(*session);
    Guard guard(*session);
    const std::string evil = "{ application.name = \"<b>R&D</b>\" }";
    Heard heard = hear("tone", attackListener(*session, "/usr/bin/env",
                                              {"PIPEWIRE_PROPS=" + evil, TEST_LISTEN, "--name", "own",
                                               "--target", "tone", "--coding", "dc"}));
    const json told = server.notice(" listens");
    CHECK(told["body"].get<std::string>().find("<b>") == std::string::npos);
    CHECK(told["urgency"] == 0);
    heard.listener->stop();
    server.closes(told);
    Heard again = hear("tone", attackListener(*session, "/usr/bin/env",
                                              {"PIPEWIRE_PROPS=" + evil, TEST_LISTEN, "--name", "own",
                                               "--target", "tone", "--coding", "dc"}));
    CHECK(guard.applications().size() == 1);
    CHECK(server.count(" listens") == 1);
}
