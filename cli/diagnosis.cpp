// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/diagnosis.hpp"

#include "cli/text.hpp"

#include <algorithm>
#include <charconv>

namespace micguard::cli {

namespace {

std::string fact(const Facts& facts, const std::string& key) {
    const auto found = facts.find(key);
    return found == facts.end() ? "" : shown(found->second, 200);
}

std::string inBrackets(const std::string& text) {
    return text.empty() ? "" : " (" + text + ")";
}

// Of "1.4.2": 1. Nothing readable counts as 0, which is too old.
int majorOf(std::string_view version) {
    int number = 0;
    std::from_chars(version.data(), version.data() + version.size(), number);
    return number;
}

Finding judgeConnection(const GuardFacts& guard, const Facts& facts) {
    if (!guard.connected)
        return {Level::Fail, "pipewire",
                "not connected to PipeWire; a mute will be in force the moment it appears"};
    const std::string version = fact(facts, "pipewire.version");
    const std::string library = fact(facts, "pipewire.library-version");
    std::string text = "connected to PipeWire " + (version.empty() ? "of unknown version" : version) +
                       (library.empty() ? "" : ", library " + library);
    if (version.empty())
        return {Level::Warn, "pipewire", std::move(text)};
    if (majorOf(version) < 1)
        return {Level::Fail, "pipewire", text + ": before 1.0 the server does not enforce severing"};
    return {Level::Ok, "pipewire", std::move(text)};
}

Finding judgeSessionManager(const GuardFacts& guard, const Facts& facts) {
    const std::string executable = fact(facts, "session-manager.executable");
    if (!executable.empty()) {
        std::string text = "session manager recognised: " + executable;
        for (const char* key : {"version", "unit", "pid"})
            if (const std::string value = fact(facts, std::string("session-manager.") + key); !value.empty())
                text.append(", ").append(key).append(" ").append(value);
        return {Level::Ok, "session-manager", std::move(text)};
    }
    if (!guard.connected)
        return {Level::Warn, "session-manager", "session manager unknown: not connected to PipeWire"};
    return {
        Level::Warn, "session-manager",
        "no session manager recognised: its connection is not protected, nor is it told apart from others"};
}

Finding judgeAdmission(const GuardFacts& guard, const Facts& facts) {
    if (guard.admission != "strict")
        return {Level::Ok, "admission",
                "admission " + shown(guard.admission, 20) + ": PipeWire lets new clients in by itself"};
    const std::string waiting = fact(facts, "admission.waiting");
    return {Level::Ok, "admission",
            "admission strict: new clients wait for the guard's word" +
                (waiting.empty() ? "" : ", at the moment " + shown(waiting, 20))};
}

std::string holderName(const CaptureHolder& holder) {
    if (holder.process == 0)
        return "thread " + std::to_string(holder.thread) + ", which cannot be looked at";
    return shown(holder.name, 40) + " (pid " + std::to_string(holder.process) +
           (holder.executable.empty() ? "" : ", " + shown(holder.executable, 120)) + ")";
}

bool lists(const std::vector<std::string>& units, std::string_view name) {
    return std::find(units.begin(), units.end(), name) != units.end();
}

Finding judgeUnitState(const UnitFacts& unit, unsigned guardPid) {
    if (!unit.active())
        return {guardPid != 0 ? Level::Warn : Level::Fail, "unit",
                "micguard.service is " + shown(unit.activeState, 20) +
                    (guardPid != 0 ? "; the running micguardd was started by other means" : "")};
    if (guardPid != 0 && unit.mainPid != guardPid)
        return {Level::Fail, "unit",
                "micguard.service runs pid " + std::to_string(unit.mainPid) + ", but pid " +
                    std::to_string(guardPid) + " answers on the bus"};
    return {Level::Ok, "unit",
            "micguard.service is active, pid " + std::to_string(unit.mainPid) +
                (unit.restarts != 0 ? ", restarted " + std::to_string(unit.restarts) + " times" : "")};
}

Finding judgeEnabled(const UnitFacts& unit) {
    if (unit.fileState == "enabled" || unit.fileState == "enabled-runtime" || unit.fileState == "linked" ||
        unit.fileState == "alias")
        return {Level::Ok, "enabled", "micguard.service starts with PipeWire"};
    return {Level::Warn, "enabled",
            "micguard.service is " + (unit.fileState.empty() ? "not enabled" : shown(unit.fileState, 20)) +
                ": PipeWire starts without the guard; systemctl --user enable micguard"};
}

Finding judgeOrder(const UnitsSeen& units) {
    const UnitFacts& guard = units.micguard;
    if (!lists(guard.after, "pipewire.service") || !lists(guard.before, "wireplumber.service"))
        return {Level::Warn, "order",
                "micguard.service is not ordered after pipewire.service and before wireplumber.service"};
    if (!guard.active() || !units.wireplumber.active() || guard.ready == 0 || units.wireplumber.started == 0)
        return {Level::Ok, "order", "ordered after PipeWire and before the session manager"};
    if (guard.ready > units.wireplumber.started)
        return {Level::Warn, "order",
                "the session manager has been running since before the guard was ready: applications that "
                "started in "
                "between were ahead of it"};
    return {Level::Ok, "order", "started after PipeWire and before the session manager"};
}

} // namespace

Findings judgeGuard(const GuardFacts& guard, const Facts& facts, std::string_view ownVersion) {
    Findings out;
    const std::string version = shown(guard.version, 40);
    if (version == ownVersion)
        out.push_back({Level::Ok, "daemon", "micguardd " + version + " is running"});
    else
        out.push_back({Level::Warn, "daemon",
                       "micguardd " + version + " is running, micguardctl is " + std::string(ownVersion)});
    const bool fine = guard.state == "live" || guard.state == "muted";
    out.push_back({fine                      ? Level::Ok
                   : guard.state == "muting" ? Level::Warn
                                             : Level::Fail,
                   "state", "state " + shown(guard.state, 20) + ", mode " + shown(guard.mode, 20)});
    out.push_back(judgeConnection(guard, facts));
    out.push_back(judgeSessionManager(guard, facts));
    out.push_back(judgeAdmission(guard, facts));
    for (const WarningFacts& warning : guard.warnings)
        out.push_back({Level::Warn, "warning", shown(warning.text, 400)});
    return out;
}

Findings judgeSources(const GuardFacts& guard, const Objects& objects, const Facts& facts) {
    Findings out;
    for (const SourceFacts* source : objects.sourcesInOrder()) {
        const std::string name = shown(source->name, 120) + ": ";
        const std::string why = inBrackets(fact(facts, "source." + source->name + ".why"));
        if (!source->guarded)
            out.push_back({Level::Warn, "source", name + "exempt, stays live while muted" + why});
        else if (source->method == "volume")
            // Silenced is the server's word; without it a mute in force is none here.
            out.push_back({guard.muted && !source->silenced ? Level::Fail : Level::Ok, "source",
                           name +
                               (guard.muted && !source->silenced ? "should be silent and is not"
                                                                 : "silenced in the server") +
                               why});
        else if (source->method == "sever")
            out.push_back(
                {Level::Ok, "source", name + "severed, nothing may be linked to it while muted" + why});
        else
            out.push_back({Level::Fail, "source", name + "nothing can silence it" + why});
    }
    if (out.empty())
        out.push_back({Level::Ok, "source", "there is no microphone"});
    return out;
}

Findings judgeUnits(const UnitsSeen& units, unsigned guardPid) {
    if (!units.micguard.present())
        return {{Level::Warn, "unit",
                 "micguard.service is " +
                     (units.micguard.loadState.empty() ? "unknown" : shown(units.micguard.loadState, 20)) +
                     " for this user's systemd: nothing starts or restarts the guard"}};
    return {judgeUnitState(units.micguard, guardPid), judgeEnabled(units.micguard), judgeOrder(units)};
}

Findings judgeHolders(const AsoundReport& report, const Facts& facts, std::string_view folder) {
    if (!report.readable)
        return {
            {Level::Ok, "alsa", shown(folder, 120) + " is not there: no ALSA device to open past PipeWire"}};
    const std::string server = fact(facts, "pipewire.pid");
    const std::string manager = fact(facts, "session-manager.pid"); // tries out what a card can do
    Findings out;
    for (const CaptureHolder& holder : report.holders) {
        const std::string device = holder.device + inBrackets(shown(holder.card, 40)) + ": ";
        const bool isServer = holder.process != 0 && server == std::to_string(holder.process);
        const bool isManager = holder.process != 0 && manager == std::to_string(holder.process);
        const bool mayBeServer = server.empty() && holder.executable.ends_with("/pipewire");
        if (isServer)
            out.push_back({Level::Ok, "alsa", device + "held by PipeWire"});
        else if (isManager)
            out.push_back({Level::Ok, "alsa", device + "held by the session manager"});
        else if (mayBeServer)
            out.push_back(
                {Level::Warn, "alsa", device + "held by " + holderName(holder) + ", PipeWire by its looks"});
        else
            out.push_back({Level::Fail, "alsa",
                           device + "held past PipeWire by " + holderName(holder) + ": no mute reaches it"});
    }
    if (out.empty())
        out.push_back({Level::Ok, "alsa",
                       "nobody holds an ALSA capture device (" + std::to_string(report.captureDevices) +
                           " looked at)"});
    return out;
}

Level worst(const Findings& findings) {
    Level level = Level::Ok;
    for (const Finding& finding : findings)
        level = std::max(level, finding.level);
    return level;
}

} // namespace micguard::cli
