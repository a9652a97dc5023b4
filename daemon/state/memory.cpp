// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/state/memory.hpp"

#include <nlohmann/json.hpp>

namespace micguard {
namespace {

using nlohmann::json;

constexpr int formatVersion = 1;

json common(const Model& model, bool muted) {
    json out;
    out["version"] = formatVersion;
    out["muted"] = muted;
    out["since"] = model.mute.since;
    return out;
}

} // namespace

std::string writeMarker(const Model& model) {
    json out = common(model, model.mute.muted());
    out["mode"] = toString(model.mute.mode);
    out["server"] = model.graph.serverCookie;
    auto& restore = out["restore"] = json::array();
    for (const auto& [serial, knob] : model.applied.knobs)
        if (knob.silent)
            restore.push_back({raw(serial), knob.restoreMax, knob.restoreMonitorMute});
    auto& cut = out["cut"] = json::array();
    for (const auto& link : model.applied.cut)
        cut.push_back({raw(link.outputNode), raw(link.outputPort), raw(link.inputPort)});
    auto& revoked = out["revoked"] = json::array();
    for (const auto& [client, objects] : model.applied.permissions)
        for (const auto& [object, applied] : objects)
            if (applied.value == permission::none)
                revoked.push_back({raw(client), raw(object)});
    auto& leds = out["leds"] = json::array();
    for (const auto& [key, led] : model.applied.leds)
        for (const auto& [id, device] : model.graph.devices)
            if (led.ours && device.serial == key.first)
                leds.push_back({device.name, key.second});
    if (!model.mute.muted() && restore.empty() && cut.empty() && revoked.empty() && leds.empty())
        return {};
    // Names come from any client and need not be UTF-8.
    return out.dump(-1, ' ', true, json::error_handler_t::replace);
}

std::string writeState(const Model& model, bool modeChosen) {
    // The button, not the holds: those end with the session.
    json out = common(model, model.mute.user);
    if (modeChosen)
        out["mode"] = toString(model.mute.mode);
    auto& userMuted = out["userMuted"] = json::array();
    for (const auto& name : model.remembered.userMuted)
        userMuted.push_back(name);
    for (const auto& [id, node] : model.graph.nodes)
        if (model.applied.userMuted.contains(node.serial) && !model.remembered.userMuted.contains(node.name))
            userMuted.push_back(node.name);
    return out.dump(-1, ' ', true, json::error_handler_t::replace);
}

std::optional<Memory> readMemory(std::string_view text) {
    const json in = json::parse(text, nullptr, false);
    if (!in.is_object() || in.value("version", 0) != formatVersion || !in.contains("muted"))
        return std::nullopt;
    // Anything of the wrong type further down makes the whole unreadable: half a memory is none.
    try {
        Memory memory;
        memory.muted = in.at("muted").get<bool>();
        memory.since = in.value("since", std::uint64_t{0});
        if (in.contains("mode"))
            memory.mode = modeFromString(in.at("mode").get<std::string>());
        memory.remembered.serverCookie = in.value("server", std::string{});
        for (const auto& entry : in.value("restore", json::array()))
            memory.remembered.restore[Serial{entry.at(0).get<std::uint64_t>()}] = {entry.at(1).get<float>(),
                                                                                  entry.at(2).get<bool>()};
        for (const auto& entry : in.value("cut", json::array()))
            memory.remembered.cut.push_back({Serial{entry.at(0).get<std::uint64_t>()},
                                             Serial{entry.at(1).get<std::uint64_t>()},
                                             Serial{entry.at(2).get<std::uint64_t>()}});
        for (const auto& entry : in.value("revoked", json::array()))
            memory.remembered.revoked.emplace_back(Serial{entry.at(0).get<std::uint64_t>()},
                                                   Serial{entry.at(1).get<std::uint64_t>()});
        for (const auto& entry : in.value("leds", json::array()))
            memory.remembered.leds.emplace_back(entry.at(0).get<std::string>(), entry.at(1).get<std::uint32_t>());
        for (const auto& entry : in.value("userMuted", json::array()))
            memory.remembered.userMuted.insert(entry.get<std::string>());
        return memory;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

} // namespace micguard
