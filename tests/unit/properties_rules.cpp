// SPDX-License-Identifier: GPL-3.0-or-later
//
// What holds with rules in force, for every graph and every set of them, tried on many made at random.
#include "daemon/policy/classify.hpp"
#include "daemon/policy/flow.hpp"
#include "tests/unit/many_worlds.hpp"

#include <algorithm>

using namespace micguard;
using namespace micguard::test;

namespace {

void useRules(World& world, const Settings& settings) {
    world.receive(event::SettingsLoaded{settings});
    settle(world);
}

// Whoever hears, or could read from memory, what he is kept from.
std::string wrongs(const World& world) {
    const auto& graph = world.server.graph();
    const Rulings rulings = world.verdicts().rulings;
    std::string text;
    for (const auto& [id, link] : graph.links) {
        const Node &from = graph.nodes.at(link.outputNode), &to = graph.nodes.at(link.inputNode);
        if (to.client && from.client != to.client && rulings.of(*to.client, from.id))
            text += from.name + " is linked to " + to.name + "; ";
    }
    for (const auto& [client, carriers] : rulings.strict)
        for (const auto& [carrier, decision] : carriers)
            if (const Node& node = graph.nodes.at(carrier);
                node.client != client &&
                world.server.readable().contains(node.name + " -> " + std::to_string(raw(client))))
                text += node.name + " can be read by client " + std::to_string(raw(client)) + "; ";
    if (!world.plan().empty())
        text += "not at rest; ";
    return text;
}

Verdicts judged(const std::vector<Event>& events, const Settings& settings) {
    Model model;
    model.apply(event::Connected{1, "pipewire-0", "1.4.2", "a"});
    model.apply(event::SettingsLoaded{settings});
    for (const auto& event : events)
        model.apply(event);
    model.apply(event::InitialListComplete{});
    return evaluate(model, RuleBook(settings));
}

} // namespace

TEST_CASE(
    "property: nobody hears, by whatever way, nor can read what a rule keeps him from, whatever happens") {
    unsigned strict = 0;
    inManyWorlds([&](Random& random) {
        World world(randomGraph(random));
        useRules(world, randomRules(random));
        std::string trouble = wrongs(world);
        for (int step = 0; step < 12 && trouble.empty(); step++) {
            if (random.chance(25))
                useRules(world, randomRules(random));
            else if (random.chance(15))
                world.receive(event::TimeCame{random.below(300), random.below(7), random.below(1440)});
            else
                world.say(randomChange(random, world.server));
            settle(world);
            trouble = wrongs(world);
            strict += world.verdicts().rulings.strict.empty() ? 0 : 1;
        }
        INFO(trouble);
        CHECK(trouble.empty());
    });
    CHECK(strict > 50);
}

TEST_CASE("property: mute dominates every rule, and the rules hold through it") {
    inManyWorlds([](Random& random) {
        World world(randomGraph(random));
        useRules(world, randomRules(random));
        world.receive(event::ModeChosen{random.chance(50) ? Mode::Sever : Mode::Silence});
        world.mute();
        settle(world);
        std::string trouble;
        for (int step = 0; step < 6 && trouble.empty(); step++) {
            auto audible = world.server.audible();
            std::erase_if(audible, [](const std::string& pair) { return pair.starts_with("exempt"); });
            trouble = joined(audible) + (world.promise().holds ? "" : " promise broken") +
                      (world.plan().empty() ? "" : " not at rest");
            if (random.chance(40))
                useRules(world, randomRules(random));
            world.say(randomChange(random, world.server));
            settle(world);
        }
        world.unmute();
        settle(world);
        trouble += wrongs(world);
        INFO(trouble);
        CHECK(trouble.empty());
    });
}

TEST_CASE("property: an allow that goes opens nothing to anybody") {
    inManyWorlds([](Random& random) {
        const auto events = eventsOf(withoutMarks(randomGraph(random)));
        Settings settings = randomRules(random);
        // Who captures depends on who may: these are not about one application alone.
        for (auto& rule : settings.rules)
            rule.when.capturing.reset();
        const auto before = judged(events, settings).rulings;
        std::erase_if(settings.rules, [](const Rule& rule) { return rule.action == Ruling::Allow; });
        const auto after = judged(events, settings).rulings;
        std::string trouble;
        for (const auto& [client, carriers] : before.strict)
            for (const auto& [carrier, decision] : carriers)
                if (const auto* now = after.of(client, carrier); !now || now->ruling < decision.ruling)
                    trouble += std::to_string(raw(client)) + " hears " + std::to_string(raw(carrier)) + "; ";
        INFO(trouble);
        CHECK(trouble.empty());
    });
}

TEST_CASE("property: the last rule gone, nothing is left of any of them") {
    inManyWorlds([](Random& random) {
        World world(randomGraph(random));
        const auto byHand = linksByHand(world.server);
        const auto managed = managedStreams(world.server);
        for (int again = 0; again < 3; again++) {
            useRules(world, randomRules(random));
            if (random.chance(30))
                world.reconnect();
            settle(world);
        }
        useRules(world, Settings{});
        std::string trouble;
        for (const auto& left : world.server.leftovers())
            if (left.find(" has a look on ") == std::string::npos)
                trouble += left + "; ";
        for (const auto& link : byHand)
            if (!linksByHand(world.server).contains(link))
                trouble += "lost " + link + "; ";
        for (const auto& stream : managed)
            if (!managedStreams(world.server).contains(stream))
                trouble += "deaf " + stream + "; ";
        if (!world.plan().empty())
            trouble += "not at rest";
        INFO(trouble);
        CHECK(trouble.empty());
    });
}

TEST_CASE("property: rulings do not depend on the order in which independent objects were told") {
    inManyWorlds([](Random& random) {
        auto events = eventsOf(withoutMarks(randomGraph(random)));
        const Settings settings = randomRules(random);
        const auto expected = judged(events, settings);
        for (int again = 0; again < 4; again++) {
            shuffle(events, random);
            const auto verdicts = judged(events, settings);
            const bool same = verdicts.rulings.strict == expected.rulings.strict &&
                              verdicts.ruled == expected.ruled && verdicts.silenced == expected.silenced &&
                              verdicts.permissions == expected.permissions;
            CHECK(same);
        }
    });
}
