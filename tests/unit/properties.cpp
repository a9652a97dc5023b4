// SPDX-License-Identifier: GPL-3.0-or-later
//
// What holds for every graph and every sequence of events, tried on many made at random. The seed is the
// run's
// (--rng-seed, printed at its start and with a failure); the same seed makes the same worlds.
#include "daemon/policy/classify.hpp"
#include "daemon/policy/plan.hpp"
#include "tests/unit/many_worlds.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

std::set<std::string> guardedOnly(const World& world, std::set<std::string> pairs) {
    std::erase_if(pairs, [](const std::string& pair) { return pair.starts_with("exempt"); });
    static_cast<void>(world);
    return pairs;
}

std::string unguarded(const World& world) {
    std::string text;
    for (const auto& verdict : world.verdicts().sources) {
        const Node* node = world.model.graph.node(verdict.node);
        if (verdict.guarded &&
            (!verdict.silent || (knobState(world.model, *node) != KnobState::Holds && !verdict.sever)))
            text += node->name + " ";
    }
    return text;
}

} // namespace

TEST_CASE(
    "property: a plan after its own actions is empty, whatever happened and whatever was acknowledged") {
    inManyWorlds([](Random& random) {
        World world(randomGraph(random));
        std::string trouble;
        for (int step = 0; step < 12; step++) {
            world.model.apply(randomWish(random, world.now));
            const auto actions = world.plan();
            recordSent(world.model, actions, world.model.applied.sent + 1);
            for (const auto& action : world.plan())
                trouble += describe(action) + "; ";
            world.server.say(randomChange(random, world.server));
            while (world.step()) {
            }
        }
        INFO(trouble);
        CHECK(trouble.empty());
    });
}

TEST_CASE(
    "property: once muted and settled no guarded microphone is audible to anybody, and it is vouched for") {
    inManyWorlds([](Random& random) {
        World world(randomGraph(random));
        randomSettings(random, world);
        world.mute();
        settle(world);
        std::string trouble;
        for (int step = 0; step < 12; step++) {
            world.say(randomChange(random, world.server));
            settle(world);
            trouble += joined(guardedOnly(world, world.server.audible())) + unguarded(world);
            if (!world.promise().holds)
                trouble += " promise broken";
            if (!world.plan().empty())
                trouble += " plan not empty";
            if (!trouble.empty())
                break;
        }
        INFO(trouble);
        CHECK(trouble.empty());
    });
}

TEST_CASE("property: the promise is never given while a guarded microphone is audible") {
    inManyWorlds([](Random& random) {
        World world(randomGraph(random));
        randomSettings(random, world);
        world.server.stall(random.chance(50));
        world.model.apply(event::UserMute{true, "", "", 7});
        world.enforcer.settle();
        std::string trouble;
        for (int step = 0; step < 40 && trouble.empty(); step++) {
            if (random.chance(10))
                world.server.stall(false);
            world.step();
            if (random.chance(60))
                world.enforcer.settle();
            // Of what the guard has been told, that is: what the server has still to say it cannot know.
            if (world.server.silent() && world.promise().holds)
                trouble = joined(guardedOnly(world, world.server.audible()));
        }
        INFO(trouble);
        CHECK(trouble.empty());
    });
}

TEST_CASE("property: after the unmute nothing is silent, nothing is taken away, and every cut link is back") {
    inManyWorlds([](Random& random) {
        World world(randomGraph(random));
        randomSettings(random, world);
        // Streams that the session manager handles may choose another microphone meanwhile; all others may
        // not.
        const auto byHand = linksByHand(world.server);
        const auto managed = managedStreams(world.server);
        for (int cycle = 0; cycle < 3; cycle++) {
            world.mute();
            settle(world);
            if (random.chance(30))
                world.receive(event::ModeChosen{random.chance(50) ? Mode::Sever : Mode::Silence});
            if (random.chance(30))
                world.reconnect();
            settle(world);
            world.server.sessionManagerFails = random.below(3);
            world.unmute();
            settle(world);
        }
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
        if (!world.plan().empty() || !world.enforcer.quiet())
            trouble += "not at rest";
        INFO(trouble);
        CHECK(trouble.empty());
    });
}

TEST_CASE(
    "property: released, nothing of the guard's is left; released while muted, nothing became audible") {
    inManyWorlds([](Random& random) {
        World world(randomGraph(random));
        randomSettings(random, world);
        const bool muted = random.chance(50);
        if (muted)
            world.mute();
        settle(world);
        world.receive(event::Released{true});
        settle(world);
        std::string trouble;
        if (muted)
            trouble = joined(guardedOnly(world, world.server.audible()));
        for (const auto& left : world.server.leftovers())
            if (left.find(" has a look on ") != std::string::npos || !muted)
                trouble += left + "; ";
        if (!world.plan().empty())
            trouble += "not at rest";
        INFO(trouble);
        CHECK(trouble.empty());
    });
}

TEST_CASE("property: at no moment of a reconnect or a change of guards is a muted microphone audible") {
    inManyWorlds([](Random& random) {
        World world(randomGraph(random));
        randomSettings(random, world);
        world.mute();
        settle(world);
        std::string trouble;
        const auto watch = [&](World& watched) {
            for (int rounds = 0; rounds < 3; rounds++) {
                do {
                    while (watched.step())
                        trouble += joined(guardedOnly(watched, watched.server.audible()));
                } while (watched.enforcer.settle() > 0 || !watched.server.silent());
                for (const auto node : watched.enforcer.awaited().nodes)
                    watched.model.apply(event::EvidenceOverdue{node});
            }
        };
        if (random.chance(50)) {
            world.server.disconnect();
            world.model.apply(event::Disconnected{});
            world.server.connect();
            watch(world);
        } else {
            Remembered remembered;
            rememberApplied(world.model, remembered);
            World next;
            next.model.remembered = remembered;
            next.model.apply(event::SettingsLoaded{world.model.settings});
            next.model.apply(event::ModeChosen{world.model.mute.mode});
            next.model.apply(event::UserMute{true, "", "", 5});
            next.model.apply(event::Disconnected{});
            next.model.remembered = remembered;
            next.server = std::move(world.server);
            next.server.disconnect();
            next.server.connect();
            watch(next);
        }
        INFO(trouble);
        CHECK(trouble.empty());
    });
}

TEST_CASE("property: verdicts do not depend on the order in which independent objects were told") {
    inManyWorlds([](Random& random) {
        const std::string graph = randomGraph(random);
        auto events = eventsOf(withoutMarks(graph));
        const bool muted = random.chance(70);
        const Mode mode = random.chance(50) ? Mode::Sever : Mode::Silence;
        const auto judge = [&](const std::vector<Event>& in) {
            Model model;
            model.apply(event::Connected{1, "pipewire-0", "1.4.2", "a"});
            model.apply(event::ModeChosen{mode});
            model.apply(event::UserMute{muted, "", "", 5});
            for (const auto& event : in)
                model.apply(event);
            model.apply(event::InitialListComplete{});
            auto verdicts = evaluate(model, RuleBook(model.settings));
            std::sort(verdicts.sources.begin(), verdicts.sources.end(),
                      [](const auto& a, const auto& b) { return a.node < b.node; });
            return verdicts;
        };
        const auto expected = judge(events);
        for (int again = 0; again < 4; again++) {
            shuffle(events, random);
            const auto verdicts = judge(events);
            const bool same = verdicts.sources == expected.sources &&
                              verdicts.permissions == expected.permissions &&
                              verdicts.cutLinks == expected.cutLinks;
            CHECK(same);
        }
    });
}

TEST_CASE("property: mute dominates: no wish and no setting but an exemption leaves a microphone open while "
          "it is muted") {
    inManyWorlds([](Random& random) {
        World world(randomGraph(random));
        std::string trouble;
        for (int step = 0; step < 30; step++) {
            world.model.apply(randomWish(random, world.now));
            const auto verdicts = world.verdicts();
            if (verdicts.muted != (world.model.mute.muted() && !world.model.released))
                trouble += "muted? ";
            for (const auto& verdict : verdicts.sources) {
                const Node* node = world.model.graph.node(verdict.node);
                const Graph& graph = world.model.graph;
                const bool exempt =
                    !isSecondNode(graph, *node, sessionManagers(graph)) &&
                    std::any_of(world.model.settings.sources.exempt.begin(),
                                world.model.settings.sources.exempt.end(), [&](const std::string& glob) {
                                    return node->name.starts_with(glob.substr(0, glob.size() - 1));
                                });
                if (verdicts.muted && !exempt && (!verdict.silent || !verdict.guarded))
                    trouble += node->name + " open; ";
                if (exempt && (verdict.silent || verdict.sever))
                    trouble += node->name + " shut though exempt; ";
            }
            if (world.model.mute.heldMuted() && !world.model.mute.muted())
                trouble += "a hold to mute lost; ";
        }
        INFO(trouble);
        CHECK(trouble.empty());
    });
}

TEST_CASE("property: no sequence of events, sensible or not, breaks the model, and the next list mends it") {
    inManyWorlds([](Random& random) {
        World world(randomGraph(random));
        for (int step = 0; step < 150; step++) {
            world.model.apply(randomEvent(random));
            if (random.chance(20)) {
                const auto actions = world.plan();
                recordSent(world.model, actions, world.model.applied.sent + 1);
            }
            static_cast<void>(world.view());
            static_cast<void>(world.promise());
        }
        // Whatever it was made to believe, a fresh look at the server puts it right.
        world.model.blinded = false;
        world.model.apply(event::Released{false});
        world.model.apply(event::SettingsLoaded{Settings{}});
        Remembered nothing;
        world.model.remembered = nothing;
        world.reconnect();
        world.mute();
        settle(world);
        const auto audible = joined(world.server.audible());
        INFO(audible);
        CHECK((audible.empty() && world.promise().holds && world.plan().empty()));
    });
}
