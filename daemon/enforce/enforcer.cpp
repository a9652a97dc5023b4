// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/enforce/enforcer.hpp"

#include "daemon/policy/plan.hpp"

namespace micguard {

Enforcer::Enforcer(Model& model, Server& server)
    : model_(model)
    , server_(server) {}

std::size_t Enforcer::settle() {
    verdicts_ = evaluate(model_);
    const auto actions = plan(model_, verdicts_);
    if (actions.empty())
        return 0;
    // Batches count on over reconnects, so that an acknowledgement of the old connection is never mistaken.
    ++batch_;
    for (const auto& action : actions)
        server_.perform(action);
    recordSent(model_, actions, batch_);
    server_.sync(batch_);
    return actions.size();
}

bool Enforcer::quiet() const { return model_.applied.done(model_.applied.sent); }

std::vector<Serial> Enforcer::awaitingEvidence() const {
    std::vector<Serial> waiting;
    for (const auto& verdict : verdicts_.sources) {
        const Node* node = model_.graph.node(verdict.node);
        if (!node || !verdict.silent || !verdict.guarded || knobState(model_, *node) != KnobState::Pending)
            continue;
        const auto knob = model_.applied.knobs.find(node->serial);
        if (knob != model_.applied.knobs.end() && knob->second.silent && model_.applied.done(knob->second.batch))
            waiting.push_back(node->serial);
    }
    return waiting;
}

} // namespace micguard
