// SPDX-License-Identifier: GPL-3.0-or-later
// Push-to-talk by the desktop's keys: the real xdg-desktop-portal, behind it a backend whose keys the test
// presses.
#include "tests/session/trial.hpp"
#include "tests/support/logind.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>

using namespace micguard::test;

namespace {

constexpr const char* portal = "/usr/libexec/xdg-desktop-portal";

class Desktop {
  public:
    explicit Desktop(const PrivateSession& session, const std::string& argument = "")
        : session_(session)
        , keys_(session.directory() / "keys") {
        const auto folder = session.directory() / "portals";
        std::filesystem::create_directories(folder);
        writeFile(folder / "mgtest.portal",
                  "[portal]\nDBusName=org.freedesktop.impl.portal.desktop.mgtest\n"
                  "Interfaces=org.freedesktop.impl.portal.GlobalShortcuts;\nUseIn=mgtest\n");
        REQUIRE(mkfifo(keys_.c_str(), 0600) == 0);
        writer_ = UniqueFd(open(keys_.c_str(), O_RDWR | O_CLOEXEC));
        backend_ = session.spawn({"/bin/sh", "-c",
                                  "exec /usr/bin/python3 " NEIGHBOURS "/shortcuts_backend.py " + argument +
                                      " < " + keys_.string()},
                                 "backend");
        REQUIRE(said("ready"));
        startPortal();
    }
    void startPortal() {
        portal_ =
            session_.spawn({"/usr/bin/env", "XDG_CURRENT_DESKTOP=mgtest",
                            "XDG_DESKTOP_PORTAL_DIR=" + (session_.directory() / "portals").string(), portal},
                           "portal");
    }
    void killPortal() { portal_.killHard(); }
    bool said(const std::string& text, std::size_t times = 1) {
        return waitForText(session_.logPath("backend.log"), [&](const std::string& log) {
            std::size_t count = 0;
            for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1))
                ++count;
            return count >= times;
        });
    }
    void command(const std::string& line) const {
        REQUIRE(write(writer_.get(), (line + "\n").data(), line.size() + 1) ==
                static_cast<ssize_t>(line.size() + 1));
    }
    void down(const std::string& id = "push-to-talk") const { command("down " + id); }
    void up(const std::string& id = "push-to-talk") const { command("up " + id); }

  private:
    const PrivateSession& session_;
    std::filesystem::path keys_;
    UniqueFd writer_;
    Process backend_, portal_;
};

SessionOptions withKeys(const std::string& more = {}) {
    SessionOptions options = guardedSession({MicKind::tone});
    options.micguardConfig = "[talk]\nshortcut = true\ntrigger = \"LOGO+space\"\n" + more;
    return options;
}

bool shortcutIs(const PrivateSession& session, const std::string& text) {
    return eventually([&] {
        const auto facts = session
                               .run({"gdbus", "call", "--session", "-d", "org.micguard.MicGuard1", "-o",
                                     "/org/micguard/MicGuard1", "-m", "org.micguard.MicGuard1.Diagnostics"})
                               .output;
        // Which quotes it puts around a text depends on what is in it.
        return facts.find("'talk.shortcut': '" + text) != std::string::npos ||
               facts.find("'talk.shortcut': \"" + text) != std::string::npos;
    });
}

} // namespace

TEST_CASE("a key of the desktop's is held: live as long, and silent before and after", "[shortcuts]") {
    if (!std::filesystem::exists(portal))
        SKIP("xdg-desktop-portal is not installed");
    PrivateSession session(withKeys());
    Guard guard(session);
    Desktop desktop(session);
    REQUIRE(desktop.said("bound push-to-talk LOGO+space"));
    REQUIRE(desktop.said("bound toggle-mute -"));
    REQUIRE(shortcutIs(session, "bound (push-to-talk: Super+T"));
    Heard heard = listenTo(session, "tone");
    guard.setMuted(true);
    Tally tally("native × tone × between 50 presses of the desktop's key");
    for (unsigned cycle = 0; cycle < 50; cycle++) {
        INFO("cycle " << cycle);
        session.setPhase(0);
        heard.listener->clearMarks();
        desktop.down();
        REQUIRE(guard.waitState("live"));
        REQUIRE(heard.listener->waitAudible(0, 1));
        if (cycle % 5 == 0)
            desktop.down(); // repeated while held
        desktop.up();
        REQUIRE(guard.waitState("muted"));
        changeTune(session, heard);
        hearsNothingNew(heard, tally, Milliseconds(40));
    }
    CHECK(tally.audible() == 0);
    INFO("a release before anything, and keys of a session that is not ours, do nothing");
    desktop.up();
    desktop.command("foreign push-to-talk");
    desktop.down("something-else");
    INFO("control: the toggle, told after them, is heard");
    desktop.down("toggle-mute");
    desktop.up("toggle-mute");
    REQUIRE(guard.waitState("live"));
    desktop.down("toggle-mute");
    desktop.up("toggle-mute");
    CHECK(guard.waitState("muted"));
}

TEST_CASE("the portal dies, or ends the session, with the key held down: muted", "[shortcuts]") {
    if (!std::filesystem::exists(portal))
        SKIP("xdg-desktop-portal is not installed");
    PrivateSession session(withKeys());
    Guard guard(session);
    Desktop desktop(session);
    REQUIRE(desktop.said("bound toggle-mute"));
    REQUIRE(shortcutIs(session, "bound"));
    Heard heard = listenTo(session, "tone");
    guard.setMuted(true);
    Tally tally("native × tone × portal gone with the key held");
    desktop.down();
    REQUIRE(guard.waitState("live"));
    desktop.killPortal();
    REQUIRE(guard.waitState("muted"));
    changeTune(session, heard);
    hearsNothingNew(heard, tally);
    INFO("another one is asked anew");
    desktop.startPortal();
    REQUIRE(desktop.said("bound toggle-mute", 2));
    REQUIRE(shortcutIs(session, "bound"));
    session.setPhase(0);
    desktop.down();
    REQUIRE(guard.waitState("live"));
    desktop.command("close");
    REQUIRE(guard.waitState("muted"));
    changeTune(session, heard);
    hearsNothingNew(heard, tally);
    CHECK(shortcutIs(session, "the desktop has ended it"));
}

TEST_CASE("the guard dies with the key held: it comes back muted, and asks for its keys anew",
          "[shortcuts]") {
    if (!std::filesystem::exists(portal))
        SKIP("xdg-desktop-portal is not installed");
    PrivateSession session(withKeys());
    Guard guard(session);
    Desktop desktop(session);
    REQUIRE(desktop.said("bound toggle-mute"));
    REQUIRE(shortcutIs(session, "bound"));
    Heard heard = listenTo(session, "tone");
    guard.setMuted(true);
    Tally tally("native × tone × guard killed with the desktop's key held");
    desktop.down();
    REQUIRE(guard.waitState("live"));
    session.kill(Daemon::micguardd);
    session.start(Daemon::micguardd);
    REQUIRE(guard.waitState("muted"));
    changeTune(session, heard);
    REQUIRE(desktop.said("bound toggle-mute", 2));
    REQUIRE(shortcutIs(session, "bound"));
    desktop.up();
    CHECK(guard.state() == "muted");
    hearsNothingNew(heard, tally);
    session.setPhase(0);
    desktop.down();
    REQUIRE(guard.waitState("live"));
    desktop.up();
    CHECK(guard.waitState("muted"));
}

TEST_CASE("a key that was held when the session was locked is let go, and is no dead key afterwards",
          "[shortcuts]") {
    if (!std::filesystem::exists(portal))
        SKIP("xdg-desktop-portal is not installed");
    const bool onLock = GENERATE(true, false);
    INFO("on-lock " << onLock);
    Logind logind;
    SessionOptions options = withKeys(onLock ? "[mute]\non-lock = true\n" : "");
    options.systemBus = logind.address();
    PrivateSession session(options);
    Guard guard(session);
    Desktop desktop(session);
    REQUIRE(desktop.said("bound toggle-mute"));
    REQUIRE(shortcutIs(session, "bound"));
    Heard heard = listenTo(session, "tone");
    guard.setMuted(true);
    Tally tally("native × tone × locked with the key held");
    desktop.down();
    REQUIRE(guard.waitState("live"));
    logind.lock(true);
    REQUIRE(guard.waitState("muted"));
    changeTune(session, heard);
    hearsNothingNew(heard, tally);
    INFO("its release was told to nobody");
    logind.lock(false);
    REQUIRE(stillWrong([&] {
                const std::string now = guard.diagnostics()["session.locked"];
                return now == "no" ? std::vector<std::string>{} : std::vector{now};
            }).empty());
    CHECK(guard.state() == "muted");
    hearsNothingNew(heard, tally);
    INFO("the next press counts");
    session.setPhase(0);
    desktop.down();
    REQUIRE(guard.waitState("live"));
    desktop.up();
    CHECK(guard.waitState("muted"));
}

TEST_CASE("where only listed programs may make anything looser, a portal that is none of them opens nothing",
          "[shortcuts]") {
    if (!std::filesystem::exists(portal))
        SKIP("xdg-desktop-portal is not installed");
    const bool listed = GENERATE(false, true);
    PrivateSession session(withKeys("[bus]\nunmute = \"trusted\"\ntrusted = [\"" +
                                    std::string(listed ? portal : "/nowhere") + "\"]\n"));
    Guard guard(session);
    Desktop desktop(session);
    REQUIRE(desktop.said("bound toggle-mute"));
    REQUIRE(shortcutIs(session, "bound"));
    INFO((listed ? "listed" : "not listed"));
    desktop.down("toggle-mute");
    desktop.up("toggle-mute");
    REQUIRE(guard.waitState("muted")); // everybody may
    desktop.down();
    if (listed) {
        REQUIRE(guard.waitState("live"));
        desktop.up();
        CHECK(guard.waitState("muted"));
        return;
    }
    const auto refusals = [&] {
        return session.run({MICGUARDCTL_BUILT, "history", "--kind", "refusal"}).output;
    };
    CHECK(eventually([&] { return refusals().find("xdg-desktop-portal") != std::string::npos; }));
    desktop.up();
    desktop.down("toggle-mute");
    desktop.up("toggle-mute");
    CHECK(shortcutIs(session, "bound"));
    CHECK(guard.state() == "muted");
}

TEST_CASE("who said no to the keys is not asked again, and without a portal nothing waits", "[shortcuts]") {
    if (!std::filesystem::exists(portal))
        SKIP("xdg-desktop-portal is not installed");
    PrivateSession session(withKeys());
    Guard guard(session);
    CHECK(shortcutIs(session, "waiting"));
    guard.setMuted(true);
    guard.setMuted(false);
    Desktop desktop(session, "refuse");
    REQUIRE(desktop.said("bound toggle-mute"));
    CHECK(shortcutIs(session, "refused by the user"));
    CHECK(readFile(session.logPath("backend.log")).find("bound toggle-mute") ==
          readFile(session.logPath("backend.log")).rfind("bound toggle-mute"));
}
