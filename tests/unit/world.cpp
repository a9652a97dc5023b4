// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/world.hpp"

#include "daemon/policy/plan.hpp"
#include "daemon/policy/questions.hpp"

#include <stdexcept>
#include <utility>

namespace micguard::test {
namespace {

// Far beyond what any graph of the tests needs: a guard that answers its own doing for ever must not hang
// them.
constexpr int patience = 20000;

} // namespace

World::World(std::string_view graph) {
    server.say(graph);
    server.connect();
    rest();
    server.performed.clear();
}

World::World(FakeServer inherited, Remembered remembered, bool muted)
    : server(std::move(inherited)) {
    model.remembered = std::move(remembered);
    model.mute.user = muted;
    server.disconnect();
    server.performed.clear();
    server.connect();
    rest();
}

void World::apply(const Event& event) {
    model.apply(event);
    if (std::holds_alternative<event::Removed>(event) ||
        std::holds_alternative<event::InitialListComplete>(event))
        for (const auto number : endedAnswers(model))
            model.apply(event::AnswerEnded{number});
    if (model.blinded) {
        model.blinded = false;
        reconnects++;
        model.apply(event::Disconnected{});
        server.disconnect();
        server.connect();
        return;
    }
    // As daemon/app.cpp: newcomers are answered at once, all else when what came in one go has been read.
    if (model.listComplete &&
        (std::holds_alternative<event::NodeSeen>(event) || std::holds_alternative<event::ClientSeen>(event)))
        enforcer.settle();
}

bool World::step() {
    const auto event = server.next();
    if (event)
        apply(*event);
    return event.has_value();
}

void World::rest() {
    int steps = 0;
    do {
        do {
            while (step())
                if (++steps > patience)
                    throw std::runtime_error("does not come to rest");
            if (routesSettle)
                settleRoutes();
        } while (enforcer.settle() > 0 || !server.silent());
    } while (lookForPulsePeers());
}

bool World::lookForPulsePeers() {
    if (!pulseLooks || std::exchange(looked_, model.pulseChanges) == model.pulseChanges)
        return false;
    model.apply(event::PulsePeersRead{model.pulseChanges, 0, {}});
    return true;
}

void World::settleRoutes() {
    event::RoutesSettled settled;
    for (const auto& [id, device] : model.graph.devices)
        for (const auto& route : device.routes)
            settled.routes.emplace_back(device.serial, route.index);
    for (const auto& [id, node] : model.graph.nodes)
        settled.nodes.push_back(node.serial);
    settled.now = now;
    model.apply(settled);
}

void World::say(std::string_view text) {
    server.say(text);
    rest();
}

void World::receive(const Event& event) {
    apply(event);
    enforcer.settle();
    rest();
}

void World::rule(Rule rule) {
    Settings settings = model.settings;
    settings.rules.push_back(std::move(rule));
    receive(event::SettingsLoaded{std::move(settings)});
}

void World::noRules() {
    Settings settings = model.settings;
    settings.rules.clear();
    receive(event::SettingsLoaded{std::move(settings)});
}

void World::mute(bool on) {
    receive(event::UserMute{on, "", "", now += 1000});
}

void World::overdue() {
    const auto awaited = enforcer.awaited();
    for (const auto node : awaited.nodes)
        model.apply(event::EvidenceOverdue{node});
    for (const auto& [client, batch] : awaited.clients)
        model.apply(event::ProcessOverdue{client, batch});
    rest();
}

void World::streamsOverdue() {
    receive(event::StreamsOverdue{});
}

void World::reconnect() {
    server.disconnect();
    model.apply(event::Disconnected{});
    server.connect();
    rest();
}

std::vector<Action> World::plan() const {
    return micguard::plan(model, verdicts());
}

View World::view() {
    return describer.describe(model, verdicts(), promise(), now);
}

std::vector<std::string> World::sent() const {
    std::vector<std::string> words;
    for (const auto& action : server.performed)
        words.push_back(describe(action));
    return words;
}

const Node& World::node(std::string_view name) const {
    for (const auto& [id, node] : model.graph.nodes)
        if (node.name == name)
            return node;
    throw std::runtime_error("no node " + std::string(name));
}

KnobState World::knob(std::string_view name) const {
    return knobState(model, node(name));
}

const SourceVerdict& World::source(std::string_view name) const {
    const auto id = node(name).id;
    for (const auto& verdict : enforcer.verdicts().sources)
        if (verdict.node == id)
            return verdict;
    throw std::runtime_error("no source " + std::string(name));
}

} // namespace micguard::test
