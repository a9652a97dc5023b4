// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/model/panel.hpp"

#include "config/glob.hpp"

#include <algorithm>
#include <vector>

namespace micguard {
namespace {

// A key is not pressed again so soon, but a program that lifts every mute it sees is there by then.
constexpr std::uint64_t leastMuted = 40'000;
// So often in one muted period, and the desktop's unmute counts no more in it.
constexpr unsigned mostEarly = 3;
// What one press of a key that mutes all of them mutes (Plasma's).
constexpr std::uint64_t onePress = 1'000'000;

// Clocks can be set back: what is still to come is long ago. So is what is not known (0).
bool isWithin(std::uint64_t span, std::uint64_t since, std::uint64_t now) {
    return since != 0 && since <= now && now - since < span;
}

const Node* defaultNode(const Model& model) {
    if (model.defaultSource.empty())
        return nullptr;
    for (const auto& [id, node] : model.graph.nodes)
        if (node.name == model.defaultSource && node.mediaClass.starts_with("Audio/"))
            return &node;
    return nullptr;
}

PanelMute* find(Model& model, const PanelControl& control) {
    const auto it = model.applied.panel.find(control.key);
    return it == model.applied.panel.end() ? nullptr : &it->second;
}

bool isOurs(const Model& model, const PanelControl& control) {
    const auto it = model.applied.panel.find(control.key);
    return it != model.applied.panel.end() && it->second.ours;
}

bool isOwed(const Model& model, const PanelControl& control) {
    return model.remembered.panel.contains(control.name);
}

void take(Model& model, const PanelControl& control, PanelMute& panel) {
    panel.ours = true;
    model.remembered.panel.insert(control.name);
}

void letGo(Model& model, const PanelControl& control, PanelMute& panel) {
    panel.ours = false;
    model.remembered.panel.erase(control.name);
}

// Whether anything of what mutes is the desktop's to lift, and now.
bool lift(Model& model, const PanelMute& panel, std::uint64_t now) {
    MuteState& mute = model.mute;
    if (isWithin(leastMuted, panel.mutedAt, now)) {
        mute.earlyUnmutes++;
        return false;
    }
    if (mute.earlyUnmutes >= mostEarly || mute.mutedByItself() || mute.privacy || mute.heldMuted())
        return false;
    mute.desktop = false;
    if (model.settings.mute.desktopLiftsAll)
        mute.user = mute.start = false;
    if (mute.muted())
        return false;
    mute.since = 0;
    return true;
}

void becameUnmuted(Model& model, const Node& node, const PanelControl& control, PanelMute& panel,
                   std::uint64_t now) {
    if (!followsDesktop(model) || control.exempt || !model.mute.muted())
        return letGo(model, control, panel);
    // Until then it is the session manager's doing; it is muted once it has settled.
    if (!control.settled)
        return;
    if (node.name == model.defaultSource && lift(model, panel, now))
        return letGo(model, control, panel);
    panel.refused++;
    if (model.mute.earlyUnmutes >= mostEarly || panel.refused > mostRefusals)
        model.warnings["desktop-mute:" + node.name] =
            "a program keeps unmuting " + node.name +
            "; its unmuting counts no more until micguard is unmuted";
}

// The guard's own switches of the hardware, and its stand-ins while it was away: followed, they are the mute
// that the desktop shows.
void adoptOthers(Model& model) {
    const bool anyLeds = !model.applied.leds.empty() || !model.remembered.ledsStored.empty();
    if (!anyLeds && model.remembered.userMuted.empty())
        return;
    model.remembered.panel.merge(model.remembered.ledsStored);
    model.remembered.ledsStored.clear();
    for (const auto& [id, node] : model.graph.nodes) {
        const auto control = panelOf(model, node);
        PanelMute* panel = control ? find(model, *control) : nullptr;
        if (!panel)
            continue;
        if (const auto led = model.applied.leds.find(control->key); led != model.applied.leds.end()) {
            panel->save = panel->save || led->second.save;
            if (led->second.ours) {
                take(model, *control, *panel);
                if (!panel->mute)
                    panel->asked = true;
            }
            model.applied.leds.erase(led);
        }
        if (panel->mute && !model.applied.userMuted.contains(node.serial) &&
            model.remembered.userMuted.erase(node.name) > 0)
            take(model, *control, *panel);
    }
    model.applied.leds.clear();
}

} // namespace

bool isMutedByUser(const Model& model, const Node& node) {
    const auto control = panelOf(model, node);
    if (model.remembered.userMuted.contains(node.name) || model.applied.userUnmuted.contains(node.serial) ||
        (control && isOurs(model, *control)))
        return false;
    if (!control || !control->route)
        return node.knob.mute;
    const auto led = model.applied.leds.find(control->key);
    if (led != model.applied.leds.end() && led->second.ours)
        return false;
    // A route's reading may be old for good; a node whose limit was never written may never have told.
    const auto knob = model.applied.knobs.find(node.serial);
    const bool tells = knob != model.applied.knobs.end() && !knob->second.found;
    return node.knob.mute || (!tells && control->route->mute);
}

bool followsDesktop(const Model& model) {
    return model.settings.mute.followDesktop && !model.released;
}

std::optional<PanelControl> panelOf(const Model& model, const Node& node) {
    const bool shown = node.mediaClass == "Audio/Source" || node.mediaClass == "Audio/Source/Virtual" ||
                       node.mediaClass == "Audio/Duplex";
    if (!shown || !node.knob.present)
        return std::nullopt;
    if (model.graph.isOurs(node))
        return std::nullopt;
    const bool exempt = anyGlobMatches(model.settings.sources.exempt, node.name);
    PanelControl control{
        {node.serial, noRoute}, {node.name, noRoute}, nullptr, nullptr, node.settled, exempt};
    const Device* device = node.device ? model.graph.device(*node.device) : nullptr;
    if (!device)
        return control;
    for (const auto& route : device->routes)
        if (isInputOf(route, node))
            return PanelControl{{device->serial, route.index},
                                {device->name, route.index},
                                device,
                                &route,
                                node.settled && device->settledRoutes.contains(route.index),
                                exempt};
    return control;
}

// Of a route, too, by the node: the device has it set there, and what is read of the route may be old for
// good (PipeWire 1.4.2, impl-device.c, result_device_params_async()).
void readPanel(Model& model, const Node& node, std::uint64_t now) {
    const auto control = panelOf(model, node);
    if (!control)
        return;
    const auto [it, fresh] = model.applied.panel.try_emplace(control->key);
    PanelMute& panel = it->second;
    const bool before = panel.mute;
    panel.mute = node.knob.mute;
    panel.save = panel.save || (control->route && control->route->save && panel.ours);
    // When one came to be muted that is found so, nobody knows; it was no press of this moment.
    if (!fresh && !before && panel.mute)
        panel.mutedAt = now;
    if (fresh) {
        panel.ours = panel.mute && isOwed(model, *control);
        return;
    }
    if (panel.asked) {
        if (*panel.asked != panel.mute)
            return; // from before our own
        panel.asked.reset();
        if (!panel.mute)
            letGo(model, *control, panel);
        return;
    }
    if (before == panel.mute)
        return;
    if (!panel.mute) {
        // Its card has changed its routes: this may be another one's by now, restored by the session manager. Its process tells of
        // them later than the node of its mute; then it is read again.
        if (control->device && control->device->reading) {
            panel.mute = true;
            return;
        }
        return becameUnmuted(model, node, *control, panel, now);
    }
    // Restored by the session manager, who stored the guard's own; or with a key that mutes all of them.
    if ((isOwed(model, *control) && !control->settled) ||
        (followsDesktop(model) && !control->exempt && model.mute.muted()))
        take(model, *control, panel);
}

void takeDefaultBack(Model& model) {
    if (!followsDesktop(model))
        return;
    const Node* node = defaultNode(model);
    const auto control = node ? panelOf(model, *node) : std::nullopt;
    if (PanelMute* panel = control && !control->exempt ? find(model, *control) : nullptr;
        panel && panel->mute)
        take(model, *control, *panel);
}

// What was owed to a source and was not found on it is owed no more.
void settlePanel(Model& model) {
    for (const auto& [id, node] : model.graph.nodes) {
        const auto control = panelOf(model, node);
        const PanelMute* panel = control ? find(model, *control) : nullptr;
        if (panel && control->settled && !panel->mute && !panel->asked && !panel->ours)
            model.remembered.panel.erase(control->name);
    }
}

// A suspended node tells of it to nobody, the desktop included, before it runs again (PipeWire 1.4.2); one
// that runs has told by now.
void acknowledgePanel(Model& model) {
    const auto isAsked = [](const auto& entry) { return entry.second.asked.has_value(); };
    if (std::none_of(model.applied.panel.begin(), model.applied.panel.end(), isAsked))
        return;
    for (const auto& [id, node] : model.graph.nodes) {
        const auto control = panelOf(model, node);
        PanelMute* panel = control && !control->route ? find(model, *control) : nullptr;
        if (!panel || !panel->asked || !model.applied.done(panel->sent))
            continue;
        panel->mute = *panel->asked;
        panel->asked.reset();
        if (!panel->mute)
            letGo(model, *control, *panel);
    }
}

void followDesktop(Model& model, std::uint64_t now) {
    MuteState& mute = model.mute;
    if (!mute.muted()) {
        mute.earlyUnmutes = 0;
        for (auto& [key, panel] : model.applied.panel)
            panel.refused = 0;
        std::erase_if(model.warnings,
                      [](const auto& warning) { return warning.first.starts_with("desktop-mute:"); });
    }
    if (!model.settings.mute.followDesktop && mute.desktop) {
        // No longer followed: nobody has unmuted by that.
        mute.desktop = false;
        mute.user = true;
        mute.userOwner = "the desktop";
        mute.userReason = "mute.follow-desktop was on";
    }
    if (!followsDesktop(model))
        return;
    // A source whose routes came after its Props, or have changed, is another control.
    std::vector<GlobalId> unread;
    for (const auto& [id, node] : model.graph.nodes)
        if (const auto control = panelOf(model, node);
            control && node.knobReads > 0 && !find(model, *control))
            unread.push_back(id);
    for (const auto id : unread)
        readPanel(model, model.graph.nodes.at(id), now);
    adoptOthers(model);
    const Node* node = defaultNode(model);
    const auto control = node ? panelOf(model, *node) : std::nullopt;
    PanelMute* panel = control && !control->exempt ? find(model, *control) : nullptr;
    if (!panel || !panel->mute || panel->ours || panel->asked || mute.muted())
        return;
    // The desktop shows it muted, and the guard is live: the stricter of the two.
    mute.desktop = true;
    std::erase_if(mute.holds, [](const Hold& hold) { return !hold.mute; });
    mute.since = now;
    take(model, *control, *panel);
    panel->save = control->route != nullptr;
    for (const auto& [id, other] : model.graph.nodes)
        if (const auto also = panelOf(model, other); also && !also->exempt)
            if (PanelMute* muted = find(model, *also);
                muted && muted->mute && !muted->ours && isWithin(onePress, muted->mutedAt, now)) {
                take(model, *also, *muted);
                muted->save = also->route != nullptr;
            }
}

} // namespace micguard
