// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/expectations.hpp"

#include "daemon/policy/classify.hpp"
#include "daemon/policy/flow.hpp"
#include "daemon/policy/identity.hpp"
#include "tests/scenarios/moment.hpp"
#include "tests/scenarios/sections.hpp"

#include <algorithm>
#include <stdexcept>

#include <catch2/catch_test_macros.hpp>

namespace micguard::test {
namespace {

GlobalId idOf(const std::string& word) {
    return GlobalId{static_cast<std::uint32_t>(std::stoul(word))};
}

bool onOrOff(const std::string& word) {
    if (word != "on" && word != "off")
        throw std::runtime_error("on or off?");
    return word == "on";
}

std::string heardBy(const World& world, const std::set<std::string>& pairs, const std::string& who) {
    static_cast<void>(world.node(who)); // a slip of the pen hears nothing either
    std::string heard;
    for (const auto& pair : pairs)
        if (pair.ends_with(" -> " + who))
            heard += (heard.empty() ? "" : " ") + pair.substr(0, pair.find(" -> "));
    return heard.empty() ? "nothing" : heard;
}

// By the guard's own source, which plays zeros: the recorder goes on.
bool isFedSilence(const World& world, const std::string& who) {
    const auto& graph = world.server.graph();
    const auto& links = graph.linksTo(world.node(who).id);
    return std::any_of(links.begin(), links.end(), [&](GlobalId link) {
        return graph.nodes.at(graph.links.at(link).outputNode).name == silenceName;
    });
}

// Whatever it is: a speaker's monitor is no source.
std::string feeding(const World& world, const std::string& who) {
    const auto& graph = world.server.graph();
    std::string names;
    for (const auto link : graph.linksTo(world.node(who).id))
        names += (names.empty() ? "" : " ") + graph.nodes.at(graph.links.at(link).outputNode).name;
    return names.empty() ? "nothing" : names;
}

std::string stateOfSource(World& world, const std::string& source) {
    for (const auto& s : world.view().sources) {
        if (s.name != source)
            continue;
        if (!s.guarded)
            return "unguarded";
        const auto& verdict = world.source(source);
        if (verdict.sever)
            return "severed";
        return s.silenced ? "silenced" : verdict.silent ? "to be silenced" : "live";
    }
    throw std::runtime_error("no source " + source);
}

std::string kindOfSource(World& world, const std::string& source) {
    for (const auto& s : world.view().sources)
        if (s.name == source)
            return s.kind;
    throw std::runtime_error("no source " + source);
}

const ApplicationView* applicationIn(const View& view, const std::string& name) {
    for (const auto& application : view.applications)
        if (application.name == name)
            return &application;
    return nullptr;
}

std::string listensTo(World& world, const std::string& name) {
    const View view = world.view();
    const auto* application = applicationIn(view, name);
    std::set<std::string> sources;
    for (const auto& stream : view.streams)
        for (const auto& source : view.sources)
            if (application && stream.application == application->key && stream.source == source.key)
                sources.insert(source.name);
    std::string text;
    for (const auto& source : sources)
        text += (text.empty() ? "" : " ") + source;
    return text.empty() ? "nothing" : text;
}

bool sees(const World& world, const std::string& client, const std::string& node) {
    return world.server.permission(idOf(client), world.node(node).id) & permission::readOnly;
}

bool keepsMemory(const World& world, const std::string& client, const std::string& node) {
    const auto readable = world.server.readable();
    return readable.contains(node + " -> " + client) || readable.contains(node + " -> " + client + ", gone");
}

const Client& clientNamed(const World& world, const std::string& name) {
    for (const auto& [id, client] : world.model.graph.clients)
        if (client.applicationName == name)
            return client;
    throw std::runtime_error("no client " + name);
}

// As they were when the rules were looked at: with who captures.
Circumstances circumstancesOf(const World& world) {
    Circumstances now = world.model.circumstances;
    const auto& graph = world.model.graph;
    const Flow flow = flowOf(graph);
    const auto managers = sessionManagers(graph);
    for (const auto& [id, link] : graph.links) {
        const Node& listener = graph.nodes.at(link.inputNode);
        const Client* owner = graph.owner(listener);
        if (!owner || owner->self || managers.contains(owner->id) || !flow.contains(link.outputNode) ||
            !canListen(graph, listener))
            continue;
        const Fact app = subjectOf(*owner, nullptr).app;
        (app.known ? now.capturing : now.claimedCapturing).insert(app.value);
    }
    return now;
}

std::string reasonFor(const World& world, const std::string& name, const std::string& source) {
    const Client& client = clientNamed(world, name);
    const Node& node = world.node(source);
    if (const Decision* strict = world.enforcer.verdicts().rulings.of(client.id, node.id))
        return strict->reason;
    return RuleBook(world.model.settings)
        .decide(subjectOf(client, nullptr), node.name, sourceKind(world.model.graph, node),
                circumstancesOf(world))
        .reason;
}

std::string opinionsOf(const World& world, const std::string& name, const std::string& source) {
    const Client& client = clientNamed(world, name);
    const Node& node = world.node(source);
    std::string text;
    for (const auto& opinion : RuleBook(world.model.settings)
                                   .opinions(subjectOf(client, nullptr), node.name,
                                             sourceKind(world.model.graph, node), circumstancesOf(world)))
        text += opinion.text + "\n";
    return text;
}

std::string warningsOf(const Configuration& configuration) {
    std::string text;
    for (const auto& warning : configuration.warnings)
        text += warning.file + ":" + std::to_string(warning.line) + ": " + warning.what + "\n";
    return text;
}

// "FIRST: REST"
std::pair<std::vector<std::string>, std::string> parted(const std::string& line) {
    const auto colon = line.find(": ");
    if (colon == std::string::npos)
        return {wordsOf(line), ""};
    return {wordsOf(line.substr(0, colon)), line.substr(colon + 2)};
}

bool expectOfRules(World& world, const Configuration& configuration, const std::string& line) {
    const auto [words, said] = parted(line);
    if (matches(words, {"verdict", "*", "on", "*"}))
        CHECK(reasonFor(world, words[1], words[3]) == said);
    else if (matches(words, {"besides", "*", "on", "*"}))
        CHECK(("\n" + opinionsOf(world, words[1], words[3])).find("\n" + said + "\n") != std::string::npos);
    else if (matches(words, {"warning", "*"}))
        CHECK(("\n" + warningsOf(configuration)).find("\n" + words[1] + ": " + said + "\n") !=
              std::string::npos);
    else if (line == "no warning")
        CHECK(warningsOf(configuration).empty());
    else
        return false;
    return true;
}

bool expectOfApplications(World& world, const std::string& line) {
    const auto [words, reason] = parted(line);
    if (words.size() < 3 || words[0] != "application")
        return false;
    const View view = world.view();
    const auto* application = applicationIn(view, words[1]);
    if (line.ends_with(" is not shown")) {
        CHECK(application == nullptr);
        return true;
    }
    REQUIRE(application != nullptr);
    if (matches(words, {"application", "*", "is", "*"})) {
        CHECK(application->state == words[3]);
        if (!reason.empty())
            CHECK(application->reason == reason);
    } else if (matches(words, {"application", "*", "only", "meters"}))
        CHECK(application->levelMeterOnly);
    else if (matches(words, {"application", "*", "has", "been", "*", "since", "*", "*"})) {
        CHECK(application->state == words[4]);
        CHECK(application->since == momentOf({words[6], words[7]}).now);
    } else if (matches(words, {"application", "*", "listens", "to", "*"}))
        CHECK(listensTo(world, words[1]) == words[4]);
    else
        return false;
    return true;
}

bool expectOfStreams(World& world, const std::string& line) {
    const auto words = wordsOf(line);
    const auto& server = world.server;
    if (line == "nobody hears anything")
        CHECK(server.audible() == std::set<std::string>{});
    else if (matches(words, {"*", "hears", "*"}))
        CHECK(heardBy(world, server.audible(), words[0]) == words[2]);
    else if (matches(words, {"*", "is", "linked", "to", "*"}))
        CHECK(heardBy(world, server.linked(), words[0]) == words[4]);
    else if (matches(words, {"*", "is", "not", "linked"}))
        CHECK(heardBy(world, server.linked(), words[0]) == "nothing");
    else if (matches(words, {"*", "goes", "on", "with", "silence"})) {
        CHECK(isFedSilence(world, words[0]));
        CHECK(heardBy(world, server.linked(), words[0]) == "nothing");
    } else if (matches(words, {"*", "takes", "from", "*"})) {
        CHECK(feeding(world, words[0]) == words[3]);
    } else if (matches(words, {"*", "stands", "still"})) {
        CHECK_FALSE(isFedSilence(world, words[0]));
        CHECK(heardBy(world, server.linked(), words[0]) == "nothing");
    } else
        return false;
    return true;
}

bool expectOfSources(World& world, const std::string& line) {
    const auto words = wordsOf(line);
    const auto& server = world.server;
    if (matches(words, {"source", "*", "is", "*"}))
        CHECK(stateOfSource(world, words[1]) == words[3]);
    else if (matches(words, {"source", "*", "counts", "as", "*"}))
        CHECK(kindOfSource(world, words[1]) == words[4]);
    else if (matches(words, {"the", "user's", "mute", "of", "*", "is", "*"}))
        CHECK(server.knob(world.node(words[4]).id).mute == onOrOff(words[6]));
    else if (matches(words, {"the", "switch", "of", "card", "*", "is", "*"}))
        CHECK(server.graph().devices.at(idOf(words[4])).routes.front().mute == onOrOff(words[6]));
    else if (matches(words, {"*", "is", "limited", "to", "*"}))
        CHECK(server.knob(world.node(words[0]).id).maxVolume == std::stof(words[4]));
    else if (matches(words, {"the", "headset", "*", "is", "in", "its", "*", "profile"}))
        CHECK(server.profile(idOf(words[2])) == words[6]);
    else
        return false;
    return true;
}

bool expectOfGuard(World& world, const std::string& line) {
    const auto words = wordsOf(line);
    if (line == "the promise holds")
        CHECK(world.promise().holds);
    else if (line == "the promise does not hold")
        CHECK_FALSE(world.promise().holds);
    else if (matches(words, {"state", "*"}))
        CHECK(world.view().guard.state == words[1]);
    else if (matches(words, {"*", "applications", "capture"}))
        CHECK(std::to_string(world.view().guard.capturing) == words[0]);
    else if (matches(words, {"client", "*", "may", "not", "see", "*"}))
        CHECK_FALSE(sees(world, words[1], words[5]));
    else if (matches(words, {"client", "*", "may", "see", "*"}))
        CHECK(sees(world, words[1], words[4]));
    else if (matches(words, {"client", "*", "keeps", "memory", "of", "*"}))
        CHECK(keepsMemory(world, words[1], words[5]));
    else if (matches(words, {"client", "*", "keeps", "no", "memory", "of", "*"}))
        CHECK_FALSE(keepsMemory(world, words[1], words[6]));
    else if (line == "nothing is left behind")
        CHECK(world.server.leftovers() == std::vector<std::string>{});
    else
        return false;
    return true;
}

} // namespace

void expect(World& world, const Configuration& configuration, const std::string& line) {
    INFO(line);
    if (!expectOfRules(world, configuration, line) && !expectOfApplications(world, line) &&
        !expectOfStreams(world, line) && !expectOfSources(world, line) && !expectOfGuard(world, line))
        throw std::runtime_error("no such expectation: " + line);
    CHECK(world.plan().empty());
}

} // namespace micguard::test
