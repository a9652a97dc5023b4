// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/enforce/enforcer.hpp"

#include "daemon/model/path.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/plan.hpp"
#include "daemon/policy/sever.hpp"

#include <algorithm>

namespace micguard {

Enforcer::Enforcer(Model& model, Server& server)
    : model_(model)
    , server_(server) {}

const RuleBook& Enforcer::rules() {
    if (!book_ || bookOf_ != model_.settingsLoaded) {
        book_.emplace(model_.settings);
        bookOf_ = model_.settingsLoaded;
    }
    return *book_;
}

std::size_t Enforcer::settle() {
    verdicts_ = evaluate(model_, rules());
    for (const auto& [id, text] : raisedWarnings(model_, verdicts_))
        model_.apply(event::Warned{id, text});
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

void Enforcer::adoptProtection() {
    Verdicts protection;
    protectConnections(model_, sessionManagers(model_.graph), protection);
    for (const auto& [client, objects] : protection.permissions)
        for (const auto& [object, value] : objects)
            model_.applied.permissions[model_.graph.clients.at(client).serial].try_emplace(
                model_.graph.clients.at(object).serial, PermissionApplied{object, value, 0});
}

std::uint64_t Enforcer::ask() {
    ++batch_;
    recordSent(model_, {}, batch_);
    server_.sync(batch_);
    return batch_;
}

bool Enforcer::quiet() const {
    const Applied& applied = model_.applied;
    return applied.done(applied.sent) &&
           std::all_of(applied.processes.begin(), applied.processes.end(),
                       [](const auto& entry) { return !entry.second.waiting() || entry.second.overdue; });
}

bool Enforcer::allAnswered() const {
    const Applied& applied = model_.applied;
    return applied.done(applied.sent) &&
           std::none_of(applied.processes.begin(), applied.processes.end(),
                        [](const auto& entry) { return entry.second.waiting(); });
}

Enforcer::Awaited Enforcer::awaited() const {
    Awaited waiting;
    for (const auto& [client, asked] : model_.applied.processes)
        if (asked.waiting() && !asked.overdue)
            waiting.clients.emplace_back(client, asked.sent);
    for (const auto& verdict : verdicts_.sources) {
        const Node* node = model_.graph.node(verdict.node);
        if (!node || !verdict.silent || !verdict.guarded || knobState(model_, *node) != KnobState::Pending)
            continue;
        const auto knob = model_.applied.knobs.find(node->serial);
        if (knob != model_.applied.knobs.end() && knob->second.silent &&
            model_.applied.done(knob->second.sent))
            waiting.nodes.push_back(node->serial);
    }
    return waiting;
}

std::vector<std::string> Enforcer::owing() const {
    const Applied& applied = model_.applied;
    std::vector<std::string> names;
    // Before it has told what there is nothing can be asked of it.
    if (model_.trying || (model_.connected && !model_.listComplete) || !applied.done(applied.sent))
        names.emplace_back("PipeWire");
    for (const auto& [id, client] : model_.graph.clients) {
        const auto asked = applied.processes.find(client.serial);
        if (asked != applied.processes.end() && asked->second.waiting() && !asked->second.overdue)
            names.push_back(std::string(baseName(client.executable)) + " (pid " + std::to_string(client.pid) +
                            ")");
    }
    return names;
}

} // namespace micguard
