// SPDX-License-Identifier: GPL-3.0-or-later
//
// clang's libFuzzer over the model: a graph, then sensible changes and wishes and plain nonsense in any
// order, all chosen by the input's bytes. After each: a plan is empty after its own actions, nobody is
// allowed or denied without a reason, a microphone that the model has just met is silenced before anything is
// let go, and while the promise is given nothing is audible.
#include "daemon/policy/classify.hpp"
#include "daemon/policy/plan.hpp"
#include "tests/unit/random_world.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <span>
#include <stdexcept>
#include <variant>

namespace {

using namespace micguard;
using namespace micguard::test;

[[noreturn]] void failed(const char* what) {
    std::fprintf(stderr, "events_fuzz: %s\n", what);
    std::abort();
}

void everythingHasAReason(const Verdicts& verdicts) {
    for (const auto& [stream, decision] : verdicts.ruled)
        if (decision.reason.empty())
            failed("a decision without a reason");
    for (const auto& source : verdicts.sources)
        if (verdicts.muted && source.guarded && !source.silent)
            failed("muted, and a guarded microphone is not to be silent");
}

// What opens comes after what shuts, and a microphone of which nothing has been sent yet is not opened.
void bornSilent(const Model& model, const std::vector<Action>& actions) {
    for (const auto& action : actions)
        if (const auto* knob = std::get_if<action::SetKnob>(&action); knob && !knob->silent) {
            const Node* node = model.graph.node(knob->node);
            if (node && !model.applied.knobs.contains(node->serial) && node->knobReads == 0)
                failed("a new microphone was opened before it was silent");
        }
}

// `send`: what has the world's own server, or none, do what is planned.
template <typename Send>
void check(World& world, Random& random, Send send) {
    const auto verdicts = world.verdicts();
    everythingHasAReason(verdicts);
    if (!random.chance(60))
        return;
    bornSilent(world.model, world.plan());
    send();
    for (const auto& action : world.plan()) {
        std::fprintf(stderr, "again: %s\n", describe(action).c_str());
        failed("a plan is not empty after its own actions");
    }
    static_cast<void>(world.view());
    static_cast<void>(world.promise());
}

// As the world goes: who promises has to keep it.
void sensibly(Random& random) {
    World world(randomGraph(random));
    Settings settings = randomRules(random);
    world.receive(event::SettingsLoaded{settings});
    for (int step = 0; step < 40 && !random.spent(); step++) {
        if (random.chance(50))
            world.server.say(randomChange(random, world.server));
        else
            world.apply(randomWish(random, world.now));
        check(world, random, [&] { world.enforcer.settle(); });
        while (world.step())
            if (world.verdicts().muted && world.promise().holds)
                for (const auto& pair : world.server.audible())
                    if (!pair.starts_with("exempt"))
                        failed("promised, and audible");
    }
}

// As no server would say it.
void nonsense(Random& random) {
    World world(randomGraph(random));
    for (int step = 0; step < 200 && !random.spent(); step++) {
        world.model.apply(randomEvent(random));
        check(world, random, [&] { recordSent(world.model, world.plan(), world.model.applied.sent + 1); });
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    Random random(std::span(data + 1, size - 1));
    try {
        data[0] % 2 ? sensibly(random) : nonsense(random);
    } catch (const std::runtime_error& error) {
        failed(error.what());
    }
    return 0;
}
