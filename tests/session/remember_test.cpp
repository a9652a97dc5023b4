// SPDX-License-Identifier: GPL-3.0-or-later
// What the user says of one application by command is in force when the command returns, stays, ends when it
// was to end, and is in no file but the guard's own.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

using namespace micguard::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

fs::path configFolder(const PrivateSession& session) {
    return session.directory() / "config" / "micguard";
}

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Every file of the user's, the guard's own left out.
std::map<std::string, std::string> usersFiles(const PrivateSession& session) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(configFolder(session)))
        if (entry.is_regular_file() && entry.path().filename() != "90-micguard.toml")
            files[entry.path().native()] = contents(entry.path());
    return files;
}

Finished micguardctl(const PrivateSession& session, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), MICGUARDCTL_BUILT);
    return session.run(arguments);
}

std::string said(const PrivateSession& session, const std::vector<std::string>& arguments) {
    const Finished done = micguardctl(session, arguments);
    INFO(arguments.front() << ": " << done.output);
    REQUIRE(done.exitCode == 0);
    return done.output;
}

json asked(const PrivateSession& session, std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    return json::parse(said(session, arguments));
}

// The AppId of what runs from a file of this name.
std::string appIdOf(const PrivateSession& session, const std::string& program) {
    return asked(session, {"explain", program})["app_id"].get<std::string>();
}

} // namespace

TEST_CASE(
    "one application is denied by command, allowed, and forgotten, and the user's files stay as they are",
    "[remember]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    fs::create_directories(configFolder(session) / "conf.d");
    // By hand, with what a writer of TOML would not keep, and with a rule that a new one has to win over.
    std::ofstream(configFolder(session) / "conf.d" / "50-mine.toml")
        << "# mine\n\n[mute]\nled   =  true # so\n";
    guard.setRules(
        "# notes\r\n[[rule]]\r\nmatch = { process = 'pw-*' }\r\naction   = \"allow\"\r\npriority = 5\r\n");
    const auto before = usersFiles(session);
    REQUIRE(before.size() == 2);

    Heard other = listenTo(session, "tone");
    Heard denied = hear("tone", pwRecordListener(session, {.target = "tone", .name = "denied"}));
    const std::string app = appIdOf(session, "pw-cat");
    Tally tally("pw-record × tone × denied by micguardctl while another goes on");
    for (unsigned cycle = 0; cycle < scaled(3, 200); cycle++) {
        INFO("cycle " << cycle);
        CHECK(said(session, {"deny", "pw-cat"}).starts_with("deny " + app));
        changeTune(session, denied);
        INFO("control: the other one goes on");
        REQUIRE(other.listener->waitAudible(1));
        hearsNothingNew(denied, tally);
        CHECK(usersFiles(session) == before);

        const json verdict = asked(session, {"explain", app})["verdicts"][0];
        CHECK(verdict["verdict"] == "deny");
        CHECK(verdict["file"] == (configFolder(session) / "conf.d" / "90-micguard.toml").native());
        CHECK(verdict["others"].size() == 1);
        const json apps = asked(session, {"apps"})["apps"];
        CHECK(std::any_of(apps.begin(), apps.end(), [&](const json& one) {
            return one["app_id"] == app && one["state"] == "denied" && one["reason"] == verdict["reason"];
        }));
        const json rules = asked(session, {"rules"})["rules"];
        CHECK(rules.size() == 2);
        CHECK(rules[0]["id"] == verdict["rule"]);
        CHECK(rules[0]["priority"] == 5); // as the user's, which is less specific

        session.setPhase(0);
        said(session, {"allow", app});
        INFO("it hears again");
        REQUIRE(denied.listener->waitAudible(0));
        CHECK(usersFiles(session) == before);
    }
    said(session, {"forget", app});
    CHECK(asked(session, {"rules"})["rules"].size() == 1);
    CHECK(micguardctl(session, {"forget", app}).exitCode == 1);
    CHECK(usersFiles(session) == before);
}

TEST_CASE("an answer for always leaves shut what was denied on its own before: one of two microphones",
          "[remember]") {
    PrivateSession session(guardedSession({MicKind::tone, MicKind::loopback}));
    auto guard = std::make_unique<Guard>(session);
    Heard other = listenTo(session, "loopback");
    const std::string app = [&] {
        const Heard first = hear("tone", pwRecordListener(session, {.target = "tone", .name = "first"}));
        return appIdOf(session, "pw-cat");
    }();
    guard->setRules("[[rule]]\nmatch = { executable = \"*/pw-cat\" }\naction = \"ask\"\n");
    said(session, {"deny", app, "--source", "loopback"});
    auto asks = startPwRecord(session, "asks");
    Heard denied{"loopback", pwRecordListener(session, {.target = "loopback", .name = "denied"})};
    denied.listener->start();
    hearsSilence(*asks);
    REQUIRE(eventually([&] { return guard->asked().size() == 1; }));
    REQUIRE(guard->tryAnswer(guard->asked().front(), true, "always").empty());

    Tally tally("pw-record × tone, loopback × allowed for always, the loopback denied before");
    const auto hearsOnlyTheOne = [&] {
        changeTune(session, denied);
        INFO("control: what it may not hear goes on");
        REQUIRE(other.listener->waitAudible(1));
        INFO("what was asked about is heard");
        REQUIRE(asks->waitAudible(1));
        hearsNothingNew(denied, tally);
        session.setPhase(0);
    };
    hearsOnlyTheOne();
    const auto verdictOn = [&](const std::string& source) {
        const json explained = asked(session, {"explain", app});
        for (const auto& verdict : explained["verdicts"])
            if (verdict["source"] == source)
                return verdict["verdict"].get<std::string>();
        return std::string("none");
    };
    CHECK(verdictOn("tone") == "allow");
    CHECK(verdictOn("loopback") == "deny");
    CHECK(asked(session, {"rules"})["rules"].size() == 3);

    INFO("over a restart of the guard");
    guard.reset();
    session.stop(Daemon::micguardd);
    session.start(Daemon::micguardd);
    guard = std::make_unique<Guard>(session);
    hearsOnlyTheOne();
    CHECK(guard->asked().empty());
}

TEST_CASE("a rule for a while ends by itself, and what lasts holds again", "[remember]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard heard = hear("tone", pwRecordListener(session, {.target = "tone", .name = "for-a-while"}));
    const std::string app = appIdOf(session, "pw-cat");
    said(session, {"allow", app});
    said(session, {"deny", app, "--until", "+5s"});
    Tally tally("pw-record × tone × denied until a moment to come");
    changeTune(session, heard);
    hearsNothingNew(heard, tally, Milliseconds(500));
    session.setPhase(0);
    INFO("nobody does anything, and it hears again");
    REQUIRE(heard.listener->waitAudible(0));
    CHECK(asked(session, {"explain", app})["verdicts"][0]["verdict"] == "allow");
}

TEST_CASE("an application that is known only by its own word is not allowed by it, and nothing is written",
          "[remember]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setRules("[policy]\ndefault = 'deny'\n");
    const fs::path own = configFolder(session) / "conf.d" / "90-micguard.toml";
    auto pulse = parecordListener(session, {.target = "tone", .latencyMsec = 20});
    pulse->start();
    REQUIRE(eventually([&] { return asked(session, {"apps"})["apps"].size() == 1; }));
    // Whether the kernel bears it out is known a moment later, on a busy machine some moments.
    json app;
    for (const auto end = monotonicNsec() + 2'000'000'000;
         app.is_null() || (app["identity"] == "claimed" && monotonicNsec() < end);)
        app = asked(session, {"apps"})["apps"][0];
    const auto appId = app["app_id"].get<std::string>();
    const Finished allowed = micguardctl(session, {"allow", appId});
    INFO(allowed.output);
    if (app["identity"] == "claimed") {
        CHECK(allowed.exitCode == 1);
        CHECK(allowed.output.find("is only what the application says of itself") != std::string::npos);
        CHECK_FALSE(fs::exists(own));
        CHECK(micguardctl(session, {"deny", appId}).exitCode == 0);
    } else {
        CHECK(allowed.exitCode == 0);
        CHECK(pulse->waitAudible(0));
    }
    CHECK(fs::exists(own));
}
