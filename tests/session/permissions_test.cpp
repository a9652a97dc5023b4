// SPDX-License-Identifier: GPL-3.0-or-later
// The portals' permission store (the real one) and the guard: a Flatpak that is denied there is denied, at
// once; what is decided by command is written there; and a store that hangs or dies takes nothing back. The
// Flatpak is a stand-in: a real installation's folders, and a process in a root of its own, without Flatpak's
// own programs.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

using namespace micguard::test;

namespace {

namespace fs = std::filesystem;

constexpr const char* app = "org.trusted.App";
constexpr const char* storeName = "org.freedesktop.impl.portal.PermissionStore";
constexpr const char* storePath = "/org/freedesktop/impl/portal/PermissionStore";

Process startStore(const PrivateSession& session) {
    Process store = session.spawn({"/usr/libexec/xdg-permission-store"}, "permission-store");
    REQUIRE(eventually([&] { return session.run({"busctl", "--user", "status", storeName}).exitCode == 0; }));
    return store;
}

// As another program does it: GNOME Settings, or flatpak permission-set.
void permit(const PrivateSession& session, const std::string& word) {
    must(session, {"busctl", "--user", "call", storeName, storePath, storeName, "SetPermission", "sbssas",
                   "devices", "true", "microphone", app, "1", word});
}

std::string stored(const PrivateSession& session) {
    return session
        .run({"busctl", "--user", "call", storeName, storePath, storeName, "Lookup", "ss", "devices",
              "microphone"})
        .output;
}

bool storeSays(const PrivateSession& session, const std::string& word) {
    return eventually([&] {
        return stored(session).find(std::string("\"") + app + "\" 1 \"" + word + "\"") != std::string::npos;
    });
}

constexpr const char* guardName = "org.micguard.MicGuard1";
constexpr const char* guardPath = "/org/micguard/MicGuard1";

// As `micguardctl allow` and `deny` do.
void rule(const PrivateSession& session, const std::string& action, const std::string& about = app) {
    must(session, {"busctl", "--user", "call", guardName, guardPath, guardName, "SetRule", "ssa{sv}", about,
                   action, "0"});
}

std::string explained(const PrivateSession& session) {
    return session.run({"busctl", "--user", "call", guardName, guardPath, guardName, "Explain", "s", app})
        .output;
}

bool followed(const PrivateSession& session) {
    return session.run({"busctl", "--user", "call", guardName, guardPath, guardName, "Diagnostics"})
               .output.find("\"desktop.permission-store\" \"followed\"") != std::string::npos;
}

ShownApplication comesTo(Guard& guard, const std::string& state) {
    return guard.waitApplication(app, [&](const ShownApplication& one) { return one.state == state; });
}

// Denied by command while the store takes nothing.
void denyUnheard(const PrivateSession& session, Guard& guard, const Process& store) {
    ::kill(store.pid(), SIGSTOP);
    rule(session, "deny");
    comesTo(guard, "denied");
}

void killed(const PrivateSession& session, Process& store) {
    store.killHard();
    REQUIRE(eventually([&] { return session.run({"busctl", "--user", "status", storeName}).exitCode != 0; }));
}

// What the next guard is left to know.
std::string remembered(const PrivateSession& session) {
    std::ifstream file(session.directory() / "state" / "micguard" / "state.json");
    return {std::istreambuf_iterator<char>(file), {}};
}

// pw-cat as the Flatpak has installed it.
std::unique_ptr<Listener> flatpak(const PrivateSession& session) {
    const fs::path deployed = session.directory() / "data/flatpak/app" / app / "x86_64/stable/1/files";
    fs::create_directories(deployed / "bin");
    fs::copy_file("/usr/bin/pw-cat", deployed / "bin/pw-cat", fs::copy_options::skip_existing);
    auto words = inOwnRoot(session, "mkdir app .old && mount --bind " + deployed.string() +
                                        " app && printf '[Application]\\nname=" + app +
                                        "\\n[Instance]\\napp-path=" + deployed.string() +
                                        "\\n' >.flatpak-info && pivot_root . .old && exec chroot . \"$@\"");
    for (const char* word : {"/app/bin/pw-cat", "--record", "--raw", "--format", "f32", "--channels", "1",
                             "--rate", "48000", "--target", "tone", "-"})
        words.emplace_back(word);
    auto listener = commandListener(session, {.target = "tone"}, words);
    listener->start();
    return listener;
}

} // namespace

TEST_CASE("a Flatpak that the permission store denies is denied at once, and one that it permits is heard by",
          "[permissions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Process store = startStore(session);
    Guard guard(session);
    auto listener = flatpak(session);
    REQUIRE(listener->waitAudible(0));
    const auto shown = comesTo(guard, "capturing");
    REQUIRE(shown.identity == "sandbox");
    auto other = listenTo(session, "tone");

    permit(session, "no");
    guard.waitApplication(app, [](const ShownApplication& one) {
        return one.state == "denied" && one.reason == "denied in the desktop's settings";
    });
    SECTION("permitted again from outside") {
        permit(session, "yes");
        comesTo(guard, "capturing");
        session.setPhase(2);
        CHECK(listener->waitAudible(0));
        permit(session, "ask");
        comesTo(guard, "pending");
    }
    SECTION("a store that is killed takes nothing back") {
        killed(session, store);
        CHECK(guard.trySetMuted(true).empty());
        CHECK(guard.trySetMuted(false).empty());
        comesTo(guard, "denied");
    }
    SECTION("a store that hangs holds nothing up") {
        ::kill(store.pid(), SIGSTOP);
        guard.setMuted(true);
        guard.setMuted(false);
        rule(session, "deny");
        comesTo(guard, "denied");
        ::kill(store.pid(), SIGCONT);
        CHECK(storeSays(session, "no"));
    }
    // The one beside it never stopped hearing.
    session.setPhase(0);
    CHECK(other.listener->waitAudible(0));
}

TEST_CASE("what was denied by command is not undone by a store that died before it was told",
          "[permissions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Process store = startStore(session);
    Guard guard(session);
    auto listener = flatpak(session);
    REQUIRE(listener->waitAudible(0));
    permit(session, "yes");
    REQUIRE(storeSays(session, "yes"));
    // The guard has heard of it by the time that it has heard of what came after it.
    permit(session, "no");
    comesTo(guard, "denied");
    permit(session, "yes");
    comesTo(guard, "capturing");
    denyUnheard(session, guard, store);
    killed(session, store);
    store = startStore(session);
    CHECK(storeSays(session, "no"));
    comesTo(guard, "denied");
    CHECK(explained(session).find("90-micguard.toml") != std::string::npos);
    INFO("control: switched on there, it is taken back");
    permit(session, "yes");
    comesTo(guard, "capturing");
}

TEST_CASE("a store that is slow when the guard starts is heeded as soon as it answers", "[permissions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Process store = startStore(session);
    Guard guard(session);
    auto listener = flatpak(session);
    REQUIRE(listener->waitAudible(0));
    session.stop(Daemon::micguardd);
    permit(session, "no");
    ::kill(store.pid(), SIGSTOP);
    session.start(Daemon::micguardd);
    session.setPhase(1);
    CHECK(listener->waitAudible(1)); // nothing is known of it yet
    usleep(4'000'000);               // longer than anything else is waited for
    ::kill(store.pid(), SIGCONT);
    comesTo(guard, "denied");
    INFO("what it said is in force for the next guard before it answers that one");
    session.stop(Daemon::micguardd);
    ::kill(store.pid(), SIGSTOP);
    session.start(Daemon::micguardd);
    guard.waitApplication(app, [](const ShownApplication& one) {
        return one.state == "denied" && one.reason == "denied in the desktop's settings";
    });
    ::kill(store.pid(), SIGCONT);
}

TEST_CASE("a switch that was turned on while no guard ran takes back what was denied by command",
          "[permissions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Process store = startStore(session);
    Guard guard(session);
    auto listener = flatpak(session);
    REQUIRE(listener->waitAudible(0));
    rule(session, "deny");
    REQUIRE(storeSays(session, "no"));
    REQUIRE(eventually([&] { return remembered(session).find(app) != std::string::npos; }));
    SECTION("on") {
        session.stop(Daemon::micguardd);
        permit(session, "yes");
        session.start(Daemon::micguardd);
        comesTo(guard, "capturing");
    }
    SECTION("not touched") {
        session.stop(Daemon::micguardd);
        session.start(Daemon::micguardd);
        comesTo(guard, "denied");
        CHECK(explained(session).find("90-micguard.toml") != std::string::npos);
    }
    SECTION("denied by command while the store did not take it, and was told nothing else") {
        permit(session, "yes");
        comesTo(guard, "capturing");
        denyUnheard(session, guard, store);
        session.stop(Daemon::micguardd);
        killed(session, store);
        store = startStore(session);
        session.start(Daemon::micguardd);
        REQUIRE(eventually([&] { return followed(session); }));
        rule(session, "deny", "org.another.App"); // behind whatever the store led to
        CHECK(explained(session).find("90-micguard.toml") != std::string::npos);
        comesTo(guard, "denied");
    }
}

TEST_CASE(
    "where only listed programs may loosen anything, the store's word takes no deny of the guard's back",
    "[permissions]") {
    auto set = guardedSession({MicKind::tone});
    set.micguardConfig = "[bus]\nunmute = \"trusted\"\n";
    PrivateSession session(set);
    Process store = startStore(session);
    Guard guard(session);
    auto listener = flatpak(session);
    REQUIRE(listener->waitAudible(0));
    rule(session, "deny");
    REQUIRE(storeSays(session, "no"));
    permit(session, "yes");
    // No more than the store's own word goes.
    guard.waitApplication(app, [](const ShownApplication& one) {
        return one.reason.find("90-micguard.toml") != std::string::npos;
    });
    rule(session, "deny", "org.another.App"); // behind whatever the store led to
    CHECK(explained(session).find("90-micguard.toml") != std::string::npos);
    comesTo(guard, "denied");
}

TEST_CASE("what is decided by command is in the permission store, and taken back from there",
          "[permissions]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Process store = startStore(session);
    Guard guard(session);
    auto listener = flatpak(session);
    REQUIRE(listener->waitAudible(0));
    rule(session, "deny");
    comesTo(guard, "denied");
    CHECK(storeSays(session, "no"));
    // GNOME Settings' switch, on again.
    permit(session, "yes");
    comesTo(guard, "capturing");
    CHECK(storeSays(session, "yes"));
    permit(session, "no");
    comesTo(guard, "denied");
    rule(session, "allow");
    comesTo(guard, "capturing");
    CHECK(storeSays(session, "yes"));
    must(session, {"busctl", "--user", "call", guardName, guardPath, guardName, "Forget", "s", app});
    CHECK(eventually([&] { return stored(session).find(app) == std::string::npos; }));
    comesTo(guard, "capturing");
}
