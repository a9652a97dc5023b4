// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/panel.hpp"

#include "daemon/model/panel.hpp"
#include "daemon/policy/classify.hpp"

namespace micguard {

std::vector<Action> planPanel(const Model& model, const Verdicts& verdicts) {
    std::vector<Action> actions;
    // On release it stays in the guard's place.
    if (!model.listComplete || (model.released && model.mute.muted()))
        return actions;
    for (const auto& verdict : verdicts.sources) {
        const Node* node = model.graph.node(verdict.node);
        const auto control = node ? panelOf(model, *node) : std::nullopt;
        const auto known = control ? model.applied.panel.find(control->key) : model.applied.panel.end();
        if (known == model.applied.panel.end() || known->second.asked || isBeyondAsking(model, *node))
            continue;
        const PanelMute& panel = known->second;
        const bool wanted = followsDesktop(model) && verdicts.muted && !control->exempt;
        const bool set = wanted && !panel.mute && control->settled && panel.refused <= mostRefusals;
        const bool takeBack = !wanted && panel.mute && panel.ours;
        if (!set && !takeBack)
            continue;
        action::SetPanelMute action{node->id, set, processOf(model.graph, *node)};
        if (control->route)
            action.route = {control->device->id, control->route->index, control->route->profileDevice,
                            takeBack && panel.save, processOf(model.graph, *control->device)};
        actions.emplace_back(std::move(action));
    }
    return actions;
}

void recordPanel(Model& model, const action::SetPanelMute& action, const Sent& sent) {
    const Node* node = model.graph.node(action.node);
    const auto control = node ? panelOf(model, *node) : std::nullopt;
    if (!control)
        return;
    PanelMute& panel = model.applied.panel[control->key];
    panel.asked = action.mute;
    panel.sent = sent;
    if (!action.mute)
        return;
    panel.ours = true;
    panel.save = control->route && control->route->save;
    model.remembered.panel.insert(control->name);
}

} // namespace micguard
