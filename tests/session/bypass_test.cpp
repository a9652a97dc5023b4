// SPDX-License-Identifier: GPL-3.0-or-later
// Who goes around PipeWire is noticed, named, and told to the journal; with a made-up sound card (a folder in
// which a real process really opens the device, /proc/asound as the kernel writes it) and real clients on the
// manager socket. And what else the journal is told, as it arrives there.
#include "tests/session/trial.hpp"
#include "tests/support/figures.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace micguard::test;
namespace fs = std::filesystem;

namespace {

using Fields = std::map<std::string, std::string>;

// Takes the journal's place.
class Ear {
  public:
    explicit Ear(const PrivateSession& session)
        : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        const fs::path path = session.machine() / "run/systemd/journal/socket";
        fs::create_directories(path.parent_path());
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        REQUIRE(path.native().size() < sizeof address.sun_path);
        path.native().copy(address.sun_path, path.native().size());
        REQUIRE(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }

    // Of all that has arrived, in order.
    const std::vector<Fields>& lines() {
        std::string text(65536, '\0');
        for (ssize_t size = 0; (size = recv(fd_.get(), text.data(), text.size(), 0)) > 0;)
            lines_.push_back(parsed(text.substr(0, static_cast<std::size_t>(size))));
        return lines_;
    }
    // Waits for the first that has these fields.
    Fields line(const Fields& wanted) {
        const auto matches = [&](const Fields& line) {
            return std::all_of(wanted.begin(), wanted.end(), [&](const auto& field) {
                const auto found = line.find(field.first);
                return found != line.end() && found->second == field.second;
            });
        };
        const std::int64_t deadline = monotonicNsec() + std::chrono::nanoseconds(kPatience).count();
        for (;;) {
            for (const auto& line : lines())
                if (matches(line))
                    return line;
            const bool late = monotonicNsec() > deadline;
            INFO("no line with " << wanted.begin()->second);
            REQUIRE_FALSE(late);
            pollfd arrival{fd_.get(), POLLIN, 0};
            poll(&arrival, 1, 100);
        }
    }

  private:
    static Fields parsed(const std::string& datagram) {
        Fields fields;
        for (std::size_t at = 0; at < datagram.size();) {
            const auto end = datagram.find('\n', at);
            const std::string line = datagram.substr(at, end - at);
            const auto equals = line.find('=');
            REQUIRE(equals != std::string::npos); // none of ours has a line's end in it
            CHECK(fields.emplace(line.substr(0, equals), line.substr(equals + 1)).second);
            at = end + 1;
        }
        return fields;
    }

    UniqueFd fd_;
    std::vector<Fields> lines_;
};

class Card {
  public:
    explicit Card(const PrivateSession& session)
        : device_(session.machine() / "dev/snd/pcmC0D0c")
        , status_(session.machine() / "proc/asound/card0/pcm0c/sub0/status") {
        fs::create_directories(status_.parent_path());
        writeFile(session.machine() / "proc/asound/card0/id", "PCH\n");
        say("closed\n");
        fs::create_directories(device_.parent_path());
        writeFile(device_, "");
    }
    void say(const std::string& status) const { writeFile(status_, status); }
    void heldBy(pid_t pid) const { say("state: RUNNING\nowner_pid   : " + std::to_string(pid) + "\n"); }
    // As the kernel does it: by the time that the device is open, its status says so. tail opens it, and
    // keeps it open.
    Process recorder(const PrivateSession& session) const {
        const std::string status =
            "printf 'state: RUNNING\\nowner_pid   : %d\\n' $$ > '" + status_.string() + "'";
        return session.spawn({"sh", "-c", status + "; exec tail -f '" + device_.string() + "'"}, "recorder");
    }
    void touch() const { UniqueFd(open(device_.c_str(), O_RDONLY | O_CLOEXEC)); }

  private:
    fs::path device_, status_;
};

std::string textOf(Guard& guard, const std::string& id) {
    for (const auto& [have, text] : guard.warnings())
        if (have == id)
            return text;
    return {};
}

constexpr char card0[] = "bypass:alsa:hw:0,0";
constexpr char bypassed[] = "4e6751c1fba9478d87ae9998d8c4425b";
constexpr char bypassOver[] = "8bd9a2e211274401bcd07b90efb76a37";

} // namespace

TEST_CASE("who opens a sound card past PipeWire is named within a second, and withdrawn when he lets go",
          "[bypass]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Ear ear(session);
    Heard listener = listenTo(session, "tone");
    const Card card(session); // plugged in under the guard's eyes
    REQUIRE(listener.listener->waitSamples(96000));
    CHECK(guard.warnings().empty());
    for (const bool muted : {false, true}) {
        INFO((muted ? "muted" : "live"));
        const std::uint64_t before = listener.listener->snapshot().samples;
        Process recorder = card.recorder(session);
        REQUIRE(guard.waitWarning(card0));
        const std::uint64_t lasted = listener.listener->snapshot().samples - before;
        std::printf("      %s: named %.0f ms of audio after it was started\n", muted ? "muted" : "live",
                    static_cast<double>(lasted) / 48.0);
        CHECK(lasted < 48000);
        const std::string pid = std::to_string(recorder.pid());
        CHECK(textOf(guard, card0).find("tail (pid " + pid + ", ") == 0);
        const Fields told = ear.line({{"MESSAGE_ID", bypassed}, {"MICGUARD_PID", pid}});
        CHECK(told.at("MICGUARD_WARNING") == card0);
        CHECK(told.at("MICGUARD_DEVICE") == "hw:0,0");
        CHECK(told.at("MICGUARD_APP").ends_with("/tail"));
        CHECK(told.at("MICGUARD_REASON") == textOf(guard, card0));
        CHECK(told.at("PRIORITY") == "4");
        if (!muted)
            guard.setMuted(true); // keeps nobody waiting
        // Closed, and told of before the driver has: the status follows.
        recorder.killHard();
        card.say("closed\n");
        REQUIRE(guard.waitWarning(card0, false));
        CHECK(ear.line({{"MESSAGE_ID", bypassOver}, {"MICGUARD_PID", pid}}).at("MICGUARD_DEVICE") ==
              "hw:0,0");
    }
}

TEST_CASE("who had the sound card open when nobody could see it is found at the mute", "[bypass]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard listener = listenTo(session, "tone");
    const Card card(session);
    REQUIRE(listener.listener->waitSamples(96000));
    card.heldBy(getpid()); // and no open that anybody is told of
    REQUIRE(listener.listener->waitSamples(48000));
    CHECK_FALSE(guard.hasWarning(card0));
    guard.setMuted(true);
    CHECK(guard.waitWarning(card0));
    // And at start.
    session.kill(Daemon::micguardd);
    session.start(Daemon::micguardd);
    Guard successor(session);
    CHECK(successor.waitWarning(card0));
}

TEST_CASE("PipeWire's own hold on a sound card is no bypass", "[bypass]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const Card card(session);
    for (const Daemon owner : {Daemon::pipewire, Daemon::wireplumber}) {
        card.heldBy(session.pid(owner));
        card.touch();
        // Somebody else, seen after that, is warned of: so that was looked at, and found in order.
        const fs::path second = session.machine() / "proc/asound/card1/pcm0c/sub0/status";
        fs::create_directories(second.parent_path());
        writeFile(second, "state: RUNNING\nowner_pid   : " + std::to_string(getpid()) + "\n");
        card.touch();
        REQUIRE(guard.waitWarning("bypass:alsa:hw:1,0"));
        CHECK_FALSE(guard.hasWarning(card0));
        fs::remove_all(session.machine() / "proc/asound/card1");
        card.touch();
        REQUIRE(guard.waitWarning("bypass:alsa:hw:1,0", false));
    }
}

TEST_CASE("nothing is looked at while nothing happens, though somebody holds the sound card", "[bypass]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard listener = listenTo(session, "tone");
    const Card card(session);
    Process recorder = card.recorder(session);
    REQUIRE(guard.waitWarning(card0));
    const auto woken = [&](const std::function<void()>& meanwhile) {
        // What came before has come to an end once two seconds of audio have passed.
        REQUIRE(listener.listener->waitSamples(96000));
        const Spent before = spentBy(session.pid(Daemon::micguardd));
        meanwhile();
        REQUIRE(listener.listener->waitSamples(48000));
        return (spentBy(session.pid(Daemon::micguardd)) - before).contextSwitches;
    };
    // Whoever looked again and again would do so in every second. The least of some, since the server has news of its own on a
    // machine with other things to do.
    auto quiet = woken([] {});
    for (int more = 0; more < 10 && quiet > 2; more++)
        quiet = std::min(quiet, woken([] {}));
    const auto busy = woken([&] { card.touch(); });
    std::printf("      woken %llu times in a quiet second, %llu when a device was opened once\n",
                static_cast<unsigned long long>(quiet), static_cast<unsigned long long>(busy));
    CHECK(quiet <= 2);
    CHECK(busy > quiet + 2);
}

TEST_CASE("a client on the manager socket that does not belong there is named while it is there",
          "[bypass]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Ear ear(session);
    const auto isThere = [&](pid_t pid) {
        return session.graph().waitFor([&](const GraphObjects& objects) {
            return std::any_of(objects.begin(), objects.end(), [&](const auto& entry) {
                return entry.second.type == "Client" &&
                       entry.second.property("pipewire.sec.pid") == std::to_string(pid) &&
                       entry.second.property("pipewire.sec.socket") == "pipewire-0-manager";
            });
        });
    };
    // One of PipeWire's own that only look, first: what is not said of it is then known.
    Process onlooker = session.spawn({"pw-mon"}, "pw-mon");
    REQUIRE(isThere(onlooker.pid()));
    Process attacker = session.spawn({std::string(ATTACKERS) + "/attack-self_link", "--remote",
                                      "pipewire-0-manager", "--source", "tone", "--seconds", "600"},
                                     "attacker");
    REQUIRE(isThere(attacker.pid()));
    const std::string id = "bypass:manager:" + std::to_string(attacker.pid());
    REQUIRE(guard.waitWarning(id));
    CHECK(textOf(guard, id).starts_with("attack-self_link (pid "));
    CHECK(guard.warnings().size() == 1);
    const Fields told = ear.line({{"MESSAGE_ID", bypassed}, {"MICGUARD_WARNING", id}});
    CHECK(told.at("MICGUARD_PID") == std::to_string(attacker.pid()));
    attacker.stop();
    REQUIRE(guard.waitWarning(id, false));
    ear.line({{"MESSAGE_ID", bypassOver}, {"MICGUARD_WARNING", id}});
    onlooker.stop();
}

TEST_CASE("mutes, blocks, questions and answers arrive in the journal with their fields",
          "[bypass][journal]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Ear ear(session);
    guard.setMuted(true);
    const Fields muted = ear.line({{"MESSAGE_ID", "1dc6e56c2c734403a28b8b1f267893fb"}});
    CHECK(muted.at("MICGUARD_MODE") == "silence");
    CHECK(muted.at("MICGUARD_REASON").find("(pid " + std::to_string(getpid()) + ")") != std::string::npos);
    CHECK(muted.at("SYSLOG_IDENTIFIER") == "micguardd");

    // Blocked by the mute.
    auto recorder = pwRecordListener(session, {.target = "tone", .name = "late"});
    recorder->start();
    const Fields late = ear.line({{"MESSAGE_ID", "ead2905dee5f4fe58a37bd3e18f63aef"}});
    CHECK(late.at("MICGUARD_APP").ends_with("/pw-cat"));
    CHECK(late.at("MICGUARD_SOURCE") == "tone");
    CHECK(late.at("MICGUARD_IDENTITY") == "kernel");
    CHECK(late.at("MICGUARD_PID") == std::to_string(recorder->pid()));
    CHECK(late.at("MICGUARD_REASON").starts_with("muted"));
    recorder.reset();
    guard.setMuted(false);
    CHECK(ear.line({{"MESSAGE_ID", "70d31b19c91548d8a4031c52277e8528"}})
              .at("MICGUARD_REASON")
              .find("(pid " + std::to_string(getpid()) + ")") != std::string::npos);

    // Asked about, and answered.
    guard.setRules("[[rule]]\nmatch = { executable = \"*/pw-cat\" }\naction = \"ask\"\n");
    recorder = pwRecordListener(session, {.target = "tone", .name = "asking"});
    recorder->start();
    const auto pending = guard.waitApplication(
        "pw-cat", [](const ShownApplication& application) { return application.state == "pending"; });
    const Fields asked = ear.line({{"MESSAGE_ID", "46d7c18a93744ca5a77bfc56d076f1a1"}});
    CHECK(asked.at("MICGUARD_APP").ends_with("/pw-cat"));
    CHECK(asked.at("MICGUARD_SOURCE") == "tone");
    REQUIRE(guard.tryAnswer(pending.path, false, "run").empty());
    const Fields answered = ear.line({{"MESSAGE_ID", "8db5e0bc0f2644ed858ba65108e0d52e"}});
    CHECK(answered.at("MICGUARD_ANSWER") == "deny run");
    CHECK(answered.at("MICGUARD_APP") == asked.at("MICGUARD_APP"));
    CHECK(answered.at("MICGUARD_REASON").find("(pid " + std::to_string(getpid()) + ")") != std::string::npos);
    for (const auto& line : ear.lines()) {
        INFO(line.at("MESSAGE"));
        CHECK(line.at("MESSAGE_ID").size() == 32);
        CHECK(line.contains("PRIORITY"));
    }
}

TEST_CASE("a real sound card that somebody records from past PipeWire", "[bypass][aloop]") {
    if (!fs::exists("/proc/asound/Loopback"))
        SKIP("there is no loopback card (modprobe snd-aloop): tried on a made-up card only");
    if (access("/dev/snd", R_OK | X_OK) != 0)
        SKIP("/dev/snd is not ours to look at");
    PrivateSession session(guardedSession({MicKind::tone}));
    // The daemon's view of the machine, as it is.
    fs::create_directory_symlink("/dev", session.machine() / "dev");
    fs::create_directory_symlink("/proc", session.machine() / "proc");
    session.restart(Daemon::micguardd);
    Guard guard(session);
    Process recorder = session.spawn(
        {"arecord", "-D", "hw:Loopback,1", "-f", "S16_LE", "-r", "48000", "-c", "2", "/dev/null"}, "arecord");
    std::string id;
    REQUIRE(eventually([&] {
        for (const auto& [have, text] : guard.warnings())
            if (text.starts_with("arecord (pid " + std::to_string(recorder.pid())))
                id = have;
        return !id.empty();
    }));
    recorder.stop();
    CHECK(guard.waitWarning(id, false));
}
