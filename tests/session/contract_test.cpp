// SPDX-License-Identifier: GPL-3.0-or-later
// The daemon that runs beside protocol/org.micguard.MicGuard1.xml, with the tools that shell authors use: what it says of itself,
// what it announces, and what it makes of a wrong command line and of a name that is taken.
#include "protocol/names.hpp"
#include "tests/session/trial.hpp"
#include "tests/support/contract.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <sstream>

using namespace micguard;
using namespace micguard::test;
using nlohmann::json;

namespace {

// Standard output and errors of a tool that has to succeed.
std::string said(const PrivateSession& session, const std::vector<std::string>& argv) {
    const Finished done = session.run(argv);
    INFO(argv[0] << " " << argv[1] << ": " << done.output);
    REQUIRE(done.exitCode == 0);
    return done.output;
}

// Interface -> paths of the objects that have it, the root's included.
std::map<std::string, std::vector<std::string>> objectsOf(const PrivateSession& session) {
    const json reply = json::parse(
        said(session, {"busctl", "--user", "--json=short", "call", names::busName, names::rootPath,
                       "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"}));
    std::map<std::string, std::vector<std::string>> found{{names::guard::interface, {names::rootPath}}};
    for (const auto& [path, interfaces] : reply.at("data").at(0).items())
        for (const auto& [interface, properties] : interfaces.items())
            if (interface.starts_with(names::guard::interface))
                found[interface].push_back(path);
    return found;
}

// busctl's table as agreedTable() has it: a property's value, which may be anything, is left out.
std::vector<std::string> shownTable(const PrivateSession& session, const std::string& path,
                                    const std::string& interface) {
    std::istringstream lines(
        said(session, {"busctl", "--user", "--full", "--no-pager", "introspect", names::busName, path}));
    std::vector<std::string> rows;
    bool ours = false;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream text(line);
        std::vector<std::string> words;
        for (std::string word; text >> word;)
            words.push_back(word);
        if (words.size() < 2)
            continue;
        if (words[1] == "interface")
            ours = words[0] == interface;
        else if (ours && words.size() > 3)
            rows.push_back(words[0] + " " + words[1] + " " + words[2] + " " +
                           (words[1] == "property" ? words.back() : words[3]));
    }
    std::sort(rows.begin(), rows.end());
    return rows;
}

std::function<bool(const std::string&)> has(const std::string& part) {
    return [part](const std::string& text) { return text.find(part) != std::string::npos; };
}

bool oneLine(const std::string& text) {
    return !text.empty() && text.find('\n') == text.size() - 1;
}

} // namespace

TEST_CASE("each object of the running daemon is what the contract says, member by member", "[contract]") {
    PrivateSession session(guardedSession({MicKind::tone, MicKind::nullVirtual}));
    const Heard heard = listenTo(session, "tone");
    Guard guard(session);
    guard.waitApplication("mg-listen", [](const ShownApplication& app) { return app.state == "capturing"; });
    const auto objects = objectsOf(session);
    for (const char* interface : {names::guard::interface, names::application::interface,
                                  names::stream::interface, names::source::interface}) {
        INFO(interface);
        REQUIRE(objects.contains(interface));
        const auto agreed = agreedMembers(interface);
        const auto table = agreedTable(interface);
        REQUIRE(agreed.size() > 5);
        for (const std::string& path : objects.at(interface)) {
            INFO(path);
            const Introspected object =
                introspected(said(session, {"gdbus", "introspect", "--session", "--xml", "--dest",
                                            names::busName, "--object-path", path}));
            CHECK(membersOf(*object, interface) == agreed);
            // And nothing else of ours.
            for (auto** other = object->interfaces; other && *other; ++other)
                CHECK((std::string((*other)->name).starts_with("org.freedesktop.DBus.") ||
                       std::string((*other)->name) == interface));
            CHECK(shownTable(session, path, interface) == table);
        }
    }
    CHECK(objects.at(names::source::interface).size() >= 2);
    CHECK(objects.size() == 4);
}

TEST_CASE("gdbus monitor shows a mute and an unmute, with values and nothing only invalidated",
          "[contract]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    const Heard heard = listenTo(session, "tone");
    Guard guard(session);
    const Process monitor =
        session.spawn({"gdbus", "monitor", "--session", "--dest", names::busName}, "gdbus-monitor");
    const auto log = session.logPath("gdbus-monitor.log");
    REQUIRE(waitForText(log, has("is owned by")));
    // That is printed a moment before it listens.
    bool listens = false;
    for (unsigned tries = 0; tries < 100 && !listens; tries++) {
        guard.setMode(tries % 2 == 0 ? "sever" : "silence");
        listens = waitForText(log, has("'Mode': <"), Milliseconds(200));
    }
    REQUIRE(listens);
    guard.setMode("silence");

    const auto line = [](const std::string& where, const std::string& what) {
        return [where, what](const std::string& text) {
            std::istringstream lines(text);
            for (std::string one; std::getline(lines, one);)
                if (one.starts_with(where) && one.find(what) != std::string::npos)
                    return true;
            return false;
        };
    };
    const auto told = [&](const std::string& where, const std::string& what) {
        return waitForText(log, line(where, what));
    };
    const std::string ours = std::string(names::rootPath) +
                             ": org.freedesktop.DBus.Properties.PropertiesChanged ('" +
                             names::guard::interface + "', {",
                      source = std::string(names::source::folder) + "/",
                      application = std::string(names::application::folder) + "/";
    REQUIRE_FALSE(line(ours, "'Muted'")(readFile(log)));
    guard.setMuted(true);
    CHECK(told(ours, "'Muted': <true>"));
    CHECK(told(ours, "'State': <'muted'>"));
    CHECK(told(ours, "'Holds': <[('user', "));
    CHECK(told(source, "'Silenced': <true>"));
    CHECK(told(application, "'State': <'silenced'>"));
    guard.setMuted(false);
    CHECK(told(ours, "'Muted': <false>"));
    CHECK(told(ours, "'State': <'live'>"));
    CHECK(told(application, "'State': <'capturing'>"));
    std::istringstream lines(readFile(log));
    for (std::string one; std::getline(lines, one);)
        if (one.find("PropertiesChanged (") != std::string::npos) {
            INFO(one);
            CHECK(one.ends_with("}, @as [])"));
        }
}

TEST_CASE("a second daemon says who has the name and ends with 1, and the first one guards on",
          "[contract]") {
    const SessionOptions options = guardedSession({MicKind::tone});
    PrivateSession session(options);
    Guard guard(session);
    std::vector<Heard> heard;
    heard.push_back(listenTo(session, "tone"));
    Tally tally("native × tone × another daemon was started while muted");
    mute(session, guard, heard, tally);
    const Finished second = session.run({options.micguardd, "--machine", session.machine().string()});
    INFO(second.output);
    CHECK(second.exitCode == 1);
    CHECK(second.output.find(std::string("the name ") + names::busName + " is taken by :1.") !=
          std::string::npos);
    CHECK(second.output.find("process " + std::to_string(session.pid(Daemon::micguardd)) + "\n") !=
          std::string::npos);
    CHECK(guard.state() == "muted");
    listenWhileMuted(heard, tally);
    unmuteAndListen(session, guard, heard);
}

TEST_CASE("what micguardd does not understand ends with status 2 and one line that says how it is used",
          "[contract]") {
    const std::string program = guardedSession({}).micguardd;
    const auto run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), program);
        return runProgram(arguments, {"PATH=/usr/bin:/bin", "HOME=/invalid", "LC_ALL=C.UTF-8"}, kPatience);
    };
    const std::vector<std::vector<std::string>> wrong = {
        {"--log-level", "nonsense"},        {"--log-level="}, {"--log-level"}, {"--bogus"}, {"now"},
        {"--release-leftovers", "--let-in"}};
    for (const auto& arguments : wrong) {
        const Finished done = run(arguments);
        INFO(arguments.front() << ": " << done.output);
        CHECK(done.exitCode == 2);
        CHECK(oneLine(done.output));
        CHECK(done.output.starts_with("micguardd: "));
        CHECK(done.output.find("; usage: micguardd [--config FILE]") != std::string::npos);
    }
    CHECK(
        run({"--log-level", "nonsense"})
            .output.starts_with("micguardd: there is no log level 'nonsense', but warning, message, info and "
                                "debug; usage: "));
    for (const char* level : {"warning", "message", "info", "debug"}) {
        INFO(level);
        CHECK(run({"--log-level", level, "--version"}).exitCode == 0);
    }
}

TEST_CASE("the log has what its level says, and nothing below it", "[contract]") {
    struct Level {
        std::string name;
        bool message, debug;
    };
    for (const auto& [name, message, debug] : {Level{"warning", false, false}, Level{"message", true, false},
                                               Level{"info", true, false}, Level{"debug", true, true}}) {
        INFO(name);
        SessionOptions options = guardedSession({MicKind::tone});
        options.micguarddArguments = {"--log-level", name};
        options.wireplumber = options.pulse = false;
        PrivateSession session(options);
        session.stop(Daemon::pipewire);
        REQUIRE(eventually([&] {
            return session
                       .run({"busctl", "--user", "get-property", names::busName, names::rootPath,
                             names::guard::interface, names::guard::property::connected})
                       .output == "b false\n";
        }));
        session.stop(Daemon::micguardd);
        const std::string log = readFile(session.logPath("micguardd.log"));
        CHECK(has("PipeWire is gone")(log) == message); // g_message
        CHECK(has(" seen: tone, ")(log) == debug);      // g_debug
    }
}
