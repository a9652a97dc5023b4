// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/graph_text.hpp"

#include "daemon/model/model.hpp"

#include <algorithm>
#include <stdexcept>

namespace micguard::test {
namespace {

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool quoted = false, any = false;
    for (const char c : text) {
        if (c == '#' && !quoted)
            break;
        if (c == '"') {
            quoted = !quoted;
            any = true;
        } else if ((c == ' ' || c == '\t') && !quoted) {
            if (any || !word.empty())
                words.push_back(std::exchange(word, {}));
            any = false;
        } else {
            word += c;
        }
    }
    if (quoted)
        throw std::runtime_error("quote without an end: " + std::string(text));
    if (any || !word.empty())
        words.push_back(word);
    return words;
}

std::uint64_t toNumber(const Line& line, const std::string& word) {
    std::size_t used = 0;
    std::uint64_t number = 0;
    try {
        number = std::stoull(word, &used);
    } catch (const std::logic_error&) {
        used = 0;
    }
    if (used == 0 || used != word.size())
        line.fail("\"" + word + "\" is not a number");
    return number;
}

GlobalId toId(const Line& line, const std::string& word) {
    return GlobalId{static_cast<std::uint32_t>(toNumber(line, word))};
}

Serial takeSerial(Line& line, GlobalId id) {
    return Serial{line.takeNumber("serial", raw(id) + 1000)};
}

std::pair<GlobalId, GlobalId> toEnd(const Line& line, const std::string& word) {
    const auto colon = word.find(':');
    if (colon == std::string::npos)
        line.fail("\"" + word + "\" is not NODE:PORT");
    return {toId(line, word.substr(0, colon)), toId(line, word.substr(colon + 1))};
}

NodeState takeState(Line& line) {
    if (line.takeFlag("idle"))
        return NodeState::Idle;
    if (line.takeFlag("suspended"))
        return NodeState::Suspended;
    return line.takeFlag("running") ? NodeState::Running : NodeState::Unknown;
}

} // namespace

Line::Line(std::string_view text)
    : text_(text) {
    auto all = split(text);
    if (all.empty())
        return;
    verb_ = all.front();
    for (auto word = all.begin() + 1; word != all.end(); ++word) {
        const auto equals = word->find('=');
        if (equals == std::string::npos)
            words_.push_back(*word);
        else if (!values_.emplace(word->substr(0, equals), word->substr(equals + 1)).second)
            fail("twice: " + *word);
    }
}

void Line::fail(const std::string& why) const {
    throw std::runtime_error("in \"" + text_ + "\": " + why);
}

std::uint64_t Line::takeWordAsNumber() {
    return toNumber(*this, takeWord());
}

GlobalId Line::id() const {
    if (words_.empty())
        fail("an id is missing");
    return toId(*this, words_.front());
}

std::string Line::take(const std::string& key, const std::string& otherwise) {
    const auto it = values_.find(key);
    if (it == values_.end())
        return otherwise;
    std::string value = std::move(it->second);
    values_.erase(it);
    return value;
}

std::uint64_t Line::takeNumber(const std::string& key, std::uint64_t otherwise) {
    return has(key) ? toNumber(*this, take(key)) : otherwise;
}

float Line::takeFloat(const std::string& key, float otherwise) {
    return has(key) ? std::stof(take(key)) : otherwise;
}

bool Line::takeFlag(const std::string& flag) {
    const auto it = std::find(words_.begin(), words_.end(), flag);
    if (it == words_.end())
        return false;
    words_.erase(it);
    return true;
}

std::string Line::takeWord() {
    if (words_.empty())
        fail("a word is missing");
    std::string word = words_.front();
    words_.erase(words_.begin());
    return word;
}

void Line::done() const {
    if (!words_.empty())
        fail("\"" + words_.front() + "\" is not understood");
    if (!values_.empty())
        fail("\"" + values_.begin()->first + "=\" is not understood");
}

std::vector<Line> linesOf(std::string_view text) {
    std::vector<Line> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (Line line(text.substr(0, end)); !line.verb().empty())
            lines.push_back(std::move(line));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// The process behind a client of the Pulse server, as it was proven.
std::optional<ProcessFacts> takePeer(Line& line) {
    ProcessFacts facts;
    facts.pid = static_cast<std::uint32_t>(line.takeNumber("peer-pid", 77));
    if (line.has("peer-flatpak") || line.has("peer-snap")) {
        facts.sandbox = line.has("peer-flatpak") ? "flatpak" : "snap";
        facts.sandboxId = line.take("peer-" + facts.sandbox);
        facts.executable = "/app/bin/program";
        facts.executableTrue = !line.takeFlag("peer-elsewhere");
    } else if (line.has("peer")) {
        facts.executable = line.take("peer");
        facts.executableTrue = !line.takeFlag("peer-elsewhere");
        facts.script = line.take("peer-script");
    } else {
        return std::nullopt;
    }
    facts.unit = line.take("peer-unit");
    return facts;
}

Client takeClient(Line& line) {
    Client c;
    c.id = toId(line, line.takeWord());
    c.serial = takeSerial(line, c.id);
    c.self = line.takeFlag("self");
    c.inServer = line.takeFlag("in-server");
    c.infoKnown = !line.takeFlag("unknown");
    c.pid = static_cast<std::uint32_t>(line.takeNumber("pid", c.self ? 1 : raw(c.id) + 5000));
    c.uid = static_cast<std::uint32_t>(line.takeNumber("uid", 1000));
    c.socket = line.take("socket", c.self ? "pipewire-0-manager" : "pipewire-0");
    c.executable = line.take("exe", c.self ? "/usr/libexec/micguardd" : "");
    c.executableTrue = !line.takeFlag("exe-elsewhere") && !c.executable.empty();
    c.executableWritable = line.takeFlag("exe-writable");
    c.script = line.take("script");
    c.unit = line.take("unit");
    c.unitKnown = line.takeFlag("unit-known");
    c.sandbox = line.take("sandbox");
    c.sandboxId = line.take("sandbox-id");
    c.clientApi = line.take("api", c.executable.ends_with("/pipewire-pulse") ? "pipewire-pulse" : "");
    c.peer = takePeer(line);
    c.access = line.take("access");
    c.portalAppId = line.take("portal");
    c.snapId = line.take("snap");
    c.applicationName = line.take("name");
    c.applicationId = line.take("app-id");
    c.applicationIcon = line.take("icon");
    c.applicationBinary = line.take("binary");
    c.applicationPid = static_cast<std::uint32_t>(line.takeNumber("app-pid", 0));
    return c;
}

Device takeDevice(Line& line) {
    Device d;
    d.id = toId(line, line.takeWord());
    d.serial = takeSerial(line, d.id);
    d.name = line.take("name", "device-" + std::to_string(raw(d.id)));
    d.api = line.take("api", "alsa");
    if (line.has("client"))
        d.client = GlobalId{static_cast<std::uint32_t>(line.takeNumber("client", 0))};
    return d;
}

Route takeRoute(Line& line) {
    line.takeWord(); // the device, Line::id()
    Route r;
    r.index = static_cast<std::uint32_t>(line.takeNumber("index", 0));
    r.profileDevice = static_cast<std::int32_t>(line.takeNumber("profile", 0));
    r.input = !line.takeFlag("output");
    r.hardwareMute = line.takeFlag("hw-mute");
    r.mute = line.takeFlag("mute");
    r.save = line.takeFlag("save");
    return r;
}

Node takeNode(Line& line) {
    Node n;
    n.id = toId(line, line.takeWord());
    n.serial = takeSerial(line, n.id);
    if (line.has("client"))
        n.client = toId(line, line.take("client"));
    if (line.has("device"))
        n.device = toId(line, line.take("device"));
    n.profileDevice = line.has("profile") ? static_cast<std::int32_t>(line.takeNumber("profile", 0)) : -1;
    n.name = line.take("name", "node-" + std::to_string(raw(n.id)));
    n.description = line.take("description");
    n.mediaClass = line.take("class");
    n.mediaName = line.take("media");
    n.factory = line.take("factory");
    n.lingers = line.takeFlag("lingers");
    n.inServer = line.takeFlag("in-server");
    n.deviceApi = line.take("api");
    n.linkGroup = line.take("group");
    n.applicationName = line.take("app-name");
    n.applicationId = line.take("app-id");
    n.applicationIcon = line.take("icon");
    n.applicationBinary = line.take("binary");
    n.applicationPid = static_cast<std::uint32_t>(line.takeNumber("app-pid", 0));
    n.network = line.takeFlag("network");
    n.virtualNode = line.takeFlag("virtual");
    n.autoconnect = line.takeFlag("autoconnect");
    n.runsOn = line.takeFlag("runs-on");
    n.target = line.take("target");
    n.peaks = line.takeFlag("peaks");
    n.capturesSink = line.takeFlag("captures-sink");
    if (line.has("corked"))
        n.corked = line.take("corked") == "yes";
    n.bornSilent = line.takeFlag("born-silent");
    if (line.has("max"))
        n.configuredMaxVolume = line.takeFloat("max", 10.0f);
    n.maxInputs = static_cast<std::uint32_t>(line.takeNumber("inputs", 0));
    n.maxOutputs = static_cast<std::uint32_t>(line.takeNumber("outputs", 0));
    n.state = takeState(line);
    n.infoKnown = true;
    return n;
}

Port takePort(Line& line) {
    Port p;
    p.id = toId(line, line.takeWord());
    p.serial = takeSerial(line, p.id);
    if (line.takeWord() != "of")
        line.fail("port ID of NODE in|out");
    p.node = toId(line, line.takeWord());
    p.output = line.takeFlag("out");
    if (!p.output && !line.takeFlag("in"))
        line.fail("in or out?");
    p.monitor = line.takeFlag("monitor");
    p.physical = line.takeFlag("physical");
    p.format = line.take("format", "32 bit float mono audio");
    return p;
}

Link takeLink(Line& line) {
    Link l;
    l.id = toId(line, line.takeWord());
    l.serial = takeSerial(line, l.id);
    std::tie(l.outputNode, l.outputPort) = toEnd(line, line.takeWord());
    if (line.takeWord() != "->")
        line.fail("link ID NODE:PORT -> NODE:PORT");
    std::tie(l.inputNode, l.inputPort) = toEnd(line, line.takeWord());
    if (line.has("client"))
        l.client = toId(line, line.take("client"));
    return l;
}

KnobReading takeKnob(Line& line) {
    line.takeWord(); // the node, Line::id()
    KnobReading k;
    k.present = !line.takeFlag("absent");
    k.maxVolume = line.takeFloat("max", 10.0f);
    k.monitorMute = line.takeFlag("monitor-mute");
    k.mute = line.takeFlag("mute");
    k.locked = line.takeFlag("locked");
    k.monitorVolumes = !line.takeFlag("plain");
    return k;
}

Node asRegistered(const Node& node) {
    Node few;
    few.id = node.id;
    few.serial = node.serial;
    few.client = node.client;
    few.device = node.device;
    few.name = node.name;
    few.description = node.description;
    few.inServer = node.inServer;
    few.mediaClass = node.mediaClass;
    few.applicationName = node.applicationName;
    return few;
}

std::vector<Event> eventsOf(std::string_view text) {
    std::vector<Event> events;
    std::map<GlobalId, std::vector<Route>> routes;
    for (auto& line : linesOf(text)) {
        const std::string& verb = line.verb();
        if (verb == "client") {
            events.emplace_back(event::ClientSeen{takeClient(line)});
        } else if (verb == "device") {
            events.emplace_back(event::DeviceSeen{takeDevice(line)});
        } else if (verb == "route") {
            const auto device = line.id();
            routes[device].push_back(takeRoute(line));
            events.emplace_back(event::RoutesRead{device, routes[device]});
        } else if (verb == "node") {
            const Node node = takeNode(line);
            events.emplace_back(event::NodeSeen{asRegistered(node)});
            events.emplace_back(event::NodeInfo{node});
        } else if (verb == "port") {
            events.emplace_back(event::PortSeen{takePort(line)});
        } else if (verb == "link") {
            events.emplace_back(event::LinkSeen{takeLink(line)});
        } else if (verb == "knob") {
            const auto node = line.id();
            events.emplace_back(event::NodeKnob{node, takeKnob(line)});
        } else if (verb == "gone") {
            events.emplace_back(event::Removed{line.id()});
            line.takeWord();
        } else {
            line.fail("no such object");
        }
        line.done();
    }
    return events;
}

Graph graphOf(std::string_view text) {
    Model model;
    for (const auto& event : eventsOf(text))
        model.apply(event);
    return model.graph;
}

} // namespace micguard::test
