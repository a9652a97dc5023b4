// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which node is a microphone and which client the session manager, by evidence.
#include "daemon/policy/classify.hpp"
#include "tests/unit/graph_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

bool isSourceIn(std::string_view text) {
    const Graph graph = graphOf(text);
    return isSource(graph, graph.nodes.at(GlobalId{20}));
}

std::string kindOf(std::string_view text) {
    const Graph graph = graphOf(text);
    return name(sourceKind(graph, graph.nodes.at(GlobalId{20})));
}

std::set<std::uint32_t> managersOf(std::string_view text) {
    std::set<std::uint32_t> ids;
    for (const auto id : sessionManagers(graphOf(text)))
        ids.insert(raw(id));
    return ids;
}

using Ids = std::set<std::uint32_t>;

} // namespace

TEST_CASE("every class of source is a microphone, with or without ports") {
    for (const char* mediaClass :
         {"Audio/Source", "Audio/Source/Virtual", "Audio/Source/Internal", "Audio/Duplex"}) {
        INFO(mediaClass);
        CHECK(isSourceIn("node 20 class=" + std::string(mediaClass)));
    }
}

TEST_CASE("a capture plug-in behind a node makes it a microphone whatever class it claims") {
    CHECK(isSourceIn("node 20 class=Stream/Output/Audio factory=api.alsa.pcm.source"));
    CHECK(isSourceIn("node 20 class=Video/Source factory=api.bluez5.sco.source"));
    CHECK(isSourceIn("node 20 factory=api.bluez5.a2dp.source"));
    CHECK_FALSE(isSourceIn("node 20 factory=api.alsa.pcm.sink"));
    CHECK_FALSE(isSourceIn("node 20 class=Video/Source factory=api.v4l2.source"));
}

TEST_CASE("what a client had the server make from a plug-in is a microphone if it only puts out") {
    CHECK(isSourceIn("node 20 class=Stream/Output/Audio factory=audiotestsrc outputs=2"));
    CHECK(isSourceIn("node 20 factory=api.jack.source outputs=1"));
    CHECK_FALSE(isSourceIn("node 20 class=Stream/Output/Audio outputs=2")); // lives with its maker
    CHECK_FALSE(isSourceIn("node 20 factory=audiotestsrc outputs=2 inputs=2"));
    CHECK_FALSE(isSourceIn("node 20 factory=api.v4l2.source class=Video/Source outputs=1"));
    CHECK_FALSE(isSourceIn("node 20 factory=support.node.driver outputs=1"));
}

TEST_CASE("JACK says microphone with physical and terminal ports") {
    CHECK(isSourceIn("node 20\nport 21 of 20 out physical"));
    CHECK_FALSE(isSourceIn("node 20\nport 21 of 20 out"));
    CHECK_FALSE(isSourceIn("node 20\nport 21 of 20 in physical"));
    CHECK_FALSE(isSourceIn("node 20\nport 21 of 20 out physical format=\"8 bit raw midi\""));
    CHECK_FALSE(isSourceIn("node 20\nport 21 of 20 out physical monitor"));
    CHECK(isSourceIn("node 20\nport 21 of 20 out physical format=\"\""));
}

TEST_CASE(
    "a headset's microphone is told by its device, for the session manager's loopback says nothing of it") {
    CHECK(kindOf("device 15 api=bluez5\nnode 20 class=Audio/Source device=15 group=loopback-1") ==
          "bluetooth");
    CHECK(kindOf("device 15 api=alsa\nnode 20 class=Audio/Source device=15") == "hardware");
    CHECK(kindOf("node 20 class=Audio/Source/Virtual") == "virtual");
}

TEST_CASE("a device behind a node without a class makes its outputs a microphone") {
    CHECK(isSourceIn("device 15\nnode 20 device=15\nport 21 of 20 out"));
    CHECK_FALSE(isSourceIn("device 15\nnode 20 device=15\nport 21 of 20 in"));
    CHECK_FALSE(isSourceIn("device 15\nnode 20 device=15\nport 21 of 20 out monitor"));
    CHECK_FALSE(isSourceIn("device 15\nnode 20 device=15 class=Audio/Sink\nport 21 of 20 out monitor"));
    CHECK_FALSE(isSourceIn("device 15\nnode 20 device=15 class=Video/Source\nport 21 of 20 out format=\"\""));
    INFO("its maker may call it what he likes");
    for (const char* mediaClass : {"Audio/Sink", "Stream/Output/Audio", "Video/Source", "Midi/Bridge"})
        CHECK(isSourceIn("device 15\nnode 20 device=15 class=" + std::string(mediaClass) +
                         "\nport 21 of 20 out"));
}

TEST_CASE("streams, sinks and cameras are no microphones, physical ports or not") {
    for (const char* mediaClass : {"Stream/Input/Audio", "Stream/Output/Audio", "Audio/Sink",
                                   "Audio/Sink/Virtual", "Video/Source", "Midi/Bridge"}) {
        INFO(mediaClass);
        CHECK_FALSE(isSourceIn("node 20 class=" + std::string(mediaClass) + "\nport 21 of 20 out physical"));
    }
}

TEST_CASE("the kinds of microphones") {
    CHECK(kindOf("node 20 class=Audio/Source factory=api.alsa.pcm.source") == "hardware");
    CHECK(kindOf("device 15\nnode 20 class=Audio/Source device=15") == "hardware");
    CHECK(kindOf("node 20 class=Audio/Source api=bluez5") == "bluetooth");
    CHECK(kindOf("node 20 class=Audio/Source/Internal factory=api.bluez5.sco.source") == "bluetooth");
    CHECK(kindOf("device 15\nnode 20 class=Audio/Source device=15 api=bluez5") == "bluetooth");
    CHECK(kindOf("node 20 class=Audio/Source network") == "network");
    CHECK(kindOf("node 20 class=Audio/Source/Virtual") == "virtual");
    CHECK(kindOf("node 20 class=Audio/Sink") == "monitor");
}

TEST_CASE("a stream that asks for a sink's monitor is no capture of a microphone") {
    const Graph graph = graphOf(R"(
        node 20 class=Stream/Input/Audio
        node 21 class=Stream/Input/Audio captures-sink
        node 22 class=Stream/Output/Audio
        node 23 class=Stream/Input/Video
    )");
    CHECK(isCaptureStream(graph.nodes.at(GlobalId{20})));
    CHECK_FALSE(isCaptureStream(graph.nodes.at(GlobalId{21})));
    CHECK_FALSE(isCaptureStream(graph.nodes.at(GlobalId{22})));
    CHECK_FALSE(isCaptureStream(graph.nodes.at(GlobalId{23})));
}

TEST_CASE("what can listen to a microphone") {
    const Graph graph = graphOf(R"(
        node 20 class=Audio/Source
        node 21 class=Stream/Input/Audio
        node 22 class=Stream/Output/Audio
        node 23 class=Audio/Sink
        node 24
        node 25 class=Video/Source
        node 26 class=Stream/Input/Audio captures-sink
    )");
    const auto listens = [&](std::uint32_t id) { return canListen(graph, graph.nodes.at(GlobalId{id})); };
    CHECK_FALSE(listens(20));
    CHECK(listens(21));
    CHECK_FALSE(listens(22));
    CHECK(listens(23));
    CHECK(listens(24)); // a JACK client
    CHECK_FALSE(listens(25));
    CHECK(listens(26)); // what it asks for is its own word
}

TEST_CASE("the capturing half of a filter that provides a source is plumbing") {
    const Graph graph = graphOf(R"(
        client 30
        client 40
        node 20 class=Audio/Source client=30 group=filter-1
        node 21 class=Stream/Input/Audio client=30 group=filter-1
        node 22 class=Stream/Input/Audio client=40 group=filter-1
        node 23 class=Stream/Input/Audio client=30
        node 24 class=Stream/Input/Audio client=30 group=loopback-2
        node 25 class=Stream/Output/Audio client=30 group=loopback-2
    )");
    const auto plumbing = [&](std::uint32_t id) { return isPlumbing(graph, graph.nodes.at(GlobalId{id})); };
    CHECK(plumbing(21));
    CHECK_FALSE(plumbing(22)); // another client may claim the same group
    CHECK_FALSE(plumbing(23));
    CHECK_FALSE(plumbing(24)); // hears the microphone and provides none
}

TEST_CASE("without a link group, what listens in a process that provides a virtual source is plumbing") {
    const Graph graph = graphOf(R"(
        client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service
        client 30
        device 15 client=10
        node 20 class=Audio/Source client=10 device=15
        node 21 class=Audio/Sink client=10
        node 22 class=Audio/Source/Virtual client=30
        node 23 client=30
    )");
    CHECK(isPlumbing(graph, graph.nodes.at(GlobalId{23})));
    CHECK_FALSE(isPlumbing(graph, graph.nodes.at(GlobalId{21}))); // a card provides, and plays beside it
}

TEST_CASE("the session manager is known by socket and executable, with all its connections") {
    CHECK(managersOf(R"(
        client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service
        client 11 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service
        client 12 pid=101 exe=/usr/bin/pipewire socket=pipewire-0-manager
    )") == Ids{10, 11});
    CHECK(managersOf("client 10 exe=/usr/bin/pipewire-media-session socket=pipewire-0-manager") == Ids{10});
    CHECK(managersOf("client 10 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=user@1000.service") ==
          Ids{10});
    CHECK(managersOf("client 10 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=app-term.scope") ==
          Ids{10});
}

TEST_CASE("a forged name makes nobody the session manager") {
    CHECK(managersOf(
              "client 10 exe=/usr/bin/evil socket=pipewire-0-manager name=WirePlumber app-id=wireplumber "
              "binary=wireplumber") == Ids{});
    CHECK(managersOf("client 10 exe=/usr/bin/notwireplumber socket=pipewire-0-manager") == Ids{});
    CHECK(managersOf("client 10 exe=/usr/bin/wireplumber/evil socket=pipewire-0-manager") == Ids{});
}

TEST_CASE("on the ordinary socket nobody is the session manager") {
    CHECK(managersOf("client 10 exe=/usr/bin/wireplumber socket=pipewire-0 unit=wireplumber.service") ==
          Ids{});
    CHECK(managersOf("client 10 exe=/usr/bin/wireplumber socket=\"\" unit=wireplumber.service") == Ids{});
}

TEST_CASE("an executable of the right name in another mount namespace is not the session manager") {
    CHECK(managersOf("client 10 exe=/usr/bin/wireplumber exe-elsewhere socket=pipewire-0-manager "
                     "unit=wireplumber.service") == Ids{});
    CHECK(managersOf("client 10 socket=pipewire-0-manager unit=wireplumber.service") == Ids{});
}

TEST_CASE("a session manager does not run in another program's service") {
    CHECK(managersOf("client 10 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=evil.service") ==
          Ids{});
}

TEST_CASE("of two that qualify, the one in the session manager's unit is it, then the one that came first") {
    CHECK(managersOf(R"(
        client 9 pid=90 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=app-term.scope
        client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service
    )") == Ids{10});
    // The lower id came later: ids are re-used, serials are not.
    CHECK(managersOf(R"(
        client 9 pid=90 serial=3000 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service
        client 10 pid=100 serial=2000 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service
    )") == Ids{10});
}

TEST_CASE("a session manager that was upgraded under its own feet is vouched for by its unit alone") {
    const std::string gone =
        "client 10 socket=pipewire-0-manager exe-elsewhere exe=\"/usr/bin/wireplumber (deleted)\"";
    CHECK(managersOf(gone + " unit=wireplumber.service") == Ids{10});
    CHECK(managersOf(gone + " unit=app-evil.scope").empty());
    CHECK(managersOf(gone).empty());
    CHECK(managersOf("client 10 socket=pipewire-0-manager exe=/usr/bin/pipewire-media-session "
                     "unit=pipewire-media-session.service") == Ids{10});
}

TEST_CASE("PipeWire's own program is told by its path as the kernel sees it, outside of every sandbox") {
    ProcessFacts process;
    process.executable = "/usr/bin/pipewire";
    CHECK_FALSE(isPipeWire(process)); // what is seen there may be another file
    process.executableTrue = true;
    CHECK(isPipeWire(process));
    process.sandbox = "flatpak";
    CHECK_FALSE(isPipeWire(process));
    process.sandbox.clear();
    process.executableWritable = true;
    CHECK_FALSE(isPipeWire(process));
    process.executableWritable = false;
    process.executable = "/usr/bin/pipewire-pulse";
    CHECK_FALSE(isPipeWire(process));
}

TEST_CASE(
    "a headset is Bluetooth hardware by its factory alone, and no process of a server's module is asked") {
    const Graph graph = graphOf(
        "client 5 in-server\ndevice 15 name=card client=5\ndevice 16 name=other client=6\nclient 6\n"
        "node 20 class=Audio/Source factory=api.bluez5.sco.source\n"
        "node 21 class=Midi/Bridge\nnode 22 class=Stream/Input/Video\nnode 23 class=Stream/Input/Audio");
    CHECK(isBackedByHardware(graph.nodes.at(GlobalId{20})));
    CHECK_FALSE(processOf(graph, graph.devices.at(GlobalId{15})));
    CHECK(processOf(graph, graph.devices.at(GlobalId{16})) == GlobalId{6});
    CHECK_FALSE(canListen(graph, graph.nodes.at(GlobalId{21})));
    CHECK_FALSE(canListen(graph, graph.nodes.at(GlobalId{22})));
    CHECK(canListen(graph, graph.nodes.at(GlobalId{23})));
}

TEST_CASE("a process is the session manager's by its file and its unit, as a client is") {
    const auto runs = [](std::string executable, std::string unit, bool seen = true, bool writable = false) {
        ProcessFacts process;
        process.executable = std::move(executable);
        process.executableTrue = seen;
        process.executableWritable = writable;
        process.unit = std::move(unit);
        return isSessionManager(process);
    };
    const std::string file = "/usr/bin/wireplumber", gone = file + " (deleted)";
    CHECK(runs(file, "wireplumber.service"));
    CHECK(runs(file, "user@1000.service"));
    CHECK(runs(file, "app-term.scope"));
    CHECK_FALSE(runs(file, "evil.service"));
    CHECK_FALSE(runs(file, "wireplumber.service", false));
    CHECK_FALSE(runs(file, "wireplumber.service", true, true));
    CHECK_FALSE(runs("/usr/bin/evil", "wireplumber.service"));
    CHECK(runs(gone, "wireplumber.service", false));
    CHECK_FALSE(runs(gone, "app-evil.scope", false));
    CHECK_FALSE(runs(gone, "wireplumber.service", false, true));
    ProcessFacts sandboxed;
    sandboxed.executable = gone;
    sandboxed.unit = "wireplumber.service";
    REQUIRE(isSessionManager(sandboxed));
    sandboxed.sandbox = "flatpak";
    CHECK_FALSE(isSessionManager(sandboxed));
}

TEST_CASE("another guard is who says so on the manager socket, and never oneself") {
    const auto another = [](const std::string& client) {
        return isAnotherGuard(graphOf("client 30 " + client).clients.at(GlobalId{30}));
    };
    const std::string guard = "app-id=" + std::string(guardsApplicationId);
    CHECK(another(guard + " socket=pipewire-0-manager"));
    CHECK_FALSE(another(guard + " socket=pipewire-0-manager self"));
    CHECK_FALSE(another(guard + " socket=pipewire-0"));
    CHECK_FALSE(another("app-id=org.other socket=pipewire-0-manager"));
}

TEST_CASE(
    "of what the server made, only what is told of it says what it is, unless the session manager had it "
    "made") {
    Graph graph = graphOf(R"(
        client 5 in-server
        client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service
        client 30
        node 20 client=10 in-server
        node 21 client=30 in-server
        node 22 client=5 in-server
        node 23 in-server
        node 24 client=30
    )");
    for (auto& [id, node] : graph.nodes)
        node.infoKnown = false;
    const auto managers = sessionManagers(graph);
    const auto undescribed = [&](std::uint32_t id) {
        return isUndescribed(graph, graph.nodes.at(GlobalId{id}), managers);
    };
    CHECK_FALSE(undescribed(20));
    CHECK(undescribed(21));
    CHECK_FALSE(undescribed(22)); // a module's own
    CHECK(undescribed(23));
    CHECK_FALSE(undescribed(24));
    graph.nodes.at(GlobalId{21}).infoKnown = true;
    CHECK_FALSE(undescribed(21));
}

TEST_CASE("a second node of a microphone is one that a client had made, or that outlives its maker") {
    const Graph graph = graphOf(R"(
        client 1 self
        client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service
        client 30
        node 20 client=10 factory=api.alsa.pcm.source
        node 21 client=30 factory=api.alsa.pcm.source
        node 22 client=1 factory=api.alsa.pcm.source
        node 23 factory=api.alsa.pcm.source
        node 24 client=10 factory=api.alsa.pcm.source lingers
        node 25 client=30 factory=support.null-audio-sink
        node 26 client=30 class=Audio/Source
    )");
    std::set<std::uint32_t> second;
    for (const auto& [id, node] : graph.nodes)
        if (isSecondNode(graph, node, sessionManagers(graph)))
            second.insert(raw(id));
    CHECK(second == Ids{21, 24});
}
