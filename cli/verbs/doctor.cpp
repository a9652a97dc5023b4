// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl doctor: looks at everything it can reach, concludes (diagnosis.cpp), changes nothing.
#include "cli/ask.hpp"
#include "cli/diagnosis.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"
#include "micguard-config.h"

#include <iterator>

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

void append(Findings& to, Findings more) {
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Facts factsFrom(const Answer<nlohmann::json>& diagnostics) {
    Facts facts;
    if (diagnostics)
        for (const auto& [key, value] : diagnostics->items())
            if (value.is_string())
                facts[key] = value.get<std::string>();
    return facts;
}

Findings units(sd_bus* bus, unsigned guardPid) {
    const auto micguard = askUnit(bus, "micguard.service");
    const auto pipewire = askUnit(bus, "pipewire.service");
    const auto wireplumber = askUnit(bus, "wireplumber.service");
    if (!micguard || !pipewire || !wireplumber)
        return {{Level::Warn, "unit",
                 "the user's systemd is not on this bus: unit state and start order are unknown"}};
    return judgeUnits({*micguard, *pipewire, *wireplumber}, guardPid);
}

struct Examination {
    Findings findings;
    Exit code = Exit::Ok;
};

// What can be known without the guard is looked at also without it.
Examination examine(const std::string& asound) {
    Examination result;
    Facts facts;
    auto guard = Guard::connect();
    if (!guard) {
        result.findings.push_back({Level::Fail, "bus", guard.error().message});
        result.code = guard.error().code;
    } else if (const auto properties = askGuard(*guard); !properties) {
        result.findings.push_back({Level::Fail, "daemon", properties.error().message});
        result.code = properties.error().code;
        append(result.findings, units(guard->bus(), 0));
    } else {
        facts = factsFrom(guard->diagnostics());
        append(result.findings, judgeGuard(*properties, facts, MICGUARD_VERSION));
        if (const auto objects = askObjects(*guard))
            append(result.findings, judgeSources(*properties, *objects, facts));
        else
            result.findings.push_back({Level::Fail, "source", objects.error().message});
        const auto owner = guard->owner();
        append(result.findings, units(guard->bus(), owner ? owner->pid : 0));
    }
    append(result.findings, judgeHolders(captureHolders(asound), facts, asound));
    if (result.code == Exit::Ok && worst(result.findings) == Level::Fail)
        result.code = Exit::No;
    return result;
}

Colour colourOf(Level level) {
    return level == Level::Ok ? Colour::Green : level == Level::Warn ? Colour::Yellow : Colour::Red;
}

} // namespace

int verbs::doctor(const Invocation& how, const Terminal& terminal) {
    const Examination result = examine(how.option("--asound").value_or("/proc/asound"));
    if (how.json) {
        nlohmann::json list = nlohmann::json::array();
        for (const Finding& finding : result.findings)
            list.push_back(
                {{"level", toString(finding.level)}, {"check", finding.check}, {"text", finding.text}});
        return print(written({{"ok", result.code == Exit::Ok}, {"findings", std::move(list)}}) + "\n",
                     result.code);
    }
    std::string out;
    for (const Finding& finding : result.findings)
        out += terminal.painted(padded(toString(finding.level), 6), colourOf(finding.level)) + finding.text +
               "\n";
    return print(out, result.code);
}

} // namespace micguard::cli
