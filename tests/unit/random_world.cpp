// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/random_world.hpp"

#include "daemon/policy/classify.hpp"

#include <array>
#include <cmath>
#include <regex>

namespace micguard::test {
namespace {

std::string text(std::uint32_t number) {
    return std::to_string(number);
}

// Ids: clients 1-29, devices 30-39, sources 100-, streams 200-, sinks 300-; ports are the node's id times
// ten.
std::string source(Random& random, std::uint32_t id, std::uint32_t clients) {
    static constexpr std::array classes{"Audio/Source", "Audio/Source/Virtual", "Audio/Source/Internal",
                                        "Audio/Duplex"};
    std::string line = "node " + text(id);
    const bool jack = random.chance(10);
    if (!jack)
        line += std::string(" class=") + classes.at(random.below(classes.size()));
    line += " name=" + std::string(random.chance(15) ? "exempt" : "mic") + text(id);
    if (random.chance(40))
        line += " client=10";
    else if (random.chance(60))
        line += " client=" + text(20 + random.below(clients));
    if (random.chance(30))
        line += " device=30 profile=" + text(random.below(2));
    if (random.chance(15))
        line += " api=bluez5";
    if (random.chance(15))
        line += " max=2.5";
    if (jack || random.chance(12))
        line += " raw";
    else if (random.chance(12))
        line += " deaf";
    else if (random.chance(12))
        line += " locked";
    else if (!jack && id % 4 == 3)
        line += " in-server born-silent";
    line += "\n";
    for (std::uint32_t port = 0; port < 1 + random.below(2); port++)
        line += "port " + text(id * 10 + port) + " of " + text(id) + " out" + (jack ? " physical" : "") +
                (random.chance(15) ? " monitor" : "") + "\n";
    return line;
}

std::string stream(Random& random, std::uint32_t id, std::uint32_t clients) {
    std::string line = "node " + text(id) + " name=stream" + text(id);
    const bool managed = random.chance(60);
    if (managed)
        line += " class=Stream/Input/Audio autoconnect";
    if (managed || random.chance(70))
        line += " client=" + text(20 + random.below(clients));
    line += random.chance(70) ? " running" : " idle";
    line += "\nport " + text(id * 10) + " of " + text(id) + " in\n";
    return line;
}

} // namespace

std::string randomGraph(Random& random) {
    const std::uint32_t clients = 1 + random.below(4), sources = 1 + random.below(4),
                        streams = random.below(4);
    std::string graph = "client 1 self\n";
    graph += "client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service";
    graph += random.chance(85) ? " links\n" : "\n";
    for (std::uint32_t i = 0; i < clients; i++)
        graph += "client " + text(20 + i) + " exe=/usr/bin/app" + text(i) + "\n";
    graph += "device 30 name=card\nroute 30 index=0 profile=0 hw-mute\nroute 30 index=1 profile=1\n";
    for (std::uint32_t i = 0; i < sources; i++)
        graph += source(random, 100 + i, clients);
    for (std::uint32_t i = 0; i < streams; i++)
        graph += stream(random, 200 + i, clients);
    if (random.chance(40)) {
        graph += "node 300 class=Audio/Sink name=speaker client=10\nport 3000 of 300 in\n";
        if (random.chance(50))
            graph += "link 5000 100:1000 -> 300:3000\n";
    }
    // By hand: JACK clients have no other links.
    for (std::uint32_t i = 0; i < streams; i++)
        if (random.chance(50) && graph.find("name=stream" + text(200 + i) + " class=") == std::string::npos)
            graph +=
                "link " + text(5001 + i) + " 100:1000 -> " + text(200 + i) + ":" + text(2000 + i * 10) + "\n";
    return graph;
}

std::string withoutMarks(const std::string& graph) {
    return std::regex_replace(graph, std::regex(" (raw|deaf|locked|links)(?=[ \n])"), "");
}

std::string randomChange(Random& random, const FakeServer& server) {
    const auto anyNode = [&](bool source) -> std::optional<GlobalId> {
        std::vector<GlobalId> found;
        for (const auto& [id, node] : server.graph().nodes)
            if (isSource(server.graph(), node) == source && node.name != silenceName)
                found.push_back(id);
        if (found.empty())
            return std::nullopt;
        return found.at(random.below(static_cast<std::uint32_t>(found.size())));
    };
    const auto unused = [&](std::uint32_t from) {
        while (server.graph().nodes.contains(GlobalId{from}) ||
               server.graph().clients.contains(GlobalId{from}))
            from++;
        return from;
    };
    const auto mic = anyNode(true), listener = anyNode(false);
    switch (random.below(10)) {
    case 0:
        return source(random, unused(100), 1);
    case 1:
        return stream(random, unused(200), 1);
    case 2:
        return mic ? "gone " + text(raw(*mic)) : "";
    case 3:
        return listener ? "gone " + text(raw(*listener)) : "";
    case 4:
        // Twice: the first reading after a write of ours may be one from before it.
        return mic ? "knob " + text(raw(*mic)) + " max=9\nknob " + text(raw(*mic)) + " max=9" : "";
    case 5:
        return server.graph().clients.contains(GlobalId{25}) ? "gone 25" : "client 25 exe=/usr/bin/new";
    case 6:
        return mic && listener ? "link " + text(unused(7000) + random.below(1000)) + " " + text(raw(*mic)) +
                                     ":" + text(raw(*mic) * 10) + " -> " + text(raw(*listener)) + ":" +
                                     text(raw(*listener) * 10)
                               : "";
    case 7:
        return server.graph().devices.contains(GlobalId{30})
                   ? (random.chance(50) ? "routes 30 0 mute" : "routes 30 0 unmute")
                   : "";
    case 8:
        // The guard's own silence, linked by hand by who sees it.
        for (const auto& [id, port] : server.graph().ports)
            if (listener && port.output && server.graph().nodes.at(port.node).name == silenceName)
                return "link " + text(unused(7000) + random.below(1000)) + " " + text(raw(port.node)) + ":" +
                       text(raw(id)) + " -> " + text(raw(*listener)) + ":" + text(raw(*listener) * 10);
        return "";
    default:
        return mic ? "default " + server.graph().nodes.at(*mic).name : "";
    }
}

Event randomWish(Random& random, std::uint64_t now) {
    Settings settings;
    switch (random.below(9)) {
    case 0:
        return event::UserMute{true, "", "", now};
    case 1:
        return event::UserMute{false, "", "", now};
    case 2:
        return event::HoldTaken{{random.below(4), true, "", "", "", 0}, now};
    case 3:
        return event::HoldTaken{{random.below(4), false, "", "", "", 0}, now};
    case 4:
        return event::HoldDropped{random.below(4), now};
    case 5:
        return event::ModeChosen{random.chance(50) ? Mode::Sever : Mode::Silence};
    case 6:
        return event::TimeCame{random.below(300), random.below(7), random.below(1440)};
    default:
        if (random.chance(60))
            settings = randomRules(random);
        settings.sources.exempt.clear();
        if (random.chance(50))
            settings.sources.exempt = {"exempt*"};
        if (random.chance(30))
            settings.mute.bluetooth = random.chance(50) ? Mode::Sever : Mode::Silence;
        settings.mute.led = random.chance(70);
        return event::SettingsLoaded{settings};
    }
}

void randomSettings(Random& random, World& world) {
    Settings settings;
    settings.sources.exempt = {"exempt*"};
    if (random.chance(30))
        settings.mute.bluetooth = random.chance(50) ? Mode::Sever : Mode::Silence;
    world.receive(event::SettingsLoaded{settings});
    world.receive(event::ModeChosen{random.chance(50) ? Mode::Sever : Mode::Silence});
}

Settings randomRules(Random& random) {
    static constexpr std::array executables{"/usr/bin/app0", "/usr/bin/app1", "/usr/bin/app?", "/usr/bin/*",
                                            "*"};
    static constexpr std::array sources{"mic100", "mic*", "*1", "*"};
    static constexpr std::array kinds{"hardware", "virtual", "bluetooth"};
    Settings settings;
    settings.sources.exempt = {"exempt*"};
    settings.policy.fallback = random.chance(70) ? Ruling::Allow : rulings[random.below(rulings.size())];
    for (std::uint32_t line = 1 + random.below(5); line > 0; line--) {
        Rule rule;
        if (random.chance(80))
            rule.match.executable = executables.at(random.below(executables.size()));
        if (random.chance(40))
            rule.match.source = sources.at(random.below(sources.size()));
        if (random.chance(20))
            rule.match.kind = kinds.at(random.below(kinds.size()));
        if (random.chance(20))
            rule.when.hours = {static_cast<std::uint16_t>(random.below(4) * 360),
                               static_cast<std::uint16_t>(random.below(5) * 360)};
        if (random.chance(15))
            rule.when.locked = random.chance(50);
        if (random.chance(line == 1 ? 60 : 20))
            rule.when.capturing = executables.at(random.below(executables.size()));
        if (random.chance(15))
            rule.until = random.below(3) * 100;
        rule.action = rulings[random.below(rulings.size())];
        rule.priority = static_cast<std::int32_t>(random.below(3));
        rule.origin = {"rules.toml", line};
        settings.rules.push_back(std::move(rule));
    }
    return settings;
}

Event randomEvent(Random& random) {
    // Few ids, so that they meet; every kind of object under every one of them.
    const auto id = [&] {
        static constexpr std::array ids{0U,   1U,   10U,   20U,   21U,   30U,        100U,
                                        101U, 200U, 1000U, 2000U, 5000U, 0xffffffffU};
        return GlobalId{ids.at(random.below(ids.size()))};
    };
    const auto serial = [&] { return Serial{raw(id()) + (random.chance(80) ? 1000U : 0U)}; };
    const auto node = [&] {
        static constexpr std::array classes{"Audio/Source", "Audio/Sink", "Stream/Input/Audio",
                                            "Audio/Duplex", ""};
        Node n;
        n.id = id();
        n.serial = serial();
        n.mediaClass = classes.at(random.below(classes.size()));
        if (random.chance(50))
            n.client = id();
        if (random.chance(30))
            n.device = id();
        n.autoconnect = random.chance(50);
        n.linkGroup = random.chance(20) ? "group" : "";
        n.bornSilent = n.id == GlobalId{21} || n.id == GlobalId{101};
        n.firstReadingDue = n.id == GlobalId{101};
        return n;
    };
    switch (random.below(18)) {
    case 0:
        return event::Removed{id()};
    case 1:
        return event::NodeSeen{node()};
    case 2:
        return event::NodeInfo{node()};
    case 3: {
        KnobReading reading;
        reading.present = random.chance(80);
        reading.maxVolume = random.chance(50) ? 0.0f : random.chance(10) ? std::nanf("") : 7.0f;
        reading.monitorMute = random.chance(50);
        return event::NodeKnob{id(), reading};
    }
    case 4:
        return event::PortSeen{{id(), serial(), id(), random.chance(60), random.chance(20), random.chance(20),
                                random.chance(50) ? "32 bit float mono audio" : ""}};
    case 5:
        return event::LinkSeen{{id(), serial(), id(), id(), id(), id()}};
    case 6: {
        Client client;
        client.id = id();
        client.serial = serial();
        client.self = random.chance(20);
        client.executableTrue = random.chance(50);
        client.executable = random.chance(30) ? "/usr/bin/wireplumber" : "/usr/bin/x";
        client.socket = random.chance(50) ? "pipewire-0-manager" : "pipewire-0";
        return event::ClientSeen{client};
    }
    case 7:
        return event::DeviceSeen{
            {id(), serial(), random.chance(50) ? std::optional(id()) : std::nullopt, "card", "alsa", {}}};
    case 8:
        return event::RoutesRead{
            id(),
            {{random.below(2), static_cast<std::int32_t>(random.below(2)), true, true, random.chance(50)}}};
    case 9:
        return random.chance(50) ? Event{event::EvidenceOverdue{serial()}}
                                 : Event{event::ProcessOverdue{serial(), random.below(300)}};
    case 10:
        return event::Acknowledged{random.below(300), random.chance(30) ? std::optional(id()) : std::nullopt};
    case 11:
        return random.chance(20) ? Event{event::InitialListComplete{}}
                                 : Event{event::Warned{"a", random.chance(50) ? "b" : ""}};
    case 12:
        return random.chance(10) ? Event{event::Disconnected{}} : Event{event::Removed{id()}};
    case 13:
        return random.chance(10)
                   ? Event{event::Connected{1, "x", "1.4.2", random.chance(50) ? "cookie-1" : "b"}}
                   : Event{event::Removed{id()}};
    case 14:
        return random.chance(10) ? Event{event::Released{random.chance(50)}} : Event{event::NodeSeen{node()}};
    default:
        return randomWish(random, 9);
    }
}

std::set<std::string> linksByHand(const FakeServer& server) {
    std::set<std::string> found;
    for (const auto& [id, link] : server.graph().links) {
        const Node& in = server.graph().nodes.at(link.inputNode);
        if (!in.autoconnect && isSource(server.graph(), server.graph().nodes.at(link.outputNode)))
            found.insert(text(raw(link.outputNode)) + ":" + text(raw(link.outputPort)) + " -> " +
                         text(raw(link.inputNode)) + ":" + text(raw(link.inputPort)));
    }
    return found;
}

std::set<std::string> managedStreams(const FakeServer& server) {
    std::set<std::string> found;
    for (const auto& [id, link] : server.graph().links) {
        const Node& in = server.graph().nodes.at(link.inputNode);
        if (in.autoconnect && isSource(server.graph(), server.graph().nodes.at(link.outputNode)))
            found.insert(in.name);
    }
    return found;
}

} // namespace micguard::test
