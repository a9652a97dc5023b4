// SPDX-License-Identifier: GPL-3.0-or-later
// Who may hear is decided by who an application is, not by who it says it is: with everybody denied but one,
// the one hears, and whoever pretends to be him hears nothing.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>

using namespace micguard::test;

namespace {

namespace fs = std::filesystem;

std::string only(const std::string& match) {
    return "[policy]\ndefault = \"deny\"\n[[rule]]\nmatch = { " + match + " }\naction = \"allow\"\n";
}

// A program of the machine's as another file, so that rules can tell it from the original.
std::string copyOf(const PrivateSession& session, const std::string& program, const std::string& name) {
    const fs::path copy = session.directory() / "programs" / name;
    fs::create_directories(copy.parent_path());
    fs::copy_file(program, copy, fs::copy_options::skip_existing);
    return copy.string();
}

using Words = std::vector<std::string>;

Words pulseWords(const std::string& program, const Words& more = {}) {
    Words words{program,        "--record",     "--raw",         "--format=float32le",
                "--channels=1", "--rate=48000", "--device=tone", "--latency-msec=20"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

Words nativeWords(const std::string& program) {
    return {program, "--record", "--raw", "--format", "f32",  "--channels",
            "1",     "--rate",   "48000", "--target", "tone", "-"};
}

std::unique_ptr<Listener> started(const PrivateSession& session, const Words& words) {
    auto listener = commandListener(session, {.target = "tone"}, words);
    listener->start();
    return listener;
}

// A cgroup of a name of one's own choice, as any process of a user can make it below user@UID.service.
class Scope {
  public:
    explicit Scope(const std::string& path) {
        for (const fs::path root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
            std::error_code failed;
            if (made() || !fs::exists(root / "cgroup.procs") ||
                !fs::create_directories(root / path, failed) || failed)
                continue;
            folder_ = root / path;
        }
    }
    ~Scope() {
        std::error_code ignored;
        if (made() && fs::remove(folder_, ignored))
            fs::remove(folder_.parent_path(), ignored);
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    bool made() const { return !folder_.empty(); }
    std::string processes() const { return folder_ / "cgroup.procs"; }

  private:
    fs::path folder_;
};

bool hears(Listener& listener) {
    return listener.waitAudible(0);
}

// While somebody else is proven to go on hearing.
void hearsNothing(Listener& listener, Listener& honest, Tally& tally, unsigned parity = 0) {
    REQUIRE(honest.waitAudible(parity, 48000));
    const auto heard = listener.snapshot().audible[parity];
    tally.add(heard);
    CHECK(heard == 0);
}

// Of what is made from here on.
void hearsNothingNew(PrivateSession& session, Listener& listener, Listener& honest, Tally& tally) {
    session.setPhase(1);
    hearsNothing(listener, honest, tally, 1);
}

} // namespace

TEST_CASE("a Pulse client that claims another's pid is not taken for it", "[identity][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const std::string trusted = copyOf(session, "/usr/bin/pacat", "trusted");
    const std::string forger = copyOf(session, "/usr/bin/pacat", "forger");
    Tally tally("pacat × tone × claims another's pid and name");
    for (unsigned round = 0; round < scaled(2, 50); round++) {
        guard.setRules(only("executable = \"" + trusted + "\""));
        auto honest = started(session, pulseWords(trusted));
        INFO("control: the honest one hears, by what the kernel says of it");
        const auto begun = std::chrono::steady_clock::now();
        REQUIRE(honest->waitUntil([](const StreamSnapshot& now) { return now.audible[0] > 0; }));
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
        std::printf("      the one that may hear was known and heard after %.0f ms\n", took.count());
        auto liar = started(
            session, pulseWords(forger, {"--property=application.process.id=" + std::to_string(honest->pid()),
                                         "--property=application.process.binary=trusted",
                                         "--property=application.name=trusted"}));
        hearsNothing(*liar, *honest, tally);
        INFO("and where everybody may, the forger does");
        guard.setRules("");
        REQUIRE(hears(*liar));
    }
}

TEST_CASE("a Pulse client that claims the pid of a program without such a connection gains nothing",
          "[identity][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const std::string trusted = copyOf(session, "/usr/bin/pw-cat", "trusted");
    const std::string forger = copyOf(session, "/usr/bin/pacat", "forger");
    guard.setRules(only("executable = \"" + trusted + "\""));
    // A client of PipeWire: it has no connection to the Pulse server at all.
    auto honest = started(session, nativeWords(trusted));
    REQUIRE(hears(*honest));
    Tally tally("pacat × tone × claims the pid of a native client");
    auto liar = started(
        session, pulseWords(forger, {"--property=application.process.id=" + std::to_string(honest->pid())}));
    hearsNothing(*liar, *honest, tally);
}

TEST_CASE("a Pulse client cannot make itself a Flatpak or a Snap", "[identity][attack]") {
    const std::string property =
        GENERATE("pipewire.access.portal.app_id", "pipewire.snap.id", "application.id");
    INFO(property);
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const std::string trusted = copyOf(session, "/usr/bin/pacat", "trusted");
    guard.setRules(only("executable = \"" + trusted + "\"") +
                   "[[rule]]\nmatch = { app = \"org.trusted.App\" }\naction = \"allow\"\n"
                   "[[rule]]\nmatch = { flatpak = \"org.trusted.App\" }\naction = \"allow\"\n"
                   "[[rule]]\nmatch = { snap = \"org.trusted.App\" }\naction = \"allow\"\n");
    auto honest = started(session, pulseWords(trusted));
    REQUIRE(hears(*honest));
    Tally tally("pacat × tone × claims " + property);
    auto liar = started(session, pulseWords("pacat", {"--property=" + property + "=org.trusted.App"}));
    hearsNothing(*liar, *honest, tally);
    INFO("control: it hears where everybody may");
    guard.setRules("");
    REQUIRE(hears(*liar));
    if (property == "application.id")
        return; // who is known is not known by that
    INFO("control: its claim has arrived, since it shuts");
    guard.setRules("[[rule]]\nmatch = { app = \"org.trusted.App\" }\naction = \"deny\"\n");
    hearsNothingNew(session, *liar, *honest, tally);
}

TEST_CASE("a program that is bound over another one in a mount namespace is not that one",
          "[identity][attack]") {
    const bool pulse = GENERATE(false, true);
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const std::string program = pulse ? "/usr/bin/pacat" : "/usr/bin/pw-cat";
    const std::string trusted = copyOf(session, program, "trusted");
    const std::string forger = copyOf(session, program, "forger");
    const auto words = [&](const std::string& path) { return pulse ? pulseWords(path) : nativeWords(path); };
    guard.setRules(only("executable = \"" + trusted + "\""));
    auto honest = started(session, words(trusted));
    REQUIRE(hears(*honest));
    Words forged{"unshare",
                 "--user",
                 "--map-root-user",
                 "--mount",
                 "sh",
                 "-c",
                 "mount --bind " + forger + " " + trusted + " && exec \"$@\"",
                 "sh"};
    for (const auto& word : words(trusted))
        forged.push_back(word);
    Tally tally(std::string(pulse ? "pacat" : "pw-cat") +
                " × tone × bound over another in a mount namespace");
    auto liar = started(session, forged);
    hearsNothing(*liar, *honest, tally);
    INFO("control: under its own name the very same file hears, if that is allowed");
    guard.setRules(only("executable = \"" + forger + "\""));
    auto plain = started(session, words(forger));
    REQUIRE(hears(*plain));
    hearsNothing(*liar, *plain, tally);
    guard.setRules("");
    REQUIRE(hears(*liar));
}

TEST_CASE("a program that makes itself a root with a .flatpak-info is no Flatpak's", "[identity][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const std::string trusted = copyOf(session, "/usr/bin/pw-cat", "trusted");
    const std::string byFlatpak = "[[rule]]\nmatch = { flatpak = \"org.trusted.App\" }\naction = ";
    guard.setRules(only("executable = \"" + trusted + "\"") + byFlatpak + "\"allow\"\n");
    auto honest = started(session, nativeWords(trusted));
    REQUIRE(hears(*honest));
    Words forged = posingAsFlatpak(session, "org.trusted.App");
    for (const auto& word : nativeWords("/usr/bin/pw-cat"))
        forged.push_back(word);
    Tally tally("pw-cat × tone × in a root with a .flatpak-info of its own");
    auto liar = started(session, forged);
    hearsNothing(*liar, *honest, tally);
    INFO("control: it does pass for it where that shuts");
    guard.setRules("");
    REQUIRE(hears(*liar));
    guard.setRules(byFlatpak + "\"deny\"\n");
    hearsNothingNew(session, *liar, *honest, tally);
}

TEST_CASE("a denied Flatpak remains one whatever it says of its connection", "[identity][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    auto honest = started(session, nativeWords(copyOf(session, "/usr/bin/pw-cat", "trusted")));
    REQUIRE(hears(*honest));
    Words words = posingAsFlatpak(session, "org.denied.App");
    const std::string first = words.front();
    words.erase(words.begin());
    words.insert(words.end(), {std::string(ATTACKERS) + "/attack-other_api", "--source", "tone"});
    auto denied = attackListener(session, first, words);
    denied->start();
    INFO("control: it hears while nobody denies it");
    REQUIRE(hears(*denied));
    guard.setRules("[[rule]]\nmatch = { flatpak = \"org.denied.App\" }\naction = \"deny\"\n");
    Tally tally("other_api × tone × a denied Flatpak that claims to come by the Pulse server");
    hearsNothingNew(session, *denied, *honest, tally);
}

TEST_CASE("a second python3 is not allowed for the name of the first one's script", "[identity][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const fs::path folder = session.directory() / "programs";
    fs::create_directories(folder);
    const std::string trusted = folder / "trusted-recorder.py", forger = folder / "f.py";
    for (const auto& script : {trusted, forger})
        fs::copy_file(fs::path(ATTACKERS_SOURCE) / "forged_script.py", script);
    const std::string control = copyOf(session, "/usr/bin/pacat", "trusted");
    const std::string python = fs::canonical("/usr/bin/python3").string();
    const std::string others = only("executable = \"" + control + "\"");
    auto honest = started(session, pulseWords(control));
    guard.setRules(others + "[[rule]]\nmatch = { app = \"" + trusted + "\" }\naction = \"allow\"\n" +
                   "[[rule]]\nmatch = { process = \"trusted-recorder.py\" }\naction = \"allow\"\n");
    REQUIRE(hears(*honest));
    Tally tally("python3 × tone × another's command line");
    auto liar = started(session, {python, forger, "tone", trusted});
    hearsNothing(*liar, *honest, tally);
    SECTION("to allow the interpreter is to allow whatever it runs") {
        guard.setRules(others + "[[rule]]\nmatch = { executable = \"" + python +
                       "\" }\naction = \"allow\"\n");
        CHECK(hears(*liar));
    }
    SECTION("a script can be denied while another one goes on") {
        auto plain = started(session, {python, trusted, "tone"});
        guard.setRules("");
        REQUIRE(hears(*plain));
        guard.setRules("[[rule]]\nmatch = { process = \"f*.py\" }\naction = \"deny\"\n");
        auto denied = started(session, {python, forger, "tone"});
        hearsNothing(*denied, *plain, tally);
    }
}

TEST_CASE("a unit that any process can make for itself opens nothing", "[identity][attack]") {
    const Scope scope("user@1000.service/app-trusted-1.scope");
    if (!scope.made())
        SKIP("no cgroup can be made here");
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const std::string trusted = copyOf(session, "/usr/bin/pw-cat", "trusted");
    guard.setRules(only("executable = \"" + trusted + "\"") +
                   "[[rule]]\nmatch = { unit = \"app-trusted-*.scope\" }\naction = \"allow\"\n");
    auto honest = started(session, nativeWords(trusted));
    REQUIRE(hears(*honest));
    Words forged{"sh", "-c", "echo $$ >" + scope.processes() + " && exec \"$@\"", "sh"};
    for (const auto& word : nativeWords("pw-cat"))
        forged.push_back(word);
    Tally tally("pw-cat × tone × in a scope of another's name");
    auto liar = started(session, forged);
    hearsNothing(*liar, *honest, tally);
    INFO("control: it is in that scope, and what rests on it may shut");
    guard.setRules("");
    REQUIRE(hears(*liar));
    guard.setRules("[[rule]]\nmatch = { unit = \"app-trusted-*.scope\" }\naction = \"deny\"\n");
    hearsNothingNew(session, *liar, *honest, tally);
}

TEST_CASE("a browser is known by its program, through the Pulse server", "[identity][chromium]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    auto browser = chromiumListener(session, {.target = "tone"});
    browser->start();
    REQUIRE(hears(*browser));
    guard.setRules(only("process = \"chrom*\""));
    REQUIRE(hears(*browser));
    Tally tally("pacat × tone × named as a browser's program");
    auto liar = started(session, pulseWords("pacat", {"--property=application.process.binary=chromium"}));
    hearsNothing(*liar, *browser, tally);
}
