// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl report: what applications did while the microphones were muted; as a table, as data, as a page.
#include "cli/moment.hpp"
#include "cli/page_file.hpp"
#include "cli/report_calls.hpp"
#include "cli/report_page.hpp"
#include "cli/report_words.hpp"
#include "cli/snapshot.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

constexpr std::string_view usualSince = "7d";

Colour colourOf(std::string_view judged) {
    return judged == "continuous" ? Colour::Red
           : judged == "periodic" ? Colour::Yellow
           : judged == "released" ? Colour::Green
                                  : Colour::None;
}

std::string judgedText(const Exposure& row) {
    if (row.judged.empty())
        return "too short";
    const std::string many = howMany(row);
    return shown(row.judged, 16) + (many.empty() || many == "all" ? "" : " (" + many + ")");
}

// What is assumed has a question mark.
std::string marked(const std::string& text, bool assumed) {
    return assumed ? text + "?" : text;
}

std::string written(const ExposureReport& report, const Terminal& terminal) {
    if (report.rows.empty())
        return "No application had a stream while the system held the mute, or shortly before.\n";
    Table table({"APPLICATION", "WHILE MUTED", "MUTES", "MUTED", "ASKED", "SAMPLES", "HELD", "WOKE",
                 "OWN MUTE", "APPID"});
    bool assumed = false, own = false, meters = false;
    for (const Exposure& row : report.rows) {
        const bool guessed = row.assumedUsec != 0;
        assumed = assumed || guessed;
        own = own || row.ownMute;
        meters = meters || row.levelMeter;
        table.add(
            {{shown(row.name.empty() ? row.appId : row.name, 60) + (row.levelMeter ? " (meter)" : "")},
             {judgedText(row), row.levelMeter ? Colour::Dim : colourOf(row.judged)},
             {std::to_string(row.mutes)},
             {timeSpent(row.mutedUsec)},
             {marked(timeSpent(row.askedUsec), guessed && row.askedUsec != 0)},
             {grouped(row.samples)},
             {marked(timeSpent(row.heldUsec), guessed && row.heldUsec != 0)},
             {std::to_string(row.wakeups)},
             {row.ownMute ? "asked " + timeSpent(row.ownAskedUsec) + " of " + timeSpent(row.ownMutedUsec)
                          : "-"},
             {shown(row.appId, 120) + (row.identity == "claimed" ? " (claimed)" : ""), Colour::Dim}});
    }
    std::string out = table.written(terminal) + "\n";
    for (const auto one : exposureClasses)
        out += padded(one, 12) + std::string(meaning(one)) + "\n";
    if (meters)
        out += padded("(meter)", 12) + "it had nothing but level meters\n";
    out += "\n";
    out.append(whatItKnows).append("\n").append(whatItGot).append("\n");
    if (assumed)
        out.append("?: ").append(whatIsAssumed).append("\n");
    out.append(whatIsCounted).append("\n");
    if (own)
        out.append(whatOwnMuteIs).append("\n");
    return out;
}

} // namespace

int verbs::report(const Invocation& how, const Terminal& terminal) {
    const std::uint64_t now = nowInMicroseconds();
    const bool csv = how.option("--csv").has_value();
    const auto html = how.option("--html");
    const auto moment = [&](std::string_view option, std::string_view usual, std::uint64_t& into) {
        const auto asked = pastMomentFrom(how.option(option).value_or(std::string(usual)), now);
        if (asked)
            into = *asked;
        else
            complain(std::string(option) + " " + asked.error());
        return asked.has_value();
    };
    std::uint64_t since = 0, until = 0;
    if (!moment("--since", usualSince, since) || !moment("--until", "now", until))
        return raw(Exit::Usage);
    if (since > until) {
        complain(since > now ? "--since is still to come: nothing is known of that yet"
                             : "--since is after --until");
        return raw(Exit::Usage);
    }
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto report = askReport(*guard, since, until, how.option("--app"));
    if (!report)
        return failed(report.error());
    if (html) {
        const std::string fault = writePage(*html, toPage(*report));
        if (fault.empty())
            return raw(Exit::Ok);
        complain("cannot write " + (*html == "-" ? "" : shown(*html, 300) + ": ") + fault);
        return raw(Exit::Failed);
    }
    if (csv)
        return print(toCsv(*report));
    return print(how.json ? micguard::cli::written(toJson(*report)) + "\n" : written(*report, terminal));
}

} // namespace micguard::cli
