// SPDX-License-Identifier: GPL-3.0-or-later
// One application may not hear while another goes on hearing the same microphone: nothing that is made after the answer
// reaches it, by whatever way, and the other one is not disturbed.
#include "tests/session/trial.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace micguard::test;

namespace {

// pw-record is a link to pw-cat, parecord one to pacat. `source` is a pattern.
std::string ruleAbout(const std::string& match, const std::string& action, const std::string& source = "*") {
    return "[[rule]]\nmatch = { " + match + ", source = \"" + source + "\" }\naction = \"" + action + "\"\n";
}

constexpr std::int64_t quantumNsec = 1024 * 1'000'000'000LL / 48000;

const std::string pwRecord = "executable = \"*/pw-cat\"";

// pw-record on a sink's monitor.
std::unique_ptr<Listener> monitorListener(const PrivateSession& session, const std::string& sink) {
    return commandListener(session, {.target = sink},
                           {"pw-record", "--raw", "--format", "f32", "--channels", "1", "--rate", "48000",
                            "-P", "{ stream.capture.sink = true }", "--target", sink, "-"});
}

// Links through which nothing flows although the nodes at both ends run.
std::vector<std::string> deadLinks(const PrivateSession& session) {
    const auto objects = session.dump();
    std::map<std::uint32_t, std::string> running;
    for (const auto& object : objects)
        if (object["type"] == "PipeWire:Interface:Node" && object["info"]["state"] == "running")
            running[object["id"].get<std::uint32_t>()] = object["info"]["props"].value("node.name", "");
    std::vector<std::string> dead;
    for (const auto& object : objects) {
        if (object["type"] != "PipeWire:Interface:Link" || object["info"]["state"] == "active")
            continue;
        const auto from = running.find(object["info"]["output-node-id"].get<std::uint32_t>());
        const auto to = running.find(object["info"]["input-node-id"].get<std::uint32_t>());
        if (from != running.end() && to != running.end())
            dead.push_back(from->second + " -> " + to->second + ": " +
                           object["info"]["state"].get<std::string>());
    }
    return dead;
}

// Nobody's on the loopback, at the moment.
std::uint16_t freePort() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = socket >= 0 && ::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(socket);
    REQUIRE(bound);
    return ntohs(address.sin_port);
}

// pw-record may not hear the microphone behind what both listen to; the other one goes on. Back in the even phase, without rules.
void denyForATime(PrivateSession& session, Guard& guard, const Heard& other, Heard& denied, Tally& tally) {
    guard.setRules(ruleAbout(pwRecord, "deny", "tone"));
    changeTune(session, denied);
    REQUIRE(other.listener->waitAudible(1, 24000));
    hearsNothingNew(denied, tally, Milliseconds(500));
    session.setPhase(0);
    guard.setRules("");
}

} // namespace

TEST_CASE("one of two applications on one microphone is denied, and allowed again", "[rules]") {
    const MicKind kind = GENERATE(MicKind::tone, MicKind::otherProcess, MicKind::acp, MicKind::nullPlain);
    PrivateSession session(guardedSession({kind}));
    Guard guard(session);
    const std::string source = nameOf(kind);
    Heard other = listenTo(session, source);
    Heard denied = hear(source, pwRecordListener(session, {.target = source, .name = "denied"}));
    Tally tally("pw-record × " + source + " × denied while another goes on");
    std::vector<std::int64_t> gaps;
    for (unsigned cycle = 0; cycle < scaled(5, 200); cycle++) {
        INFO("cycle " << cycle);
        other.listener->clearMarks();
        guard.setRules(ruleAbout(pwRecord, "deny"));
        tally.replied(guard.callNsec());
        changeTune(session, denied);
        INFO("control: the other one goes on");
        REQUIRE(other.listener->waitAudible(1));
        gaps.push_back(other.listener->snapshot().largestGapNsec);
        hearsNothingNew(denied, tally);
        session.setPhase(0);
        guard.setRules("");
        INFO("it hears again");
        REQUIRE(denied.listener->waitAudible(0));
    }
    // The median, for what else the machine does at the moment is none of the guard's business.
    std::sort(gaps.begin(), gaps.end());
    const auto median = gaps[gaps.size() / 2];
    std::printf("      between two buffers of the other one: median %.1f ms, longest %.1f ms\n",
                static_cast<double>(median) / 1e6, static_cast<double>(gaps.back()) / 1e6);
    CHECK(median <= 2 * quantumNsec);
}

// While a source is suspended, for its buffers to be renewed, PipeWire 1.4.2 puts other links of it in force once more, and for good where
// the listener goes on meanwhile (policy/renewal): a JACK client, whoever hears something else as well, filters.
TEST_CASE("whoever runs on while the buffers are renewed does not lose his links when somebody is denied",
          "[rules][jack]") {
    const MicKind kind = GENERATE(MicKind::tone, MicKind::acp);
    const unsigned channels = GENERATE(1U, 2U);
    INFO(channels << " channels");
    SessionOptions options = guardedSession({kind, MicKind::nullVirtual});
    options.mics.front().channels = channels;
    PrivateSession session(options);
    Guard guard(session);
    const std::string source = nameOf(kind), second = nameOf(MicKind::nullVirtual);
    must(session, {"pactl", "load-module", "module-remap-source", "master=" + source, "source_name=looped"});
    Heard other = listenTo(session, source);
    Heard behind = hear("looped", parecordListener(session, {.target = "looped", .latencyMsec = 20}));
    Heard jack = hear(source, jackListener(session, {.target = source}));
    INFO("one more is on two microphones, of which the rule is about one");
    const auto file = session.directory() / "two.wav";
    const Process two = session.spawn({"pw-jack", "jack_rec", "-f", file.string(), "-d", "36000",
                                       jackPort(session, source), jackPort(session, second)},
                                      "two");
    REQUIRE(eventually([&] { return std::filesystem::exists(file); }));
    INFO("and one plays what it hears, and hears what it plays");
    const Process effect = session.spawn({"pw-jack", "jack_iodelay"}, "effect");
    must(session, {"pactl", "load-module", "module-null-sink", "sink_name=speaker",
                   "channel_map=front-left,front-right"});
    const std::vector<std::pair<std::string, std::string>> byHand = {
        {source + (channels == 2 ? ":capture_FR" : ":capture_MONO"), "jack_delay:in"},
        {"jack_delay:out", "jack_delay:in"},
        {"jack_delay:out", "speaker:playback_FL"},
        {"jack_delay:out", "speaker:playback_FR"}};
    for (const auto& [from, to] : byHand)
        REQUIRE(eventually([&, from = from, to = to] {
            return session.run({"pw-link", from, to}).exitCode == 0;
        }));
    Heard denied = hear(source, pwRecordListener(session, {.target = source, .name = "denied"}));
    const auto goOn = [&](unsigned phase, std::uint64_t samples) {
        for (const Heard* one : {&other, &behind, &jack}) {
            INFO(one->listener->description());
            REQUIRE(one->listener->waitAudible(phase, samples));
        }
        CHECK(stillWrong([&] { return deadLinks(session); }).empty());
    };
    Tally tally("pw-record × " + source + " × denied while those go on that nothing pauses");
    for (unsigned cycle = 0; cycle < scaled(3, 100); cycle++) {
        INFO("cycle " << cycle);
        guard.setRules(ruleAbout(pwRecord, "deny", source));
        tally.replied(guard.callNsec());
        changeTune(session, denied);
        goOn(1, 480);
        hearsNothingNew(denied, tally);
        session.setPhase(0);
        guard.setRules("");
        REQUIRE(denied.listener->waitAudible(0));
        goOn(0, 4800);
    }
    INFO("nor when a guard comes that has such a rule, and who heard what before is not known");
    guard.setRules(ruleAbout(pwRecord, "deny", source));
    session.kill(Daemon::micguardd);
    session.recover();
    REQUIRE(guard.waitName(true));
    changeTune(session, denied);
    goOn(1, 480);
    hearsNothingNew(denied, tally);
}

TEST_CASE("an application that is silenced gets silence and does not stall", "[rules]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard other = listenTo(session, "tone");
    Heard silenced = hear("tone", pwRecordListener(session, {.target = "tone", .name = "silenced"}));
    Tally tally("pw-record × tone × silenced while another goes on");
    for (unsigned cycle = 0; cycle < scaled(5, 200); cycle++) {
        INFO("cycle " << cycle);
        guard.setRules(ruleAbout(pwRecord, "silence"));
        tally.replied(guard.callNsec());
        changeTune(session, silenced);
        REQUIRE(other.listener->waitAudible(1));
        INFO("it goes on");
        REQUIRE(silenced.listener->waitSamples(24000));
        hearsNothingNew(silenced, tally);
        session.setPhase(0);
        guard.setRules("");
        INFO("it hears again");
        REQUIRE(silenced.listener->waitAudible(0));
    }
}

TEST_CASE("applications that start while they may not hear", "[rules]") {
    const std::string action = GENERATE("deny", "silence", "ask");
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard other = listenTo(session, "tone");
    Tally tally("pw-record, parecord × tone × started while ruled " + action);
    for (unsigned round = 0; round < scaled(3, 100); round++) {
        INFO("round " << round);
        session.setPhase(1);
        guard.setRules(ruleAbout(pwRecord, action) + ruleAbout("process = \"pacat\"", action));
        Heard native = started("tone", pwRecordListener(session, {.target = "tone", .name = "native"}));
        Heard pulse = started("tone", parecordListener(session, {.target = "tone", .latencyMsec = 20}));
        INFO("control: the other one goes on");
        REQUIRE(other.listener->waitAudible(1, 24000));
        if (action != "deny") {
            INFO("both go on");
            CHECK(native.listener->waitSamples(4800));
            CHECK(pulse.listener->waitSamples(4800));
        }
        hearsNothingNew(native, tally);
        hearsNothingNew(pulse, tally);
        guard.setRules("");
        INFO("both hear, once they may");
        REQUIRE(native.listener->waitAudible(1));
        REQUIRE(pulse.listener->waitAudible(1));
    }
}

// What such a client says of itself is not what the rule asks for; who it is is known a moment later.
TEST_CASE(
    "an application of the Pulse server's that is denied for what it is hears nothing from its start on",
    "[rules]") {
    const std::string action = GENERATE("deny", "silence", "ask");
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard other = listenTo(session, "tone");
    Tally tally("parecord × tone × started while its executable is ruled " + action);
    for (unsigned round = 0; round < scaled(5, 100); round++) {
        INFO("round " << round);
        session.setPhase(1);
        guard.setRules(ruleAbout("executable = \"*/pacat\"", action));
        Heard pulse = started("tone", parecordListener(session, {.target = "tone", .latencyMsec = 20}));
        INFO("control: the other one goes on");
        REQUIRE(other.listener->waitAudible(1, 48000));
        hearsNothingNew(pulse, tally);
        guard.setRules("");
        INFO("it hears, once it may");
        REQUIRE(pulse.listener->waitAudible(1));
    }
}

// Of one that nobody denies it costs a moment, and no more.
TEST_CASE("an application of the Pulse server's is heard while another one is denied", "[rules]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setRules(ruleAbout("executable = \"*/another\"", "deny"));
    for (unsigned round = 0; round < 3; round++) {
        const auto begin = monotonicNsec();
        auto pulse = parecordListener(session, {.target = "tone", .latencyMsec = 20});
        pulse->start();
        REQUIRE(pulse->waitAudible(0, 1));
        std::printf("      heard %.0f ms after its start\n",
                    static_cast<double>(monotonicNsec() - begin) / 1e6);
    }
}

TEST_CASE("an attacker that is denied hears nothing, not from memory that it kept nor by its own links",
          "[rules][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard other = listenTo(session, "tone");
    const std::string program = GENERATE("keep_mapping", "self_link");
    INFO(program);
    Tally tally(program + " × tone × denied while another goes on");
    for (unsigned round = 0; round < scaled(2, 200); round++) {
        session.setPhase(0);
        guard.setRules("");
        Heard attacker =
            started("tone", attackListener(session, std::string(ATTACKERS) + "/attack-" + program,
                                           {"--source", "tone"}));
        INFO("control: it hears while it may");
        REQUIRE(hearsAnything(attacker, 0));
        guard.setRules(ruleAbout("executable = \"*/attack-" + program + "\"", "deny"));
        changeTune(session, attacker);
        REQUIRE(other.listener->waitAudible(1, 24000));
        hearsNothingNew(attacker, tally, Milliseconds(500));
    }
}

TEST_CASE("memory that a program kept when it left goes dead once a rule denies it", "[rules][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard other = listenTo(session, "tone");
    Tally tally("keep_mapping × tone × left, and denied after that, while another goes on");
    for (unsigned round = 0; round < scaled(2, 100); round++) {
        session.setPhase(0);
        guard.setRules("");
        Heard attacker =
            started("tone", attackListener(session, std::string(ATTACKERS) + "/attack-keep_mapping",
                                           {"--source", "tone", "--leave"}));
        INFO("control: it hears while it may");
        REQUIRE(hearsAnything(attacker, 0));
        REQUIRE(session.graph().waitFor([](const GraphObjects& objects) {
            return std::none_of(objects.begin(), objects.end(), [](const auto& one) {
                return one.second.type == "Client" &&
                       one.second.property("application.name") == "keep_mapping";
            });
        }));
        INFO("control: and reads on when it has left");
        session.setPhase(1);
        REQUIRE(hearsAnything(attacker, 1));
        session.setPhase(0);
        REQUIRE(other.listener->waitAudible(0));
        guard.setRules(ruleAbout("executable = \"*/attack-keep_mapping\"", "deny"));
        changeTune(session, attacker);
        REQUIRE(other.listener->waitAudible(1, 24000));
        hearsNothingNew(attacker, tally, Milliseconds(500));
    }
}

TEST_CASE("memory that a program got of a microphone that is about to run goes dead once a rule denies it",
          "[rules][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const auto linked = [&](const std::string& client) {
        return session.graph().waitFor([&](const GraphObjects& objects) {
            return std::any_of(objects.begin(), objects.end(), [&](const auto& one) {
                if (one.second.type != "Link")
                    return false;
                const auto node = objects.find(
                    static_cast<std::uint32_t>(std::stoul("0" + one.second.property("link.input.node"))));
                return node != objects.end() && node->second.property("node.name") == client;
            });
        });
    };
    Tally tally("keep_mapping × tone × denied before the microphone runs, in which another one waits");
    for (unsigned round = 0; round < scaled(2, 100); round++) {
        session.setPhase(0);
        guard.setRules("");
        INFO("nobody listens, and who comes first does not answer that he has got his buffers");
        Heard attacker =
            started("tone", attackListener(session, std::string(ATTACKERS) + "/attack-keep_mapping",
                                           {"--source", "tone", "--hold", "1500"}));
        REQUIRE(linked("keep_mapping"));
        Heard other = started("tone", nativeListener(session, {.target = "tone", .name = "waits"}));
        REQUIRE(linked("waits"));
        guard.setRules(ruleAbout("executable = \"*/attack-keep_mapping\"", "deny"));
        // It runs now, and has let go of its buffers: at once, but on a busy machine not before its first cycles.
        REQUIRE(other.listener->waitAudible(0, 24000));
        changeTune(session, attacker);
        REQUIRE(other.listener->waitAudible(1, 48000)); // until he reads again, and a while on
        hearsNothingNew(attacker, tally, Milliseconds(500));
    }
}

TEST_CASE("rules that contradict each other: one goes on, the other one is told why, and they take no turns",
          "[rules]") {
    const bool keptCameFirst = GENERATE(false, true);
    INFO((keptCameFirst ? "the one that is kept out" : "the one that goes on") << " was there first");
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    const auto record = [&] {
        return hear("tone", pwRecordListener(session, {.target = "tone", .name = "kept"}));
    };
    std::vector<Heard> heard;
    if (keptCameFirst)
        heard.push_back(record());
    heard.push_back(listenTo(session, "tone"));
    if (!keptCameFirst)
        heard.push_back(record());
    Heard& goesOn = heard[keptCameFirst ? 1 : 0];
    Heard& kept = heard[keptCameFirst ? 0 : 1];
    // What feeds whom, by serials: a link that was cut and made again is another one.
    const auto links = [&] {
        std::set<std::string> found;
        for (const auto& [id, object] : session.graph().objects())
            if (object.type == "Link")
                found.insert(object.property("object.serial"));
        return found;
    };
    guard.setRules(ruleAbout(pwRecord, "deny") + "[[rule]]\nmatch = { " + pwRecord +
                   " }\nwhen = { capturing = \"*/mg-listen\" }\npriority = 1\naction = \"allow\"\n"
                   "[[rule]]\nmatch = { executable = \"*/mg-listen\" }\nwhen = { capturing = \"*/pw-cat\" }\n"
                   "action = \"deny\"\n");
    const auto told = guard.waitApplication("pw-cat", [](const ShownApplication& shown) {
        return shown.reason.find("contradict each other") != std::string::npos;
    });
    INFO(told.reason);
    CHECK(told.state == "denied");
    CHECK(told.reason.find("mg-listen' was there first") != std::string::npos);
    changeTune(session, kept);
    REQUIRE(goesOn.listener->waitAudible(1));
    const auto before = links();
    REQUIRE_FALSE(before.empty());
    Tally tally("pw-record × tone × kept out by rules that contradict each other");
    INFO("for some four seconds, nothing is cut or made");
    CHECK(goesOn.listener->waitSamples(4 * 48000));
    hearsNothingNew(kept, tally);
    CHECK(links() == before);

    INFO("the one that goes on leaves: while nobody is there the other one may not hear either");
    goesOn.listener->stop();
    guard.waitApplication("pw-cat", [](const ShownApplication& shown) {
        return shown.reason.find("contradict each other") == std::string::npos;
    });
    hearsNothingNew(kept, tally);
}

TEST_CASE("a rule that never decides is among the warnings as long as it is there", "[rules]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    guard.setRules("[[rule]]\naction = \"allow\"\npriority = 1\n" + ruleAbout(pwRecord, "deny"));
    CHECK(eventually([&] { return guard.hasWarning("rules-idle"); }));
    guard.setRules(ruleAbout(pwRecord, "deny"));
    CHECK(eventually([&] { return !guard.hasWarning("rules-idle"); }));
}

TEST_CASE("control: what an attacker kept is readable while another goes on, if nobody has it renewed",
          "[rules][attack][control]") {
    SessionOptions options = guardedSession({MicKind::tone});
    options.micguardd.clear();
    PrivateSession session(options);
    Heard other = listenTo(session, "tone");
    Heard attacker = started("tone", attackListener(session, std::string(ATTACKERS) + "/attack-keep_mapping",
                                                    {"--source", "tone", "--unlink"}));
    REQUIRE(hearsAnything(attacker, 0));
    session.setPhase(1);
    CHECK(hearsAnything(attacker, 1));
}

TEST_CASE("three deep: microphone, echo canceller, loopback, application", "[rules]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    must(session, {"pactl", "load-module", "module-null-sink", "sink_name=speaker"});
    // Which cancels nothing, for what is heard has to be recognised; and a remapped source is PipeWire's loopback.
    must(session,
         {"pactl", "load-module", "module-echo-cancel", "source_master=tone", "sink_master=speaker",
          "source_name=cancelled", "sink_name=cancelling", "aec_method=null", "rate=48000", "channels=1"});
    must(session, {"pactl", "load-module", "module-remap-source", "master=cancelled", "source_name=looped"});
    Heard other = hear("looped", parecordListener(session, {.target = "looped", .latencyMsec = 20}));
    Heard denied = hear("looped", pwRecordListener(session, {.target = "looped", .name = "denied"}));
    Tally tally("pw-record × tone, echo canceller, loopback × denied the microphone only");
    for (unsigned cycle = 0; cycle < scaled(3, 100); cycle++) {
        denyForATime(session, guard, other, denied, tally);
        REQUIRE(denied.listener->waitAudible(0));
    }
}

// Whoever has the Pulse server load a module may say of each of its streams what he likes.
TEST_CASE(
    "a denied application hears nothing through a loopback whose halves do not say that they belong together",
    "[rules][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    must(session, {"pactl", "load-module", "module-null-sink", "sink_name=speaker", "channel_map=mono"});
    must(session, {"pactl", "load-module", "module-loopback", "source=tone", "sink=speaker",
                   "sink_input_properties=node.link-group=other"});
    Heard other =
        hear("speaker", parecordListener(session, {.target = "speaker.monitor", .latencyMsec = 20}));
    Tally tally(
        "pw-record × tone, a loopback of two groups, a speaker's monitor × denied the microphone only");
    for (unsigned cycle = 0; cycle < scaled(2, 100); cycle++) {
        Heard denied = hear("speaker", monitorListener(session, "speaker"));
        denyForATime(session, guard, other, denied, tally);
        REQUIRE(other.listener->waitAudible(0));
    }
}

// As JACK's clients and EasyEffects' filters are: in and out in one node, linked by hand. And streams that record have monitors.
TEST_CASE("a denied application hears nothing from the outputs of effects and streams that the microphone "
          "goes into",
          "[rules][attack]") {
    const std::string from = GENERATE("hand_on", "listener-tone");
    INFO(from);
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard other = listenTo(session, "tone");
    const Process effects =
        session.spawn({std::string(ATTACKERS) + "/attack-hand_on", "--source", "tone"}, "hand_on");
    session.graph().waitForNode("hand_on");
    Heard denied =
        hear(from, attackListener(session, std::string(ATTACKERS) + "/attack-self_link", {"--source", from}));
    Tally tally("self_link × tone, " + from + "'s outputs × denied the microphone only");
    for (unsigned cycle = 0; cycle < scaled(3, 100); cycle++) {
        guard.setRules(ruleAbout("executable = \"*/attack-self_link\"", "deny", "tone"));
        changeTune(session, denied);
        REQUIRE(other.listener->waitAudible(1, 24000));
        hearsNothingNew(denied, tally, Milliseconds(500));
        session.setPhase(0);
        guard.setRules("");
        INFO("it hears again, so that went on");
        REQUIRE(denied.listener->waitAudible(0));
    }
}

// PipeWire's own recipe for a virtual microphone: a null sink of that class, and a link into it.
TEST_CASE("a denied application hears nothing from a virtual source that the microphone is linked into",
          "[rules]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    must(session, {"pactl", "load-module", "module-null-sink", "media.class=Audio/Source/Virtual",
                   "sink_name=virtual", "channel_map=mono"});
    session.graph().keepLinked("tone", "virtual");
    Heard other = hear("virtual", parecordListener(session, {.target = "virtual", .latencyMsec = 20}));
    Heard denied = hear("virtual", pwRecordListener(session, {.target = "virtual", .name = "denied"}));
    Tally tally("pw-record × tone, virtual source × denied the microphone only");
    for (unsigned cycle = 0; cycle < scaled(3, 100); cycle++) {
        denyForATime(session, guard, other, denied, tally);
        REQUIRE(denied.listener->waitAudible(0));
    }
}

TEST_CASE("whoever waits where a microphone is brought hears nothing of one that he may not hear",
          "[rules][attack]") {
    SessionOptions options = guardedSession({MicKind::tone});
    options.quantum = GENERATE(64U, 1024U);
    INFO("quantum " << options.quantum);
    PrivateSession session(options);
    Guard guard(session);
    must(session, {"pactl", "load-module", "module-null-sink", "sink_name=speaker", "channel_map=mono"});
    must(session, {"pactl", "load-module", "module-null-sink", "media.class=Audio/Source/Virtual",
                   "sink_name=virtual", "channel_map=mono"});
    guard.setRules(ruleAbout(pwRecord, "deny", "tone"));
    struct Place {
        std::string name;
        std::function<std::unique_ptr<Listener>()> denied;
        std::unique_ptr<Listener> other;
    };
    const Place speaker{"the speaker's monitor", [&] { return monitorListener(session, "speaker"); },
                        parecordListener(session, {.target = "speaker.monitor", .latencyMsec = 20})};
    const Place virtualSource{
        "a virtual source", [&] { return pwRecordListener(session, {.target = "virtual", .name = "waits"}); },
        parecordListener(session, {.target = "virtual", .latencyMsec = 20})};
    speaker.other->start();
    virtualSource.other->start();
    Tally tally("pw-record × tone, quantum " + std::to_string(options.quantum) +
                " × denied, at a monitor and a virtual source when it comes there");
    const auto brought = [&](const Place& place, const std::function<void()>& bring,
                             const std::function<void()>& takeAway) {
        INFO(place.name);
        const auto denied = place.denied();
        denied->start();
        REQUIRE(denied->waitSamples(4800));
        bring();
        INFO("control: it is there");
        REQUIRE(place.other->waitAudible(0));
        tally.add(audible(*denied));
        CHECK(audible(*denied) == 0);
        takeAway();
    };
    for (unsigned round = 0; round < scaled(4, 100); round++) {
        INFO("round " << round);
        std::vector<std::uint32_t> links;
        brought(
            virtualSource, [&] { links = session.graph().link("tone", "virtual"); },
            [&] {
                for (const auto id : links)
                    session.graph().destroy(id);
            });
        std::string module;
        brought(
            speaker,
            [&] {
                module =
                    session.run({"pactl", "load-module", "module-loopback", "source=tone", "sink=speaker"})
                        .output;
            },
            [&] {
                must(session, {"pactl", "unload-module", module.substr(0, module.find('\n'))});
            });
    }
}

// Whoever is at the other end of it is no client of anybody, and may be the one who is denied: so as soon as a rule denies
// anybody, it hears nothing.
TEST_CASE("a denied application hears nothing by module-simple-protocol-tcp", "[rules][attack]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard other = listenTo(session, "tone");
    const std::string port = std::to_string(freePort());
    must(session, {"pactl", "load-module", "module-simple-protocol-tcp", "source=tone", "record=true",
                   "playback=false", "rate=48000", "format=float32le", "channels=1", "listen=127.0.0.1",
                   "port=" + port});
    INFO("control: it hears while nobody is denied");
    Heard outside = hear("tone", commandListener(session, {.target = "tone"},
                                                 {"bash", "-c", "exec cat </dev/tcp/127.0.0.1/" + port}));
    Tally tally("module-simple-protocol-tcp × tone × pw-record denied");
    for (unsigned cycle = 0; cycle < scaled(3, 100); cycle++) {
        guard.setRules(ruleAbout(pwRecord, "deny"));
        changeTune(session, outside);
        REQUIRE(other.listener->waitAudible(1, 24000));
        hearsNothingNew(outside, tally, Milliseconds(500));
        session.setPhase(0);
        guard.setRules("");
        INFO("it hears again");
        REQUIRE(outside.listener->waitAudible(0));
    }
}

TEST_CASE("Chromium is denied while parecord is allowed, and the reverse", "[rules][chromium]") {
    PrivateSession session(guardedSession({MicKind::tone}));
    Guard guard(session);
    Heard chromium = hear("tone", chromiumListener(session, {.target = "tone"}));
    Heard parecord = hear("tone", parecordListener(session, {.target = "tone", .latencyMsec = 20}));
    Tally tally("Chromium and parecord × tone × one of them denied");
    for (const bool browser : {true, false}) {
        INFO((browser ? "Chromium" : "parecord") << " is denied");
        Heard& denied = browser ? chromium : parecord;
        Heard& allowed = browser ? parecord : chromium;
        guard.setRules(ruleAbout(browser ? "process = \"chrom*\"" : "process = \"pacat\"", "deny"));
        changeTune(session, denied);
        REQUIRE(allowed.listener->waitAudible(1, 24000));
        hearsNothingNew(denied, tally, Milliseconds(500));
        session.setPhase(0);
        guard.setRules("");
        REQUIRE(denied.listener->waitAudible(0));
    }
}
