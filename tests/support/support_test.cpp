// SPDX-License-Identifier: GPL-3.0-or-later
// The tests' own tools, tried: every microphone is heard live, and every listener hears. Without this the
// silence that other tests measure would prove nothing.
#include "tests/support/listener.hpp"
#include "tests/support/session.hpp"

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <random>
#include <sstream>

using namespace micguard::test;

namespace {

// Something like speech, all below the pilots, with a pilot over it, from one moment on.
class Speech {
  public:
    explicit Speech(std::mt19937& random) {
        std::uniform_real_distribution<double> hertz(100, 4400), level(0, 0.12),
            angle(0, 2 * std::numbers::pi);
        for (auto& part : parts_)
            part = {hertz(random), level(random), angle(random)};
    }
    float at(std::size_t sample, double pilot) const {
        const double time = static_cast<double>(sample) / kSpeechRate;
        double sum = kPilotAmplitude * std::sin(2 * std::numbers::pi * pilot * time);
        for (const auto& part : parts_)
            sum += part.level * std::sin(2 * std::numbers::pi * part.hertz * time + part.angle);
        return static_cast<float>(sum);
    }

  private:
    struct Part {
        double hertz, level, angle;
    };
    std::array<Part, 12> parts_{};
};

std::array<std::uint64_t, 2> countedIn(const std::vector<float>& samples) {
    StreamStats stats;
    Analyser(stats, Coding::speech, kSpeechRate, kDefaultToneThreshold).feed(samples, 1);
    return {stats.audible[0], stats.audible[1]};
}

} // namespace

TEST_CASE("an edge in speech is not taken for what was made afterwards, and nearly every 4 ms of that are") {
    std::mt19937 random(Catch::getSeed());
    constexpr std::size_t block = kSpeechRate / 100;
    std::uniform_int_distribution<std::size_t> anywhere(0, block - 1), lost(64, 4096), start(0, 1'000'000);
    unsigned edges = 0, tones = 0;
    for (int run = 0; run < 2000; ++run) {
        const Speech speech(random);
        const std::size_t cut = anywhere(random), jump = lost(random), from = start(random);
        const bool ends = run % 3 == 0;
        std::vector<float> samples(block);
        for (std::size_t i = 0; i < block; ++i)
            samples[i] = i < cut ? speech.at(from + i, kPilotHertz[0])
                         : ends  ? 0.0F
                                 : speech.at(from + i + jump, kPilotHertz[0]);
        edges += countedIn(samples)[1] != 0;
        constexpr std::size_t shortest = kSpeechRate / 250;
        const std::size_t begin = anywhere(random) * (block - shortest) / block;
        for (std::size_t i = 0; i < block; ++i)
            samples[i] = i >= begin && i < begin + shortest ? speech.at(from + i, kPilotHertz[1]) : 0.0F;
        tones += countedIn(samples)[1] == block;
    }
    CHECK(edges == 0);
    // Speech that begins and ends with the tone has edges of its own, which hide one in a thousand.
    CHECK(tones >= 1980);
}

TEST_CASE("a native listener tells both phases apart, and a muted source is silent") {
    SessionOptions options;
    options.mics = {{.kind = MicKind::tone, .name = "builtin"}};
    PrivateSession session(options);

    const auto listener = nativeListener(session, {.target = "builtin"});
    listener->start();
    REQUIRE(listener->waitAudible(0));
    CHECK(listener->snapshot().audible[1] == 0);
    session.setPhase("builtin", 1);
    REQUIRE(listener->waitAudible(1));
    CHECK(session.produced("builtin").frames[1] >= listener->snapshot().audible[1]);

    const Finished muted = session.run({"pactl", "set-source-mute", "builtin", "1"});
    INFO(muted.output);
    REQUIRE(muted.exitCode == 0);
    REQUIRE(listener->waitSamples(4800));
    const StreamSnapshot before = listener->snapshot();
    REQUIRE(listener->waitSamples(24000));
    const StreamSnapshot after = listener->snapshot();
    CHECK(after.nonZero == before.nonZero);

    REQUIRE(session.run({"pactl", "set-source-mute", "builtin", "0"}).exitCode == 0);
    CHECK(listener->waitAudible(1));
}

TEST_CASE("every kind of microphone is heard live, in both phases") {
    for (const MicKind kind : allMicKinds()) {
        DYNAMIC_SECTION(nameOf(kind)) {
            SessionOptions options;
            options.mics = {{.kind = kind, .name = "mic"}};
            PrivateSession session(options);
            const Coding coding = session.mic("mic").effectiveCoding();
            ListenOptions listening{.target = "mic", .coding = coding};
            if (kind == MicKind::raw) {
                // WirePlumber finds no format on a node without an adapter, so only clients that link
                // themselves get there.
                listening.autoconnect = false;
                listening.link = true;
            }
            const auto listener = nativeListener(session, listening);
            listener->start();
            REQUIRE(listener->waitAudible(0));
            CHECK(listener->snapshot().audible[1] == 0);
            session.setPhase("mic", 1);
            REQUIRE(listener->waitAudible(1));
            CHECK(session.produced("mic").cycles[1] > 0);
        }
    }
}

TEST_CASE("every kind of listener hears, in both phases") {
    SessionOptions options;
    options.mics = {{.kind = MicKind::tone, .name = "wanted"}, {.kind = MicKind::tone, .name = "other"}};
    PrivateSession session(options);
    session.setPhase("other", 1); // whoever listens to the wrong one is found out

    std::vector<std::unique_ptr<Listener>> listeners;
    const ListenOptions plain{.target = "wanted"};
    SECTION("native, at three rates") {
        for (const unsigned rate : {16000U, 44100U, 48000U})
            listeners.push_back(nativeListener(session, {.target = "wanted", .rate = rate}));
    }
    SECTION("native, without session manager") {
        listeners.push_back(
            nativeListener(session, {.target = "wanted", .autoconnect = false, .link = true}));
    }
    SECTION("pw-record") {
        listeners.push_back(pwRecordListener(session, plain));
    }
    SECTION("parecord") {
        listeners.push_back(parecordListener(session, plain));
    }
    SECTION("parecord, 20 ms") {
        listeners.push_back(parecordListener(session, {.target = "wanted", .latencyMsec = 20}));
    }
    SECTION("arecord") {
        listeners.push_back(arecordListener(session, plain));
    }
    SECTION("jack_rec") {
        listeners.push_back(jackListener(session, plain));
    }
    SECTION("Chromium") {
        listeners.push_back(chromiumListener(session, plain));
    }

    for (const auto& listener : listeners)
        listener->start();
    for (const auto& listener : listeners) {
        INFO(listener->description());
        REQUIRE(listener->waitAudible(0));
        CHECK(listener->snapshot().audible[1] == 0);
    }
    session.setPhase("wanted", 1);
    for (const auto& listener : listeners) {
        INFO(listener->description());
        CHECK(listener->waitAudible(1));
        CHECK(listener->running());
    }
}

namespace {

nlohmann::json nodeParams(const PrivateSession& session, const std::string& name) {
    for (const auto& object : session.dump()) {
        if (object.value("type", "") != "PipeWire:Interface:Node")
            continue;
        if (object["info"]["props"].value("node.name", "") == name)
            return object["info"]["params"];
    }
    return {};
}

// The Props object that has the volumes (an adapter has several).
nlohmann::json volumesOf(const PrivateSession& session, const std::string& name) {
    const nlohmann::json params = nodeParams(session, name);
    if (params.contains("Props"))
        for (const auto& props : params["Props"])
            if (props.contains("channelVolumes"))
                return props;
    return {};
}

} // namespace

TEST_CASE("the card's route is set through pactl and reaches the node as softVolumes and softMute") {
    SessionOptions options;
    options.mics = {{.kind = MicKind::acp, .name = "card"}};
    PrivateSession session(options);
    const auto listener = nativeListener(session, {.target = "card"});
    listener->start();
    REQUIRE(listener->waitAudible(0));
    const ControlLayout& card = session.control("card").layout();
    CHECK(session.graph().waitForNode("card").property("device.routes") == "1");

    REQUIRE(session.run({"pactl", "set-source-mute", "card", "1"}).exitCode == 0);
    REQUIRE(session.control("card").waitRoute([](const ControlLayout& now) { return now.routeMute == 1; },
                                              kPatience));
    const StreamSnapshot before = listener->snapshot();
    REQUIRE(listener->waitSamples(24000));
    // What was on its way when the device was told is still heard: the mute takes three processes.
    CHECK(listener->snapshot().audible[0] - before.audible[0] < 12000);
    const std::uint64_t settled = listener->snapshot().nonZero;
    REQUIRE(listener->waitSamples(24000));
    CHECK(listener->snapshot().nonZero == settled);
    CHECK(volumesOf(session, "card").value("softMute", false));

    REQUIRE(session.run({"pactl", "set-source-mute", "card", "0"}).exitCode == 0);
    REQUIRE(listener->waitAudible(0));
    CHECK(card.routeMute == 0);

    const std::uint32_t changes = card.routeChanges;
    REQUIRE(session.run({"pactl", "set-source-volume", "card", "83%"}).exitCode == 0);
    REQUIRE(session.control("card").waitRoute(
        [=](const ControlLayout& now) { return now.routeChanges > changes; }, kPatience));
    CHECK(card.routeVolume > 0.5F);
    CHECK(card.routeVolume < 0.65F);
    REQUIRE(listener->waitSamples(9600));
    const nlohmann::json props = volumesOf(session, "card");
    REQUIRE(props.contains("softVolumes"));
    const double soft = props["softVolumes"].at(0).get<double>();
    CHECK(soft < 0.999);
    CHECK(soft > 0.8);
}

TEST_CASE("WirePlumber gives a card its remembered route back when it is plugged in again") {
    SessionOptions options;
    PrivateSession session(options);
    session.plug({.kind = MicKind::acp, .name = "card"});
    REQUIRE(session.run({"pactl", "set-source-volume", "card", "50%"}).exitCode == 0);
    REQUIRE(session.control("card").waitRoute([](const ControlLayout& now) { return now.routeVolume < 0.2F; },
                                              kPatience));
    session.unplug("card");

    session.plug({.kind = MicKind::acp, .name = "card"});
    const auto again = nativeListener(session, {.target = "card", .threshold = 0.005F});
    again->start();
    REQUIRE(again->waitAudible(0));
    CHECK(session.control("card").layout().routeVolume < 0.2F);
}

TEST_CASE("microphones come and go at run time") {
    SessionOptions options;
    options.mics = {{.kind = MicKind::tone, .name = "first"}};
    PrivateSession session(options);
    for (const MicKind kind : allMicKinds()) {
        if (kind == MicKind::loopback)
            continue; // a module of the server: from its configuration only
        INFO(nameOf(kind));
        ListenOptions listening{.target = "late"};
        listening.autoconnect = kind != MicKind::raw;
        listening.link = kind == MicKind::raw;
        session.plug({.kind = kind, .name = "late", .coding = Coding::dc});
        {
            const auto listener = nativeListener(session, listening);
            listener->start();
            REQUIRE(listener->waitAudible(0));
        }
        session.unplug("late");
        CHECK_FALSE(session.graph().node("late"));
        CHECK_FALSE(session.graph().node("late.feed"));
    }
    session.plug({.kind = MicKind::tone, .name = "lingering"}, Linger::yes);
    session.unplug("lingering");
    CHECK_THROWS(session.plug({.kind = MicKind::tone, .name = "first"}));
}

TEST_CASE("each daemon can be killed and comes back, microphones included") {
    SessionOptions options;
    for (const MicKind kind :
         {MicKind::tone, MicKind::nullVirtual, MicKind::loopback, MicKind::otherProcess, MicKind::acp})
        options.mics.push_back({.kind = kind, .name = nameOf(kind)});
    PrivateSession session(options);
    session.plug({.kind = MicKind::tone, .name = "plugged"});

    const auto heard = [&session](const std::string& name) {
        const auto listener = nativeListener(session, {.target = name});
        listener->start();
        return listener->waitAudible(0);
    };
    SECTION("PipeWire") {
        session.kill(Daemon::pipewire);
        CHECK_FALSE(session.running(Daemon::pipewire));
        session.restart(Daemon::pipewire);
    }
    SECTION("WirePlumber") {
        session.kill(Daemon::wireplumber);
        session.start(Daemon::wireplumber);
    }
    SECTION("pipewire-pulse") {
        session.kill(Daemon::pulse);
        session.start(Daemon::pulse);
    }
    for (const MicSpec& spec : options.mics) {
        INFO(spec.name);
        CHECK(session.graph().waitForNode(spec.name).property("node.name") == spec.name);
        CHECK(heard(spec.name));
    }
    CHECK(heard("plugged"));
    CHECK(session.run({"pactl", "info"}).exitCode == 0);
}

TEST_CASE("the graph runs at the quantum asked for") {
    for (const unsigned quantum : {64U, 1024U, 8192U}) {
        SessionOptions options;
        options.quantum = quantum;
        options.mics = {{.kind = MicKind::tone, .name = "mic"}};
        PrivateSession session(options);
        const auto listener = nativeListener(session, {.target = "mic"});
        listener->start();
        REQUIRE(listener->waitAudible(0, 16384));
        const Produced produced = session.produced("mic");
        CHECK(produced.frames[0] == produced.cycles[0] * quantum);
    }
}

TEST_CASE("sources of any rate, format and channel count, and all codings") {
    SessionOptions options;
    options.mics = {{.kind = MicKind::tone, .name = "r16", .rate = 16000},
                    {.kind = MicKind::tone, .name = "r44", .rate = 44100, .s16 = true},
                    {.kind = MicKind::tone, .name = "stereo", .channels = 2},
                    {.kind = MicKind::tone, .name = "tones", .coding = Coding::tone},
                    {.kind = MicKind::tone, .name = "slowtones", .coding = Coding::tone, .rate = 16000},
                    {.kind = MicKind::speech, .name = "speech"}};
    PrivateSession session(options);
    for (const MicSpec& spec : options.mics) {
        for (const unsigned rate : {16000U, 44100U, 48000U}) {
            INFO(spec.name << " heard at " << rate);
            session.setPhase(spec.name, 0);
            const auto listener = nativeListener(
                session, {.target = spec.name, .coding = spec.effectiveCoding(), .rate = rate});
            listener->start();
            REQUIRE(listener->waitAudible(0));
            // A resampler answers a gap in its input with ringing of both signs: a few samples, not a phase.
            const StreamSnapshot live = listener->snapshot();
            CHECK(live.audible[1] * 20 < live.audible[0]);
            session.setPhase(spec.name, 1);
            REQUIRE(listener->waitAudible(1));
            // No sample of the other phase may be invented once the last one has gone through.
            REQUIRE(listener->waitSamples(rate / 2));
            const std::uint64_t before = listener->snapshot().audible[0];
            REQUIRE(listener->waitSamples(rate / 2));
            CHECK(listener->snapshot().audible[0] == before);
        }
    }
}

TEST_CASE("two microphones of one graph both run: the one that does not drive follows") {
    SessionOptions options;
    options.mics = {{.kind = MicKind::tone, .name = "one"}, {.kind = MicKind::tone, .name = "two"}};
    PrivateSession session(options);
    const auto listener = nativeListener(session, {.target = "one"});
    listener->start();
    REQUIRE(listener->waitAudible(0));
    session.setPhase("two", 1);
    // Both into one stream: the sum is silence, as their signs are opposite.
    session.graph().link("two", "mg-listen");
    const std::uint64_t made = session.produced("two").frames[1];
    REQUIRE(listener->waitUntil(
        [&](const StreamSnapshot&) { return session.produced("two").frames[1] > made + 48000; }));
    const StreamSnapshot before = listener->snapshot();
    REQUIRE(listener->waitSamples(9600));
    CHECK(listener->snapshot().nonZero == before.nonZero);
}

TEST_CASE("a session without WirePlumber and pipewire-pulse serves clients that link themselves") {
    SessionOptions options;
    options.wireplumber = false;
    options.pulse = false;
    options.mics = {{.kind = MicKind::tone, .name = "mic"}};
    PrivateSession session(options);
    CHECK_FALSE(session.running(Daemon::wireplumber));
    const auto listener = jackListener(session, {.target = "mic"});
    listener->start();
    CHECK(listener->waitAudible(0));
}

namespace {

// Every process below this one, by walking the kernel's lists of children.
std::vector<pid_t> descendants(pid_t root) {
    std::vector<pid_t> found;
    std::ifstream children("/proc/" + std::to_string(root) + "/task/" + std::to_string(root) + "/children");
    for (pid_t child = 0; children >> child;) {
        found.push_back(child);
        const std::vector<pid_t> below = descendants(child);
        found.insert(found.end(), below.begin(), below.end());
    }
    return found;
}

bool ends(pid_t pid) {
    const UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd)
        return true;
    pollfd entry{fd.get(), POLLIN, 0};
    return ::poll(&entry, 1, 10000) == 1;
}

} // namespace

TEST_CASE("nothing of a session survives the violent death of its owner") {
    const std::filesystem::path sign =
        std::filesystem::temp_directory_path() / ("mg-sign-" + std::to_string(::getpid()));
    SpawnOptions spawning;
    spawning.log = "/dev/null";
    Process owner = Process::spawn({TEST_SESSION, "--mic", "tone:mic", "--mic", "otherProcess:other", "--",
                                    "sh", "-c", "echo > \"$0\"; exec sleep 1000", sign.string()},
                                   spawning);
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!std::filesystem::exists(sign) && std::chrono::steady_clock::now() < end && owner.running())
        owner.wait(Milliseconds(20));
    REQUIRE(std::filesystem::exists(sign));
    std::filesystem::remove(sign);
    const std::vector<pid_t> children = descendants(owner.pid());
    CHECK(children.size() >= 6); // bus, pipewire, wireplumber, pulse, pw-loopback, sleep
    ::kill(owner.pid(), SIGKILL);
    REQUIRE(owner.wait(kPatience));
    for (const pid_t child : children) {
        INFO(child);
        CHECK(ends(child));
    }
}

TEST_CASE("mg-session gives back the command's exit code and sets phases") {
    const Finished done = runProgram({TEST_SESSION, "--mic", "tone:mic", "--", "sh", "-c",
                                      std::string("\"$0\" phase 1 mic && timeout -s INT 2 pw-record --raw "
                                                  "--target mic --format f32 - | head -c 8192 >/dev/null; "
                                                  "\"$0\" produced mic; exit 7"),
                                      TEST_SESSION},
                                     {}, kPatience);
    INFO(done.output);
    CHECK(done.exitCode == 7);
    unsigned long long before = 1;
    unsigned long long after = 0;
    std::istringstream(done.output) >> before >> after;
    CHECK(before == 0);
    CHECK(after > 0);
    CHECK(runProgram({TEST_SESSION, "--mic", "nonsense:x", "--", "true"}, {}, kPatience).exitCode == 2);
}

namespace {

std::unique_ptr<Listener> listenTo(const PrivateSession& session, MicKind kind) {
    ListenOptions options{.target = "mic"};
    options.autoconnect = kind != MicKind::raw;
    options.link = kind == MicKind::raw;
    auto listener = nativeListener(session, options);
    listener->start();
    return listener;
}

// Samples other than 0 among the next half second, once what was under way has arrived.
std::uint64_t heardFromNowOn(Listener& listener) {
    if (!listener.waitSamples(9600))
        return std::uint64_t(-1);
    const StreamSnapshot before = listener.snapshot();
    if (!listener.waitSamples(24000))
        return std::uint64_t(-1);
    return listener.snapshot().nonZero - before.nonZero;
}

} // namespace

TEST_CASE("the kinds differ in what they are there for: what silences them") {
    for (const MicKind kind : allMicKinds()) {
        if (kind == MicKind::speech)
            continue; // is `tone` with another coding
        DYNAMIC_SECTION(nameOf(kind)) {
            SessionOptions options;
            options.mics = {{.kind = kind, .name = "mic"}};
            PrivateSession session(options);
            const auto listener = listenTo(session, kind);
            REQUIRE(listener->waitAudible(0));
            const std::uint32_t id = session.graph().waitForNode("mic").id;

            // The adapter's own `volume`: does not reach the monitor ports that a null sink's outputs are.
            session.graph().setNodeVolume(id, 0.0F);
            const bool isNull = kind == MicKind::nullPlain || kind == MicKind::nullVirtual;
            if (isNull || kind == MicKind::locked || kind == MicKind::clamped || kind == MicKind::raw)
                CHECK(heardFromNowOn(*listener) >= 24000);
            else
                CHECK(heardFromNowOn(*listener) == 0);
            session.graph().setNodeVolume(id, 1.0F);
            REQUIRE(listener->waitAudible(0));

            if (!isNull)
                continue;
            // The user's mute reaches them only with monitor.channel-volumes; monitorMute always does.
            REQUIRE(session.run({"pactl", "set-source-mute", "mic", "1"}).exitCode == 0);
            if (kind == MicKind::nullVirtual)
                CHECK(heardFromNowOn(*listener) == 0);
            else
                CHECK(heardFromNowOn(*listener) >= 24000);
            REQUIRE(session.run({"pactl", "set-source-mute", "mic", "0"}).exitCode == 0);
            REQUIRE(listener->waitAudible(0));
            // pw-cli may stay after its work is done: its exit says nothing, the listener does.
            session.run({"pw-cli", "set-param", std::to_string(id), "Props", "{ monitorMute: true }"},
                        Milliseconds(500));
            CHECK(heardFromNowOn(*listener) == 0);
        }
    }
}
