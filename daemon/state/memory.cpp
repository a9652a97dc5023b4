// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/state/memory.hpp"

#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

namespace micguard {
namespace {

using nlohmann::json;

constexpr int formatVersion = 1;
constexpr int deepest = 4;
constexpr std::size_t longestName = 255; // of an application in the permission store, where anybody can write

json common(const Model& model, bool muted) {
    json out;
    out["version"] = formatVersion;
    out["muted"] = muted;
    out["since"] = model.mute.since;
    auto& appMutes = out["appMutes"] = json::array();
    for (const auto& [application, mute] : model.appeals.muted)
        appMutes.push_back({application, mute.by});
    auto& panel = out["panel"] = json::array();
    for (const auto& [name, route] : model.remembered.panel)
        panel.push_back({name, route});
    return out;
}

void addNumber(std::string& text, std::uint64_t number) {
    std::array<char, 20> digits{};
    text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

// One more member of the object that the text is. In `sever` these are thousands, and the reply to a mute waits for them: as values
// of json's they took longer to make than all that is decided and sent.
void addPairs(std::string& text, std::string_view name, const std::vector<std::pair<Serial, Serial>>& pairs) {
    text.pop_back();
    text.append(",\"").append(name).append("\":[");
    for (const auto& [first, second] : pairs) {
        text += text.back() == '[' ? "[" : ",[";
        addNumber(text, raw(first));
        text += ',';
        addNumber(text, raw(second));
        text += ']';
    }
    text += "]}";
}

} // namespace

std::string writeMarker(const Model& model, bool modeChosen) {
    // What the session does by itself is asked of it anew; the rest is as good as the button, for whoever held it is gone.
    json out = common(model, model.mute.heldMuted() ||
                                 ((model.mute.user || model.mute.start) && !model.mute.heldLive()));
    out["desktop"] = model.mute.desktop && !model.mute.heldLive();
    out["locked"] = model.circumstances.locked;
    if (modeChosen)
        out["mode"] = toString(model.mute.mode);
    // Not connected, or the list not yet read: what is known from before is all there is to know.
    Remembered memory = model.remembered;
    rememberApplied(model, memory);
    out["server"] = memory.serverCookie;
    auto& restore = out["restore"] = json::array();
    for (const auto& [serial, before] : memory.restore)
        restore.push_back({raw(serial), before.first, before.second});
    auto& unsure = out["unsure"] = json::array();
    for (const auto serial : memory.unsure)
        unsure.push_back(raw(serial));
    auto& cut = out["cut"] = json::array();
    for (const auto& link : memory.cut)
        cut.push_back({raw(link.outputNode), raw(link.outputPort), raw(link.inputPort)});
    auto& leds = out["leds"] = json::array();
    for (const auto& [device, route] : memory.leds)
        leds.push_back({device, route});
    if (!model.mute.muted() && !model.circumstances.locked && model.appeals.muted.empty() &&
        model.remembered.panel.empty() && restore.empty() && cut.empty() && memory.revoked.empty() &&
        leds.empty())
        return {};
    // Names come from any client and need not be UTF-8.
    std::string text = out.dump(-1, ' ', true, json::error_handler_t::replace);
    addPairs(text, "revoked", memory.revoked);
    return text;
}

std::string writeState(const Model& model, bool modeChosen) {
    // The button, not the holds: those end with the session.
    json out = common(model, model.mute.user || model.mute.start);
    out["desktop"] = model.mute.desktop;
    if (modeChosen)
        out["mode"] = toString(model.mute.mode);
    auto& userMuted = out["userMuted"] = json::array();
    for (const auto& name : model.remembered.userMuted)
        userMuted.push_back(name);
    auto& ledsStored = out["ledsStored"] = json::array();
    for (const auto& [device, route] : storedLeds(model))
        ledsStored.push_back({device, route});
    auto& stored = out["permissionStore"] = json::array();
    for (const auto& [application, permission] : model.remembered.stored)
        if (application.size() <= longestName)
            stored.push_back({application, permission == Permission::Ask ? "ask" : "no"});
    return out.dump(-1, ' ', true, json::error_handler_t::replace);
}

std::optional<Memory> readMemory(std::string_view text) {
    // Ours is three deep. Copying or destroying a value that is a hundred thousand deep would end the process.
    const auto notTooDeep = [](int depth, json::parse_event_t, json&) { return depth <= deepest; };
    const json in = json::parse(text, notTooDeep, false);
    if (!in.is_object())
        return std::nullopt;
    // Anything of the wrong type makes the whole unreadable: half a memory is none.
    try {
        if (in.value("version", 0) != formatVersion)
            return std::nullopt;
        Memory memory;
        memory.muted = in.at("muted").get<bool>();
        memory.desktop = in.value("desktop", false);
        for (const auto& entry : in.value("panel", json::array()))
            memory.remembered.panel.emplace(entry.at(0).get<std::string>(), entry.at(1).get<std::uint32_t>());
        memory.locked = in.value("locked", false);
        memory.since = in.value("since", std::uint64_t{0});
        if (in.contains("mode"))
            memory.mode = modeFromString(in.at("mode").get<std::string>());
        for (const auto& entry : in.value("appMutes", json::array()))
            memory.appMutes[entry.at(0).get<std::string>()] = entry.at(1).get<std::string>();
        memory.remembered.serverCookie = in.value("server", std::string{});
        for (const auto& entry : in.value("restore", json::array()))
            memory.remembered.restore[Serial{entry.at(0).get<std::uint64_t>()}] = {entry.at(1).get<float>(),
                                                                                   entry.at(2).get<bool>()};
        for (const auto& entry : in.value("unsure", json::array()))
            memory.remembered.unsure.insert(Serial{entry.get<std::uint64_t>()});
        for (const auto& entry : in.value("cut", json::array()))
            memory.remembered.cut.push_back({Serial{entry.at(0).get<std::uint64_t>()},
                                             Serial{entry.at(1).get<std::uint64_t>()},
                                             Serial{entry.at(2).get<std::uint64_t>()}});
        for (const auto& entry : in.value("revoked", json::array()))
            memory.remembered.revoked.emplace_back(Serial{entry.at(0).get<std::uint64_t>()},
                                                   Serial{entry.at(1).get<std::uint64_t>()});
        for (const auto& entry : in.value("leds", json::array()))
            memory.remembered.leds.emplace_back(entry.at(0).get<std::string>(),
                                                entry.at(1).get<std::uint32_t>());
        for (const auto& entry : in.value("ledsStored", json::array()))
            memory.remembered.ledsStored.emplace(entry.at(0).get<std::string>(),
                                                 entry.at(1).get<std::uint32_t>());
        for (const auto& entry : in.value("userMuted", json::array()))
            memory.remembered.userMuted.insert(entry.get<std::string>());
        for (const auto& entry : in.value("permissionStore", json::array()))
            memory.remembered.stored[entry.at(0).get<std::string>()] =
                entry.at(1).get<std::string>() == "ask" ? Permission::Ask : Permission::No;
        return memory;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

} // namespace micguard
